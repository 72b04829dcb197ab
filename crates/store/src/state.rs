//! The whole world state as one value that never changes: `commit` gives a new state and leaves the old one as it was.
//!
//! One trie of accounts, and one of slots in every account that has storage (Yellow Paper, section 4.1). Keys are keccak hashes of
//! addresses and slot numbers. Called by `chain` (execution reads, roots, proofs) and by the disk (start-up, replay).
//! Deliberately absent: code, which lies under its hash on the disk, and the rule of which accounts die, which is the executor's.

mod account;
mod build;
mod change;
mod commit;
mod proof;
#[cfg(test)]
mod tests;

use crate::trie::Trie;
use account::Account;
use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_trie::EMPTY_ROOT_HASH;
pub use build::{BuildError, StateBuilder};
pub use change::{AccountChange, AccountValue, SlotChange, StateChange};
pub use commit::Commit;
pub use proof::{AccountProof, SlotProof};

/// Every account with its storage. A clone is a pointer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    accounts: Trie<Account>,
}

impl State {
    /// The state root, as in a block header.
    pub fn root(&self) -> B256 {
        self.accounts.root()
    }

    /// The account at an address, if it exists.
    pub fn account(&self, address: Address) -> Option<AccountValue> {
        self.account_by_key(keccak256(address))
    }

    /// The account under a hashed address, if it exists.
    pub fn account_by_key(&self, key: B256) -> Option<AccountValue> {
        self.accounts.get(&key.into()).map(Account::value)
    }

    /// The value of a slot; zero when the slot or the account is absent.
    pub fn storage(&self, address: Address, slot: U256) -> U256 {
        self.storage_by_key(keccak256(address), slot_key(slot))
    }

    /// The value of a slot by the hashes of address and slot number; zero when absent.
    pub fn storage_by_key(&self, account: B256, slot: B256) -> U256 {
        let storage = self.accounts.get(&account.into()).and_then(Account::storage);
        storage.and_then(|slots| slots.get(&slot.into())).copied().unwrap_or_default()
    }

    /// The root of an account's storage; that of nothing when the account is absent.
    pub fn storage_root(&self, address: Address) -> B256 {
        self.accounts.get(&keccak256(address).into()).map_or(EMPTY_ROOT_HASH, Account::storage_root)
    }
}

/// keccak of the slot number as 32 bytes.
fn slot_key(slot: U256) -> B256 {
    keccak256(slot.to_be_bytes::<32>())
}
