//! 0200 with processing code 20: the merchant gives back what it got, in whole or in part. It must have allowed the issuer's operator to take that
//! much (`approve`); if it did not, or has not got it, the answer is 57.

use super::{approved, late, refuse};
use crate::{
    issuer::{
        ask::Ask,
        decision::Decision,
        desk::Desk,
        error::IssuerError,
        records::{OutboxKind, PaymentRecord, PaymentState},
    },
    message::ResponseCode,
};

/// Takes money back for a payment that was captured.
pub(super) fn refund(desk: &mut Desk<'_>, ask: &Ask<'_>, payment: PaymentRecord) -> Result<Decision, IssuerError> {
    let mut payment = captured_one(desk, payment)?;
    let amount_minor = ask.payment.amount_minor;
    let left_minor = payment.captured_minor.saturating_sub(payment.refunded_minor);
    match payment.state {
        PaymentState::Captured if amount_minor == 0 || amount_minor > left_minor => {
            refuse(desk, ask, Some(&payment), ResponseCode::InvalidAmount, Vec::new())
        }
        PaymentState::Captured => {
            let row = desk.step(&mut payment, OutboxKind::Refund { amount_minor })?;
            desk.update(&mut payment, PaymentState::Refunding)?;
            let (done, failed) = (approved(ask, &payment).encode()?, ask.bytes(ResponseCode::NotPermitted)?);
            desk.wait_for(ask, payment.id, done, failed, vec![row])
        }
        PaymentState::Capturing | PaymentState::Refunding => ask.forget(ResponseCode::IssuerUnavailable),
        _ => refuse(desk, ask, Some(&payment), ResponseCode::InvalidTransaction, Vec::new()),
    }
}

/// The payment itself, or the late completion that has the money of an expired one.
fn captured_one(desk: &mut Desk<'_>, payment: PaymentRecord) -> Result<PaymentRecord, IssuerError> {
    let late = if payment.state == PaymentState::Expired { late::child(desk, &payment)? } else { None };
    Ok(late.unwrap_or(payment))
}
