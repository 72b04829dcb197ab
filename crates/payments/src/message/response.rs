//! What the issuer answers. Called by the issuer, which makes it from a request, and by terminals, which read it.
//!
//! An answer repeats DE 2, 3, 4, 7, 11, 12, 13, 32, 33, 37, 41, 42, 49, 70 and 90 as far as its request had
//! them. The issuer adds DE 38, 39, 54 and 55. Where it approves a part, DE 4 is that part and DE 54 says what was asked for.

use serde::{Deserialize, Serialize};

use crate::number::Token;

use super::amount::{AdditionalAmount, CurrencyNumber};
use super::card::IccData;
use super::code::ResponseCode;
use super::codec::Message;
use super::element::{Digits, Institution, Text};
use super::error::MessageError;
use super::fields::{Filler, Others, Reader};
use super::json;
use super::mti::Mti;
use super::network::Network;
use super::original::Original;
use super::payment::Payment;
use super::request::Request;
use super::spec::de;
use super::time::{LocalDate, LocalTime, TransmissionTime};

/// An answer to a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Response {
    pub message_type: Mti,
    /// DE 39.
    pub response_code: ResponseCode,
    /// DE 11.
    pub stan: Digits<6>,
    /// DE 38.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization_code: Option<Text<6>>,
    /// DE 4; less than asked for where a part is approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount_minor: Option<u64>,
    /// DE 49.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<CurrencyNumber>,
    /// DE 54.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amounts: Vec<AdditionalAmount>,
    /// DE 55: what the issuer tells the chip.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icc_data: Option<IccData>,
    /// DE 56: what stays the same of a card while its tokens change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_reference: Option<Text<29>>,
    /// DE 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Token>,
    /// DE 3, as it was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processing_code: Option<Digits<6>>,
    /// DE 7.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<TransmissionTime>,
    /// DE 12.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local_time: Option<LocalTime>,
    /// DE 13.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local_date: Option<LocalDate>,
    /// DE 32.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acquirer: Option<Institution>,
    /// DE 33.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forwarder: Option<Institution>,
    /// DE 37.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retrieval_reference: Option<Text<12>>,
    /// DE 41.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminal: Option<Text<8>>,
    /// DE 42.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merchant: Option<Text<15>>,
    /// DE 70, as it was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_function: Option<Digits<3>>,
    /// DE 90.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original: Option<Original>,
    #[serde(default, skip_serializing_if = "Others::is_empty")]
    pub others: Others,
}

impl Response {
    /// Reads a message of ISO 8583, without the length in front of it.
    pub fn parse(bytes: &[u8]) -> Result<Self, MessageError> {
        Self::read(&Message::decode(bytes)?)
    }

    /// The message of ISO 8583, without a length in front of it.
    pub fn encode(&self) -> Result<Vec<u8>, MessageError> {
        let mut out = Vec::with_capacity(USUAL_BYTES);
        self.write(&mut out)?;
        Ok(out)
    }

    /// Reads the JSON of an answer, as strictly as ISO 8583.
    pub fn from_json(text: &[u8]) -> Result<Self, MessageError> {
        let claimed: Self = json::value(text)?;
        Self::parse(&claimed.encode()?)
    }

    /// The same as JSON.
    pub fn to_json(&self) -> String {
        json::text(self)
    }

    /// Whether this is the answer to that request: its type, its trace number, and all else that it repeats. Where a part is approved the
    /// amount must be less.
    pub fn answers(&self, request: &Request) -> bool {
        let expected = request.respond(self.response_code);
        self.message_type == expected.message_type
            && self.stan == expected.stan
            && self.has_amount_of(&expected)
            && repeats(self.sent.as_ref(), expected.sent.as_ref())
            && repeats(self.token.as_ref(), expected.token.as_ref())
            && repeats(self.acquirer.as_ref(), expected.acquirer.as_ref())
            && repeats(self.retrieval_reference.as_ref(), expected.retrieval_reference.as_ref())
            && repeats(self.terminal.as_ref(), expected.terminal.as_ref())
            && repeats(self.merchant.as_ref(), expected.merchant.as_ref())
            && repeats(self.currency.as_ref(), expected.currency.as_ref())
    }

    fn has_amount_of(&self, expected: &Self) -> bool {
        match self.response_code {
            ResponseCode::PartiallyApproved => self.amount_minor.is_some() && self.amount_minor < expected.amount_minor,
            _ => repeats(self.amount_minor.as_ref(), expected.amount_minor.as_ref()),
        }
    }

    /// The answer to a message that was refused. `None` where nobody could tell what it answers: no trace number, or not a request.
    pub(super) fn refusal(message: &Message<'_>, code: ResponseCode) -> Option<Self> {
        let mut from = Reader::new(message);
        let (message_type, stan) = (message.mti().answer()?, from.lenient(de::STAN)?);
        Some(Self {
            token: from.lenient(de::ACCOUNT),
            processing_code: from.lenient(de::PROCESSING),
            amount_minor: from.lenient(de::AMOUNT),
            sent: from.lenient(de::TRANSMISSION),
            local_time: from.lenient(de::LOCAL_TIME),
            local_date: from.lenient(de::LOCAL_DATE),
            acquirer: from.lenient(de::ACQUIRER),
            forwarder: from.lenient(de::FORWARDER),
            retrieval_reference: from.lenient(de::RETRIEVAL_REFERENCE),
            terminal: from.lenient(de::TERMINAL),
            merchant: from.lenient(de::MERCHANT),
            currency: from.lenient(de::CURRENCY),
            network_function: from.lenient(de::NETWORK_FUNCTION),
            original: from.lenient(de::ORIGINAL),
            ..Self::empty(message_type, stan, code)
        })
    }

    pub(super) fn to_payment(payment: &Payment, code: ResponseCode) -> Self {
        Self {
            token: Some(payment.token.clone()),
            processing_code: Some(payment.processing.code()),
            amount_minor: Some(payment.amount_minor),
            sent: Some(payment.sent),
            local_time: Some(payment.local_time),
            local_date: Some(payment.local_date),
            acquirer: Some(payment.acquirer),
            forwarder: payment.forwarder,
            retrieval_reference: Some(payment.retrieval_reference),
            terminal: Some(payment.terminal),
            merchant: Some(payment.merchant),
            currency: Some(payment.currency),
            original: payment.original,
            ..Self::empty(answer_to(payment.mti()), payment.stan, code)
        }
    }

    pub(super) fn to_network(network: &Network, code: ResponseCode) -> Self {
        Self {
            sent: Some(network.sent),
            acquirer: network.acquirer,
            forwarder: network.forwarder,
            network_function: Some(network.function.code()),
            ..Self::empty(answer_to(network.mti()), network.stan, code)
        }
    }

    const fn empty(message_type: Mti, stan: Digits<6>, response_code: ResponseCode) -> Self {
        Self {
            message_type,
            response_code,
            stan,
            authorization_code: None,
            amount_minor: None,
            currency: None,
            amounts: Vec::new(),
            icc_data: None,
            account_reference: None,
            token: None,
            processing_code: None,
            sent: None,
            local_time: None,
            local_date: None,
            acquirer: None,
            forwarder: None,
            retrieval_reference: None,
            terminal: None,
            merchant: None,
            network_function: None,
            original: None,
            others: Others::NONE,
        }
    }

    fn read(message: &Message<'_>) -> Result<Self, MessageError> {
        let mti = message.mti();
        if !mti.is_answer() {
            return Err(MessageError::Type(mti));
        }
        let mut from = Reader::new(message);
        Ok(Self {
            message_type: mti,
            response_code: from.required(de::RESPONSE_CODE)?,
            stan: from.required(de::STAN)?,
            authorization_code: from.optional(de::AUTHORIZATION_CODE)?,
            amount_minor: from.optional(de::AMOUNT)?,
            currency: from.optional(de::CURRENCY)?,
            amounts: from.optional(de::ADDITIONAL_AMOUNTS)?.unwrap_or_default(),
            icc_data: from.optional(de::ICC_DATA)?,
            account_reference: from.lenient(de::ACCOUNT_REFERENCE),
            token: from.optional(de::ACCOUNT)?,
            processing_code: from.optional(de::PROCESSING)?,
            sent: from.optional(de::TRANSMISSION)?,
            local_time: from.optional(de::LOCAL_TIME)?,
            local_date: from.optional(de::LOCAL_DATE)?,
            acquirer: from.optional(de::ACQUIRER)?,
            forwarder: from.optional(de::FORWARDER)?,
            retrieval_reference: from.optional(de::RETRIEVAL_REFERENCE)?,
            terminal: from.optional(de::TERMINAL)?,
            merchant: from.optional(de::MERCHANT)?,
            network_function: from.optional(de::NETWORK_FUNCTION)?,
            original: from.optional(de::ORIGINAL)?,
            others: from.others(),
        })
    }

    fn write(&self, out: &mut Vec<u8>) -> Result<(), MessageError> {
        if !self.message_type.is_answer() {
            return Err(MessageError::Type(self.message_type));
        }
        if !self.amounts.iter().all(AdditionalAmount::fits) {
            return Err(MessageError::Amount { field: de::ADDITIONAL_AMOUNTS });
        }
        let mut to = Filler::new(out, self.message_type, &self.others);
        to.put_some(de::ACCOUNT, self.token.as_ref())?;
        to.put_some(de::PROCESSING, self.processing_code.as_ref())?;
        to.put_some(de::AMOUNT, self.amount_minor.as_ref())?;
        to.put_some(de::TRANSMISSION, self.sent.as_ref())?;
        to.put(de::STAN, &self.stan)?;
        to.put_some(de::LOCAL_TIME, self.local_time.as_ref())?;
        to.put_some(de::LOCAL_DATE, self.local_date.as_ref())?;
        to.put_some(de::ACQUIRER, self.acquirer.as_ref())?;
        to.put_some(de::FORWARDER, self.forwarder.as_ref())?;
        to.put_some(de::RETRIEVAL_REFERENCE, self.retrieval_reference.as_ref())?;
        to.put_some(de::AUTHORIZATION_CODE, self.authorization_code.as_ref())?;
        to.put(de::RESPONSE_CODE, &self.response_code)?;
        to.put_some(de::TERMINAL, self.terminal.as_ref())?;
        to.put_some(de::MERCHANT, self.merchant.as_ref())?;
        to.put_some(de::CURRENCY, self.currency.as_ref())?;
        to.put_some(de::ADDITIONAL_AMOUNTS, Some(&self.amounts).filter(|amounts| !amounts.is_empty()))?;
        to.put_some(de::ICC_DATA, self.icc_data.as_ref())?;
        to.put_some(de::ACCOUNT_REFERENCE, self.account_reference.as_ref())?;
        to.put_some(de::NETWORK_FUNCTION, self.network_function.as_ref())?;
        to.put_some(de::ORIGINAL, self.original.as_ref())?;
        to.finish()
    }
}

/// The type of the answer to a request, which always has one.
fn answer_to(request: Mti) -> Mti {
    request.answer().unwrap_or(request)
}

/// Whether an element of an answer is that of its request; one that is not repeated says nothing.
fn repeats<T: PartialEq>(answered: Option<&T>, asked: Option<&T>) -> bool {
    answered.is_none() || answered == asked
}

const USUAL_BYTES: usize = 512;
