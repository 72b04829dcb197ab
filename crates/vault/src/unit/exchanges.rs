//! Requests and what was answered to them. Called by `unit`.
//!
//! An exchange of a payment goes with it, and a payment has a bounded number of them; of those that made no payment only the newest of each
//! acquirer are kept. All that are answered are forgotten when they are older than the caller's bound ([`forget`]). So nobody fills the disk
//! with requests.

use payments::issuer::{
    mismatch::Mismatch,
    records::{Answer, ExchangeRecord, PaymentId, RequestKey},
    vault::VaultError,
};
use primitives::B256;
use rusqlite::Connection;

use super::{
    Retention,
    cells::{Cells, Columns, Kind, Outcome},
};

pub(crate) fn exchange(connection: &Connection, key: &RequestKey) -> Outcome<Option<ExchangeRecord>> {
    let sql = concat!("SELECT ", exchange_columns!(), " FROM exchanges WHERE ", key_condition!());
    key_cells(EXCHANGE, key).one(connection, sql, read_exchange)
}

pub(crate) fn add_exchange(connection: &Connection, retention: Retention, exchange: &ExchangeRecord) -> Outcome<()> {
    let mismatches = join_mismatches(&exchange.mismatches);
    let loose = match exchange.payment {
        Some(payment) => refuse_too_many(connection, retention, payment).map(|()| None)?,
        None => Some(next_loose_number(connection, &exchange.key.acquirer)?),
    };
    let [ready, if_done, if_failed] = answer_parts(&exchange.answer);
    let cells = key_cells(EXCHANGE, &exchange.key)
        .bytes(exchange.fingerprint.as_slice())
        .maybe_number(exchange.payment.map(|payment| payment.0))
        .maybe_bytes(ready)
        .maybe_bytes(if_done)
        .maybe_bytes(if_failed)
        .text(&mismatches)
        .number(exchange.received_ms)
        .maybe_number(loose);
    let add = concat!(
        "INSERT INTO exchanges (",
        exchange_columns!(),
        ", loose_number) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)"
    );
    cells.change(connection, add)?;
    match loose.and_then(|loose| loose.checked_sub(retention.loose_max)) {
        Some(last) => forget_loose(connection, &exchange.key.acquirer, last),
        None => Ok(()),
    }
}

pub(crate) fn set_answer(connection: &Connection, key: &RequestKey, answer: &Answer) -> Outcome<()> {
    let [ready, if_done, if_failed] = answer_parts(answer);
    let cells = key_cells(EXCHANGE, key).maybe_bytes(ready).maybe_bytes(if_done).maybe_bytes(if_failed);
    let set = concat!("UPDATE exchanges SET ready = ?6, if_done = ?7, if_failed = ?8 WHERE ", key_condition!());
    cells.change(connection, set)
}

pub(crate) fn waiting(connection: &Connection, payment: PaymentId) -> Outcome<Vec<ExchangeRecord>> {
    let sql =
        concat!("SELECT ", exchange_columns!(), " FROM exchanges WHERE payment = ?1 AND ready IS NULL ORDER BY id");
    Cells::new(EXCHANGE).number(payment.0).all(connection, sql, read_exchange)
}

pub(crate) fn exchanges_of(connection: &Connection, payment: PaymentId, limit: u32) -> Outcome<Vec<ExchangeRecord>> {
    let sql = concat!("SELECT ", exchange_columns!(), " FROM exchanges WHERE payment = ?1 ORDER BY id LIMIT ?2");
    Cells::new(EXCHANGE).number(payment.0).number(limit).all(connection, sql, read_exchange)
}

pub(crate) fn loose_exchanges(connection: &Connection, acquirer: &str, limit: u32) -> Outcome<Vec<ExchangeRecord>> {
    let sql = concat!(
        "SELECT ",
        exchange_columns!(),
        " FROM exchanges WHERE acquirer = ?1 AND loose_number IS NOT NULL ORDER BY loose_number DESC LIMIT ?2"
    );
    Cells::new(EXCHANGE).text(acquirer).number(limit).all(connection, sql, read_exchange)
}

/// Forgets answered exchanges older than `before_ms`, at most [`FORGOTTEN_MAX`] at once, so that nobody waits long for the writer.
pub(crate) fn forget(connection: &Connection, before_ms: u64) -> Outcome<u64> {
    let forget = "DELETE FROM exchanges WHERE id IN (SELECT id FROM exchanges WHERE received_ms < ?1 \
                  AND ready IS NOT NULL ORDER BY received_ms LIMIT ?2)";
    let before_ms = before_ms.min(i64::MAX.unsigned_abs());
    let forgotten = Cells::new(EXCHANGE).number(before_ms).number(FORGOTTEN_MAX).execute(connection, forget)?;
    Ok(forgotten as u64)
}

/// Reads every exchange where hardly any is unfit; only people ask.
pub(crate) fn unfit(connection: &Connection, limit: u32) -> Outcome<Vec<ExchangeRecord>> {
    let sql =
        concat!("SELECT ", exchange_columns!(), " FROM exchanges WHERE mismatches <> '' ORDER BY id DESC LIMIT ?1");
    Cells::new(EXCHANGE).number(limit).all(connection, sql, read_exchange)
}

/// A payment's exchanges are what makes its repeats harmless, so that none is forgotten to make room for another.
fn refuse_too_many(connection: &Connection, retention: Retention, payment: PaymentId) -> Outcome<()> {
    let sql = "SELECT count(*) FROM exchanges WHERE payment = ?1";
    let count: Option<u64> = Cells::new(EXCHANGE).number(payment.0).one(connection, sql, |row| row.number())?;
    match count {
        Some(count) if count >= retention.exchanges_max => Err(VaultError::TooLarge(LIST).into()),
        _ => Ok(()),
    }
}

fn next_loose_number(connection: &Connection, acquirer: &str) -> Outcome<u64> {
    let sql = "SELECT coalesce(max(loose_number), 0) + 1 FROM exchanges WHERE acquirer = ?1 \
               AND loose_number IS NOT NULL";
    let next = Cells::new(EXCHANGE).text(acquirer).one(connection, sql, |row| row.number())?;
    Ok(next.unwrap_or(1))
}

fn forget_loose(connection: &Connection, acquirer: &str, last: u64) -> Outcome<()> {
    let forget = "DELETE FROM exchanges WHERE acquirer = ?1 AND loose_number <= ?2 AND loose_number IS NOT NULL";
    Cells::new(EXCHANGE).text(acquirer).number(last).execute(connection, forget)?;
    Ok(())
}

/// The five cells of a request's key, as each table that has one begins with them.
pub(crate) fn key_cells(kind: Kind, key: &RequestKey) -> Cells<'_> {
    let cells = Cells::new(kind).text(&key.acquirer).text(&key.terminal).text(&key.stan).text(&key.transmitted);
    cells.number(key.reversal)
}

pub(crate) fn read_key(row: &mut Columns<'_>) -> Outcome<RequestKey> {
    Ok(RequestKey {
        acquirer: row.text()?.into(),
        terminal: row.text()?.into(),
        stan: row.text()?.into(),
        transmitted: row.text()?.into(),
        reversal: row.flag()?,
    })
}

/// Their stable names, with commas between.
pub(crate) fn join_mismatches(mismatches: &[Mismatch]) -> String {
    let names: Vec<_> = mismatches.iter().map(|mismatch| mismatch.name()).collect();
    names.join(",")
}

pub(crate) fn read_mismatches(row: &mut Columns<'_>) -> Outcome<Vec<Mismatch>> {
    row.parse(|text| text.split(',').filter(|name| !name.is_empty()).map(Mismatch::by_name).collect())
}

/// Ready, if done, if failed.
type AnswerParts<'a> = [Option<&'a [u8]>; 3];

fn answer_parts(answer: &Answer) -> AnswerParts<'_> {
    match answer {
        Answer::Ready(ready) => [Some(ready), None, None],
        Answer::Waiting { if_done, if_failed } => [None, Some(if_done), Some(if_failed)],
    }
}

fn read_answer(row: &mut Columns<'_>) -> Outcome<Answer> {
    match (row.maybe_bytes()?, row.maybe_bytes()?, row.maybe_bytes()?) {
        (Some(ready), None, None) => Ok(Answer::Ready(ready.into())),
        (None, Some(if_done), Some(if_failed)) => {
            Ok(Answer::Waiting { if_done: if_done.into(), if_failed: if_failed.into() })
        }
        _ => Err(row.damaged()),
    }
}

fn read_exchange(row: &mut Columns<'_>) -> Outcome<ExchangeRecord> {
    Ok(ExchangeRecord {
        key: read_key(row)?,
        fingerprint: B256::from(row.array()?),
        payment: row.maybe_number()?.map(PaymentId),
        answer: read_answer(row)?,
        mismatches: read_mismatches(row)?,
        received_ms: row.number()?,
    })
}

macro_rules! exchange_columns {
    () => {
        "acquirer, terminal, stan, transmitted, reversal, fingerprint, payment, ready, if_done, if_failed, \
         mismatches, received_ms"
    };
}
macro_rules! key_condition {
    () => {
        "acquirer = ?1 AND terminal = ?2 AND stan = ?3 AND transmitted = ?4 AND reversal = ?5"
    };
}
use exchange_columns;
pub(crate) use key_condition;

const EXCHANGE: Kind = Kind { name: "exchange", the: "the exchange", parent: "the payment of the exchange" };
const LIST: &str = "list of a payment's requests";
const FORGOTTEN_MAX: u32 = 10_000;
