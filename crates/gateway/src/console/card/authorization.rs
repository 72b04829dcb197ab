//! `/authorization/ID`: one payment: what was asked, what the issuer found, what it held, and every message about it; kept up to date.

use askama::Template;
use payments::issuer::records::{HoldTerms, OutboxRow, PaymentId, PaymentKind, PaymentRecord};

use super::{
    Console, Problem,
    authorizations::{Holder, holder},
    follow_ups::{self, FollowUpRow},
    live::Drawn,
    say::{self, Misfit, Stand},
};
use crate::{
    console::{
        Frame, StatusCode,
        frame::Party,
        show,
        transaction::Names,
        words::{self, Moment},
    },
    pages::Page,
};

#[derive(Template)]
#[template(path = "authorization.html")]
struct AuthorizationPage {
    frame: Frame,
    id: u64,
    piece: Piece,
    live: String,
}

#[derive(Template)]
#[template(path = "authorization_piece.html")]
struct Piece {
    state: Stand,
    kind: &'static str,
    original: Option<u64>,
    time: Moment,
    changed: Moment,
    merchant: String,
    acquirer: String,
    terminal: String,
    stan: String,
    transmitted: String,
    rrn: String,
    token: String,
    card: Option<Holder>,
    atc: Option<u16>,
    use_number: u32,
    cryptogram: Option<String>,
    requested: String,
    held: String,
    captured: String,
    refunded: String,
    response: String,
    meaning: &'static str,
    approval: Option<String>,
    misfits: Vec<Misfit>,
    hold: Option<Hold>,
    transactions: Vec<TransactionRow>,
    follow_ups: Vec<FollowUpRow>,
}

/// The hold on the ledger.
struct Hold {
    id: String,
    from: Party,
    to: Party,
    until: Option<Moment>,
}

/// A transaction of the operator.
struct TransactionRow {
    nonce: u64,
    deed: &'static str,
    amount: Option<String>,
    hash: String,
    short: String,
    state: Stand,
}

/// The payment with a number.
pub(super) fn page(console: &Console, id: &str) -> Result<Page, Problem> {
    let count = *console.resident()?.service.changes().borrow();
    let (id, piece) = Piece::find(console, id)?;
    let live = format!("/authorization/{id}/live?after={count}");
    Ok(show(StatusCode::OK, &AuthorizationPage { frame: console.frame(), id, piece, live }))
}

/// How it stands now.
pub(super) fn drawn(console: &Console, id: &str) -> Result<Drawn, Problem> {
    let html = Piece::find(console, id)?.1.render().map_err(|error| Problem::Unreadable(error.to_string()))?;
    Ok(Drawn { html, is_last: false })
}

impl Piece {
    fn find(console: &Console, id: &str) -> Result<(u64, Self), Problem> {
        let unknown = || Problem::NotHere(format!("The issuer has no payment “{}”.", words::shortened(id)));
        // The vault counts in 63 bits.
        let number = id.parse::<i64>().ok().and_then(|number| u64::try_from(number).ok()).ok_or_else(unknown)?;
        let found = console.remembered(|vault| {
            let Some(payment) = vault.payment(PaymentId(number))? else { return Ok(None) };
            let card = holder(vault, &payment)?;
            let exchanges = follow_ups::exchanges(vault, &payment)?;
            Ok(Some((vault.outbox_of(payment.id)?, exchanges, card, payment)))
        })?;
        let (signed, exchanges, card, payment) = found.ok_or_else(unknown)?;
        let names = Names::of(&console.chain)?;
        let piece = Self {
            hold: payment.hold.as_ref().map(|hold| Hold::of(hold, &names)),
            transactions: signed.iter().map(|row| TransactionRow::of(row, &payment)).collect(),
            follow_ups: exchanges.iter().map(|exchange| FollowUpRow::of(exchange, &payment)).collect(),
            ..Self::of(&payment, card)
        };
        Ok((number, piece))
    }

    /// What the payment says of itself.
    fn of(payment: &PaymentRecord, card: Option<Holder>) -> Self {
        let money = |minor| say::money(minor, payment.currency);
        Self {
            state: say::state(payment.state),
            kind: say::kind(payment.kind),
            original: match payment.kind {
                PaymentKind::Late { original } => Some(original.0),
                _ => None,
            },
            time: say::time(payment.decided_ms),
            changed: say::time(payment.changed_ms),
            merchant: words::foreign_name(&payment.merchant.merchant),
            acquirer: words::foreign_name(&payment.merchant.acquirer),
            terminal: words::foreign_name(&payment.request.terminal),
            stan: payment.request.stan.clone(),
            transmitted: payment.request.transmitted.clone(),
            rrn: words::foreign_name(&payment.rrn),
            token: payment.token.to_string(),
            card,
            atc: payment.atc,
            use_number: payment.use_number,
            cryptogram: payment.cryptogram.map(alloy_primitives::hex::encode_upper),
            requested: money(payment.requested_minor),
            held: money(payment.amount_minor),
            captured: money(payment.captured_minor),
            refunded: money(payment.refunded_minor),
            meaning: say::response(&payment.response),
            response: payment.response.clone(),
            approval: payment.approval.clone(),
            misfits: say::misfits(&payment.mismatches),
            hold: None,
            transactions: Vec::new(),
            follow_ups: Vec::new(),
        }
    }
}

impl Hold {
    fn of(terms: &HoldTerms, names: &Names) -> Self {
        Self {
            id: terms.id.to_string(),
            from: names.party(terms.from),
            to: names.party(terms.to),
            until: Moment::of_seconds(terms.expiry_s),
        }
    }
}

impl TransactionRow {
    fn of(row: &OutboxRow, payment: &PaymentRecord) -> Self {
        let (hash, (deed, amount_minor)) = (row.hash.to_string(), say::deed(row.kind));
        Self {
            nonce: row.nonce,
            deed,
            amount: amount_minor.map(|minor| say::money(minor, payment.currency)),
            short: words::ends(&hash),
            hash,
            state: say::transaction(row.state),
        }
    }
}
