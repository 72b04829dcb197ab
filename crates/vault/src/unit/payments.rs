//! Payments. Called by `unit`.
//!
//! A declined payment costs whoever caused it nothing, so of each acquirer's only the newest are kept: the one that is too many leaves
//! with its exchanges in the transaction that adds the next one. A payment that moved money stays.

use payments::{
    issuer::records::{
        CardReference, HoldTerms, MerchantKey, PaymentId, PaymentKind, PaymentRecord, PaymentState, RequestKey, Use,
    },
    number::Token,
};
use primitives::{Address, B256};
use rusqlite::Connection;

use super::{
    Retention,
    cards::{as_number, from_number},
    cells::{Cells, Columns, Kind, Outcome},
    exchanges::{join_mismatches, key_cells, key_condition, read_key, read_mismatches},
};

pub(crate) fn add_payment(
    connection: &Connection,
    retention: Retention,
    payment: &PaymentRecord,
) -> Outcome<PaymentId> {
    let declined = match payment.state {
        PaymentState::Declined => Some(next_declined_number(connection, &payment.request.acquirer)?),
        _ => None,
    };
    let text = Text::of(payment);
    let add =
        concat!("INSERT INTO payments (", payment_columns!(), ", declined_number) VALUES (", numbers!(), ", ?37)");
    payment_cells(payment, &text).maybe_number(declined).change(connection, add)?;
    // Not last_insert_rowid as a u64: SQLite counts in i64.
    let id = u64::try_from(connection.last_insert_rowid()).unwrap_or_default();
    if let Some(last) = declined.and_then(|declined| declined.checked_sub(retention.declined_max)) {
        forget_declined(connection, &payment.request.acquirer, last)?;
    }
    Ok(PaymentId(id))
}

pub(crate) fn update_payment(connection: &Connection, payment: &PaymentRecord) -> Outcome<()> {
    Cells::new(PAYMENT)
        .word(&payment.state)
        .number(payment.amount_minor)
        .number(payment.captured_minor)
        .number(payment.refunded_minor)
        .number(payment.due_ms)
        .number(payment.changed_ms)
        .number(payment.steps)
        .number(payment.id.0)
        .change(connection, UPDATE)
}

pub(crate) fn payment(connection: &Connection, id: PaymentId) -> Outcome<Option<PaymentRecord>> {
    let sql = concat!("SELECT id, ", payment_columns!(), " FROM payments WHERE id = ?1");
    Cells::new(PAYMENT).number(id.0).one(connection, sql, read_payment)
}

pub(crate) fn payment_of(connection: &Connection, request: &RequestKey) -> Outcome<Option<PaymentRecord>> {
    let sql = concat!(
        "SELECT id, ",
        payment_columns!(),
        " FROM payments WHERE ",
        key_condition!(),
        " AND kind <> 'late' ORDER BY id DESC LIMIT 1"
    );
    key_cells(PAYMENT, request).one(connection, sql, read_payment)
}

pub(crate) fn payments_by_rrn(
    connection: &Connection,
    acquirer: &str,
    rrn: &str,
    limit: u32,
) -> Outcome<Vec<PaymentRecord>> {
    let sql = concat!(
        "SELECT id, ",
        payment_columns!(),
        " FROM payments WHERE acquirer = ?1 AND rrn = ?2 ORDER BY id DESC LIMIT ?3"
    );
    Cells::new(PAYMENT).text(acquirer).text(rrn).number(limit).all(connection, sql, read_payment)
}

pub(crate) fn payments(connection: &Connection, before: Option<PaymentId>, limit: u32) -> Outcome<Vec<PaymentRecord>> {
    let before = before.map_or(i64::MAX.unsigned_abs(), |before| before.0);
    let sql = concat!("SELECT id, ", payment_columns!(), " FROM payments WHERE id < ?1 ORDER BY id DESC LIMIT ?2");
    Cells::new(PAYMENT).number(before).number(limit).all(connection, sql, read_payment)
}

/// In the order of the index that keeps (card, counter, use) unique.
pub(crate) fn payments_of_card(
    connection: &Connection,
    card: &CardReference,
    before: Option<(u16, u32)>,
    limit: u32,
) -> Outcome<Vec<PaymentRecord>> {
    let (atc, use_number) = before.map_or((u32::MAX, 0), |(atc, use_number)| (atc.into(), use_number));
    let sql = concat!(
        "SELECT id, ",
        payment_columns!(),
        " FROM payments WHERE card = ?1 AND (atc, use_number) < (?2, ?3) ORDER BY atc DESC, use_number DESC LIMIT ?4"
    );
    let cells = Cells::new(PAYMENT).number(as_number(card)).number(atc).number(use_number).number(limit);
    cells.all(connection, sql, read_payment)
}

pub(crate) fn uses(connection: &Connection, card: &CardReference, atc: u16, limit: u32) -> Outcome<Vec<Use>> {
    let sql = "SELECT id, use_number, cryptogram, decided_ms FROM payments \
               WHERE card = ?1 AND atc = ?2 AND cryptogram IS NOT NULL ORDER BY use_number LIMIT ?3";
    Cells::new(PAYMENT).number(as_number(card)).number(atc).number(limit).all(connection, sql, |row| {
        Ok(Use {
            payment: PaymentId(row.number()?),
            use_number: row.number()?,
            cryptogram: row.array()?,
            decided_ms: row.number()?,
        })
    })
}

pub(crate) fn unfinished(connection: &Connection, limit: u32) -> Outcome<Vec<PaymentRecord>> {
    let sql = concat!(
        "SELECT id, ",
        payment_columns!(),
        " FROM payments WHERE state IN ('holding', 'adjusting', 'capturing', 'refunding', 'cancelling', 'releasing', \
         'voiding') ORDER BY id LIMIT ?1"
    );
    Cells::new(PAYMENT).number(limit).all(connection, sql, read_payment)
}

pub(crate) fn due(connection: &Connection, now_ms: u64, limit: u32) -> Outcome<Vec<PaymentRecord>> {
    let sql = concat!(
        "SELECT id, ",
        payment_columns!(),
        " FROM payments WHERE state = 'held' AND due_ms <= ?1 ORDER BY due_ms, id LIMIT ?2"
    );
    Cells::new(PAYMENT).number(now_ms).number(limit).all(connection, sql, read_payment)
}

fn next_declined_number(connection: &Connection, acquirer: &str) -> Outcome<u64> {
    let sql = "SELECT coalesce(max(declined_number), 0) + 1 FROM payments WHERE acquirer = ?1 \
               AND declined_number IS NOT NULL";
    let next = Cells::new(PAYMENT).text(acquirer).one(connection, sql, |row| row.number())?;
    Ok(next.unwrap_or(1))
}

/// Forgets an acquirer's declined payments up to a number. What the ledger was told of is never forgotten.
fn forget_declined(connection: &Connection, acquirer: &str, last: u64) -> Outcome<()> {
    let forget = "DELETE FROM payments WHERE acquirer = ?1 AND declined_number <= ?2 AND declined_number IS NOT NULL \
                  AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.payment = payments.id)";
    Cells::new(PAYMENT).text(acquirer).number(last).execute(connection, forget)?;
    Ok(())
}

/// Cells that are put together.
struct Text {
    kind: &'static str,
    original: Option<u64>,
    mismatches: String,
}

impl Text {
    fn of(payment: &PaymentRecord) -> Self {
        let (kind, original) = match payment.kind {
            PaymentKind::Authorization => (AUTHORIZATION, None),
            PaymentKind::Purchase => (PURCHASE, None),
            PaymentKind::Inquiry => (INQUIRY, None),
            PaymentKind::Late { original } => (LATE, Some(original.0)),
            PaymentKind::Tombstone => (TOMBSTONE, None),
        };
        Self { kind, original, mismatches: join_mismatches(&payment.mismatches) }
    }
}

fn payment_cells<'a>(payment: &'a PaymentRecord, text: &'a Text) -> Cells<'a> {
    let hold = payment.hold.as_ref();
    Cells::new(PAYMENT)
        .text(&payment.request.acquirer)
        .text(&payment.request.terminal)
        .text(&payment.request.stan)
        .text(&payment.request.transmitted)
        .number(payment.request.reversal)
        .text(text.kind)
        .maybe_number(text.original)
        .word(&payment.state)
        .text(&payment.rrn)
        .text(&payment.merchant.acquirer)
        .text(&payment.merchant.merchant)
        .text(payment.token.digits())
        .number(payment.currency)
        .number(payment.requested_minor)
        .number(payment.amount_minor)
        .number(payment.captured_minor)
        .number(payment.refunded_minor)
        .maybe_number(payment.card.as_ref().map(as_number))
        .maybe_number(payment.atc)
        .number(payment.use_number)
        .maybe_bytes(payment.cryptogram.as_ref().map(|cryptogram| &cryptogram[..]))
        .maybe_bytes(hold.map(|hold| hold.id.as_slice()))
        .maybe_bytes(hold.map(|hold| hold.salt.as_slice()))
        .maybe_bytes(hold.map(|hold| hold.from.as_slice()))
        .maybe_bytes(hold.map(|hold| hold.to.as_slice()))
        .maybe_number(hold.map(|hold| hold.first_minor))
        .maybe_number(hold.map(|hold| hold.expiry_s))
        .text(&text.mismatches)
        .text(&payment.response)
        .maybe_text(payment.approval.as_deref())
        .number(payment.day)
        .number(payment.decided_ms)
        .number(payment.deadline_ms)
        .number(payment.due_ms)
        .number(payment.changed_ms)
        .number(payment.steps)
}

fn read_payment(row: &mut Columns<'_>) -> Outcome<PaymentRecord> {
    Ok(PaymentRecord {
        id: PaymentId(row.number()?),
        request: read_key(row)?,
        kind: read_kind(row)?,
        state: row.word()?,
        rrn: row.text()?.into(),
        merchant: MerchantKey { acquirer: row.text()?.into(), merchant: row.text()?.into() },
        token: row.parse(|text| Token::parse(text).ok())?,
        currency: row.number()?,
        requested_minor: row.number()?,
        amount_minor: row.number()?,
        captured_minor: row.number()?,
        refunded_minor: row.number()?,
        card: read_card(row)?,
        atc: row.maybe_number()?,
        use_number: row.number()?,
        cryptogram: row.maybe_array()?,
        hold: read_hold(row)?,
        mismatches: read_mismatches(row)?,
        response: row.text()?.into(),
        approval: row.maybe_text()?.map(Into::into),
        day: row.number()?,
        decided_ms: row.number()?,
        deadline_ms: row.number()?,
        due_ms: row.number()?,
        changed_ms: row.number()?,
        steps: row.number()?,
    })
}

fn read_kind(row: &mut Columns<'_>) -> Outcome<PaymentKind> {
    let (kind, original) = (row.text()?, row.maybe_number()?);
    match (kind, original) {
        (AUTHORIZATION, None) => Ok(PaymentKind::Authorization),
        (PURCHASE, None) => Ok(PaymentKind::Purchase),
        (INQUIRY, None) => Ok(PaymentKind::Inquiry),
        (LATE, Some(original)) => Ok(PaymentKind::Late { original: PaymentId(original) }),
        (TOMBSTONE, None) => Ok(PaymentKind::Tombstone),
        _ => Err(row.damaged()),
    }
}

fn read_card(row: &mut Columns<'_>) -> Outcome<Option<CardReference>> {
    let number: Option<u64> = row.maybe_number()?;
    let reference = |number| from_number(number).ok_or_else(|| row.damaged());
    number.map(reference).transpose()
}

fn read_hold(row: &mut Columns<'_>) -> Outcome<Option<HoldTerms>> {
    let (id, salt): (Option<[u8; 32]>, Option<[u8; 32]>) = (row.maybe_array()?, row.maybe_array()?);
    let (from, to): (Option<[u8; 20]>, Option<[u8; 20]>) = (row.maybe_array()?, row.maybe_array()?);
    let (first_minor, expiry_s) = (row.maybe_number()?, row.maybe_number()?);
    match (id, salt, from, to, first_minor, expiry_s) {
        (None, None, None, None, None, None) => Ok(None),
        (Some(id), Some(salt), Some(from), Some(to), Some(first_minor), Some(expiry_s)) => Ok(Some(HoldTerms {
            id: B256::from(id),
            salt: B256::from(salt),
            from: Address::from(from),
            to: Address::from(to),
            first_minor,
            expiry_s,
        })),
        _ => Err(row.damaged()),
    }
}

macro_rules! payment_columns {
    () => {
        "acquirer, terminal, stan, transmitted, reversal, kind, original, state, rrn, merchant_acquirer, merchant, \
         token, currency, requested_minor, amount_minor, captured_minor, refunded_minor, card, atc, use_number, \
         cryptogram, hold_id, hold_salt, hold_from, hold_to, hold_first_minor, hold_expiry_s, mismatches, response, \
         approval, day, decided_ms, deadline_ms, due_ms, changed_ms, steps"
    };
}
/// One parameter for each of these columns.
macro_rules! numbers {
    () => {
        "?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, \
         ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34, ?35, ?36"
    };
}
use {numbers, payment_columns};

/// Names what changes and nothing else: SQLite writes each index anew of which a column is named, whether its value changed or not.
pub(crate) const UPDATE: &str = "UPDATE payments SET state = ?1, amount_minor = ?2, captured_minor = ?3, \
     refunded_minor = ?4, due_ms = ?5, changed_ms = ?6, steps = ?7 WHERE id = ?8";
const PAYMENT: Kind = Kind { name: "payment", the: "the payment", parent: "the card of the payment" };
const AUTHORIZATION: &str = "authorization";
const PURCHASE: &str = "purchase";
const INQUIRY: &str = "inquiry";
const LATE: &str = "late";
const TOMBSTONE: &str = "tombstone";
