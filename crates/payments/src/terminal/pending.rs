//! What the issuer must be told, however long it takes: that a payment is undone, that it is captured. It is repeated, the same but for its
//! message type, until it is answered.
//!
//! Made by [`Session`](super::Session) and by [`follow_up`](super::follow_up); kept and sent by whoever runs them. Rules: ISO 8583:1987, message
//! types 0400 and 0401, 0220 and 0221, element 90. The system's page: a reversal may overtake its authorization and works all the same.

use serde::{Deserialize, Serialize};

use super::{follow_up::FollowUp, record::Hex};
use crate::message::{Digits, Operation, Payment, Request, Response, ResponseCode};

/// A message that is repeated until it is answered. It is to be stored before it, or what it undoes, is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Pending {
    /// Its number.
    pub stan: u32,
    /// Of the payment.
    pub rrn: String,
    /// Number of the message that it undoes; none for a capture.
    pub undoes: Option<u32>,
    /// How much it is about.
    pub amount_minor: u64,
    /// How often it was sent.
    pub attempts: u32,
    message: Hex,
}

/// What is kept is not what was kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("what was kept for the issuer cannot be read: {0}")]
pub struct PendingError(String);

impl Pending {
    /// Undoes what a request may have done. With the chip data of the request, so that an issuer that never saw it can void it.
    pub(super) fn reversal(request: &Request, stan: u32) -> Option<Self> {
        let Request::Payment(asked) = request else { return None };
        let payment = Payment {
            operation: Operation::Reversal,
            stan: Digits::of(stan.into())?,
            response_code: Some(ResponseCode::ResponseTooLate),
            takes_partial: false,
            original: Some(asked.as_original()),
            ..asked.as_ref().clone()
        };
        Self::new(payment, u32::try_from(asked.stan.number()).ok())
    }

    pub(super) fn new(payment: Payment, undoes: Option<u32>) -> Option<Self> {
        let stan = u32::try_from(payment.stan.number()).ok()?;
        let rrn = payment.retrieval_reference.as_str().to_owned();
        let amount_minor = payment.amount_minor;
        let message = Hex(Request::from(payment).encode().ok()?);
        Some(Self { stan, rrn, undoes, amount_minor, attempts: 0, message })
    }

    /// From a record that knows of it.
    pub(super) fn again(follow_up: &FollowUp, rrn: &str) -> Self {
        let FollowUp { stan, undoes, amount_minor, .. } = *follow_up;
        Self { stan, rrn: rrn.to_owned(), undoes, amount_minor, attempts: 1, message: follow_up.request.clone() }
    }

    /// The message, as it is to be sent now; what is left is to be stored again.
    pub fn attempt(&mut self) -> Result<Request, PendingError> {
        let request = self.request(self.attempts > 0)?;
        self.attempts = self.attempts.saturating_add(1);
        Ok(request)
    }

    /// Whether this settles it. An issuer that cannot at the moment is asked again.
    pub fn is_answered_by(&self, response: &Response) -> bool {
        let is_final =
            !matches!(response.response_code, ResponseCode::IssuerUnavailable | ResponseCode::SystemMalfunction);
        is_final && self.request(false).is_ok_and(|request| response.answers(&request))
    }

    /// As it was first sent.
    pub(super) fn bytes(&self) -> Hex {
        self.message.clone()
    }

    fn request(&self, repeat: bool) -> Result<Request, PendingError> {
        let request = Request::parse(&self.message.0).map_err(|rejected| PendingError(rejected.error.to_string()))?;
        match request {
            Request::Payment(payment) => Ok(Payment { repeat, ..*payment }.into()),
            Request::Network(_) => Err(PendingError("it is about no payment".into())),
        }
    }
}
