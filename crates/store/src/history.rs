//! State at an old block. For each change the history holds the value before its block, so the value after block N is the
//! one before the first change that came later than N; where nothing came later, it is the newest value.
//! Also here: forgetting the oldest history. Called by `store`, and by `rebuild` for the states of the newest blocks.

use std::{collections::BTreeSet, fmt};

use alloy_primitives::{Address, B256, U256, keccak256};
use fjall::{OwnedWriteBatch, UserValue};
use primitives::StateDiff;

use crate::{
    error::Result,
    flat::{View, unreadable},
    keys::{
        at_height, decode_account, decode_maybe_account, decode_slot, slot_history_prefix, slot_key, split_storage_key,
        storage_key,
    },
    state::AccountValue,
};

/// The state after one old block, over a consistent view: it reads the same however far the ledger goes on.
#[derive(Clone)]
pub struct HistoricState {
    view: View,
    number: u64,
}

impl HistoricState {
    /// The caller has checked that the history from `number` on is kept and flushed in this view.
    pub(crate) fn new(view: View, number: u64) -> Self {
        Self { view, number }
    }

    /// The block whose state this is.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The account at an address, if it existed.
    pub fn account(&self, address: Address) -> Result<Option<AccountValue>> {
        self.account_by_key(keccak256(address))
    }

    /// The account under a hashed address, if it existed.
    pub fn account_by_key(&self, key: B256) -> Result<Option<AccountValue>> {
        if let Some(before) = self.first_later(&self.view.spaces.account_history, key.as_slice())? {
            return decode_maybe_account(&before).ok_or_else(|| unreadable("account_history"));
        }
        let newest = self.view.get(&self.view.spaces.accounts, key)?;
        newest.map(|bytes| decode_account(&bytes).ok_or_else(|| unreadable("accounts"))).transpose()
    }

    /// The value of a slot; zero when the slot or the account was absent.
    pub fn storage(&self, address: Address, slot: U256) -> Result<U256> {
        self.storage_by_key(keccak256(address), slot_key(slot))
    }

    /// The value of a slot under hashed address and slot.
    pub fn storage_by_key(&self, account: B256, slot: B256) -> Result<U256> {
        let prefix = slot_history_prefix(account, slot);
        if let Some(before) = self.first_later(&self.view.spaces.storage_history, prefix.as_slice())? {
            return decode_slot(&before).ok_or_else(|| unreadable("storage_history"));
        }
        let newest = self.view.get(&self.view.spaces.storage, storage_key(account, slot))?;
        newest.map_or(Ok(U256::ZERO), |bytes| decode_slot(&bytes).ok_or_else(|| unreadable("storage")))
    }

    /// Whether an account without code and nonce had storage (EIP-7610); of no account with code or nonce this says true.
    ///
    /// Only genesis can make such an account, and without code nothing changes its storage: what it has now it had then. If it
    /// has code or a nonce by now, something was created there or it sent a transaction, and it had no storage before.
    pub fn has_storage(&self, address: Address) -> Result<bool> {
        let key = keccak256(address);
        let newest = self.view.get(&self.view.spaces.accounts, key)?;
        let newest = newest.map(|bytes| decode_account(&bytes).ok_or_else(|| unreadable("accounts"))).transpose()?;
        if newest.is_some_and(|account| account.nonce > 0 || account.code_hash != AccountValue::default().code_hash) {
            return Ok(false);
        }
        let (first, last) = (storage_key(key, B256::ZERO), storage_key(key, B256::repeat_byte(0xff)));
        Ok(self.view.range(&self.view.spaces.storage, &first, &last).next().transpose()?.is_some())
    }

    /// The value before the first change after this block.
    fn first_later(&self, space: &fjall::Keyspace, key: &[u8]) -> Result<Option<UserValue>> {
        let Some(next) = self.number.checked_add(1) else { return Ok(None) };
        let mut later = self.view.range(space, &at_height(key, next), &at_height(key, u64::MAX));
        Ok(later.next().transpose()?.map(|(_, before)| before))
    }
}

impl fmt::Debug for HistoricState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HistoricState").field("number", &self.number).finish_non_exhaustive()
    }
}

/// The hashed keys that blocks may have changed.
#[derive(Debug, Default)]
pub(crate) struct Touched {
    pub(crate) accounts: BTreeSet<B256>,
    pub(crate) slots: BTreeSet<(B256, B256)>,
}

impl Touched {
    /// Adds a flushed block. A storage that went at once is not in its diff slot by slot, but in `emptied`.
    pub(crate) fn add(&mut self, view: &View, number: u64, diff: &StateDiff) -> Result<()> {
        for account in &diff.accounts {
            let key = keccak256(account.address);
            self.accounts.insert(key);
            self.slots.extend(account.storage.iter().map(|slot| (key, slot_key(slot.slot))));
        }
        if diff.accounts.iter().any(|account| account.deleted || account.storage_wiped) {
            self.add_emptied(view, number)?;
        }
        Ok(())
    }

    fn add_emptied(&mut self, view: &View, number: u64) -> Result<()> {
        let Some(keys) = view.get(&view.spaces.emptied, number.to_be_bytes())? else { return Ok(()) };
        for key in keys.chunks(64) {
            self.slots.insert(split_storage_key(key).ok_or_else(|| unreadable("emptied"))?);
        }
        Ok(())
    }
}

/// Removes what the history says about one block from it.
pub(crate) fn forget_block(batch: &mut OwnedWriteBatch, view: &View, number: u64, diff: &StateDiff) -> Result<()> {
    let mut touched = Touched::default();
    touched.add(view, number, diff)?;
    for account in touched.accounts {
        batch.remove(&view.spaces.account_history, at_height(account.as_slice(), number));
    }
    for (account, slot) in touched.slots {
        let prefix = slot_history_prefix(account, slot);
        batch.remove(&view.spaces.storage_history, at_height(prefix.as_slice(), number));
    }
    batch.remove(&view.spaces.emptied, number.to_be_bytes());
    Ok(())
}
