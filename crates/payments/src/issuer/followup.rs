//! What comes after an authorization: completion, more, reversal, refund, and the balance that its terminal may ask for.
//!
//! ```text
//! DE 37 of this acquirer, and DE 90 where there is one -> the payment -> token, merchant, currency agree? -> what its state allows
//! ```
//! Called by [`Issuer::request`](super::Issuer::request). Rules: T-30 (resolved by original data when the token's time is long over, for reading and
//! undoing, never for a new purchase) and the issue text: never by token alone, only from the same acquirer.
//!
//! | state of the payment | 0220 completion | 0100 more | 0400 reversal | 0200 refund |
//! |---|---|---|---|---|
//! | Holding | 91 | 91 | cancelled, then 00 | 12 |
//! | Held | captured, 00, in whole or in parts; near its end 91 | adjusted, 00 | released or adjusted, 00 | 12 |
//! | Adjusting | 91 | 91 | 91 | 12 |
//! | Capturing | 91 | 12 | 12 | 91 |
//! | Captured | 12 | 12 | 12 | taken back, 00, or 57 |
//! | Refunding | 12 | 12 | 12 | 91 |
//! | Cancelling, Releasing | 91 | 12 | 00 when it is done | 12 |
//! | Expired | a new hold, captured, 00; or 51 | 12 | 00; after a late completion 12 | that of the late completion |
//! | Reversed, Voided, Voiding, Failed, Declined, Answered | 12 | 12 | 00 | 12 |
//!
//! 91 is no last word: a repeat is judged anew. No such payment: 25, and for a reversal a tombstone (`reverse`). After a capture the way back is a
//! refund.

use super::{
    Issuer,
    ask::Ask,
    decision::Decision,
    desk::Desk,
    error::IssuerError,
    mismatch::Mismatch,
    records::{PaymentKind, PaymentRecord, PaymentState},
};
use crate::message::{Response, ResponseCode, Text};

mod balance;
mod complete;
mod increase;
mod late;
mod refund;
mod reverse;

pub(super) use reverse::reverse;

/// Completes a payment.
pub(super) fn complete(issuer: &Issuer, desk: &mut Desk<'_>, ask: &Ask<'_>) -> Result<Decision, IssuerError> {
    with_payment(desk, ask, |desk, payment| complete::complete(issuer, desk, ask, payment))
}

/// Holds more for a payment.
pub(super) fn increase(issuer: &Issuer, desk: &mut Desk<'_>, ask: &Ask<'_>) -> Result<Decision, IssuerError> {
    with_payment(desk, ask, |desk, payment| increase::increase(issuer, desk, ask, payment))
}

/// Takes money back for a payment that was captured.
pub(super) fn refund(desk: &mut Desk<'_>, ask: &Ask<'_>) -> Result<Decision, IssuerError> {
    with_payment(desk, ask, |desk, payment| refund::refund(desk, ask, payment))
}

/// Tells the balance of the account that a payment was paid from.
pub(super) fn balance(issuer: &Issuer, desk: &mut Desk<'_>, ask: &Ask<'_>) -> Result<Decision, IssuerError> {
    with_payment(desk, ask, |desk, payment| balance::balance(issuer, desk, ask, &payment))
}

/// Does what follows a payment, if there is the payment.
fn with_payment(
    desk: &mut Desk<'_>,
    ask: &Ask<'_>,
    follow: impl FnOnce(&mut Desk<'_>, PaymentRecord) -> Result<Decision, IssuerError>,
) -> Result<Decision, IssuerError> {
    match resolve(desk, ask)? {
        Resolved::Payment(payment) => follow(desk, *payment),
        Resolved::Nothing(mismatches) => refuse(desk, ask, None, ResponseCode::OriginalNotFound, mismatches),
    }
}

/// What a follow-up's original data lead to.
enum Resolved {
    /// One payment that agrees in everything.
    Payment(Box<PaymentRecord>),
    /// No payment, or one that does not agree.
    Nothing(Vec<Mismatch>),
}

/// Finds the payment that a follow-up is about.
fn resolve(desk: &mut Desk<'_>, ask: &Ask<'_>) -> Result<Resolved, IssuerError> {
    if desk.is_reversed(&ask.key)? {
        return Ok(Resolved::Nothing(vec![Mismatch::ReversedBefore]));
    }
    let rrn = ask.payment.retrieval_reference.as_str();
    let of_rrn = desk.vault.payments_by_rrn(&ask.key.acquirer, rrn, MOST_OF_RRN)?;
    let mut of_rrn: Vec<PaymentRecord> =
        of_rrn.into_iter().filter(|payment| is_first(payment) && is_named(payment, ask)).collect();
    // The newest that holds something, before those that were declined.
    of_rrn.sort_by_key(|payment| payment.hold.is_none());
    let named = match (of_rrn.into_iter().next(), ask.original()) {
        (None, Some(key)) => desk.vault.payment_of(&key)?,
        (found, _) => found,
    };
    let Some(payment) = named else { return Ok(Resolved::Nothing(Vec::new())) };
    let mismatches = disagreements(&payment, ask);
    Ok(if mismatches.is_empty() { Resolved::Payment(Box::new(payment)) } else { Resolved::Nothing(mismatches) })
}

/// Late completions are found through the payment that they complete.
fn is_first(payment: &PaymentRecord) -> bool {
    !matches!(payment.kind, PaymentKind::Late { .. } | PaymentKind::Tombstone)
}

/// Whether DE 90, if it is there, names the request of this payment.
fn is_named(payment: &PaymentRecord, ask: &Ask<'_>) -> bool {
    ask.payment.original.is_none_or(|original| {
        let sent = original.sent.is_none_or(|sent| sent.as_str() == payment.request.transmitted);
        let acquirer = original.acquirer == ask.payment.acquirer.padded() || original.acquirer.number() == 0;
        original.stan.as_str() == payment.request.stan && sent && acquirer
    })
}

fn disagreements(payment: &PaymentRecord, ask: &Ask<'_>) -> Vec<Mismatch> {
    let agrees = [
        (Mismatch::OriginalToken, payment.token == ask.payment.token),
        (Mismatch::OriginalMerchant, payment.merchant == ask.merchant()),
        (Mismatch::OriginalCurrency, payment.currency == ask.payment.currency.number()),
        (Mismatch::OriginalData, payment.rrn == ask.payment.retrieval_reference.as_str()),
    ];
    agrees.into_iter().filter(|(_, agrees)| !agrees).map(|(mismatch, _)| mismatch).collect()
}

/// Refuses a follow-up, and remembers why.
fn refuse(
    desk: &mut Desk<'_>,
    ask: &Ask<'_>,
    payment: Option<&PaymentRecord>,
    code: ResponseCode,
    mismatches: Vec<Mismatch>,
) -> Result<Decision, IssuerError> {
    desk.close_with(ask, payment.map(|payment| payment.id), ask.bytes(code)?, mismatches)
}

/// Says yes, with the approval of the payment.
fn approved(ask: &Ask<'_>, payment: &PaymentRecord) -> Response {
    let mut response = ask.response(ResponseCode::Approved);
    response.authorization_code = payment.approval.as_deref().and_then(Text::new);
    response
}

/// Whether a payment is between two states, so that a repeat can be answered better.
const fn is_busy(state: PaymentState) -> bool {
    matches!(
        state,
        PaymentState::Holding
            | PaymentState::Adjusting
            | PaymentState::Capturing
            | PaymentState::Cancelling
            | PaymentState::Releasing
    )
}

/// Payments that an acquirer gave the same DE 37.
const MOST_OF_RRN: u32 = 64;
