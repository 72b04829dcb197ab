//! Writing executions into a view of the state that lives as long as one request: simulated blocks and replayed transactions go on
//! from there. EIP-161 holds: an account that was touched and is empty is gone.

use primitives::{AccountDiff, StateDiff};
use revm::{
    DatabaseCommit,
    bytecode::Bytecode,
    database::{AccountState, CacheDB, DbAccount},
    primitives::{AddressMap, B256Map},
    state::{Account, AccountInfo},
};

use super::StateRef;

/// Writes what one transaction changed.
pub(crate) fn commit<DB: StateRef>(db: &mut CacheDB<DB>, state: AddressMap<Account>) {
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
pub(crate) fn commit_diff<DB: StateRef>(db: &mut CacheDB<DB>, diff: &StateDiff) {
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

fn commit_account<DB: StateRef>(db: &mut CacheDB<DB>, diff: &AccountDiff) {
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
