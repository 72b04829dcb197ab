//! A completion that comes after the hold's end: the money went back, so it is held anew and captured at once, if it is still there and the
//! tolerance is not over.

use super::{MOST_OF_RRN, approved, refuse};
use crate::{
    issuer::{
        Issuer,
        ask::Ask,
        decision::Decision,
        desk::Desk,
        error::IssuerError,
        hold, money,
        records::{OutboxKind, PaymentKind, PaymentRecord, PaymentState},
        settings::with_percent,
    },
    message::ResponseCode,
};

/// Completes a payment whose hold is over.
pub(super) fn complete(
    issuer: &Issuer,
    desk: &mut Desk<'_>,
    ask: &Ask<'_>,
    original: &PaymentRecord,
) -> Result<Decision, IssuerError> {
    if child(desk, original)?.is_some() {
        return refuse(desk, ask, Some(original), ResponseCode::InvalidTransaction, Vec::new());
    }
    let amount_minor = ask.payment.amount_minor;
    if amount_minor == 0 {
        return refuse(desk, ask, Some(original), ResponseCode::InvalidAmount, Vec::new());
    }
    let mut account = desk.account(original)?;
    if !is_tolerated(issuer, desk, original, amount_minor) || amount_minor > account.available_minor() {
        return refuse(desk, ask, Some(original), ResponseCode::InsufficientFunds, Vec::new());
    }
    let mut payment = draft(desk, ask, original)?;
    money::hold(&mut account, amount_minor, payment.day)?;
    desk.vault.put_account(&account)?;
    let to = original.hold.as_ref().map(|hold| hold.to);
    let to = to.ok_or(IssuerError::Books("an expired payment had no hold"))?;
    hold::place(&issuer.settings, desk, &mut payment, to, amount_minor)?;
    payment.id = desk.vault.add_payment(&payment)?;
    let row = desk.step(&mut payment, OutboxKind::Hold { amount_minor })?;
    desk.wait(ask, payment.id, approved(ask, original).encode()?, vec![row])
}

/// The late completion of a payment, if one is under way or done.
pub(super) fn child(desk: &mut Desk<'_>, original: &PaymentRecord) -> Result<Option<PaymentRecord>, IssuerError> {
    let of_rrn = desk.vault.payments_by_rrn(&original.request.acquirer, &original.rrn, MOST_OF_RRN)?;
    let kind = PaymentKind::Late { original: original.id };
    Ok(of_rrn.into_iter().find(|payment| payment.kind == kind && !is_undone(payment.state)))
}

const fn is_undone(state: PaymentState) -> bool {
    matches!(state, PaymentState::Failed | PaymentState::Expired | PaymentState::Reversed)
}

fn is_tolerated(issuer: &Issuer, desk: &Desk<'_>, original: &PaymentRecord, amount_minor: u64) -> bool {
    let ended_s = original.hold.as_ref().map_or(0, |hold| hold.expiry_s);
    let in_time = desk.now_s() <= ended_s.saturating_add(issuer.settings.late_s);
    in_time && amount_minor <= with_percent(original.amount_minor, issuer.settings.over_percent)
}

/// The same card, counter and cryptogram, used once more.
fn draft(desk: &mut Desk<'_>, ask: &Ask<'_>, original: &PaymentRecord) -> Result<PaymentRecord, IssuerError> {
    let (card, atc) = original.card.zip(original.atc).ok_or(IssuerError::Books("an expired payment had no card"))?;
    let uses = desk.vault.uses(&card, atc, u32::MAX)?;
    let next = uses.last().and_then(|last| last.use_number.checked_add(1));
    Ok(PaymentRecord {
        kind: PaymentKind::Late { original: original.id },
        state: PaymentState::Holding,
        response: ResponseCode::Approved.as_str().to_owned(),
        card: original.card,
        atc: original.atc,
        cryptogram: original.cryptogram,
        use_number: next.ok_or(IssuerError::Books("an expired payment was no use of its card"))?,
        ..ask.draft(desk.now_ms)
    })
}
