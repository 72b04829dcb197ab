//! 0100 that names a payment (DE 90) and has no card: more than was authorized will be needed. DE 4 is what is added.

use super::{approved, complete::extend, refuse};
use crate::{
    issuer::{
        Issuer,
        ask::Ask,
        decision::Decision,
        desk::Desk,
        error::IssuerError,
        records::{PaymentRecord, PaymentState},
        settle::is_over,
    },
    message::ResponseCode,
};

/// Holds more for a payment.
pub(super) fn increase(
    issuer: &Issuer,
    desk: &mut Desk<'_>,
    ask: &Ask<'_>,
    mut payment: PaymentRecord,
) -> Result<Decision, IssuerError> {
    let more_minor = ask.payment.amount_minor;
    match payment.state {
        PaymentState::Holding | PaymentState::Adjusting => return ask.forget(ResponseCode::IssuerUnavailable),
        PaymentState::Held if more_minor == 0 => {
            return refuse(desk, ask, Some(&payment), ResponseCode::InvalidAmount, Vec::new());
        }
        PaymentState::Held if !is_over(&issuer.settings, &payment, desk.now_s()) => {}
        _ => return refuse(desk, ask, Some(&payment), ResponseCode::InvalidTransaction, Vec::new()),
    }
    match extend(desk, &mut payment, more_minor)? {
        Err(code) => refuse(desk, ask, Some(&payment), code, Vec::new()),
        Ok(row) => {
            desk.update(&mut payment, PaymentState::Adjusting)?;
            desk.wait(ask, payment.id, approved(ask, &payment).encode()?, vec![row])
        }
    }
}
