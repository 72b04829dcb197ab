//! What happens to an account: pure arithmetic on one row, every sum checked.
//!
//! ```text
//! hold:    held + amount, spent + amount          give back: held - amount, spent - amount (same day)
//! capture: held - amount, balance - amount        credit:    balance + amount
//! ```
//! Called by `decide`, `settle` and `followup`. `held <= balance` holds before and after; a step that would break it is refused by name, since then
//! the rows do not tell one story any more.

use super::{
    error::IssuerError,
    records::{AccountRecord, DaySpent},
};

/// Why an amount cannot be spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shortage {
    /// There is less (DE 39 = 51).
    Funds,
    /// A limit is in the way (DE 39 = 61).
    Limit,
}

/// Days since 1970, UTC.
pub(super) fn day_of(time_ms: u64) -> u32 {
    u32::try_from(time_ms / DAY_MS).unwrap_or(u32::MAX)
}

/// How much of what is wanted may be spent on a day: all of it, or with `part` what there is, unless that is nothing.
pub(super) fn spendable(account: &AccountRecord, wanted_minor: u64, day: u32, part: bool) -> Result<u64, Shortage> {
    let allowed = allowed(account, day);
    let funds = account.available_minor();
    let amount = if part { wanted_minor.min(allowed).min(funds) } else { wanted_minor };
    match amount {
        _ if wanted_minor > allowed && (!part || allowed == 0) => Err(Shortage::Limit),
        0 => Err(Shortage::Funds),
        amount if amount > funds => Err(Shortage::Funds),
        amount => Ok(amount),
    }
}

/// Holds an amount that is spendable.
pub(super) fn hold(account: &mut AccountRecord, amount_minor: u64, day: u32) -> Result<(), IssuerError> {
    let held_minor = add(account.held_minor, amount_minor)?;
    if held_minor > account.balance_minor {
        return Err(IssuerError::Books("more would be held than there is"));
    }
    let spent = spent_on(account, day);
    account.spent = DaySpent { day, minor: add(spent, amount_minor)? };
    account.held_minor = held_minor;
    Ok(())
}

/// Gives back what was held, and the limit of the day if it is still that day.
pub(super) fn give_back(account: &mut AccountRecord, amount_minor: u64, day: u32) -> Result<(), IssuerError> {
    account.held_minor = take(account.held_minor, amount_minor)?;
    if account.spent.day == day {
        account.spent.minor = account.spent.minor.saturating_sub(amount_minor);
    }
    Ok(())
}

/// What was held went to the merchant.
pub(super) fn capture(account: &mut AccountRecord, amount_minor: u64) -> Result<(), IssuerError> {
    account.held_minor = take(account.held_minor, amount_minor)?;
    account.balance_minor = take(account.balance_minor, amount_minor)?;
    Ok(())
}

/// Money came.
pub(super) fn credit(account: &mut AccountRecord, amount_minor: u64) -> Result<(), IssuerError> {
    account.balance_minor = add(account.balance_minor, amount_minor)?;
    Ok(())
}

/// A sum; the greatest is what a signed 64-bit column can hold.
pub(super) fn add(one: u64, other: u64) -> Result<u64, IssuerError> {
    one.checked_add(other).filter(|sum| *sum <= MOST_MINOR).ok_or(IssuerError::Books("an amount is too great"))
}

/// A difference.
pub(super) fn take(from: u64, amount: u64) -> Result<u64, IssuerError> {
    from.checked_sub(amount).ok_or(IssuerError::Books("more would be taken than there is"))
}

/// What the limits leave.
fn allowed(account: &AccountRecord, day: u32) -> u64 {
    let of_day = account.limits.day_minor.map(|most| most.saturating_sub(spent_on(account, day)));
    account.limits.payment_minor.into_iter().chain(of_day).min().unwrap_or(u64::MAX)
}

fn spent_on(account: &AccountRecord, day: u32) -> u64 {
    if account.spent.day == day { account.spent.minor } else { 0 }
}

const DAY_MS: u64 = 86_400_000;
const MOST_MINOR: u64 = i64::MAX.unsigned_abs();

#[cfg(test)]
mod tests;
