//! The whole world state as one value that never changes: `commit` answers a new state and leaves the old one as it was.
//! Called by `chain` (execution reads, roots, proofs) and by the disk (start-up). Rules: Yellow Paper section 4.1, EIP-161.

mod build;
mod change;

use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_trie::{TrieAccount, root};
pub use build::{BuildError, StateBuilder};
pub use change::{AccountChange, AccountValue, SlotChange, StateChange};
use primitives::{AccountDiff, StateDiff};
use std::{collections::BTreeMap, sync::Arc};

type Slots = BTreeMap<B256, U256>;

/// Every account with its storage. Cloning costs nothing worth counting.
#[derive(Clone, Debug, Default)]
pub struct State {
    accounts: Arc<BTreeMap<B256, (AccountValue, Slots)>>,
}

/// What a commit gives: the state after, and what changed by hashed key.
#[derive(Clone, Debug)]
pub struct Commit {
    /// The state after the block.
    pub state: State,
    /// Its differences from the state before.
    pub change: StateChange,
}

impl State {
    pub(crate) fn of(accounts: BTreeMap<B256, (AccountValue, Slots)>) -> Self {
        Self { accounts: Arc::new(accounts) }
    }

    /// The state root, as in a block header.
    pub fn root(&self) -> B256 {
        root::state_root(self.accounts.iter().map(|(key, (value, slots))| (*key, trie_account(value, slots))))
    }

    /// The account at an address, if it exists.
    pub fn account(&self, address: Address) -> Option<AccountValue> {
        self.account_by_key(keccak256(address))
    }

    /// The account under a hashed address, if it exists.
    pub fn account_by_key(&self, key: B256) -> Option<AccountValue> {
        self.accounts.get(&key).map(|(value, _)| *value)
    }

    /// The value of a slot; zero when the slot or the account is absent.
    pub fn storage(&self, address: Address, slot: U256) -> U256 {
        let slots = self.accounts.get(&keccak256(address)).map(|(_, slots)| slots);
        slots.and_then(|slots| slots.get(&slot_key(slot))).copied().unwrap_or_default()
    }

    /// The state after `diff`, and the change by key.
    pub fn commit(&self, diff: &StateDiff) -> Commit {
        let mut accounts = (*self.accounts).clone();
        let mut changes: Vec<_> = diff.accounts.iter().map(|account| apply(&mut accounts, account)).collect();
        changes.sort_by_key(|change| change.key);
        changes.retain(|change| change.before != change.after || !change.slots.is_empty());
        Commit { state: Self::of(accounts), change: StateChange { accounts: changes } }
    }
}

fn apply(accounts: &mut BTreeMap<B256, (AccountValue, Slots)>, diff: &AccountDiff) -> AccountChange {
    let key = keccak256(diff.address);
    let (before, old) = match accounts.remove(&key) {
        Some((value, slots)) => (Some(value), slots),
        None => (None, Slots::new()),
    };
    let mut slots = if diff.deleted || diff.storage_wiped { Slots::new() } else { old.clone() };
    let after =
        (!diff.deleted).then_some(AccountValue { nonce: diff.nonce, balance: diff.balance, code_hash: diff.code_hash });
    if let Some(after) = after {
        slots.extend(diff.storage.iter().map(|slot| (slot_key(slot.slot), slot.value)));
        slots.retain(|_, value| !value.is_zero());
        accounts.insert(key, (after, slots.clone()));
    }
    AccountChange { key, before, after, slots: differences(&old, &slots) }
}

fn differences(before: &Slots, after: &Slots) -> Vec<SlotChange> {
    let keys: std::collections::BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let value = |slots: &Slots, key| slots.get(key).copied().unwrap_or_default();
    let changes =
        keys.into_iter().map(|key| SlotChange { key: *key, before: value(before, key), after: value(after, key) });
    changes.filter(|change| change.before != change.after).collect()
}

fn trie_account(value: &AccountValue, slots: &Slots) -> TrieAccount {
    let storage_root = root::storage_root(slots.iter().map(|(key, value)| (*key, *value)));
    TrieAccount { nonce: value.nonce, balance: value.balance, storage_root, code_hash: value.code_hash }
}

fn slot_key(slot: U256) -> B256 {
    keccak256(slot.to_be_bytes::<32>())
}
