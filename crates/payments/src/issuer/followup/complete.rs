//! 0220: the payment is done, and this is the amount. What is left of the hold is given back, unless more completions follow (DE 63).

use super::{approved, is_busy, late, refuse};
use crate::{
    issuer::{
        Issuer,
        ask::Ask,
        decision::Decision,
        desk::Desk,
        error::IssuerError,
        money::{self, Shortage},
        records::{OutboxKind, OutboxRow, PaymentRecord, PaymentState},
        settings::with_percent,
        settle::{expire, is_over},
    },
    message::ResponseCode,
};

/// Completes a payment.
pub(super) fn complete(
    issuer: &Issuer,
    desk: &mut Desk<'_>,
    ask: &Ask<'_>,
    mut payment: PaymentRecord,
) -> Result<Decision, IssuerError> {
    match payment.state {
        PaymentState::Held if is_over(&issuer.settings, &payment, desk.now_s()) => {
            let row = expire(desk, &mut payment)?;
            let decision = ask.forget(ResponseCode::IssuerUnavailable)?;
            Ok(Decision { payment: Some(payment.id), submit: vec![row], ..decision })
        }
        PaymentState::Held => capture(issuer, desk, ask, payment),
        PaymentState::Expired => late::complete(issuer, desk, ask, &payment),
        state if is_busy(state) => ask.forget(ResponseCode::IssuerUnavailable),
        _ => refuse(desk, ask, Some(&payment), ResponseCode::InvalidTransaction, Vec::new()),
    }
}

fn capture(
    issuer: &Issuer,
    desk: &mut Desk<'_>,
    ask: &Ask<'_>,
    mut payment: PaymentRecord,
) -> Result<Decision, IssuerError> {
    let amount_minor = ask.payment.amount_minor;
    let captured_minor = money::add(payment.captured_minor, amount_minor)?;
    // Only the last one may be more than is held, or each of them would be.
    let over_percent = if ask.payment.more_follows { 0 } else { issuer.settings.over_percent };
    let most_minor = with_percent(payment.amount_minor, over_percent);
    // Where nothing is left, nothing follows.
    let is_final = !ask.payment.more_follows || captured_minor == payment.amount_minor;
    let mut submit = Vec::new();
    match captured_minor.checked_sub(payment.amount_minor) {
        _ if amount_minor == 0 => return refuse(desk, ask, Some(&payment), ResponseCode::InvalidAmount, Vec::new()),
        Some(more_minor) if more_minor > 0 => {
            if captured_minor > most_minor {
                return refuse(desk, ask, Some(&payment), ResponseCode::AmountLimitExceeded, Vec::new());
            }
            match extend(desk, &mut payment, more_minor)? {
                Ok(row) => submit.push(row),
                Err(code) => return refuse(desk, ask, Some(&payment), code, Vec::new()),
            }
        }
        _ => {}
    }
    submit.push(desk.step(&mut payment, OutboxKind::Capture { amount_minor, is_final })?);
    desk.update(&mut payment, PaymentState::Capturing)?;
    desk.wait(ask, payment.id, approved(ask, &payment).encode()?, submit)
}

/// Debits more for a hold, and signs that more is held; or says why not.
pub(super) fn extend(
    desk: &mut Desk<'_>,
    payment: &mut PaymentRecord,
    more_minor: u64,
) -> Result<Result<OutboxRow, ResponseCode>, IssuerError> {
    let mut account = desk.account(payment)?;
    let previous_minor = payment.amount_minor;
    let amount_minor = money::add(previous_minor, more_minor)?;
    match money::spendable(&account, more_minor, payment.day, false) {
        Err(Shortage::Funds) => return Ok(Err(ResponseCode::InsufficientFunds)),
        Err(Shortage::Limit) => return Ok(Err(ResponseCode::AmountLimitExceeded)),
        Ok(_) => money::hold(&mut account, more_minor, payment.day)?,
    }
    desk.vault.put_account(&account)?;
    desk.step(payment, OutboxKind::Adjust { previous_minor, amount_minor }).map(Ok)
}
