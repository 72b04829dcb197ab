//! Accounts, pools, merchants and totals. Called by `unit`. Whether money may move is decided elsewhere; that an account does not hold more
//! than it has is also a rule of the schema.

use payments::issuer::records::{
    AccountKey, AccountRecord, CardReference, CurrencyNumber, DaySpent, Limits, MerchantKey, MerchantRecord,
    PoolRecord, Sums, TotalKey, TotalRecord,
};
use primitives::Address;
use rusqlite::Connection;

use super::{
    cards::{as_number, read_reference},
    cells::{Cells, Columns, Kind, Outcome},
};

pub(crate) fn account(connection: &Connection, key: &AccountKey) -> Outcome<Option<AccountRecord>> {
    let sql = concat!("SELECT ", account_columns!(), " FROM accounts WHERE card = ?1 AND currency = ?2");
    Cells::new(ACCOUNT).number(as_number(&key.card)).number(key.currency).one(connection, sql, read_account)
}

pub(crate) fn accounts(connection: &Connection, card: &CardReference) -> Outcome<Vec<AccountRecord>> {
    let sql = concat!("SELECT ", account_columns!(), " FROM accounts WHERE card = ?1 ORDER BY currency");
    Cells::new(ACCOUNT).number(as_number(card)).all(connection, sql, read_account)
}

pub(crate) fn put_account(connection: &Connection, account: &AccountRecord) -> Outcome<()> {
    let cells = Cells::new(ACCOUNT)
        .number(as_number(&account.key.card))
        .number(account.key.currency)
        .number(account.balance_minor)
        .number(account.held_minor)
        .maybe_number(account.limits.payment_minor)
        .maybe_number(account.limits.day_minor)
        .number(account.spent.day)
        .number(account.spent.minor);
    let put = concat!(
        "INSERT INTO accounts (",
        account_columns!(),
        ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (card, currency) DO UPDATE SET balance_minor = ?3, \
         held_minor = ?4, limit_payment_minor = ?5, limit_day_minor = ?6, spent_day = ?7, spent_minor = ?8"
    );
    cells.change(connection, put)
}

pub(crate) fn pool(connection: &Connection, currency: CurrencyNumber) -> Outcome<Option<PoolRecord>> {
    let sql = "SELECT currency, unallocated_minor FROM pools WHERE currency = ?1";
    Cells::new(POOL)
        .number(currency)
        .one(connection, sql, |row| Ok(PoolRecord { currency: row.number()?, unallocated_minor: row.number()? }))
}

pub(crate) fn put_pool(connection: &Connection, pool: &PoolRecord) -> Outcome<()> {
    let put = "INSERT INTO pools (currency, unallocated_minor) VALUES (?1, ?2) \
               ON CONFLICT (currency) DO UPDATE SET unallocated_minor = ?2";
    Cells::new(POOL).number(pool.currency).number(pool.unallocated_minor).change(connection, put)
}

/// The sum of many amounts may not fit in SQLite's 64 bits, so the upper and the lower 32 bits are added up apart.
pub(crate) fn sums(connection: &Connection) -> Outcome<Vec<Sums>> {
    let sql = "SELECT currency, sum(balance_minor >> 32), sum(balance_minor & 4294967295), \
                      sum(held_minor >> 32), sum(held_minor & 4294967295), sum(unallocated_minor) \
               FROM (SELECT currency, balance_minor, held_minor, 0 AS unallocated_minor FROM accounts \
                     UNION ALL SELECT currency, 0, 0, unallocated_minor FROM pools) \
               GROUP BY currency ORDER BY currency";
    Cells::new(ACCOUNT).all(connection, sql, |row| {
        Ok(Sums {
            currency: row.number()?,
            balance_minor: wide(row)?,
            held_minor: wide(row)?,
            unallocated_minor: row.number()?,
        })
    })
}

pub(crate) fn merchant(connection: &Connection, key: &MerchantKey) -> Outcome<Option<MerchantRecord>> {
    let sql = concat!("SELECT ", merchant_columns!(), " FROM merchants WHERE acquirer = ?1 AND merchant = ?2");
    Cells::new(MERCHANT).text(&key.acquirer).text(&key.merchant).one(connection, sql, read_merchant)
}

pub(crate) fn merchants(connection: &Connection) -> Outcome<Vec<MerchantRecord>> {
    let sql = concat!("SELECT ", merchant_columns!(), " FROM merchants ORDER BY acquirer, merchant");
    Cells::new(MERCHANT).all(connection, sql, read_merchant)
}

pub(crate) fn put_merchant(connection: &Connection, merchant: &MerchantRecord) -> Outcome<()> {
    let cells = Cells::new(MERCHANT)
        .text(&merchant.key.acquirer)
        .text(&merchant.key.merchant)
        .number(merchant.currency)
        .bytes(merchant.address.as_slice())
        .maybe_number(merchant.category);
    let put = concat!(
        "INSERT INTO merchants (",
        merchant_columns!(),
        ") VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (acquirer, merchant) DO UPDATE SET currency = ?3, address = ?4, \
         category = ?5"
    );
    cells.change(connection, put)
}

pub(crate) fn remove_merchant(connection: &Connection, key: &MerchantKey) -> Outcome<()> {
    let remove = "DELETE FROM merchants WHERE acquirer = ?1 AND merchant = ?2";
    Cells::new(MERCHANT).text(&key.acquirer).text(&key.merchant).change(connection, remove)
}

pub(crate) fn total(connection: &Connection, key: &TotalKey) -> Outcome<Option<TotalRecord>> {
    let cells = Cells::new(TOTAL)
        .number(key.day)
        .text(&key.merchant.acquirer)
        .text(&key.merchant.merchant)
        .number(key.currency);
    let sql = concat!(
        "SELECT ",
        total_columns!(),
        " FROM totals WHERE day = ?1 AND acquirer = ?2 AND merchant = ?3 AND currency = ?4"
    );
    cells.one(connection, sql, read_total)
}

pub(crate) fn totals(connection: &Connection, from_day: u32, to_day: u32) -> Outcome<Vec<TotalRecord>> {
    let sql = concat!(
        "SELECT ",
        total_columns!(),
        " FROM totals WHERE day BETWEEN ?1 AND ?2 ORDER BY day, acquirer, merchant, currency"
    );
    Cells::new(TOTAL).number(from_day).number(to_day).all(connection, sql, read_total)
}

pub(crate) fn put_total(connection: &Connection, total: &TotalRecord) -> Outcome<()> {
    let cells = Cells::new(TOTAL)
        .number(total.key.day)
        .text(&total.key.merchant.acquirer)
        .text(&total.key.merchant.merchant)
        .number(total.key.currency)
        .number(total.declined_count)
        .number(total.held_count)
        .number(total.held_minor)
        .number(total.captured_count)
        .number(total.captured_minor)
        .number(total.reversed_count)
        .number(total.reversed_minor)
        .number(total.refunded_count)
        .number(total.refunded_minor);
    let put = concat!(
        "INSERT INTO totals (",
        total_columns!(),
        ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) \
         ON CONFLICT (day, acquirer, merchant, currency) DO UPDATE SET declined_count = ?5, held_count = ?6, \
         held_minor = ?7, captured_count = ?8, captured_minor = ?9, reversed_count = ?10, reversed_minor = ?11, \
         refunded_count = ?12, refunded_minor = ?13"
    );
    cells.change(connection, put)
}

fn read_account(row: &mut Columns<'_>) -> Outcome<AccountRecord> {
    Ok(AccountRecord {
        key: AccountKey { card: read_reference(row)?, currency: row.number()? },
        balance_minor: row.number()?,
        held_minor: row.number()?,
        limits: Limits { payment_minor: row.maybe_number()?, day_minor: row.maybe_number()? },
        spent: DaySpent { day: row.number()?, minor: row.number()? },
    })
}

fn read_merchant(row: &mut Columns<'_>) -> Outcome<MerchantRecord> {
    Ok(MerchantRecord {
        key: MerchantKey { acquirer: row.text()?.into(), merchant: row.text()?.into() },
        currency: row.number()?,
        address: Address::from(row.array()?),
        category: row.maybe_number()?,
    })
}

fn read_total(row: &mut Columns<'_>) -> Outcome<TotalRecord> {
    let day = row.number()?;
    let merchant = MerchantKey { acquirer: row.text()?.into(), merchant: row.text()?.into() };
    Ok(TotalRecord {
        key: TotalKey { merchant, currency: row.number()?, day },
        declined_count: row.number()?,
        held_count: row.number()?,
        held_minor: row.number()?,
        captured_count: row.number()?,
        captured_minor: row.number()?,
        reversed_count: row.number()?,
        reversed_minor: row.number()?,
        refunded_count: row.number()?,
        refunded_minor: row.number()?,
    })
}

/// An upper and a lower sum, put together.
fn wide(row: &mut Columns<'_>) -> Outcome<u128> {
    let (upper, lower): (u64, u64) = (row.number()?, row.number()?);
    Ok((u128::from(upper) << 32) + u128::from(lower))
}

macro_rules! account_columns {
    () => {
        "card, currency, balance_minor, held_minor, limit_payment_minor, limit_day_minor, spent_day, spent_minor"
    };
}
macro_rules! merchant_columns {
    () => {
        "acquirer, merchant, currency, address, category"
    };
}
macro_rules! total_columns {
    () => {
        "day, acquirer, merchant, currency, declined_count, held_count, held_minor, captured_count, captured_minor, \
         reversed_count, reversed_minor, refunded_count, refunded_minor"
    };
}
use {account_columns, merchant_columns, total_columns};

const ACCOUNT: Kind = Kind { name: "account", the: "the account", parent: "the card of the account" };
const POOL: Kind = Kind { name: "pool", the: "the pool", parent: "the pool" };
const MERCHANT: Kind = Kind { name: "merchant", the: "the merchant", parent: "the merchant" };
const TOTAL: Kind = Kind { name: "total", the: "the total", parent: "the total" };
