//! From the journal of an executed block to its [`StateDiff`]: only what differs from the state before the block.
//! The journal forgets values from before the block at each transaction, so they are noted down when they are first read.
//!
//! An account disappears if it self-destructed in the transaction that created it (EIP-6780) or was touched while empty
//! (EIP-161). An account created in the block starts with empty storage whatever its address held before.

use std::fmt;

use primitives::{AccountDiff, Address, B256, Bytes, SlotDiff, StateDiff, U256};
use revm::{
    Database, DatabaseRef,
    primitives::KECCAK_EMPTY,
    state::{Account, AccountId, AccountInfo, Bytecode, EvmState},
};

use crate::creation::BlockState;

/// A database that notes every account and slot it hands out. The journal asks for each only once.
pub(crate) struct Origins<D> {
    db: D,
    accounts: Vec<(Address, Option<Origin>)>,
    slots: Vec<(Address, SlotDiff)>,
}

/// An account before the block.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Origin {
    nonce: u64,
    balance: U256,
    code_hash: B256,
}

impl<D> Origins<D> {
    pub(crate) const fn new(db: D) -> Self {
        Self { db, accounts: Vec::new(), slots: Vec::new() }
    }
}

impl<D: DatabaseRef> Origins<D> {
    /// Reads an account without noting it.
    pub(crate) fn peek(&self, address: Address) -> Result<Option<AccountInfo>, D::Error> {
        self.db.basic_ref(address)
    }

    /// Whether an account had storage before the block.
    pub(crate) fn has_storage(&self, address: Address) -> Result<bool, D::Error>
    where
        D: BlockState,
    {
        self.db.has_storage(address)
    }

    fn note_slot(&mut self, address: Address, slot: U256, value: U256) -> U256 {
        self.slots.push((address, SlotDiff { slot, value }));
        value
    }
}

impl<D> fmt::Debug for Origins<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Origins").field("accounts", &self.accounts.len()).field("slots", &self.slots.len()).finish()
    }
}

impl<D: DatabaseRef> Database for Origins<D> {
    type Error = D::Error;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, Self::Error> {
        let info = self.db.basic_ref(address)?;
        self.accounts.push((address, info.as_ref().map(Origin::of)));
        Ok(info)
    }

    fn code_by_hash(&mut self, code_hash: B256) -> Result<Bytecode, Self::Error> {
        self.db.code_by_hash_ref(code_hash)
    }

    fn storage(&mut self, address: Address, slot: U256) -> Result<U256, Self::Error> {
        let value = self.db.storage_ref(address, slot)?;
        Ok(self.note_slot(address, slot, value))
    }

    fn storage_by_account_id(&mut self, address: Address, id: AccountId, slot: U256) -> Result<U256, Self::Error> {
        let value = self.db.storage_by_account_id_ref(address, id, slot)?;
        Ok(self.note_slot(address, slot, value))
    }

    fn block_hash(&mut self, number: u64) -> Result<B256, Self::Error> {
        self.db.block_hash_ref(number)
    }
}

impl Origin {
    fn of(info: &AccountInfo) -> Self {
        Self { nonce: info.nonce, balance: info.balance, code_hash: info.code_hash }
    }
}

/// What the block whose final journal is `state` changed.
pub(crate) fn state_diff<D>(state: &EvmState, origins: Origins<D>) -> StateDiff {
    let Origins { mut accounts, mut slots, .. } = origins;
    accounts.sort_unstable_by_key(|(address, _)| *address);
    slots.sort_unstable_by_key(|(address, slot)| (*address, slot.slot));
    let mut diff = StateDiff::default();
    let mut rest = slots.as_slice();
    for (address, before) in &accounts {
        let own = take_slots(&mut rest, *address);
        let Some(account) = state.get(address).filter(|account| account.is_touched()) else { continue };
        if let Some(changed) = account_diff(*address, *before, account, own) {
            diff.codes.extend(new_code(*before, &changed, account));
            diff.accounts.push(changed);
        }
    }
    diff.codes.sort_unstable();
    diff.codes.dedup();
    diff
}

/// Splits the slots of `address` off the front; both lists are ordered by address.
fn take_slots<'a>(slots: &mut &'a [(Address, SlotDiff)], address: Address) -> &'a [(Address, SlotDiff)] {
    let (own, rest) = slots.split_at(slots.partition_point(|(owner, _)| *owner <= address));
    *slots = rest;
    own
}

fn account_diff(
    address: Address,
    before: Option<Origin>,
    account: &Account,
    slots: &[(Address, SlotDiff)],
) -> Option<AccountDiff> {
    if account.is_selfdestructed_locally() || account.is_empty() {
        return before.map(|_| AccountDiff::deleted(address));
    }
    let after = Origin::of(&account.info);
    let storage = if account.is_created() { created_storage(account) } else { changed_storage(account, slots) };
    let storage_wiped = before.is_some() && account.is_created();
    if before == Some(after) && storage.is_empty() && !storage_wiped {
        return None;
    }
    let Origin { nonce, balance, code_hash } = after;
    Some(AccountDiff { address, deleted: false, nonce, balance, code_hash, storage_wiped, storage })
}

/// All slots of an account that began in this block.
fn created_storage(account: &Account) -> Vec<SlotDiff> {
    let mut storage: Vec<_> = account
        .storage
        .iter()
        .map(|(slot, value)| SlotDiff { slot: *slot, value: value.present_value })
        .filter(|slot| !slot.value.is_zero())
        .collect();
    storage.sort_unstable_by_key(|slot| slot.slot);
    storage
}

/// The slots of an older account that are not what they were.
fn changed_storage(account: &Account, before: &[(Address, SlotDiff)]) -> Vec<SlotDiff> {
    before
        .iter()
        .filter_map(|(_, SlotDiff { slot, value })| {
            let after = account.storage.get(slot)?.present_value;
            (after != *value).then_some(SlotDiff { slot: *slot, value: after })
        })
        .collect()
}

fn new_code(before: Option<Origin>, changed: &AccountDiff, account: &Account) -> Option<Bytes> {
    let same = before.is_some_and(|before| before.code_hash == changed.code_hash);
    if changed.deleted || same || changed.code_hash == KECCAK_EMPTY {
        return None;
    }
    account.info.code.as_ref().map(Bytecode::original_bytes)
}
