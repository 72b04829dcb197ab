//! `token`: items with attributes become tokens tied to their units, are sold, leased, given, and redeemed for the units.
//! Rules: requirements TK-01 to TK-18, TK-22, TK-23, TK-42 to TK-44 in docs/systems/token.md; ERC-1155, ERC-165, ERC-6093.
//!
//! ```text
//! item   = keccak256(abi.encode(issuer, identifier))        N units, k of them to a token: N / k tokens at most
//! id     = keccak256(abi.encode(item, instance))            a token of its own: instance 1.., units (instance - 1) k + 1 ..= instance k
//!        = item                                             interchangeable tokens: any k units each
//!
//! mint -> free -> list, gift, offerLease, requestRedemption: the owner keeps the tokens, and they are locked
//!                 buy, acceptGift: they move    takeLease: they stay, used by the lessee    fulfilRedemption: they are burned
//!                 unlist, takeBackGift, endLease, failRedemption: they are free again
//! ```
//! Every move of tokens goes through `units`, which knows the locks, who may pass tokens on, and who takes them: an account
//! with bytecode must have called `acceptTokens(true)`, because natives never call bytecode. Money moves through `cash` only.
//! Only an owner can list, give, lease or redeem; an ERC-1155 operator can transfer.
//!
//! Files: `items` (make, mint, report), `units` (balances and locks), `erc1155`, `sale`, `gift`, `lease`, `redemption`, `views`.

use alloy_primitives::{Address, B256, U256};

use crate::{
    Cell, List, Map, Place, layout,
    registry::{self, Door, Room},
};

pub mod abi;
mod dispatch;
mod erc1155;
mod gift;
mod items;
mod lease;
mod redemption;
mod sale;
mod units;
mod views;

#[cfg(test)]
mod tests;

/// Where it is.
pub const ADDRESS: Address = registry::address_of(3, [0; 7]);

/// Its row in the registry.
pub(crate) const ROOM: Room = Room {
    word: "token",
    number: 3,
    since: 1,
    construct: |_| Ok(()),
    contract: Door {
        interface: "IToken",
        abi: abi::IToken::abi::contract,
        dispatch: dispatch::dispatch,
        layout: Storage::FIELDS,
    },
    instance: None,
};

layout! {
    /// The contract's storage. Balances and operators come first, as in the usual Solidity ERC-1155.
    pub struct Storage {
        /// By token id and account.
        balances: Map<U256, Map<Address, Cell<U256>>>,
        /// By account and operator.
        operators: Map<Address, Map<Address, Cell<bool>>>,
        /// Accounts with bytecode that take tokens.
        accepting: Map<Address, Cell<bool>>,
        /// Of a balance, what is listed, given, leased or being redeemed; by token id and account.
        locked: Map<U256, Map<Address, Cell<U256>>>,
        /// By key.
        items: Map<B256, ItemPlace>,
        /// In order of making.
        item_keys: List<Cell<B256>>,
        /// By token id.
        tokens: Map<U256, TokenPlace>,
        /// Ids of which an account has some, in no order.
        holdings: Map<Address, List<Cell<U256>>>,
        /// By account and id: its place in `holdings`, counted from 1.
        holding_places: Map<Address, Map<U256, Cell<u64>>>,
        /// Listings, gifts and leases are numbered together.
        last_offer: Cell<u64>,
        /// By number.
        listings: Map<u64, ListingPlace>,
        /// By number.
        gifts: Map<u64, GiftPlace>,
        /// By number.
        leases: Map<u64, LeasePlace>,
        /// By the id that the redeemer chose.
        redemptions: Map<B256, RedemptionPlace>,
    }
}

layout! {
    /// An item; `abi::IToken::Terms` says what the terms mean.
    pub struct ItemPlace {
        /// Zero where there is no item.
        issuer: Cell<Address>,
        /// The issuer's own.
        identifier: Cell<B256>,
        /// As in the ABI.
        kind: Cell<u8>,
        /// Final from the first sale on.
        attributes_hash: Cell<B256>,
        /// N.
        units: Cell<u64>,
        /// k.
        units_per_token: Cell<u64>,
        /// One id for all tokens.
        interchangeable: Cell<bool>,
        /// TK-08.
        redeemable: Cell<bool>,
        /// TK-08.
        possession_is_ownership: Cell<bool>,
        /// TK-08.
        transferable: Cell<bool>,
        /// TK-07.
        exists: Cell<bool>,
        /// TK-22.
        presale_from: Cell<u64>,
        /// TK-22.
        presale_until: Cell<u64>,
        /// TK-23.
        redeem_from: Cell<u64>,
        /// TK-23.
        redeem_until: Cell<u64>,
        /// Never zero.
        custodian: Cell<Address>,
        /// Tokens made.
        minted: Cell<u64>,
        /// Tokens burned.
        redeemed: Cell<u64>,
        /// TK-43.
        units_held: Cell<u64>,
        /// TK-44; zero before.
        first_sale_at: Cell<u64>,
        /// In order of request.
        redemptions: List<Cell<B256>>,
    }
}

layout! {
    /// A token id.
    pub struct TokenPlace {
        /// Zero where there is no token.
        item: Cell<B256>,
        /// From 1; zero for interchangeable tokens.
        instance: Cell<u64>,
        /// Of a token of its own; zero when it is burned.
        holder: Cell<Address>,
        /// Of a token of its own, as in the ABI.
        lock: Cell<u8>,
        /// Condition reports, TK-44.
        conditions: List<Cell<B256>>,
    }
}

layout! {
    /// A sale at a fixed price.
    pub struct ListingPlace {
        /// Zero where there is no listing.
        seller: Cell<Address>,
        /// Of what.
        id: Cell<U256>,
        /// Still for sale.
        amount: Cell<U256>,
        /// A currency of `cash`.
        currency: Cell<Address>,
        /// Of one token.
        price: Cell<U256>,
        /// Zero: until sold.
        until: Cell<u64>,
    }
}

layout! {
    /// A gift.
    pub struct GiftPlace {
        /// Owner until it is accepted.
        sender: Cell<Address>,
        /// Who may accept.
        recipient: Cell<Address>,
        /// Of what.
        id: Cell<U256>,
        /// How many.
        amount: Cell<U256>,
        /// When it can no longer be accepted.
        until: Cell<u64>,
        /// Hash of what goes with it.
        note: Cell<B256>,
        /// As in the ABI; zero where there is no gift.
        state: Cell<u8>,
    }
}

layout! {
    /// A lease.
    pub struct LeasePlace {
        /// Stays owner.
        lessor: Cell<Address>,
        /// Has the use.
        lessee: Cell<Address>,
        /// Of what.
        id: Cell<U256>,
        /// How many.
        amount: Cell<U256>,
        /// Of the rent; zero where there is none.
        currency: Cell<Address>,
        /// In all.
        rent: Cell<U256>,
        /// Its end.
        until: Cell<u64>,
        /// As in the ABI; zero where there is no lease.
        state: Cell<u8>,
    }
}

layout! {
    /// A redemption.
    pub struct RedemptionPlace {
        /// Owner of the tokens.
        redeemer: Cell<Address>,
        /// Of what.
        id: Cell<U256>,
        /// How many.
        amount: Cell<U256>,
        /// Of the encrypted delivery details.
        delivery_hash: Cell<B256>,
        /// Of the proof of delivery, or of the reason of the failure.
        outcome_hash: Cell<B256>,
        /// When.
        requested_at: Cell<u64>,
        /// Zero while it is open.
        ended_at: Cell<u64>,
        /// As in the ABI; zero where there is no redemption.
        state: Cell<u8>,
    }
}

/// Where everything is.
pub fn storage() -> Storage {
    Storage::at(U256::ZERO)
}

/// Most tokens with ids of their own in one `mint`: each takes seven new slots, and a transaction has 2^24 gas (EIP-7825).
pub const MINT_MOST: u64 = 50;
/// Most ids in one transfer or balance query, and recipients of one giveaway.
pub const BATCH_MOST: usize = 100;
/// Most rows of a page.
pub const PAGE_MOST: u64 = 100;
