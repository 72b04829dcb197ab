//! Why a message is no request or response that the issuer speaks, and which response code says so. Called by the typed messages.
//!
//! An error names data element and place. It never shows a value: a terminal that is set up wrongly sends real card numbers.

use thiserror::Error;

use super::code::ResponseCode;
use super::codec::CodecError;
use super::mti::Mti;
use super::spec::{Named, de};

/// Why a message was refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MessageError {
    #[error(transparent)]
    Codec(#[from] CodecError),
    #[error("{0} is no message type that is handled here")]
    Type(Mti),
    #[error("{} is missing", Named(*.field))]
    Missing { field: u8 },
    #[error("{} at byte {offset}: expected {expected}", Named(*.field))]
    Value { field: u8, offset: usize, expected: &'static str },
    #[error("a message of type {0} cannot ask for this transaction")]
    Transaction(Mti),
    #[error("{} has no room for so great an amount", Named(*.field))]
    Amount { field: u8 },
    #[error("{} does not say the same as {}", Named(*.field), Named(*.other))]
    Disagreement { field: u8, other: u8 },
    #[error("the message is no JSON of a message: {what} at line {line}, column {column}")]
    Json { what: String, line: usize, column: usize },
    #[error("the message has {bytes} bytes of JSON, more than {limit}")]
    LongJson { bytes: usize, limit: usize },
}

impl MessageError {
    /// What the sender is told.
    pub const fn code(&self) -> ResponseCode {
        match self {
            Self::Type(_) | Self::Transaction(_) => ResponseCode::InvalidTransaction,
            Self::Value { field: de::PROCESSING | de::NETWORK_FUNCTION, .. } => ResponseCode::InvalidTransaction,
            Self::Value { field: de::ACCOUNT, .. } => ResponseCode::InvalidCardNumber,
            _ => ResponseCode::FormatError,
        }
    }
}
