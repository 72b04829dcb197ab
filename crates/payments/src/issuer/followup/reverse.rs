//! 0400 and 0420: take it back, in whole or (DE 95) in part. A reversal is answered 00 whenever nothing is held in the end, however often it comes.
//!
//! One that comes before what it reverses leaves a tombstone, so that the authorization is refused when it arrives; and, if its DE 55 proves the
//! card, a `cash.void` of the hold id, so that the ledger refuses it as well.

use std::cmp::Ordering;

use super::{Resolved, approved, late, refuse, resolve};
use crate::{
    issuer::{
        Issuer,
        ask::Ask,
        authenticate::authenticate,
        chip::Chip,
        decision::{Decision, Settled},
        desk::Desk,
        error::IssuerError,
        hold,
        records::{Answer, ExchangeRecord, OutboxKind, PaymentKind, PaymentRecord, PaymentState, RequestKey},
        settle::cancel,
        till::Till,
    },
    message::{Response, ResponseCode},
};

/// Reverses a payment.
pub(in crate::issuer) fn reverse(issuer: &Issuer, desk: &mut Desk<'_>, ask: &Ask<'_>) -> Result<Decision, IssuerError> {
    let payment = match resolve(desk, ask)? {
        Resolved::Payment(payment) => *payment,
        Resolved::Nothing(mismatches) if mismatches.is_empty() => return unseen(issuer, desk, ask),
        Resolved::Nothing(mismatches) => return refuse(desk, ask, None, ResponseCode::OriginalNotFound, mismatches),
    };
    match payment.state {
        PaymentState::Holding if left_minor(ask) == 0 => withdraw(desk, ask, payment),
        // In whole; or what is left after captures of parts.
        PaymentState::Held if matches!(left_minor(ask), left if left == 0 || left == payment.captured_minor) => {
            release(desk, ask, payment)
        }
        PaymentState::Held if left_minor(ask) < payment.captured_minor => {
            refuse(desk, ask, Some(&payment), ResponseCode::InvalidAmount, Vec::new())
        }
        PaymentState::Held => reduce(desk, ask, payment),
        PaymentState::Cancelling | PaymentState::Releasing => {
            desk.wait(ask, payment.id, approved(ask, &payment).encode()?, Vec::new())
        }
        PaymentState::Holding | PaymentState::Adjusting => ask.forget(ResponseCode::IssuerUnavailable),
        PaymentState::Capturing | PaymentState::Captured | PaymentState::Refunding => {
            refuse(desk, ask, Some(&payment), ResponseCode::InvalidTransaction, Vec::new())
        }
        PaymentState::Expired if late::child(desk, &payment)?.is_some() => {
            refuse(desk, ask, Some(&payment), ResponseCode::InvalidTransaction, Vec::new())
        }
        PaymentState::Reversed
        | PaymentState::Expired
        | PaymentState::Voiding
        | PaymentState::Voided
        | PaymentState::Failed
        | PaymentState::Declined
        | PaymentState::Answered => desk.close(ask, Some(payment.id), approved(ask, &payment).encode()?),
    }
}

/// Whoever waits for the authorization is told 91; whoever reverses it is answered when nothing is held.
fn withdraw(desk: &mut Desk<'_>, ask: &Ask<'_>, mut payment: PaymentRecord) -> Result<Decision, IssuerError> {
    let mut settled = Settled::default();
    cancel(desk, &mut payment, &mut settled)?;
    let decision = desk.wait(ask, payment.id, approved(ask, &payment).encode()?, settled.submit)?;
    Ok(Decision { answers: settled.answers, ..decision })
}

fn release(desk: &mut Desk<'_>, ask: &Ask<'_>, mut payment: PaymentRecord) -> Result<Decision, IssuerError> {
    let row = desk.step(&mut payment, OutboxKind::Release { expired: false })?;
    desk.update(&mut payment, PaymentState::Releasing)?;
    desk.wait(ask, payment.id, approved(ask, &payment).encode()?, vec![row])
}

/// Holds less. What is given back is free when the ledger says so.
fn reduce(desk: &mut Desk<'_>, ask: &Ask<'_>, mut payment: PaymentRecord) -> Result<Decision, IssuerError> {
    let (previous_minor, amount_minor) = (payment.amount_minor, left_minor(ask));
    match amount_minor.cmp(&previous_minor) {
        Ordering::Greater => refuse(desk, ask, Some(&payment), ResponseCode::InvalidAmount, Vec::new()),
        Ordering::Equal => desk.close(ask, Some(payment.id), approved(ask, &payment).encode()?),
        Ordering::Less => {
            let row = desk.step(&mut payment, OutboxKind::Adjust { previous_minor, amount_minor })?;
            desk.update(&mut payment, PaymentState::Adjusting)?;
            desk.wait(ask, payment.id, approved(ask, &payment).encode()?, vec![row])
        }
    }
}

/// A reversal of a payment that was never seen: it must not be made any more.
fn unseen(issuer: &Issuer, desk: &mut Desk<'_>, ask: &Ask<'_>) -> Result<Decision, IssuerError> {
    let Some(original) = ask.original() else {
        return refuse(desk, ask, None, ResponseCode::OriginalNotFound, Vec::new());
    };
    if let Some(exchange) = desk.vault.exchange(&original)? {
        return of_follow_up(desk, ask, &exchange);
    }
    let mut payment = tombstone(desk, ask, original);
    let proven = prove(issuer, desk, ask, &mut payment)?;
    payment.id = desk.vault.add_payment(&payment)?;
    let submit = if proven { vec![desk.step(&mut payment, OutboxKind::Void)?] } else { Vec::new() };
    let decision = desk.close(ask, Some(payment.id), ask.bytes(ResponseCode::Approved)?)?;
    Ok(Decision { submit, ..decision })
}

/// A follow-up that was done is not taken back, but its payment can be. One that was refused has left nothing to take back.
fn of_follow_up(desk: &mut Desk<'_>, ask: &Ask<'_>, exchange: &ExchangeRecord) -> Result<Decision, IssuerError> {
    let Answer::Ready(bytes) = &exchange.answer else { return ask.forget(ResponseCode::IssuerUnavailable) };
    match Response::parse(bytes)?.response_code {
        code if code.approves() || code == ResponseCode::IssuerUnavailable => {
            refuse(desk, ask, None, ResponseCode::InvalidTransaction, Vec::new())
        }
        _ => desk.close(ask, exchange.payment, ask.bytes(ResponseCode::Approved)?),
    }
}

fn tombstone(desk: &Desk<'_>, ask: &Ask<'_>, original: RequestKey) -> PaymentRecord {
    PaymentRecord {
        kind: PaymentKind::Tombstone,
        state: PaymentState::Voided,
        request: original,
        response: ResponseCode::Approved.as_str().to_owned(),
        ..ask.draft(desk.now_ms)
    }
}

/// If DE 55 proves the card, the hold that must not come has an id, and the counter is used up.
fn prove(
    issuer: &Issuer,
    desk: &mut Desk<'_>,
    ask: &Ask<'_>,
    payment: &mut PaymentRecord,
) -> Result<bool, IssuerError> {
    let Some(merchant) = desk.vault.merchant(&payment.merchant)? else { return Ok(false) };
    let Some(chip) = ask.payment.icc_data.as_ref().and_then(|data| Chip::read(data).ok()) else { return Ok(false) };
    let Some(known) = authenticate(issuer, desk, ask, &chip, None)?.known else { return Ok(false) };
    Till { issuer, ask, chip: &chip, merchant: &merchant, known: &known }.take(desk, payment)?;
    hold::place(&issuer.settings, desk, payment, merchant.address, ask.payment.amount_minor)?;
    payment.amount_minor = 0;
    payment.state = PaymentState::Voiding;
    Ok(true)
}

/// What stays held (DE 95); nothing if the whole is reversed.
fn left_minor(ask: &Ask<'_>) -> u64 {
    ask.payment.replacement.map_or(0, |replacement| replacement.amount_minor)
}
