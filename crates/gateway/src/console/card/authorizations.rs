//! `/authorizations`: what the issuer decided, newest first; the first part is kept up to date.

use askama::Template;
use payments::issuer::{
    IssuerError,
    records::{PaymentId, PaymentRecord},
    vault::Vault,
};

use super::{
    Console, Problem, ROWS,
    live::Drawn,
    say::{self, Misfit, Stand},
};
use crate::{
    console::{
        Frame, StatusCode, show,
        words::{self, Moment},
    },
    pages::Page,
};

#[derive(Template)]
#[template(path = "authorizations.html")]
struct Authorizations {
    frame: Frame,
    piece: Piece,
    /// Where changes are told.
    live: Option<String>,
}

/// What is made again when something changes.
#[derive(Template)]
#[template(path = "authorizations_piece.html")]
struct Piece {
    rows: Vec<PaymentRow>,
    /// Where the list goes on.
    older: Option<u64>,
    is_newest: bool,
}

/// A payment in a list.
pub(super) struct PaymentRow {
    pub(super) id: u64,
    pub(super) time: Moment,
    pub(super) kind: &'static str,
    pub(super) merchant: String,
    pub(super) acquirer: String,
    pub(super) amount: String,
    /// Reference and masked number; a message that proved no card names none.
    pub(super) card: Option<Holder>,
    pub(super) response: String,
    pub(super) meaning: &'static str,
    pub(super) state: Stand,
    pub(super) misfits: Vec<Misfit>,
}

/// A card as people may see it.
pub(super) struct Holder {
    pub(super) reference: String,
    /// First six and last four digits.
    pub(super) number: String,
}

/// Payments below an id; from the newest on if none is given.
pub(super) fn page(console: &Console, before: Option<u64>) -> Result<Page, Problem> {
    let count = *console.resident()?.service.changes().borrow();
    let piece = Piece::of(console, before)?;
    let live = before.is_none().then(|| format!("/authorizations/live?after={count}"));
    Ok(show(StatusCode::OK, &Authorizations { frame: console.frame(), piece, live }))
}

/// The first part, now.
pub(super) fn drawn(console: &Console) -> Result<Drawn, Problem> {
    let html = Piece::of(console, None)?.render().map_err(|error| Problem::Unreadable(error.to_string()))?;
    Ok(Drawn { html, is_last: false })
}

impl Piece {
    fn of(console: &Console, before: Option<u64>) -> Result<Self, Problem> {
        let rows = console.remembered(|vault| {
            // The vault counts in 63 bits.
            let before = before.map(|before| PaymentId(before.min(i64::MAX.unsigned_abs())));
            let payments = vault.payments(before, ROWS)?;
            rows(vault, &payments)
        })?;
        let is_full = u32::try_from(rows.len()).is_ok_and(|count| count == ROWS);
        let older = rows.last().map(|row| row.id).filter(|id| is_full && *id > 1);
        Ok(Self { rows, older, is_newest: before.is_none() })
    }
}

/// Payments as rows of a list.
pub(super) fn rows(vault: &mut dyn Vault, payments: &[PaymentRecord]) -> Result<Vec<PaymentRow>, IssuerError> {
    payments.iter().map(|payment| PaymentRow::of(vault, payment)).collect()
}

impl PaymentRow {
    fn of(vault: &mut dyn Vault, payment: &PaymentRecord) -> Result<Self, IssuerError> {
        Ok(Self {
            id: payment.id.0,
            time: say::time(payment.decided_ms),
            kind: say::kind(payment.kind),
            merchant: words::foreign_name(&payment.merchant.merchant),
            acquirer: words::foreign_name(&payment.merchant.acquirer),
            amount: say::money(payment.requested_minor, payment.currency),
            card: holder(vault, payment)?,
            meaning: say::response(&payment.response),
            response: payment.response.clone(),
            state: say::state(payment.state),
            misfits: say::misfits(&payment.mismatches),
        })
    }
}

/// Whose payment it is, if its cryptogram was right.
pub(super) fn holder(vault: &mut dyn Vault, payment: &PaymentRecord) -> Result<Option<Holder>, IssuerError> {
    let Some(reference) = payment.card else { return Ok(None) };
    let card = vault.card(&reference)?;
    Ok(card.map(|card| Holder { reference: reference.to_string(), number: card.truncated }))
}
