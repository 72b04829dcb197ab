//! The response code (DE 39). Called by whoever answers and by whoever reads an answer.
//!
//! Source: ISO 8583:1987, response codes.

use super::element::{Element, Text, text_is_json};

/// What became of a request. In an advice: what the terminal had been told, or why it takes something back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResponseCode {
    Approved,
    InvalidMerchant,
    DoNotHonour,
    PartiallyApproved,
    InvalidTransaction,
    InvalidAmount,
    InvalidCardNumber,
    CustomerCancellation,
    OriginalNotFound,
    FormatError,
    LostCard,
    StolenCard,
    InsufficientFunds,
    ExpiredCard,
    NotPermitted,
    AmountLimitExceeded,
    RestrictedCard,
    FrequencyLimitExceeded,
    ResponseTooLate,
    IssuerUnavailable,
    Duplicate,
    SystemMalfunction,
    /// One that this issuer never gives.
    Other(Text<2>),
}

impl ResponseCode {
    /// The code of two characters.
    pub fn of(text: &str) -> Option<Self> {
        Self::read(text.as_bytes())
    }

    /// The two characters.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Other(code) => code.as_str(),
            known => KNOWN.iter().find(|row| row.0 == *known).map_or("", |row| row.1),
        }
    }

    /// In words, for a slip or a page.
    pub fn meaning(&self) -> &'static str {
        KNOWN.iter().find(|row| row.0 == *self).map_or("another response", |row| row.2)
    }

    /// Whether money moves: approved, or approved in part.
    pub const fn approves(&self) -> bool {
        matches!(self, Self::Approved | Self::PartiallyApproved)
    }
}

impl Element for ResponseCode {
    const EXPECTED: &'static str = "a response code of two characters";

    fn read(bytes: &[u8]) -> Option<Self> {
        let known = KNOWN.iter().find(|row| row.1.as_bytes() == bytes).map(|row| row.0);
        known.or_else(|| Text::read(bytes).map(Self::Other))
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Other(code) => code.write(out),
            known => out.extend_from_slice(known.as_str().as_bytes()),
        }
    }
}

text_is_json!(ResponseCode);

/// Each code with its characters and its meaning.
const KNOWN: [(ResponseCode, &str, &str); 22] = [
    (ResponseCode::Approved, "00", "approved"),
    (ResponseCode::InvalidMerchant, "03", "invalid merchant"),
    (ResponseCode::DoNotHonour, "05", "do not honour"),
    (ResponseCode::PartiallyApproved, "10", "approved for a part of the amount"),
    (ResponseCode::InvalidTransaction, "12", "invalid transaction"),
    (ResponseCode::InvalidAmount, "13", "invalid amount"),
    (ResponseCode::InvalidCardNumber, "14", "invalid card number"),
    (ResponseCode::CustomerCancellation, "17", "cancelled by the customer"),
    (ResponseCode::OriginalNotFound, "25", "original not found"),
    (ResponseCode::FormatError, "30", "format error"),
    (ResponseCode::LostCard, "41", "lost card"),
    (ResponseCode::StolenCard, "43", "stolen card"),
    (ResponseCode::InsufficientFunds, "51", "insufficient funds"),
    (ResponseCode::ExpiredCard, "54", "expired card"),
    (ResponseCode::NotPermitted, "57", "transaction not permitted"),
    (ResponseCode::AmountLimitExceeded, "61", "amount limit exceeded"),
    (ResponseCode::RestrictedCard, "62", "restricted card"),
    (ResponseCode::FrequencyLimitExceeded, "65", "frequency limit exceeded"),
    (ResponseCode::ResponseTooLate, "68", "response received too late"),
    (ResponseCode::IssuerUnavailable, "91", "issuer unavailable"),
    (ResponseCode::Duplicate, "94", "duplicate transmission"),
    (ResponseCode::SystemMalfunction, "96", "system malfunction"),
];
