//! Signed transactions in the order of their nonces, without gaps. Called by `unit`.

use payments::issuer::{
    records::{OutboxKind, OutboxRow, OutboxState, PaymentId},
    vault::VaultError,
};
use primitives::B256;
use rusqlite::Connection;

use super::cells::{Cells, Columns, Kind, Outcome};

pub(crate) fn next_nonce(connection: &Connection) -> Outcome<u64> {
    let sql = "SELECT coalesce((SELECT max(nonce) + 1 FROM outbox), (SELECT nonce FROM outbox_start), 0)";
    let next = Cells::new(OUTBOX).one(connection, sql, |row| row.number())?;
    Ok(next.unwrap_or_default())
}

pub(crate) fn set_first_nonce(connection: &Connection, nonce: u64) -> Outcome<()> {
    let set = "INSERT INTO outbox_start (only, nonce) SELECT 1, ?1 WHERE NOT EXISTS (SELECT 1 FROM outbox) \
               ON CONFLICT (only) DO UPDATE SET nonce = ?1";
    match Cells::new(OUTBOX).number(nonce).execute(connection, set)? {
        0 => Err(VaultError::Conflict(OUTBOX.the).into()),
        _ => Ok(()),
    }
}

pub(crate) fn add_outbox(connection: &Connection, row: &OutboxRow) -> Outcome<()> {
    if row.nonce != next_nonce(connection)? {
        return Err(VaultError::Conflict(NONCE).into());
    }
    let KindParts { kind, amount_minor, previous_minor, expired, more } = KindParts::of(row.kind);
    let cells = Cells::new(OUTBOX)
        .number(row.nonce)
        .bytes(&row.raw)
        .bytes(row.hash.as_slice())
        .number(row.payment.0)
        .text(kind)
        .maybe_number(amount_minor)
        .maybe_number(previous_minor)
        .maybe_number(expired)
        .maybe_number(more)
        .word(&row.state);
    let add = concat!("INSERT INTO outbox (", outbox_columns!(), ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)");
    cells.change(connection, add)
}

pub(crate) fn outbox(connection: &Connection, nonce: u64) -> Outcome<Option<OutboxRow>> {
    let sql = concat!("SELECT ", outbox_columns!(), " FROM outbox WHERE nonce = ?1");
    Cells::new(OUTBOX).number(nonce).one(connection, sql, read_row)
}

pub(crate) fn outbox_open(connection: &Connection, limit: u32) -> Outcome<Vec<OutboxRow>> {
    let sql = concat!("SELECT ", outbox_columns!(), " FROM outbox WHERE state = 'open' ORDER BY nonce LIMIT ?1");
    Cells::new(OUTBOX).number(limit).all(connection, sql, read_row)
}

pub(crate) fn outbox_of(connection: &Connection, payment: PaymentId) -> Outcome<Vec<OutboxRow>> {
    let sql = concat!("SELECT ", outbox_columns!(), " FROM outbox WHERE payment = ?1 ORDER BY nonce");
    Cells::new(OUTBOX).number(payment.0).all(connection, sql, read_row)
}

pub(crate) fn set_outbox_state(connection: &Connection, nonce: u64, state: OutboxState) -> Outcome<()> {
    let set = "UPDATE outbox SET state = ?2 WHERE nonce = ?1";
    Cells::new(OUTBOX).number(nonce).word(&state).change(connection, set)
}

/// The word of a kind, and what it says.
#[derive(Default, PartialEq, Eq)]
struct KindParts<'a> {
    kind: &'a str,
    amount_minor: Option<u64>,
    previous_minor: Option<u64>,
    expired: Option<bool>,
    /// More captures follow; a capture without it is final.
    more: Option<bool>,
}

impl KindParts<'_> {
    fn of(kind: OutboxKind) -> Self {
        let plain = |kind| KindParts { kind, ..KindParts::default() };
        match kind {
            OutboxKind::Hold { amount_minor } => KindParts { amount_minor: Some(amount_minor), ..plain(HOLD) },
            OutboxKind::Adjust { previous_minor, amount_minor } => {
                let previous_minor = Some(previous_minor);
                KindParts { amount_minor: Some(amount_minor), previous_minor, ..plain(ADJUST) }
            }
            OutboxKind::Capture { amount_minor, is_final } => {
                let more = (!is_final).then_some(true);
                KindParts { amount_minor: Some(amount_minor), more, ..plain(CAPTURE) }
            }
            OutboxKind::Release { expired } => KindParts { expired: Some(expired), ..plain(RELEASE) },
            OutboxKind::Void => plain(VOID),
            OutboxKind::Refund { amount_minor } => KindParts { amount_minor: Some(amount_minor), ..plain(REFUND) },
        }
    }

    /// The kind, if it is written like this.
    fn kind(&self) -> Option<OutboxKind> {
        let kind = match (self.kind, self.amount_minor, self.previous_minor, self.expired) {
            (HOLD, Some(amount_minor), ..) => OutboxKind::Hold { amount_minor },
            (ADJUST, Some(amount_minor), Some(previous_minor), _) => {
                OutboxKind::Adjust { previous_minor, amount_minor }
            }
            (CAPTURE, Some(amount_minor), ..) => OutboxKind::Capture { amount_minor, is_final: self.more.is_none() },
            (RELEASE, _, _, Some(expired)) => OutboxKind::Release { expired },
            (VOID, ..) => OutboxKind::Void,
            (REFUND, Some(amount_minor), ..) => OutboxKind::Refund { amount_minor },
            _ => return None,
        };
        (KindParts::of(kind) == *self).then_some(kind)
    }
}

fn read_kind(row: &mut Columns<'_>) -> Outcome<OutboxKind> {
    let parts = KindParts {
        kind: row.text()?,
        amount_minor: row.maybe_number()?,
        previous_minor: row.maybe_number()?,
        expired: row.maybe_flag()?,
        more: row.maybe_flag()?,
    };
    parts.kind().ok_or_else(|| row.damaged())
}

fn read_row(row: &mut Columns<'_>) -> Outcome<OutboxRow> {
    Ok(OutboxRow {
        nonce: row.number()?,
        raw: row.bytes()?.into(),
        hash: B256::from(row.array()?),
        payment: PaymentId(row.number()?),
        kind: read_kind(row)?,
        state: row.word()?,
    })
}

macro_rules! outbox_columns {
    () => {
        "nonce, raw, hash, payment, kind, amount_minor, previous_minor, expired, more, state"
    };
}
use outbox_columns;

const OUTBOX: Kind = Kind { name: "outbox row", the: "the outbox row", parent: "the payment of the outbox row" };
const NONCE: &str = "the nonce";
const HOLD: &str = "hold";
const ADJUST: &str = "adjust";
const CAPTURE: &str = "capture";
const RELEASE: &str = "release";
const VOID: &str = "void";
const REFUND: &str = "refund";
