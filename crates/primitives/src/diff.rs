//! What a block did to the state: the values after it, by plain address and slot.
//! Made by `evm`, written to the block log and folded into flat state and trie by `store`.

use alloy_consensus::constants::KECCAK_EMPTY;
use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_rlp::{RlpDecodable, RlpEncodable};

/// All changes of one block (or of genesis), ordered by address, each address once.
#[derive(Clone, Debug, Default, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct StateDiff {
    /// Changed accounts in rising order of address.
    pub accounts: Vec<AccountDiff>,
    /// Code that appeared; its hash is its key.
    pub codes: Vec<Bytes>,
}

/// One account after the block.
#[derive(Clone, Debug, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct AccountDiff {
    /// Whose account.
    pub address: Address,
    /// The account no longer exists (EIP-161 or self-destruction); the three values below then mean nothing.
    pub deleted: bool,
    /// Nonce.
    pub nonce: u64,
    /// Balance in wei.
    pub balance: U256,
    /// keccak of the code; keccak of nothing for an account without code.
    pub code_hash: B256,
    /// Storage was emptied before `storage` is applied (the account was destroyed, and perhaps made anew).
    pub storage_wiped: bool,
    /// Changed slots in rising order; zero deletes.
    pub storage: Vec<SlotDiff>,
}

impl AccountDiff {
    /// An account that is gone, its storage with it.
    pub const fn deleted(address: Address) -> Self {
        Self {
            address,
            deleted: true,
            nonce: 0,
            balance: U256::ZERO,
            code_hash: KECCAK_EMPTY,
            storage_wiped: true,
            storage: Vec::new(),
        }
    }
}

/// One storage slot after the block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct SlotDiff {
    /// Slot number.
    pub slot: U256,
    /// Value; zero means absent.
    pub value: U256,
}
