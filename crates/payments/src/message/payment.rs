//! What an acquirer asks about a payment: authorization, financial request, advice, completion, reversal. Called by [`super::Request`].
//!
//! | type | operation | transactions | needs beside what all need |
//! |---|---|---|---|
//! | 0100 | authorization | purchase, balance inquiry | DE 14, 18, 22, 25; DE 55 where a chip was read |
//! | 0120 | authorization advice | purchase | as 0100, and DE 39 |
//! | 0200 | financial | purchase, refund | as 0100 |
//! | 0220 | completion | purchase | |
//! | 0400 | reversal | all | DE 90 |
//! | 0420 | reversal advice | all | DE 90 |
//!
//! All need DE 2, 3, 4, 7, 11, 12, 13, 32, 37, 41, 42, 49. A refund, a balance inquiry or an increase may name its original (DE 90) instead of the
//! rest: an increase is a 0100 without a card that names the payment of which more is needed. The odd type above is the same sent again.

use serde::{Deserialize, Serialize};

use crate::number::{Expiry, Token};

use super::amount::{CurrencyNumber, Processing, Replacement, Transaction};
use super::card::{EntryMode, IccData, Track2};
use super::code::ResponseCode;
use super::codec::Message;
use super::element::{Digits, Element, Institution, Text};
use super::error::MessageError;
use super::fields::{Filler, Others, Reader};
use super::mti::Mti;
use super::original::Original;
use super::spec::de;
use super::time::{LocalDate, LocalTime, TransmissionTime};

/// A request or an advice about a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Payment {
    pub operation: Operation,
    /// Sent again because no answer came.
    #[serde(default)]
    pub repeat: bool,
    /// DE 2.
    pub token: Token,
    /// DE 3.
    pub processing: Processing,
    /// DE 4; 0 where only a balance is asked for.
    pub amount_minor: u64,
    /// DE 7.
    pub sent: TransmissionTime,
    /// DE 11: the terminal's number of this message, which a repeat keeps.
    pub stan: Digits<6>,
    /// DE 12.
    pub local_time: LocalTime,
    /// DE 13.
    pub local_date: LocalDate,
    /// DE 14.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiry: Option<Expiry>,
    /// DE 18.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merchant_category: Option<Digits<4>>,
    /// DE 19, by ISO 3166.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acquirer_country: Option<Digits<3>>,
    /// DE 22.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry_mode: Option<EntryMode>,
    /// DE 23.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card_sequence: Option<Digits<3>>,
    /// DE 25.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<Digits<2>>,
    /// DE 32.
    pub acquirer: Institution,
    /// DE 33.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forwarder: Option<Institution>,
    /// DE 35.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub track2: Option<Track2>,
    /// DE 37: the acquirer's number of the payment, which its follow-ups keep.
    pub retrieval_reference: Text<12>,
    /// DE 38.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization_code: Option<Text<6>>,
    /// DE 39: in an advice, what was decided without the issuer; in a reversal, why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_code: Option<ResponseCode>,
    /// DE 41.
    pub terminal: Text<8>,
    /// DE 42.
    pub merchant: Text<15>,
    /// DE 43.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merchant_place: Option<Text<40>>,
    /// DE 49.
    pub currency: CurrencyNumber,
    /// DE 55.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icc_data: Option<IccData>,
    /// DE 63 is `PA1`: the terminal can take less than it asked for. A private use of ours.
    #[serde(default)]
    pub takes_partial: bool,
    /// DE 63 is `MC1`: more completions of the payment follow this one. A private use of ours.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more_follows: bool,
    /// DE 90.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original: Option<Original>,
    /// DE 95.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replacement: Option<Replacement>,
    #[serde(default, skip_serializing_if = "Others::is_empty")]
    pub others: Others,
}

/// What is to be done: class and function of the message type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Operation {
    /// 0100: may it be paid? The money is held.
    Authorization,
    /// 0120: it was authorized, or refused, by somebody who stood in for the issuer.
    AuthorizationAdvice,
    /// 0200: pay at once, or give back.
    Financial,
    /// 0220: what was authorized is done, and this is the amount.
    Completion,
    /// 0400: take it back, if it was done.
    Reversal,
    /// 0420: it is taken back.
    ReversalAdvice,
}

impl Operation {
    /// The operation of a message type from an acquirer.
    pub fn of(mti: Mti) -> Option<Self> {
        OPERATIONS.iter().find(|row| row.1 == mti.first().digits()).map(|row| row.0)
    }

    /// The message type, as first sent or as a repeat.
    pub fn mti(self, repeat: bool) -> Mti {
        let digits = OPERATIONS.iter().find(|row| row.0 == self).map_or(*b"0100", |row| *row.1);
        let first = Mti::known(digits);
        if repeat { first.repeated() } else { first }
    }

    const fn does(self, transaction: Transaction) -> bool {
        match self {
            Self::Authorization => matches!(transaction, Transaction::Purchase | Transaction::BalanceInquiry),
            Self::Financial => matches!(transaction, Transaction::Purchase | Transaction::Refund),
            Self::AuthorizationAdvice | Self::Completion => matches!(transaction, Transaction::Purchase),
            Self::Reversal | Self::ReversalAdvice => true,
        }
    }
}

impl Payment {
    /// The message type.
    pub fn mti(&self) -> Mti {
        self.operation.mti(self.repeat)
    }

    /// What a follow-up says of this message, whether it was sent once or again.
    pub fn as_original(&self) -> Original {
        Original {
            message_type: self.operation.mti(false),
            stan: self.stan,
            sent: Some(self.sent),
            acquirer: self.acquirer.padded(),
            forwarder: self.forwarder.as_ref().map(Institution::padded).unwrap_or_default(),
        }
    }

    /// Whether more is asked for a payment that was authorized before.
    pub fn is_increase(&self) -> bool {
        let purchase = self.processing.transaction == Transaction::Purchase;
        self.operation == Operation::Authorization && purchase && self.original.is_some() && self.icc_data.is_none()
    }

    /// Takes a message apart and checks what belongs together.
    pub(super) fn read(operation: Operation, message: &Message<'_>) -> Result<Self, MessageError> {
        let mut from = Reader::new(message);
        let mark = from.lenient::<Mark>(de::CAPABILITIES);
        let payment = Self {
            operation,
            repeat: message.mti().is_repeat(),
            token: from.required(de::ACCOUNT)?,
            processing: from.required(de::PROCESSING)?,
            amount_minor: from.required(de::AMOUNT)?,
            sent: from.required(de::TRANSMISSION)?,
            stan: from.required(de::STAN)?,
            local_time: from.required(de::LOCAL_TIME)?,
            local_date: from.required(de::LOCAL_DATE)?,
            expiry: from.optional(de::EXPIRY)?,
            merchant_category: from.optional(de::MERCHANT_CATEGORY)?,
            acquirer_country: from.optional(de::ACQUIRER_COUNTRY)?,
            entry_mode: from.optional(de::ENTRY_MODE)?,
            card_sequence: from.optional(de::CARD_SEQUENCE)?,
            condition: from.optional(de::CONDITION)?,
            acquirer: from.required(de::ACQUIRER)?,
            forwarder: from.optional(de::FORWARDER)?,
            track2: from.optional(de::TRACK2)?,
            retrieval_reference: from.required(de::RETRIEVAL_REFERENCE)?,
            authorization_code: from.optional(de::AUTHORIZATION_CODE)?,
            response_code: from.optional(de::RESPONSE_CODE)?,
            terminal: from.required(de::TERMINAL)?,
            merchant: from.required(de::MERCHANT)?,
            merchant_place: from.optional(de::MERCHANT_PLACE)?,
            currency: from.required(de::CURRENCY)?,
            icc_data: from.optional(de::ICC_DATA)?,
            takes_partial: mark == Some(Mark::TakesPartial),
            more_follows: mark == Some(Mark::MoreFollows),
            original: from.optional(de::ORIGINAL)?,
            replacement: from.optional(de::REPLACEMENT)?,
            others: from.others(),
        };
        payment.check()?;
        Ok(payment)
    }

    /// Writes the message, unless it is one that [`Payment::read`] refuses.
    pub(super) fn write(&self, out: &mut Vec<u8>) -> Result<(), MessageError> {
        self.check()?;
        let mut to = Filler::new(out, self.mti(), &self.others);
        to.put(de::ACCOUNT, &self.token)?;
        to.put(de::PROCESSING, &self.processing)?;
        to.put(de::AMOUNT, &self.amount_minor)?;
        to.put(de::TRANSMISSION, &self.sent)?;
        to.put(de::STAN, &self.stan)?;
        to.put(de::LOCAL_TIME, &self.local_time)?;
        to.put(de::LOCAL_DATE, &self.local_date)?;
        to.put_some(de::EXPIRY, self.expiry.as_ref())?;
        to.put_some(de::MERCHANT_CATEGORY, self.merchant_category.as_ref())?;
        to.put_some(de::ACQUIRER_COUNTRY, self.acquirer_country.as_ref())?;
        to.put_some(de::ENTRY_MODE, self.entry_mode.as_ref())?;
        to.put_some(de::CARD_SEQUENCE, self.card_sequence.as_ref())?;
        to.put_some(de::CONDITION, self.condition.as_ref())?;
        to.put(de::ACQUIRER, &self.acquirer)?;
        to.put_some(de::FORWARDER, self.forwarder.as_ref())?;
        to.put_some(de::TRACK2, self.track2.as_ref())?;
        to.put(de::RETRIEVAL_REFERENCE, &self.retrieval_reference)?;
        to.put_some(de::AUTHORIZATION_CODE, self.authorization_code.as_ref())?;
        to.put_some(de::RESPONSE_CODE, self.response_code.as_ref())?;
        to.put(de::TERMINAL, &self.terminal)?;
        to.put(de::MERCHANT, &self.merchant)?;
        to.put_some(de::MERCHANT_PLACE, self.merchant_place.as_ref())?;
        to.put(de::CURRENCY, &self.currency)?;
        to.put_some(de::ICC_DATA, self.icc_data.as_ref())?;
        to.put_some(de::CAPABILITIES, self.mark().as_ref())?;
        to.put_some(de::ORIGINAL, self.original.as_ref())?;
        to.put_some(de::REPLACEMENT, self.replacement.as_ref())?;
        to.finish()
    }

    const fn mark(&self) -> Option<Mark> {
        match (self.takes_partial, self.more_follows) {
            (true, _) => Some(Mark::TakesPartial),
            (false, true) => Some(Mark::MoreFollows),
            (false, false) => None,
        }
    }

    fn check(&self) -> Result<(), MessageError> {
        if !self.operation.does(self.processing.transaction) {
            return Err(MessageError::Transaction(self.mti()));
        }
        if self.track2.as_ref().is_some_and(|track2| track2.number() != self.token.digits()) {
            return Err(MessageError::Disagreement { field: de::TRACK2, other: de::ACCOUNT });
        }
        if self.takes_partial && self.more_follows {
            return Err(MessageError::Disagreement { field: de::CAPABILITIES, other: de::CAPABILITIES });
        }
        match self.needed().iter().find(|(_, there)| !there) {
            Some((field, _)) => Err(MessageError::Missing { field: *field }),
            None => Ok(()),
        }
    }

    /// What only some operations need, and whether it is there where it is needed.
    fn needed(&self) -> [(u8, bool); 7] {
        let opens = match self.operation {
            Operation::Authorization | Operation::Financial => {
                let purchase = self.processing.transaction == Transaction::Purchase;
                self.original.is_none() || (purchase && !self.is_increase())
            }
            Operation::AuthorizationAdvice => true,
            Operation::Completion | Operation::Reversal | Operation::ReversalAdvice => false,
        };
        let reverses = matches!(self.operation, Operation::Reversal | Operation::ReversalAdvice);
        let chip = opens && self.entry_mode.is_some_and(|mode| mode.is_chip());
        [
            (de::EXPIRY, self.expiry.is_some() || !opens),
            (de::MERCHANT_CATEGORY, self.merchant_category.is_some() || !opens),
            (de::ENTRY_MODE, self.entry_mode.is_some() || !opens),
            (de::CONDITION, self.condition.is_some() || !opens),
            (de::ICC_DATA, self.icc_data.is_some() || !chip),
            (de::ORIGINAL, self.original.is_some() || !reverses),
            (de::RESPONSE_CODE, self.response_code.is_some() || self.operation != Operation::AuthorizationAdvice),
        ]
    }
}

/// What DE 63 says among us.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    TakesPartial,
    MoreFollows,
}

impl Element for Mark {
    const EXPECTED: &'static str = "PA1 or MC1";

    fn read(bytes: &[u8]) -> Option<Self> {
        match bytes {
            TAKES_PARTIAL => Some(Self::TakesPartial),
            MORE_FOLLOWS => Some(Self::MoreFollows),
            _ => None,
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(match self {
            Self::TakesPartial => TAKES_PARTIAL,
            Self::MoreFollows => MORE_FOLLOWS,
        });
    }
}

const OPERATIONS: [(Operation, &[u8; 4]); 6] = [
    (Operation::Authorization, b"0100"),
    (Operation::AuthorizationAdvice, b"0120"),
    (Operation::Financial, b"0200"),
    (Operation::Completion, b"0220"),
    (Operation::Reversal, b"0400"),
    (Operation::ReversalAdvice, b"0420"),
];
const TAKES_PARTIAL: &[u8] = b"PA1";
const MORE_FOLLOWS: &[u8] = b"MC1";
