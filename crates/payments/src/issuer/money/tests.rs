//! What an account may spend: available, limits, parts.

use super::*;
use crate::issuer::records::{AccountKey, CardReference, Limits};

const TODAY: u32 = 20_000;

fn account(balance_minor: u64, held_minor: u64, payment: Option<u64>, day: Option<u64>) -> AccountRecord {
    AccountRecord {
        key: AccountKey { card: CardReference::parse("111111111111").unwrap(), currency: 978 },
        balance_minor,
        held_minor,
        limits: Limits { payment_minor: payment, day_minor: day },
        spent: DaySpent { day: TODAY, minor: 100 },
    }
}

/// Balance, held, limit of a payment, limit of the day (100 are spent), wanted -> in whole, in part.
fn check(
    (balance, held, payment, day, wanted): (u64, u64, Option<u64>, Option<u64>, u64),
    whole: Result<u64, Shortage>,
    part: Result<u64, Shortage>,
) {
    let account = account(balance, held, payment, day);
    assert_eq!(spendable(&account, wanted, TODAY, false), whole, "{wanted} in whole of {account:?}");
    assert_eq!(spendable(&account, wanted, TODAY, true), part, "{wanted} in part of {account:?}");
}

#[test]
fn what_may_be_spent() {
    check((1000, 0, None, None, 1000), Ok(1000), Ok(1000));
    check((1000, 1, None, None, 1000), Err(Shortage::Funds), Ok(999));
    check((1000, 1000, None, None, 1), Err(Shortage::Funds), Err(Shortage::Funds));
    check((1000, 0, Some(500), None, 501), Err(Shortage::Limit), Ok(500));
    check((1000, 0, None, Some(300), 200), Ok(200), Ok(200));
    check((1000, 0, None, Some(300), 201), Err(Shortage::Limit), Ok(200));
    check((1000, 0, None, Some(100), 1), Err(Shortage::Limit), Err(Shortage::Limit));
    check((100, 0, Some(500), None, 501), Err(Shortage::Limit), Ok(100));
    check((0, 0, None, None, 0), Err(Shortage::Funds), Err(Shortage::Funds));
}

#[test]
fn a_new_day_begins_with_its_whole_limit() {
    let account = account(1000, 0, None, Some(300));
    assert_eq!(spendable(&account, 300, TODAY + 1, false), Ok(300));
}

#[test]
fn what_is_held_is_captured_or_given_back() {
    let mut account = account(1000, 0, None, Some(1000));
    hold(&mut account, 400, TODAY).unwrap();
    assert_eq!((account.balance_minor, account.held_minor, account.spent.minor), (1000, 400, 500));
    give_back(&mut account, 150, TODAY).unwrap();
    assert_eq!((account.balance_minor, account.held_minor, account.spent.minor), (1000, 250, 350));
    capture(&mut account, 250).unwrap();
    assert_eq!((account.balance_minor, account.held_minor, account.spent.minor), (750, 0, 350));
    credit(&mut account, 50).unwrap();
    assert_eq!(account.balance_minor, 800);
}

#[test]
fn books_that_do_not_add_up_are_refused() {
    let mut account = account(1000, 10, None, None);
    assert!(hold(&mut account, 991, TODAY).is_err());
    assert!(give_back(&mut account, 11, TODAY).is_err());
    assert!(capture(&mut account, 11).is_err());
    assert!(credit(&mut account, MOST_MINOR).is_err());
    assert_eq!((account.balance_minor, account.held_minor), (1000, 10));
}
