//! What the room `token` says of its tokens: minted, transferred, redeemed by its logs, owned by its storage.

use alloy_primitives::{Address, B256, Bytes, Log, U256, address, keccak256};
use alloy_sol_types::{SolEvent, sol};

use super::{Claim, Field, Preimages, events::read};

/// The word of this room.
pub(super) const WORD: &str = "token";
/// Its number.
pub(super) const ROOM: u8 = 3;

/// Its address.
pub const ADDRESS: Address = address!("c0f0110000000000000000000300000000000000");

/// The events that are understood, beside those of ERC-1155.
pub(super) const SIGNATURES: [&str; 2] = [Minted::SIGNATURE, Redeemed::SIGNATURE];

sol! {
    event Minted(
        bytes32 indexed item,
        uint256 indexed id,
        address indexed to,
        uint64 instance,
        uint64 firstUnit,
        uint64 units,
        uint256 amount,
        bytes32 attributesHash,
        bytes32 link
    );
    event Redeemed(
        bytes32 indexed redemption,
        uint256 indexed id,
        address indexed redeemer,
        bytes32 item,
        uint64 instance,
        uint256 amount,
        uint64 units,
        bytes32 deliveryHash,
        bytes32 proofHash,
        bytes32 attributesHash,
        bytes32 link
    );
}

/// What a log of this room says of making and redeeming.
pub(super) fn claim(log: &Log) -> Option<Claim> {
    let (kind, fields) = minted(log).or_else(|| redeemed(log))?;
    Some(Claim { system: WORD, kind, fields })
}

/// Where the room keeps balances: a mapping from token id to a mapping from account to amount.
const BALANCES_SLOT: U256 = U256::ZERO;

/// The slot that holds how much of a token an account owns, and the preimages that show whose slot it is.
pub fn ownership(id: U256, owner: Address) -> (U256, Vec<Bytes>) {
    let of_id = [B256::from(id), B256::from(BALANCES_SLOT)].concat();
    let of_owner = [owner.into_word(), keccak256(&of_id)].concat();
    let slot = keccak256(&of_owner).into();
    let mut preimages: Vec<Bytes> = vec![of_id.into(), of_owner.into()];
    preimages.sort_by_key(|preimage| keccak256(preimage));
    (slot, preimages)
}

/// Slots of this room that are shown to be balances.
pub(super) fn owned(contract: Address, slots: &[(U256, U256)], preimages: &Preimages<'_>) -> Vec<Claim> {
    let balance = |(slot, amount): &(U256, U256)| {
        let [owner_word, of_id] = preimages.entry(B256::from(*slot))?;
        let [id, base] = preimages.entry(of_id)?;
        let owner = Address::from_word(owner_word);
        (owner.into_word() == owner_word && U256::from_be_bytes(base.0) == BALANCES_SLOT).then(|| {
            let id = Field::new("id", U256::from_be_bytes(id.0));
            let fields = vec![Field::new("owner", owner), id, Field::new("amount", amount)];
            Claim { system: WORD, kind: "owned", fields }
        })
    };
    slots.iter().filter(|_| contract == ADDRESS).filter_map(balance).collect()
}

/// ERC-1155 says by the zero address that tokens are made or burned.
pub(super) const fn move_kind(from: Address, to: Address) -> &'static str {
    if from.const_eq(&Address::ZERO) || to.const_eq(&Address::ZERO) { "supply changed" } else { "transferred" }
}

fn minted(log: &Log) -> Option<(&'static str, Vec<Field>)> {
    let Minted { item, id, to, instance, firstUnit, units, amount, attributesHash, link } = read(log)?;
    let fields = vec![
        Field::new("item", item),
        Field::new("id", id),
        Field::new("to", to),
        Field::new("amount", amount),
        Field::new("instance", instance),
        Field::new("firstUnit", firstUnit),
        Field::new("units", units),
        Field::new("attributes", attributesHash),
        Field::new("link", link),
    ];
    Some(("minted", fields))
}

fn redeemed(log: &Log) -> Option<(&'static str, Vec<Field>)> {
    let event: Redeemed = read(log)?;
    let fields = vec![
        Field::new("redemption", event.redemption),
        Field::new("item", event.item),
        Field::new("id", event.id),
        Field::new("redeemer", event.redeemer),
        Field::new("amount", event.amount),
        Field::new("instance", event.instance),
        Field::new("units", event.units),
        Field::new("delivery", event.deliveryHash),
        Field::new("proofOfDelivery", event.proofHash),
        Field::new("attributes", event.attributesHash),
        Field::new("link", event.link),
    ];
    Some(("redeemed", fields))
}

#[cfg(test)]
mod tests;
