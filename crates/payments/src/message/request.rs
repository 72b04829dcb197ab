//! A request as the issuer gets it, from either door. Called by terminals, which make it, and by the issuer, which answers it.
//!
//! ```text
//! ISO 8583 bytes -> Message -> Request -> Response -> ISO 8583 bytes
//! JSON           ----------------^            '-----> JSON
//! ```
//!
//! Both forms say the same: what comes in as JSON must be one that can be written as ISO 8583, and is read back from there.

use super::code::ResponseCode;
use thiserror::Error;

use super::codec::Message;
use super::element::Digits;
use super::error::MessageError;
use super::json;
use super::mti::Mti;
use super::network::Network;
use super::payment::{Operation, Payment};
use super::response::Response;

/// What an acquirer sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    Payment(Box<Payment>),
    Network(Network),
}

/// Why a request was refused, and what to answer if it says enough to be answered: its type and its trace number.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{error}")]
pub struct Rejected {
    pub error: MessageError,
    pub answer: Option<Box<Response>>,
}

impl Request {
    /// Reads a message of ISO 8583, without the length in front of it.
    pub fn parse(bytes: &[u8]) -> Result<Self, Rejected> {
        let message = Message::decode(bytes).map_err(|error| Rejected { error: error.into(), answer: None })?;
        Self::read(&message).map_err(|error| {
            let answer = Response::refusal(&message, error.code()).map(Box::new);
            Rejected { error, answer }
        })
    }

    /// Reads a decoded message.
    fn read(message: &Message<'_>) -> Result<Self, MessageError> {
        let mti = message.mti();
        if mti.first() == Network::FIRST {
            return Network::read(message).map(Self::Network);
        }
        let operation = Operation::of(mti).ok_or(MessageError::Type(mti))?;
        Payment::read(operation, message).map(|payment| Self::Payment(Box::new(payment)))
    }

    /// The message of ISO 8583, without a length in front of it.
    pub fn encode(&self) -> Result<Vec<u8>, MessageError> {
        let mut out = Vec::with_capacity(USUAL_BYTES);
        match self {
            Self::Payment(payment) => payment.write(&mut out)?,
            Self::Network(network) => network.write(&mut out)?,
        }
        Ok(out)
    }

    /// Reads the JSON of a request, as strictly as ISO 8583.
    pub fn from_json(text: &[u8]) -> Result<Self, MessageError> {
        let claimed = json::request(text)?;
        let bytes = claimed.encode()?;
        Self::read(&Message::decode(&bytes)?)
    }

    /// The same as JSON.
    pub fn to_json(&self) -> String {
        match self {
            Self::Payment(payment) => json::text(payment),
            Self::Network(network) => json::text(network),
        }
    }

    /// The message type.
    pub fn mti(&self) -> Mti {
        match self {
            Self::Payment(payment) => payment.mti(),
            Self::Network(network) => network.mti(),
        }
    }

    /// The trace number.
    pub const fn stan(&self) -> Digits<6> {
        match self {
            Self::Payment(payment) => payment.stan,
            Self::Network(network) => network.stan,
        }
    }

    /// The answer with this code: it has what every answer repeats of its request, and nothing else yet.
    pub fn respond(&self, code: ResponseCode) -> Response {
        match self {
            Self::Payment(payment) => Response::to_payment(payment, code),
            Self::Network(network) => Response::to_network(network, code),
        }
    }
}

impl From<Payment> for Request {
    fn from(payment: Payment) -> Self {
        Self::Payment(Box::new(payment))
    }
}

impl From<Network> for Request {
    fn from(network: Network) -> Self {
        Self::Network(network)
    }
}

const USUAL_BYTES: usize = 512;
