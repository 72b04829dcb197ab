//! Proofs of an account and of slots in its storage, as `eth_getProof` gives them (EIP-1186).

use super::{Account, AccountValue, State, slot_key};
use crate::trie::Trie;
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_trie::EMPTY_ROOT_HASH;

/// An account, or its absence, with the nodes that prove it under the state root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountProof {
    /// Whose account.
    pub address: Address,
    /// The account; `None` when there is none.
    pub value: Option<AccountValue>,
    /// Root of its storage; that of nothing when there is no account.
    pub storage_root: B256,
    /// Nodes from the state root on.
    pub proof: Vec<Bytes>,
    /// The slots asked for, in the order asked.
    pub slots: Vec<SlotProof>,
}

/// A slot, or its absence, with the nodes that prove it under the storage root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotProof {
    /// Slot number.
    pub slot: U256,
    /// Its value; zero when absent.
    pub value: U256,
    /// Nodes from the storage root on; none for an empty storage.
    pub proof: Vec<Bytes>,
}

impl State {
    /// Proves an account and the given slots of its storage, present or absent.
    pub fn prove(&self, address: Address, slots: &[U256]) -> AccountProof {
        let key = keccak256(address).into();
        let account = self.accounts.get(&key);
        let no_storage = Trie::default();
        let storage = account.and_then(Account::storage).unwrap_or(&no_storage);
        AccountProof {
            address,
            value: account.map(Account::value),
            storage_root: account.map_or(EMPTY_ROOT_HASH, Account::storage_root),
            proof: self.accounts.prove(&key),
            slots: slots.iter().map(|slot| prove_slot(storage, *slot)).collect(),
        }
    }
}

fn prove_slot(storage: &Trie<U256>, slot: U256) -> SlotProof {
    let key = slot_key(slot).into();
    SlotProof { slot, value: storage.get(&key).copied().unwrap_or_default(), proof: storage.prove(&key) }
}
