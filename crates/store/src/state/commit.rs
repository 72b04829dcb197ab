//! Applies what a block did to the state before it.
//!
//! An account of the diff is stored as it says, be it empty in the sense of EIP-161: the executor has decided which ones die.
//! A zero deletes its slot; a wiped storage is emptied first. Should an address or a slot come twice, the later entry counts.

use super::{Account, AccountChange, AccountValue, SlotChange, State, StateChange, slot_key};
use crate::trie::{self, Trie, parallel};
use alloy_primitives::{B256, U256, keccak256};
use primitives::{AccountDiff, SlotDiff, StateDiff};

/// What a commit gives.
#[derive(Clone, Debug)]
pub struct Commit {
    /// The state after the block.
    pub state: State,
    /// Its differences from the state before, by hashed key.
    pub change: StateChange,
}

impl State {
    /// The state after `diff`, and what that changed.
    pub fn commit(&self, diff: &StateDiff) -> Commit {
        let diffs = by_key(&diff.accounts, |account| keccak256(account.address));
        let settled = parallel::map(&diffs, |(key, diff)| self.settle(*key, diff));
        let (mut accounts, leaves): (Vec<_>, Vec<_>) = settled.into_iter().unzip();
        accounts.retain(AccountChange::is_change);
        Commit { state: Self { accounts: self.accounts.commit(&leaves) }, change: StateChange { accounts } }
    }

    /// One account before and after, and the leaf it becomes.
    fn settle(&self, key: B256, diff: &AccountDiff) -> (AccountChange, trie::Change<Account>) {
        let old = self.accounts.get(&key.into());
        let no_storage = Trie::default();
        let old_storage = old.and_then(Account::storage).unwrap_or(&no_storage);
        let (storage, slots) = settle_storage(old_storage, diff);
        let after = value_after(diff);
        let leaf = after.map(|value| Account::new(value, storage));
        (AccountChange { key, before: old.map(Account::value), after, slots }, (key.into(), leaf))
    }
}

fn value_after(diff: &AccountDiff) -> Option<AccountValue> {
    let AccountDiff { nonce, balance, code_hash, .. } = *diff;
    (!diff.deleted).then_some(AccountValue { nonce, balance, code_hash })
}

/// The storage after, and the slots whose value is another.
fn settle_storage(old: &Trie<U256>, diff: &AccountDiff) -> (Trie<U256>, Vec<SlotChange>) {
    if diff.deleted {
        return (Trie::default(), wiped(old, &[]));
    }
    let written = written(old, &diff.storage);
    if diff.storage_wiped {
        return (write(&Trie::default(), &written), wiped(old, &written));
    }
    (write(old, &written), written.into_iter().filter(SlotChange::is_change).collect())
}

/// The slots of the diff, with their values before.
fn written(old: &Trie<U256>, slots: &[SlotDiff]) -> Vec<SlotChange> {
    let slots = by_key(slots, |slot| slot_key(slot.slot));
    parallel::map(&slots, |(key, slot)| {
        let before = old.get(&(*key).into()).copied().unwrap_or_default();
        SlotChange { key: *key, before, after: slot.value }
    })
}

fn write(storage: &Trie<U256>, written: &[SlotChange]) -> Trie<U256> {
    let leaf = |slot: &SlotChange| (slot.key.into(), (!slot.after.is_zero()).then_some(slot.after));
    storage.commit(&written.iter().map(leaf).collect::<Vec<_>>())
}

/// Every slot of the old storage goes to zero, unless it was written again.
fn wiped(old: &Trie<U256>, written: &[SlotChange]) -> Vec<SlotChange> {
    let is_written = |slot: &SlotChange| written.binary_search_by_key(&slot.key, |written| written.key).is_ok();
    let gone = old.iter().map(|(key, before)| SlotChange { key: key.word(), before: *before, after: U256::ZERO });
    let mut slots: Vec<_> = gone.filter(|slot| !is_written(slot)).chain(written.iter().copied()).collect();
    slots.retain(SlotChange::is_change);
    slots.sort_unstable_by_key(|slot| slot.key);
    slots
}

/// Items under their hashed keys, each hashed once, in rising order; of two under one key the later.
fn by_key<T: Sync>(items: &[T], key: impl Fn(&T) -> B256 + Send + Sync) -> Vec<(B256, &T)> {
    let mut keyed: Vec<_> = parallel::map(items, key).into_iter().zip(items).collect();
    keyed.sort_by_key(|(key, _)| *key);
    keyed.dedup_by(|later, earlier| {
        let same = later.0 == earlier.0;
        if same {
            *earlier = *later;
        }
        same
    });
    keyed
}
