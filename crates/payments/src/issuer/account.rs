//! Whose the pool's money is: what the issuer's own people change, and never a message.
//!
//! ```text
//! balanceOf(pool) on the ledger = unallocated + the balances of all accounts
//! ```
//! Called by the commands of the program. Each keeps the sum above, or refuses.

use contracts::cash::iso4217::Currency;

use super::{
    error::IssuerError,
    money,
    records::{AccountKey, AccountRecord, CurrencyNumber, DaySpent, Limits, PoolRecord},
    vault::Vault,
};

/// The pool on the ledger has this much: what no account has is unallocated.
pub fn set_pool(
    vault: &mut dyn Vault,
    currency: CurrencyNumber,
    balance_minor: u64,
) -> Result<PoolRecord, IssuerError> {
    if Currency::by_number(currency).is_none() {
        return Err(IssuerError::Configuration(format!("currency {currency} is none that the ledger has")));
    }
    let sums = vault.sums()?.into_iter().find(|sums| sums.currency == currency);
    let allotted = sums.map_or(0, |sums| sums.balance_minor);
    let rest = u128::from(balance_minor).checked_sub(allotted).and_then(|rest| u64::try_from(rest).ok());
    let unallocated_minor = rest.ok_or(IssuerError::Books("accounts have more than the pool"))?;
    let pool = PoolRecord { currency, unallocated_minor };
    vault.put_pool(&pool)?;
    Ok(pool)
}

/// Gives an account some of what is unallocated. The account is opened by it.
pub fn allot(vault: &mut dyn Vault, key: AccountKey, amount_minor: u64) -> Result<AccountRecord, IssuerError> {
    let pool = vault.pool(key.currency)?.ok_or(IssuerError::Books("there is no pool of this currency"))?;
    let unallocated_minor = money::take(pool.unallocated_minor, amount_minor)?;
    let mut account = vault.account(&key)?.unwrap_or_else(|| opened(key));
    money::credit(&mut account, amount_minor)?;
    vault.put_pool(&PoolRecord { unallocated_minor, ..pool })?;
    vault.put_account(&account)?;
    Ok(account)
}

/// Takes from an account what is not held.
pub fn take_back(vault: &mut dyn Vault, key: AccountKey, amount_minor: u64) -> Result<AccountRecord, IssuerError> {
    let pool = vault.pool(key.currency)?.ok_or(IssuerError::Books("there is no pool of this currency"))?;
    let mut account = vault.account(&key)?.ok_or(IssuerError::Books("there is no such account"))?;
    money::take(account.available_minor(), amount_minor)?;
    account.balance_minor = money::take(account.balance_minor, amount_minor)?;
    let unallocated_minor = money::add(pool.unallocated_minor, amount_minor)?;
    vault.put_pool(&PoolRecord { unallocated_minor, ..pool })?;
    vault.put_account(&account)?;
    Ok(account)
}

/// Bounds what an account may spend.
pub fn set_limits(vault: &mut dyn Vault, key: AccountKey, limits: Limits) -> Result<AccountRecord, IssuerError> {
    let account = vault.account(&key)?.ok_or(IssuerError::Books("there is no such account"))?;
    let account = AccountRecord { limits, ..account };
    vault.put_account(&account)?;
    Ok(account)
}

fn opened(key: AccountKey) -> AccountRecord {
    AccountRecord { key, balance_minor: 0, held_minor: 0, limits: Limits::default(), spent: DaySpent::default() }
}

#[cfg(test)]
mod tests;
