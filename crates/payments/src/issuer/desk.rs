//! What one call of the issuer works with, and what several operations write alike: signed transactions, accounts, totals, answers.
//!
//! Everything here goes into the one unit of work that the caller has begun (see [`super::vault`]).

use contracts::cash::iso4217::Currency;

use super::{
    ask::Ask,
    call::{Call, Calls, Signed, Signer},
    decision::{Decision, Settled},
    error::IssuerError,
    keys::Keys,
    mismatch::Mismatch,
    money,
    records::{
        AccountKey, AccountRecord, Answer, ExchangeRecord, OutboxKind, OutboxRow, OutboxState, PaymentId, PaymentKind,
        PaymentRecord, PaymentState, RequestKey, TotalKey, TotalRecord,
    },
    vault::Vault,
};
use crate::message::ResponseCode;

/// A begun unit of work, the keys, and the time.
pub struct Desk<'a> {
    /// The memory.
    pub vault: &'a mut dyn Vault,
    /// The issuer's keys.
    pub keys: &'a dyn Keys,
    /// The operator's key.
    pub signer: &'a dyn Signer,
    /// Milliseconds since 1970.
    pub now_ms: u64,
}

impl Desk<'_> {
    /// Signs a call for a payment and puts it into the outbox: nonce and bytes are durable together.
    pub(super) fn enqueue(
        &mut self,
        payment: PaymentId,
        kind: OutboxKind,
        call: &Call,
    ) -> Result<OutboxRow, IssuerError> {
        let nonce = self.vault.next_nonce()?;
        let Signed { raw, hash } = self.signer.sign(call, nonce)?;
        let row = OutboxRow { nonce, raw, hash, payment, kind, state: OutboxState::Open };
        self.vault.add_outbox(&row)?;
        Ok(row)
    }

    /// Signs what happens to a payment's hold next. Adjustments and captures take the next step's name.
    pub(super) fn step(&mut self, payment: &mut PaymentRecord, kind: OutboxKind) -> Result<OutboxRow, IssuerError> {
        if matches!(kind, OutboxKind::Adjust { .. } | OutboxKind::Capture { .. }) {
            payment.steps = payment.steps.checked_add(1).ok_or(IssuerError::Books("a payment has too many steps"))?;
        }
        let calls = calls(payment)?;
        let call = match kind {
            OutboxKind::Hold { .. } => calls.hold(),
            OutboxKind::Adjust { amount_minor, .. } => calls.adjust(payment.steps, amount_minor),
            OutboxKind::Capture { amount_minor, is_final } => calls.capture(payment.steps, amount_minor, is_final),
            OutboxKind::Release { .. } => calls.release(),
            OutboxKind::Void => calls.void(),
            OutboxKind::Refund { amount_minor } => calls.refund(amount_minor),
        };
        self.enqueue(payment.id, kind, &call)
    }

    /// Whether a reversal of this request came before it; not one of another year, since DE 7 has none.
    pub(super) fn is_reversed(&mut self, request: &RequestKey) -> Result<bool, IssuerError> {
        let found = self.vault.payment_of(request)?;
        Ok(found.is_some_and(|payment| {
            payment.kind == PaymentKind::Tombstone && self.now_ms.saturating_sub(payment.decided_ms) < TOMBSTONE_MS
        }))
    }

    /// Moves a payment to another state.
    pub(super) fn update(&mut self, payment: &mut PaymentRecord, state: PaymentState) -> Result<(), IssuerError> {
        payment.state = state;
        payment.changed_ms = self.now_ms;
        Ok(self.vault.update_payment(payment)?)
    }

    /// Changes the account that a payment is paid from.
    pub(super) fn with_account(
        &mut self,
        payment: &PaymentRecord,
        change: impl FnOnce(&mut AccountRecord) -> Result<(), IssuerError>,
    ) -> Result<(), IssuerError> {
        let mut account = self.account(payment)?;
        change(&mut account)?;
        Ok(self.vault.put_account(&account)?)
    }

    /// The account that a payment is paid from, which must be there.
    pub(super) fn account(&mut self, payment: &PaymentRecord) -> Result<AccountRecord, IssuerError> {
        let card = payment.card.ok_or(IssuerError::Books("a payment with a hold has no card"))?;
        let key = AccountKey { card, currency: payment.currency };
        self.vault.account(&key)?.ok_or(IssuerError::Books("a payment with a hold has no account"))
    }

    /// Counts at the payment's merchant, today.
    pub(super) fn count(
        &mut self,
        payment: &PaymentRecord,
        change: impl FnOnce(&mut TotalRecord),
    ) -> Result<(), IssuerError> {
        let (merchant, currency, day) = (payment.merchant.clone(), payment.currency, money::day_of(self.now_ms));
        let key = TotalKey { merchant, currency, day };
        let mut total = self.vault.total(&key)?.unwrap_or_else(|| TotalRecord::new(key));
        change(&mut total);
        Ok(self.vault.put_total(&total)?)
    }

    /// Gives every request that waits for a payment its answer: the one for "done", or the one for "not done".
    pub(super) fn answer_all(
        &mut self,
        payment: PaymentId,
        done: bool,
        settled: &mut Settled,
    ) -> Result<(), IssuerError> {
        for exchange in self.vault.waiting(payment)? {
            if let Answer::Waiting { if_done, if_failed } = exchange.answer {
                let bytes = if done { if_done } else { if_failed };
                self.vault.set_answer(&exchange.key, &Answer::Ready(bytes.clone()))?;
                settled.answers.push((exchange.key, bytes));
            }
        }
        Ok(())
    }

    /// Answers a request at once, and remembers it.
    pub(super) fn close(
        &mut self,
        ask: &Ask<'_>,
        payment: Option<PaymentId>,
        bytes: Vec<u8>,
    ) -> Result<Decision, IssuerError> {
        self.close_with(ask, payment, bytes, Vec::new())
    }

    /// The same, with what did not fit.
    pub(super) fn close_with(
        &mut self,
        ask: &Ask<'_>,
        payment: Option<PaymentId>,
        bytes: Vec<u8>,
        mismatches: Vec<Mismatch>,
    ) -> Result<Decision, IssuerError> {
        let exchange = ask.exchange(payment, Answer::Ready(bytes.clone()), self.now_ms);
        self.remember(ask, &ExchangeRecord { mismatches, ..exchange })?;
        Ok(Decision::now(bytes, payment))
    }

    /// Lets a request wait for the ledger: 91 if the step is not done.
    pub(super) fn wait(
        &mut self,
        ask: &Ask<'_>,
        payment: PaymentId,
        if_done: Vec<u8>,
        submit: Vec<OutboxRow>,
    ) -> Result<Decision, IssuerError> {
        let if_failed = ask.bytes(ResponseCode::IssuerUnavailable)?;
        self.wait_for(ask, payment, if_done, if_failed, submit)
    }

    /// Lets a request wait for the ledger, with both of its answers.
    pub(super) fn wait_for(
        &mut self,
        ask: &Ask<'_>,
        payment: PaymentId,
        if_done: Vec<u8>,
        if_failed: Vec<u8>,
        submit: Vec<OutboxRow>,
    ) -> Result<Decision, IssuerError> {
        let answer = Answer::Waiting { if_done, if_failed };
        self.remember(ask, &ask.exchange(Some(payment), answer, self.now_ms))?;
        Ok(Decision::later(ask.key.clone(), payment, submit))
    }

    fn remember(&mut self, ask: &Ask<'_>, exchange: &ExchangeRecord) -> Result<(), IssuerError> {
        if ask.is_known {
            return Ok(self.vault.set_answer(&exchange.key, &exchange.answer)?);
        }
        Ok(self.vault.add_exchange(exchange)?)
    }

    /// Seconds since 1970.
    pub(super) const fn now_s(&self) -> u64 {
        self.now_ms / 1000
    }
}

/// Half a year.
const TOMBSTONE_MS: u64 = 182 * 86_400_000;

fn calls(payment: &PaymentRecord) -> Result<Calls<'_>, IssuerError> {
    let hold = payment.hold.as_ref().ok_or(IssuerError::Books("a payment without a hold has a step"))?;
    let currency =
        Currency::by_number(payment.currency).ok_or(IssuerError::Books("a payment has no listed currency"))?;
    Ok(Calls { currency, hold })
}
