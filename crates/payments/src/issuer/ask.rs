//! A request as it came: what tells it from others, what a repeat of it has in common with it, and what its answers repeat of it.
//!
//! Called by every operation. Rules: ISO 8583:1987, DE 7, 11, 32, 41 (what names a message), DE 90 (how a follow-up names an earlier one).

use alloy_primitives::B256;
use sha2_11::{Digest as _, Sha256};

use super::{
    decision::{Decision, Reply},
    error::IssuerError,
    money,
    records::{Answer, ExchangeRecord, MerchantKey, PaymentId, PaymentKind, PaymentRecord, PaymentState, RequestKey},
};
use crate::message::{Institution, Operation, Original, Payment, Request, Response, ResponseCode, amount::Transaction};

/// A request about a payment.
pub(super) struct Ask<'a> {
    pub(super) payment: &'a Payment,
    pub(super) key: RequestKey,
    pub(super) fingerprint: B256,
    /// Whether it was answered 91 before, and is judged anew.
    pub(super) is_known: bool,
}

impl<'a> Ask<'a> {
    pub(super) fn of(payment: &'a Payment) -> Result<Self, IssuerError> {
        // Track 2 may have a real number in it, and of one nobody keeps a hash that needs no key.
        let first = Request::from(Payment { repeat: false, track2: None, ..payment.clone() });
        let fingerprint = B256::from_slice(&Sha256::digest(first.encode()?));
        let reversal = matches!(payment.operation, Operation::Reversal | Operation::ReversalAdvice);
        let key = RequestKey {
            acquirer: acquirer(&payment.acquirer),
            terminal: payment.terminal.as_str().to_owned(),
            stan: payment.stan.as_str().to_owned(),
            transmitted: payment.sent.as_str().to_owned(),
            reversal,
        };
        Ok(Self { payment, key, fingerprint, is_known: false })
    }

    /// The answer to a request that was seen before. A follow-up that was answered 91 is judged anew: its terminal repeats it until the answer is
    /// another one.
    pub(super) fn again(&mut self, found: ExchangeRecord) -> Result<Option<Decision>, IssuerError> {
        if found.fingerprint != self.fingerprint {
            return self.forget(ResponseCode::Duplicate).map(Some);
        }
        let payment = found.payment;
        match found.answer {
            Answer::Ready(bytes) if self.is_follow_up() && is_unavailable(&bytes)? => {
                self.is_known = true;
                Ok(None)
            }
            Answer::Ready(bytes) => Ok(Some(Decision::now(bytes, payment))),
            Answer::Waiting { .. } => {
                let reply = Reply::Later(self.key.clone());
                Ok(Some(Decision { reply, payment, submit: Vec::new(), answers: Vec::new() }))
            }
        }
    }

    /// Whether it is about a payment that another request made.
    fn is_follow_up(&self) -> bool {
        match self.payment.operation {
            Operation::Authorization => self.payment.is_increase(),
            Operation::AuthorizationAdvice => false,
            Operation::Financial => self.payment.processing.transaction == Transaction::Refund,
            Operation::Completion | Operation::Reversal | Operation::ReversalAdvice => true,
        }
    }

    /// An answer that is not remembered: the same request is judged anew.
    pub(super) fn forget(&self, code: ResponseCode) -> Result<Decision, IssuerError> {
        Ok(Decision::now(self.bytes(code)?, None))
    }

    /// An answer with nothing but a code.
    pub(super) fn bytes(&self, code: ResponseCode) -> Result<Vec<u8>, IssuerError> {
        Ok(self.response(code).encode()?)
    }

    /// An answer to be added to.
    pub(super) fn response(&self, code: ResponseCode) -> Response {
        Request::from(self.payment.clone()).respond(code)
    }

    /// The row that remembers the answer.
    pub(super) fn exchange(&self, payment: Option<PaymentId>, answer: Answer, now_ms: u64) -> ExchangeRecord {
        let (key, fingerprint) = (self.key.clone(), self.fingerprint);
        ExchangeRecord { key, fingerprint, payment, answer, mismatches: Vec::new(), received_ms: now_ms }
    }

    pub(super) fn merchant(&self) -> MerchantKey {
        let merchant = self.payment.merchant.as_str().to_owned();
        MerchantKey { acquirer: self.key.acquirer.clone(), merchant }
    }

    /// The payment that this request makes, as far as the request says: declined until something better is known.
    pub(super) fn draft(&self, now_ms: u64) -> PaymentRecord {
        PaymentRecord {
            id: PaymentId(0),
            kind: self.kind(),
            state: PaymentState::Declined,
            request: self.key.clone(),
            rrn: self.payment.retrieval_reference.as_str().to_owned(),
            merchant: self.merchant(),
            token: self.payment.token.clone(),
            currency: self.payment.currency.number(),
            requested_minor: self.payment.amount_minor,
            amount_minor: 0,
            captured_minor: 0,
            refunded_minor: 0,
            card: None,
            atc: None,
            use_number: 0,
            cryptogram: None,
            hold: None,
            mismatches: Vec::new(),
            response: String::new(),
            approval: None,
            day: money::day_of(now_ms),
            decided_ms: now_ms,
            deadline_ms: now_ms,
            due_ms: now_ms,
            changed_ms: now_ms,
            steps: 0,
        }
    }

    /// The request that DE 90 names, if it says when that was sent and names no other acquirer.
    pub(super) fn original(&self) -> Option<RequestKey> {
        let Original { stan, sent, acquirer, .. } = self.payment.original?;
        let ours = acquirer == self.payment.acquirer.padded() || acquirer.number() == 0;
        let (stan, transmitted) = (stan.as_str().to_owned(), sent?.as_str().to_owned());
        ours.then(|| RequestKey { stan, transmitted, reversal: false, ..self.key.clone() })
    }

    fn kind(&self) -> PaymentKind {
        match (self.payment.processing.transaction, self.payment.operation) {
            (Transaction::BalanceInquiry, _) => PaymentKind::Inquiry,
            (_, Operation::Financial) => PaymentKind::Purchase,
            _ => PaymentKind::Authorization,
        }
    }
}

fn is_unavailable(bytes: &[u8]) -> Result<bool, IssuerError> {
    Ok(Response::parse(bytes)?.response_code == ResponseCode::IssuerUnavailable)
}

/// DE 32 without zeros in front: with and without them it is one institution.
pub fn acquirer(institution: &Institution) -> String {
    let digits = institution.as_str().trim_start_matches('0');
    if digits.is_empty() { "0" } else { digits }.to_owned()
}
