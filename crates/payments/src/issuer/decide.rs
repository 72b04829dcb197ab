//! What is said to an authorization (0100), its advice (0120), a purchase (0200) or an inquiry with a card: the way of a tap through the issuer.
//!
//! ```text
//! merchant? -> reversed before? -> chip? -> currency? -> authenticate -> card -> account, limits -> hold
//!    03            05             57, 30      57             05      41 43 62 54    57 51 61      00 10
//! ```
//! Called by [`Issuer::request`]. Rules: T-19 (05 alike for unknown token, wrong merchant and bad cryptogram, after the same operations), the
//! issue's order of steps: what is written here is durable before anything is submitted. Nothing that anybody can send without a card of ours
//! writes to a card or an account.

use super::{
    Issuer,
    ask::Ask,
    authenticate::{Seen, authenticate},
    chip::Chip,
    compare::Comparison,
    decision::Decision,
    desk::Desk,
    error::IssuerError,
    mismatch::Mismatch,
    records::{MerchantRecord, PaymentKind, PaymentRecord},
    till::Till,
};
use crate::message::ResponseCode;

/// Decides about a request that was never seen.
pub(super) fn authorize(issuer: &Issuer, desk: &mut Desk<'_>, ask: &Ask<'_>) -> Result<Decision, IssuerError> {
    let mut payment = ask.draft(desk.now_ms);
    let Some(merchant) = desk.vault.merchant(&payment.merchant)? else {
        return decline(desk, ask, payment, ResponseCode::InvalidMerchant);
    };
    if desk.is_reversed(&ask.key)? {
        payment.mismatches.push(Mismatch::ReversedBefore);
        return decline(desk, ask, payment, ResponseCode::DoNotHonour);
    }
    let Some(data) = ask.payment.icc_data.as_ref().filter(|_| by_chip(ask)) else {
        payment.mismatches.push(Mismatch::EntryMode);
        return decline(desk, ask, payment, ResponseCode::NotPermitted);
    };
    let chip = match Chip::read(data) {
        Ok(chip) => chip,
        Err(error) => {
            payment.mismatches.push(error.mismatch());
            return decline(desk, ask, payment, ResponseCode::FormatError);
        }
    };
    if payment.kind != PaymentKind::Inquiry && payment.requested_minor == 0 {
        return decline(desk, ask, payment, ResponseCode::InvalidAmount);
    }
    if !currency_agrees(issuer, desk, ask, &chip, &merchant) {
        payment.mismatches.push(Mismatch::Currency);
        return decline(desk, ask, payment, ResponseCode::NotPermitted);
    }
    let Seen { known, mismatches } = authenticate(issuer, desk, ask, &chip, Some(&merchant))?;
    payment.mismatches = mismatches;
    match known {
        Some(known) => Till { issuer, ask, chip: &chip, merchant: &merchant, known: &known }.admit(desk, payment),
        None => decline(desk, ask, payment, ResponseCode::DoNotHonour),
    }
}

/// Decides about what somebody approved who stood in for the issuer. The issuer lets nobody: an advice is judged as its request would have been, and
/// what is not held is for whoever approved it. What was refused moves nothing.
pub(super) fn advise(issuer: &Issuer, desk: &mut Desk<'_>, ask: &Ask<'_>) -> Result<Decision, IssuerError> {
    if ask.payment.response_code.as_ref().is_some_and(ResponseCode::approves) {
        return authorize(issuer, desk, ask);
    }
    desk.close(ask, None, ask.bytes(ResponseCode::Approved)?)
}

/// Says no, with nothing but a code: nobody learns more from it.
fn decline(
    desk: &mut Desk<'_>,
    ask: &Ask<'_>,
    mut payment: PaymentRecord,
    code: ResponseCode,
) -> Result<Decision, IssuerError> {
    code.as_str().clone_into(&mut payment.response);
    if code != ResponseCode::InvalidMerchant {
        desk.count(&payment, |total| total.declined_count = total.declined_count.saturating_add(1))?;
    }
    let id = desk.vault.add_payment(&payment)?;
    desk.close(ask, Some(id), ask.bytes(code)?)
}

fn by_chip(ask: &Ask<'_>) -> bool {
    ask.payment.entry_mode.is_some_and(|mode| mode.is_chip())
}

fn currency_agrees(
    issuer: &Issuer,
    desk: &Desk<'_>,
    ask: &Ask<'_>,
    chip: &Chip<'_>,
    merchant: &MerchantRecord,
) -> bool {
    let (payment, settings, now_ms) = (ask.payment, &issuer.settings, desk.now_ms);
    Comparison { payment, chip, merchant, card: None, settings, now_ms }.currency_agrees()
}
