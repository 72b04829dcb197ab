//! Whose the pool's money is: deposits, accounts, limits; and what merchants were paid.

use std::time::Duration;

use alloy_primitives::{B256, U256};
use chrono::{Days, NaiveDate, Utc};
use contracts::cash::{self, iso4217::Currency};
use eyre::{OptionExt, bail, ensure};
use payments::issuer::{
    IssuerError, account,
    records::{AccountKey, AccountRecord, Limits, PoolRecord, TotalRecord},
};
use serde_json::Value;

use super::{
    CardArguments, CreditArguments, DepositArguments, LimitArguments, Opened, TotalsArguments, cards::reference,
};
use crate::{
    money::{listed, parse_amount, shown_minor},
    table::{Field, Row, say, say_rows},
};

pub(super) fn deposit(arguments: &DepositArguments) -> eyre::Result<()> {
    let DepositArguments { ledger: at, tx, currency } = arguments;
    let currency = listed(currency)?;
    let (brought, rest) = take_up(&at.look.folder.open()?, &at.rpc, *tx, currency)?;
    let fields = vec![amount("brought", brought, currency), amount("unallocated", rest.unallocated_minor, currency)];
    say(fields, at.look.json);
    Ok(())
}

/// Takes up what a transaction brought to the pool; gives that, and what belongs to nobody now. The ledger is asked within the unit of
/// work, at a moment when nothing is under way: what the pool has then is the accounts' and the rest.
pub(crate) fn take_up(
    opened: &Opened,
    rpc: &str,
    tx: B256,
    currency: &'static Currency,
) -> eyre::Result<(u64, PoolRecord)> {
    let (ledger, pool) = (opened.folder.ledger(rpc)?, opened.about.pool);
    let contract = cash::address_of(currency);
    let came = ledger
        .transfers(tx, contract, pool)?
        .ok_or_eyre("the transaction is not final yet, or is none of this ledger")?;
    ensure!(!came.is_empty(), "transaction {tx} brought nothing to {pool} in {}", currency.symbol());
    let brought = came.iter().fold(U256::ZERO, |sum, transfer| sum.saturating_add(transfer.value));
    for _ in 0..TRIES {
        let asked = ledger.clone();
        let outcome = opened.vault.write("deposit", move |vault| {
            if !vault.outbox_open(1)?.is_empty() {
                return Err(IssuerError::Books(BUSY));
            }
            let balance = asked.balance(contract, pool).map_err(|error| IssuerError::Ledger(error.to_string()))?;
            let balance =
                u64::try_from(balance).map_err(|_| IssuerError::Books("the pool has more than can be counted"))?;
            account::set_pool(vault, currency.number, balance)
        });
        match outcome {
            Err(IssuerError::Books(BUSY)) => std::thread::sleep(PAUSE),
            Err(error) => return Err(error.into()),
            Ok(rest) => return Ok((brought.saturating_to(), rest)),
        }
    }
    bail!("{BUSY}: try again in a quieter moment")
}

pub(super) fn credit(arguments: &CreditArguments) -> eyre::Result<()> {
    let CreditArguments { card, amount, currency, back } = arguments;
    let currency = listed(currency)?;
    let minor = minor(amount, currency)?;
    let (opened, key) = account_of(card, currency)?;
    let change = if *back { account::take_back } else { account::allot };
    let account = opened.vault.write("credit", move |vault| change(vault, key, minor))?;
    say(account_row(&account, currency), card.look.json);
    Ok(())
}

pub(super) fn limit(arguments: &LimitArguments) -> eyre::Result<()> {
    let LimitArguments { card, currency, payment, day } = arguments;
    let currency = listed(currency)?;
    let bound = |text: &Option<String>| text.as_deref().map(|text| minor(text, currency)).transpose();
    let limits = Limits { payment_minor: bound(payment)?, day_minor: bound(day)? };
    let (opened, key) = account_of(card, currency)?;
    let account = opened.vault.write("limit", move |vault| account::set_limits(vault, key, limits))?;
    say(account_row(&account, currency), card.look.json);
    Ok(())
}

pub(super) fn totals(arguments: &TotalsArguments) -> eyre::Result<()> {
    let TotalsArguments { look, from, to } = arguments;
    let today = Utc::now().date_naive().to_string();
    let from = day_of(from.as_deref().unwrap_or(&today))?;
    let to = to.as_deref().map_or(Ok(from), day_of)?;
    let opened = look.folder.open()?;
    let totals = opened.vault.read(|vault| Ok::<_, IssuerError>(vault.totals(from, to)?))?;
    say_rows("totals", totals.iter().map(total_row).collect(), look.json);
    Ok(())
}

/// What an account has, for a list or after a change.
pub(super) fn account_row(account: &AccountRecord, currency: &Currency) -> Row {
    let bound = |name, bound: Option<u64>| match bound {
        Some(minor) => amount(name, minor, currency),
        None => Field::value(name, Value::Null).shown("-"),
    };
    vec![
        Field::new("card", account.key.card),
        Field::new("currency", currency.symbol()),
        amount("balance", account.balance_minor, currency),
        amount("held", account.held_minor, currency),
        amount("available", account.available_minor(), currency),
        bound("paymentLimit", account.limits.payment_minor),
        bound("dayLimit", account.limits.day_minor),
    ]
}

fn account_of(card: &CardArguments, currency: &Currency) -> eyre::Result<(Opened, AccountKey)> {
    let reference = reference(&card.card)?;
    let opened = card.look.folder.open()?;
    let known = opened.vault.read(|vault| Ok::<_, IssuerError>(vault.card(&reference)?))?;
    ensure!(known.is_some(), "there is no card {reference}: see `counterfoil issuer cards`");
    Ok((opened, AccountKey { card: reference, currency: currency.number }))
}

fn total_row(total: &TotalRecord) -> Row {
    let listed = Currency::by_number(total.key.currency);
    let money = |name, minor: u64| match listed {
        Some(currency) => amount(name, minor, currency),
        None => Field::value(name, minor),
    };
    vec![
        Field::new("day", date_of(total.key.day)),
        Field::new("acquirer", &total.key.merchant.acquirer),
        Field::new("merchant", &total.key.merchant.merchant),
        Field::new("currency", listed.map_or_else(|| total.key.currency.to_string(), Currency::symbol)),
        Field::value("declinedCount", total.declined_count),
        Field::value("heldCount", total.held_count),
        money("held", total.held_minor),
        Field::value("capturedCount", total.captured_count),
        money("captured", total.captured_minor),
        Field::value("reversedCount", total.reversed_count),
        money("reversed", total.reversed_minor),
        Field::value("refundedCount", total.refunded_count),
        money("refunded", total.refunded_minor),
    ]
}

fn amount(name: &'static str, minor: u64, currency: &Currency) -> Field {
    Field::new(name, minor).shown(shown_minor(minor, currency))
}

fn minor(text: &str, currency: &Currency) -> eyre::Result<u64> {
    let units = parse_amount(text, currency.exponent)?;
    let minor = u64::try_from(units).ok().filter(|minor| *minor <= i64::MAX.unsigned_abs());
    minor.ok_or_else(|| eyre::eyre!("{text} is more than an account can have"))
}

/// Days since 1970 of a date as people write it.
fn day_of(text: &str) -> eyre::Result<u32> {
    let date = text.parse().ok().filter(|_| text.len() == DATE_CHARS);
    let days = date.map(|date: NaiveDate| date.signed_duration_since(NaiveDate::default()).num_days());
    let day = days.and_then(|days| u32::try_from(days).ok());
    day.ok_or_else(|| eyre::eyre!("{text} is no date: write it like 2026-11-27"))
}

fn date_of(day: u32) -> String {
    let date = NaiveDate::default().checked_add_days(Days::new(day.into()));
    date.map_or_else(|| format!("day {day}"), |date| date.to_string())
}

const BUSY: &str = "transactions are under way";
const TRIES: u32 = 100;
const PAUSE: Duration = Duration::from_millis(50);
const DATE_CHARS: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_one_day_and_back() {
        for date in ["1970-01-01", "2000-02-29", "2026-11-27", "2100-03-01", "9999-12-31"] {
            assert_eq!(date_of(day_of(date).unwrap()), date);
        }
        for wrong in ["2026-02-29", "26-11-27", "2026-13-01", "2026-1-1", "tomorrow"] {
            assert!(day_of(wrong).is_err(), "{wrong}");
        }
    }
}
