//! What follows when a transaction of the outbox is final, when nobody can wait any longer, and when something is due.
//!
//! ```text
//! final(nonce, done?) -> the row's kind -> payment and account -> answers that may leave, transactions that come next
//! deadline            -> 91, the payment is to be cancelled as soon as its hold is final
//! clock               -> captures of purchases that the ledger refused are tried again, holds that nobody captured are released
//! ```
//! Called by the gateway: [`Issuer::settle`] for each final row of the outbox by rising nonce, also at start, before traffic is taken;
//! [`Issuer::too_late`] at a request's deadline; [`Issuer::sweep`] every now and then. A row is settled once: again, nothing happens.

use super::{
    Issuer,
    decision::Settled,
    desk::Desk,
    error::IssuerError,
    money,
    records::{Answer, OutboxKind, OutboxRow, OutboxState, PaymentKind, PaymentRecord, PaymentState, RequestKey},
    settings::Settings,
};
use crate::message::{Response, ResponseCode};

impl Issuer {
    /// A transaction is in a final block; `done` if its status is 1. Everything that waited for it goes on.
    pub fn settle(&self, desk: &mut Desk<'_>, nonce: u64, done: bool) -> Result<Settled, IssuerError> {
        let row = desk.vault.outbox(nonce)?.ok_or(IssuerError::UnknownNonce(nonce))?;
        let mut settled = Settled::default();
        if row.state != OutboxState::Open {
            return Ok(settled);
        }
        desk.vault.set_outbox_state(nonce, if done { OutboxState::Done } else { OutboxState::Failed })?;
        let payment = desk.vault.payment(row.payment)?;
        let payment = payment.ok_or(IssuerError::Books("a transaction was signed for no payment"))?;
        let step = Step { settings: &self.settings, desk, payment, settled: &mut settled };
        match (row.kind, done) {
            (OutboxKind::Hold { .. }, true) => step.held(),
            (OutboxKind::Hold { .. }, false) => step.not_held(),
            (OutboxKind::Adjust { previous_minor, amount_minor }, _) => {
                step.adjusted(previous_minor, amount_minor, done)
            }
            (OutboxKind::Capture { amount_minor, is_final }, true) => step.captured(amount_minor, is_final),
            (OutboxKind::Capture { .. }, false) => step.stays_held(),
            (OutboxKind::Release { expired }, true) => step.released(expired),
            (OutboxKind::Release { .. }, false) => step.stays_held(),
            (OutboxKind::Void, done) => step.voided(done),
            (OutboxKind::Refund { amount_minor }, done) => step.refunded(amount_minor, done),
        }?;
        Ok(settled)
    }

    /// Nobody waits for this answer any longer. An authorization whose hold is not final is answered 91 for ever and cancelled; anything else, an
    /// advice too, goes on, and its repeat is answered when it is done. `None` if there is no such request.
    pub fn too_late(&self, desk: &mut Desk<'_>, key: &RequestKey) -> Result<Option<Vec<u8>>, IssuerError> {
        let Some(exchange) = desk.vault.exchange(key)? else { return Ok(None) };
        let Answer::Waiting { if_failed, .. } = exchange.answer else {
            let Answer::Ready(bytes) = exchange.answer else { return Ok(None) };
            return Ok(Some(bytes));
        };
        // Not what it will be if it fails: nobody knows yet whether it does.
        let mut late = Response::parse(&if_failed)?;
        let payment = exchange.payment.map(|id| desk.vault.payment(id)).transpose()?.flatten();
        let payment = payment.filter(|payment| may_be_cancelled(payment) && payment.request == *key);
        if let Some(mut payment) = payment.filter(|_| !late.message_type.is_advice_answer()) {
            cancel(desk, &mut payment, &mut Settled::default())?;
        }
        late.response_code = ResponseCode::IssuerUnavailable;
        Ok(Some(late.encode()?))
    }

    /// Does what is due of at most `limit` payments.
    pub fn sweep(&self, desk: &mut Desk<'_>, limit: u32) -> Result<Vec<OutboxRow>, IssuerError> {
        let mut submit = Vec::new();
        for payment in desk.vault.due(desk.now_ms, limit)? {
            submit.extend(sweep_one(&self.settings, desk, payment)?);
        }
        Ok(submit)
    }
}

/// Whether a payment's hold is under way and can still be taken back without a trace.
pub(super) fn may_be_cancelled(payment: &PaymentRecord) -> bool {
    let by_card = matches!(payment.kind, PaymentKind::Authorization | PaymentKind::Purchase);
    by_card && payment.state == PaymentState::Holding
}

/// Cancels a payment whose hold is under way: it is answered 91, and released as soon as the hold is final.
pub(super) fn cancel(
    desk: &mut Desk<'_>,
    payment: &mut PaymentRecord,
    settled: &mut Settled,
) -> Result<(), IssuerError> {
    desk.update(payment, PaymentState::Cancelling)?;
    desk.answer_all(payment.id, false, settled)
}

/// Whether a hold is so near to its end that nothing is begun any more that needs it.
pub(super) fn is_over(settings: &Settings, payment: &PaymentRecord, now_s: u64) -> bool {
    now_s >= end_s(settings, payment)
}

/// Signs the release of a hold that nobody captured in time.
pub(super) fn expire(desk: &mut Desk<'_>, payment: &mut PaymentRecord) -> Result<OutboxRow, IssuerError> {
    let row = desk.step(payment, OutboxKind::Release { expired: true })?;
    desk.update(payment, PaymentState::Releasing)?;
    Ok(row)
}

fn sweep_one(
    settings: &Settings,
    desk: &mut Desk<'_>,
    mut payment: PaymentRecord,
) -> Result<Option<OutboxRow>, IssuerError> {
    if is_over(settings, &payment, desk.now_s()) {
        return expire(desk, &mut payment).map(Some);
    }
    if payment.kind != PaymentKind::Purchase {
        // The margin was made smaller: the end is later than it was.
        payment.due_ms = end_s(settings, &payment).saturating_mul(1000);
        return desk.update(&mut payment, PaymentState::Held).map(|()| None);
    }
    let amount_minor = money::take(payment.amount_minor, payment.captured_minor)?;
    let row = desk.step(&mut payment, OutboxKind::Capture { amount_minor, is_final: true })?;
    desk.update(&mut payment, PaymentState::Capturing)?;
    Ok(Some(row))
}

fn end_s(settings: &Settings, payment: &PaymentRecord) -> u64 {
    let expiry_s = payment.hold.as_ref().map_or(0, |hold| hold.expiry_s);
    expiry_s.saturating_sub(settings.expiry_margin_s)
}

/// One final transaction and its payment.
struct Step<'s, 'd, 'v> {
    settings: &'s Settings,
    desk: &'d mut Desk<'v>,
    payment: PaymentRecord,
    settled: &'s mut Settled,
}

impl Step<'_, '_, '_> {
    /// The money is held. It is released again if nobody waits for it any more. A purchase is answered, and captured at once, and so is what
    /// was asked for so late.
    fn held(self) -> Result<(), IssuerError> {
        let first_minor = self.payment.amount_minor;
        self.desk.count(&self.payment, |total| {
            total.held_count = total.held_count.saturating_add(1);
            total.held_minor = total.held_minor.saturating_add(first_minor);
        })?;
        let whole = OutboxKind::Capture { amount_minor: first_minor, is_final: true };
        match (self.payment.kind, self.payment.state) {
            (PaymentKind::Late { .. }, _) => self.next(whole, PaymentState::Capturing),
            (_, PaymentState::Cancelling) => self.next(OutboxKind::Release { expired: false }, PaymentState::Releasing),
            _ if self.desk.now_ms > self.payment.deadline_ms => {
                self.desk.answer_all(self.payment.id, false, self.settled)?;
                self.next(OutboxKind::Release { expired: false }, PaymentState::Releasing)
            }
            (PaymentKind::Purchase, _) => {
                self.desk.answer_all(self.payment.id, true, self.settled)?;
                self.next(whole, PaymentState::Capturing)
            }
            _ => self.rest(true),
        }
    }

    /// The ledger refused the hold: nothing was ever held.
    fn not_held(mut self) -> Result<(), IssuerError> {
        let (amount_minor, day) = (self.payment.amount_minor, self.payment.day);
        self.desk.with_account(&self.payment, |account| money::give_back(account, amount_minor, day))?;
        // Who asked for the payment is told no; who asked to take it back is told yes.
        let reversed = self.payment.state == PaymentState::Cancelling;
        self.payment.amount_minor = 0;
        let state = if reversed { PaymentState::Reversed } else { PaymentState::Failed };
        self.desk.update(&mut self.payment, state)?;
        self.desk.answer_all(self.payment.id, reversed, self.settled)
    }

    /// More or less is held. More was debited when it was asked for; less is given back now.
    fn adjusted(mut self, previous_minor: u64, amount_minor: u64, done: bool) -> Result<(), IssuerError> {
        let surplus =
            if done { previous_minor.checked_sub(amount_minor) } else { amount_minor.checked_sub(previous_minor) };
        let (surplus, day) = (surplus.unwrap_or(0), self.payment.day);
        self.desk.with_account(&self.payment, |account| money::give_back(account, surplus, day))?;
        if done {
            self.payment.amount_minor = amount_minor;
            self.reversed(surplus)?;
        }
        match self.payment.state {
            PaymentState::Adjusting => self.rest(done),
            state => self.desk.update(&mut self.payment, state),
        }
    }

    /// The merchant has it; the rest is free again, unless more is to be captured.
    fn captured(mut self, amount_minor: u64, is_final: bool) -> Result<(), IssuerError> {
        let captured_minor = money::add(self.payment.captured_minor, amount_minor)?;
        let rest_minor = money::take(self.payment.amount_minor, captured_minor)?;
        let (day, freed_minor) = (self.payment.day, if is_final { rest_minor } else { 0 });
        self.desk.with_account(&self.payment, |account| {
            money::capture(account, amount_minor)?;
            money::give_back(account, freed_minor, day)
        })?;
        self.payment.captured_minor = captured_minor;
        self.desk.count(&self.payment, |total| {
            total.captured_count = total.captured_count.saturating_add(1);
            total.captured_minor = total.captured_minor.saturating_add(amount_minor);
        })?;
        if !is_final {
            return self.rest(true);
        }
        self.desk.update(&mut self.payment, PaymentState::Captured)?;
        self.desk.answer_all(self.payment.id, true, self.settled)
    }

    /// It was given back; what was captured before stays with the merchant.
    fn released(mut self, expired: bool) -> Result<(), IssuerError> {
        let rest_minor = money::take(self.payment.amount_minor, self.payment.captured_minor)?;
        let day = self.payment.day;
        self.desk.with_account(&self.payment, |account| money::give_back(account, rest_minor, day))?;
        if !expired {
            self.reversed(rest_minor)?;
        }
        let state = match (self.payment.captured_minor, expired) {
            (0, true) => PaymentState::Expired,
            (0, false) => PaymentState::Reversed,
            _ => PaymentState::Captured,
        };
        self.desk.update(&mut self.payment, state)?;
        self.desk.answer_all(self.payment.id, true, self.settled)
    }

    /// No hold will ever have this id.
    fn voided(mut self, done: bool) -> Result<(), IssuerError> {
        let state = if done { PaymentState::Voided } else { PaymentState::Failed };
        self.desk.update(&mut self.payment, state)
    }

    /// The merchant gave it back, or did not let us take it.
    fn refunded(mut self, amount_minor: u64, done: bool) -> Result<(), IssuerError> {
        if done {
            self.desk.with_account(&self.payment, |account| money::credit(account, amount_minor))?;
            self.payment.refunded_minor = money::add(self.payment.refunded_minor, amount_minor)?;
            self.desk.count(&self.payment, |total| {
                total.refunded_count = total.refunded_count.saturating_add(1);
                total.refunded_minor = total.refunded_minor.saturating_add(amount_minor);
            })?;
        }
        self.desk.update(&mut self.payment, PaymentState::Captured)?;
        self.desk.answer_all(self.payment.id, done, self.settled)
    }

    /// The ledger did not take the last step: the money stays held until its end.
    fn stays_held(self) -> Result<(), IssuerError> {
        self.rest(false)
    }

    /// The payment is held, and nothing more is under way.
    fn rest(mut self, done: bool) -> Result<(), IssuerError> {
        self.payment.due_ms = self.due_ms();
        self.desk.update(&mut self.payment, PaymentState::Held)?;
        self.desk.answer_all(self.payment.id, done, self.settled)
    }

    /// When the payment is looked at again: at the end of its hold. The capture of a purchase is tried again when it has waited as long once more.
    fn due_ms(&self) -> u64 {
        let (now_ms, decided_ms) = (self.desk.now_ms, self.payment.decided_ms);
        let end_ms = end_s(self.settings, &self.payment).saturating_mul(1000);
        let waited_ms = now_ms.saturating_sub(decided_ms).max(AGAIN_MS);
        match self.payment.kind {
            _ if end_ms <= now_ms => now_ms.saturating_add(AGAIN_MS),
            PaymentKind::Purchase => now_ms.saturating_add(waited_ms).min(end_ms),
            _ => end_ms,
        }
    }

    /// The next step of the same payment.
    fn next(mut self, kind: OutboxKind, state: PaymentState) -> Result<(), IssuerError> {
        let row = self.desk.step(&mut self.payment, kind)?;
        self.settled.submit.push(row);
        self.desk.update(&mut self.payment, state)
    }

    fn reversed(&mut self, amount_minor: u64) -> Result<(), IssuerError> {
        if amount_minor == 0 {
            return Ok(());
        }
        self.desk.count(&self.payment, |total| {
            total.reversed_count = total.reversed_count.saturating_add(1);
            total.reversed_minor = total.reversed_minor.saturating_add(amount_minor);
        })
    }
}

/// What the ledger refused is tried again after this time at the earliest.
const AGAIN_MS: u64 = 60_000;
