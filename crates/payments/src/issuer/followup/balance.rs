//! 0100 with processing code 31 and no card: the terminal of a payment asks what its holder has, as long as the holder is still there. With a
//! card it is an inquiry like any other (`decide`).

use super::{approved, refuse};
use crate::{
    issuer::{
        Issuer,
        ask::Ask,
        decision::Decision,
        desk::Desk,
        error::IssuerError,
        records::{AccountKey, PaymentRecord},
        till::balances,
    },
    message::ResponseCode,
};

/// Tells the balance of the account that a payment was paid from.
pub(super) fn balance(
    issuer: &Issuer,
    desk: &mut Desk<'_>,
    ask: &Ask<'_>,
    payment: &PaymentRecord,
) -> Result<Decision, IssuerError> {
    let asked = desk.now_ms.saturating_sub(payment.decided_ms) <= issuer.settings.inquiry_ms;
    let there = payment.request.terminal == ask.key.terminal && payment.hold.is_some();
    let Some(card) = payment.card.filter(|_| asked && there) else {
        return refuse(desk, ask, Some(payment), ResponseCode::NotPermitted, Vec::new());
    };
    let account = desk.vault.account(&AccountKey { card, currency: payment.currency })?;
    let Some(account) = account else {
        return refuse(desk, ask, Some(payment), ResponseCode::NotPermitted, Vec::new());
    };
    let mut response = approved(ask, payment);
    response.amounts = balances(ask, &account);
    desk.close(ask, Some(payment.id), response.encode()?)
}
