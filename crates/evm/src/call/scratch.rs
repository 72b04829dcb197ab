//! A copy-on-write view of a state that lives as long as one request: overrides, simulated blocks and replayed transactions are
//! written into it, and the state itself is only read. EIP-161 holds: an account that was touched and is empty is gone.

use std::fmt;

use primitives::{AccountDiff, Address, B256, StateDiff, U256};
use revm::{
    DatabaseCommit, DatabaseRef,
    bytecode::Bytecode,
    database::{AccountState, CacheDB, DbAccount},
    primitives::{AddressMap, B256Map},
    state::{Account, AccountId, AccountInfo},
};

use crate::creation::BlockState;

/// What a request sees and writes.
pub(crate) type Scratch<'a, DB> = CacheDB<View<'a, DB>>;

/// A state that is only read. The EVM wants to print its database, which a state need not be able to.
pub(crate) struct View<'a, DB>(&'a DB);

/// Nothing written yet.
pub(crate) fn over<DB: DatabaseRef>(state: &DB) -> Scratch<'_, DB> {
    CacheDB::new(View(state))
}

/// Writes what one transaction changed.
pub(crate) fn commit<DB: DatabaseRef>(db: &mut CacheDB<DB>, state: AddressMap<Account>) {
    let emptied: Vec<_> = state
        .iter()
        .filter(|(_, account)| account.is_touched() && account.is_empty())
        .map(|(address, _)| *address)
        .collect();
    db.commit(state);
    for address in emptied {
        db.cache.accounts.insert(address, DbAccount::new_not_existing());
    }
}

/// Writes what several transactions changed.
pub(crate) fn commit_diff<DB: DatabaseRef>(db: &mut CacheDB<DB>, diff: &StateDiff) {
    let codes: B256Map<Bytecode> = diff
        .codes
        .iter()
        .map(|code| Bytecode::new_raw_checked(code.clone()).unwrap_or_else(|_| Bytecode::new_legacy(code.clone())))
        .map(|code| (code.hash_slow(), code))
        .collect();
    for account in &diff.accounts {
        commit_account(db, account);
    }
    db.cache.contracts.extend(codes);
}

fn commit_account<DB: DatabaseRef>(db: &mut CacheDB<DB>, diff: &AccountDiff) {
    let account = db.cache.accounts.entry(diff.address).or_default();
    if diff.deleted {
        *account = DbAccount::new_not_existing();
        return;
    }
    if diff.storage_wiped || account.account_state == AccountState::NotExisting {
        account.storage.clear();
        account.account_state = AccountState::StorageCleared;
    }
    account.info = info(diff);
    account.storage.extend(diff.storage.iter().map(|slot| (slot.slot, slot.value)));
}

/// The code is looked up by its hash.
fn info(diff: &AccountDiff) -> AccountInfo {
    AccountInfo {
        nonce: diff.nonce,
        balance: diff.balance,
        code_hash: diff.code_hash,
        code: None,
        ..Default::default()
    }
}

/// The slots of an account may all have been cleared since the base; then it still counts as having some. To clear them without code,
/// which would keep a creation away anyway, takes an override.
impl<DB: BlockState> BlockState for Scratch<'_, DB> {
    fn has_storage(&self, address: Address) -> Result<bool, Self::Error> {
        let Some(account) = self.cache.accounts.get(&address) else { return self.db.0.has_storage(address) };
        let begun_anew = matches!(account.account_state, AccountState::StorageCleared | AccountState::NotExisting);
        if begun_anew || account.storage.values().any(|value| !value.is_zero()) {
            return Ok(account.storage.values().any(|value| !value.is_zero()));
        }
        self.db.0.has_storage(address)
    }
}

impl<DB> fmt::Debug for View<'_, DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("View")
    }
}

impl<DB: DatabaseRef> DatabaseRef for View<'_, DB> {
    type Error = DB::Error;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, Self::Error> {
        self.0.basic_ref(address)
    }

    fn code_by_hash_ref(&self, code_hash: B256) -> Result<Bytecode, Self::Error> {
        self.0.code_by_hash_ref(code_hash)
    }

    fn storage_ref(&self, address: Address, slot: U256) -> Result<U256, Self::Error> {
        self.0.storage_ref(address, slot)
    }

    fn storage_by_account_id_ref(&self, address: Address, id: AccountId, slot: U256) -> Result<U256, Self::Error> {
        self.0.storage_by_account_id_ref(address, id, slot)
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, Self::Error> {
        self.0.block_hash_ref(number)
    }
}
