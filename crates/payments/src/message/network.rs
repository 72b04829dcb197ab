//! What an acquirer says of the connection itself (0800): sign-on, sign-off, echo. Called by [`super::Request`].
//!
//! Source: ISO 8583:1987, DE 70. Needs DE 7, 11, 70.

use serde::{Deserialize, Serialize};

use super::codec::Message;
use super::element::{Digits, Element, Institution};
use super::error::MessageError;
use super::fields::{Filler, Others, Reader};
use super::mti::Mti;
use super::spec::de;
use super::time::TransmissionTime;

/// A network management request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Network {
    /// DE 70.
    #[serde(rename = "operation")]
    pub function: NetworkFunction,
    /// Sent again because no answer came.
    #[serde(default)]
    pub repeat: bool,
    /// DE 7.
    pub sent: TransmissionTime,
    /// DE 11.
    pub stan: Digits<6>,
    /// DE 32.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acquirer: Option<Institution>,
    /// DE 33.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forwarder: Option<Institution>,
    #[serde(default, skip_serializing_if = "Others::is_empty")]
    pub others: Others,
}

/// What a network management request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum NetworkFunction {
    /// 001.
    SignOn,
    /// 002.
    SignOff,
    /// 301: is anybody there?
    Echo,
}

impl Network {
    /// The message type.
    pub const fn mti(&self) -> Mti {
        if self.repeat { Self::FIRST.repeated() } else { Self::FIRST }
    }

    pub(super) fn read(message: &Message<'_>) -> Result<Self, MessageError> {
        let mut from = Reader::new(message);
        Ok(Self {
            function: from.required(de::NETWORK_FUNCTION)?,
            repeat: message.mti().is_repeat(),
            sent: from.required(de::TRANSMISSION)?,
            stan: from.required(de::STAN)?,
            acquirer: from.optional(de::ACQUIRER)?,
            forwarder: from.optional(de::FORWARDER)?,
            others: from.others(),
        })
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) -> Result<(), MessageError> {
        let mut to = Filler::new(out, self.mti(), &self.others);
        to.put(de::TRANSMISSION, &self.sent)?;
        to.put(de::STAN, &self.stan)?;
        to.put_some(de::ACQUIRER, self.acquirer.as_ref())?;
        to.put_some(de::FORWARDER, self.forwarder.as_ref())?;
        to.put(de::NETWORK_FUNCTION, &self.function)?;
        to.finish()
    }

    /// The message type as first sent.
    pub(super) const FIRST: Mti = Mti::known(*b"0800");
}

impl NetworkFunction {
    /// The three digits.
    pub const fn code(self) -> Digits<3> {
        Digits::known(match self {
            Self::SignOn => *b"001",
            Self::SignOff => *b"002",
            Self::Echo => *b"301",
        })
    }
}

impl Element for NetworkFunction {
    const EXPECTED: &'static str = "001, 002 or 301";

    fn read(bytes: &[u8]) -> Option<Self> {
        [Self::SignOn, Self::SignOff, Self::Echo].into_iter().find(|function| function.code().bytes() == bytes)
    }

    fn write(&self, out: &mut Vec<u8>) {
        self.code().write(out);
    }
}
