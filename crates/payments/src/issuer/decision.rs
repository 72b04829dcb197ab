//! What the issuer says to a request: an answer, or where the answer will be, and what the ledger must be asked meanwhile.

use super::{
    error::IssuerError,
    records::{OutboxRow, PaymentId, RequestKey},
};
use crate::{message::Response, number::Token};

/// What is to be done about a request, once the unit of work is durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The answer.
    pub reply: Reply,
    /// The payment that it is about.
    pub payment: Option<PaymentId>,
    /// Transactions to submit, in this order. They are in the outbox: submitting one again does no harm, leaving one out stops all later ones.
    pub submit: Vec<OutboxRow>,
    /// Answers to other requests that waited, and may be sent now.
    pub answers: Vec<(RequestKey, Vec<u8>)>,
}

/// The answer to a request, as a message of ISO 8583. The door for JSON reads it and writes it in its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// May be sent.
    Now(Vec<u8>),
    /// `Issuer::settle` gives it when the ledger is final; `Issuer::too_late` when nobody can wait any longer.
    Later(RequestKey),
}

/// What follows from a final transaction, once the unit of work is durable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// Answers that may be sent now.
    pub answers: Vec<(RequestKey, Vec<u8>)>,
    /// Transactions to submit, in this order.
    pub submit: Vec<OutboxRow>,
}

impl Decision {
    /// An answer that changes nothing on the ledger.
    pub(super) const fn now(bytes: Vec<u8>, payment: Option<PaymentId>) -> Self {
        Self { reply: Reply::Now(bytes), payment, submit: Vec::new(), answers: Vec::new() }
    }

    /// The same with DE 2 as it was sent.
    pub(super) fn repeating(self, token: &Token) -> Result<Self, IssuerError> {
        let Reply::Now(bytes) = &self.reply else { return Ok(self) };
        let answer = Response { token: Some(token.clone()), ..Response::parse(bytes)? };
        Ok(Self { reply: Reply::Now(answer.encode()?), ..self })
    }

    /// An answer that waits for the ledger.
    pub(super) const fn later(key: RequestKey, payment: PaymentId, submit: Vec<OutboxRow>) -> Self {
        Self { reply: Reply::Later(key), payment: Some(payment), submit, answers: Vec::new() }
    }
}
