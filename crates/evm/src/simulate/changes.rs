//! What a simulated block changed, in the form that a trie takes: by address and slot, the values after the block.

use std::collections::BTreeMap;

use alloy_rpc_types_eth::state::{AccountOverride, StateOverride};
use primitives::{AccountDiff, Address, SlotDiff, StateDiff, U256};
use revm::{DatabaseRef, database::CacheDB, primitives::AddressMap, state::Account};

use crate::call::CallError;

/// Accounts and slots that were written since the last block.
#[derive(Debug, Default)]
pub(super) struct Changes(BTreeMap<Address, Change>);

#[derive(Debug, Default)]
struct Change {
    wiped: bool,
    slots: BTreeMap<U256, U256>,
}

impl Changes {
    pub(super) fn record_overrides(&mut self, overrides: &StateOverride) {
        for (address, account) in overrides {
            self.0.entry(*address).or_default().record_override(account);
        }
    }

    pub(super) fn record_transaction(&mut self, state: &AddressMap<Account>) {
        for (address, account) in state.iter().filter(|(_, account)| account.is_touched()) {
            self.0.entry(*address).or_default().record_account(account);
        }
    }

    pub(super) fn record_diff(&mut self, diff: &StateDiff) {
        for account in &diff.accounts {
            self.0.entry(account.address).or_default().record_diff(account);
        }
    }

    /// The changes so far, after which counting begins anew. Code is left out: a root does not need it.
    pub(super) fn take<DB: DatabaseRef>(&mut self, db: &CacheDB<DB>) -> Result<StateDiff, CallError> {
        let accounts = std::mem::take(&mut self.0)
            .into_iter()
            .map(|(address, change)| change.finish(address, db))
            .collect::<Result<_, _>>()?;
        Ok(StateDiff { accounts, codes: Vec::new() })
    }
}

impl Change {
    fn wipe(&mut self) {
        self.wiped = true;
        self.slots.clear();
    }

    fn record_override(&mut self, account: &AccountOverride) {
        if account.state.is_some() {
            self.wipe();
        }
        let slots = account.state.iter().chain(&account.state_diff).flatten();
        self.slots.extend(slots.map(|(slot, value)| (U256::from_be_bytes(slot.0), U256::from_be_bytes(value.0))));
    }

    fn record_account(&mut self, account: &Account) {
        if account.is_selfdestructed() || account.is_created() || account.is_empty() {
            self.wipe();
        }
        if !account.is_selfdestructed() {
            self.slots.extend(account.changed_storage_slots().map(|(slot, value)| (*slot, value.present_value)));
        }
    }

    fn record_diff(&mut self, account: &AccountDiff) {
        if account.deleted || account.storage_wiped {
            self.wipe();
        }
        self.slots.extend(account.storage.iter().map(|slot| (slot.slot, slot.value)));
    }

    fn finish<DB: DatabaseRef>(self, address: Address, db: &CacheDB<DB>) -> Result<AccountDiff, CallError> {
        let Some(info) = db.basic_ref(address).map_err(CallError::internal)?.filter(|info| !info.is_empty()) else {
            return Ok(AccountDiff::deleted(address));
        };
        Ok(AccountDiff {
            address,
            deleted: false,
            nonce: info.nonce,
            balance: info.balance,
            code_hash: info.code_hash,
            storage_wiped: self.wiped,
            storage: self.slots.into_iter().map(|(slot, value)| SlotDiff { slot, value }).collect(),
        })
    }
}
