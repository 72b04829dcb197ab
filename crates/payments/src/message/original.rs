//! Which earlier message this one is about (DE 90). Called by the typed messages.
//!
//! Source: ISO 8583:1987, DE 90: message type, trace number, transmission time, both institutions, 42 digits in all.

use serde::{Deserialize, Serialize};

use super::element::{Digits, Element, text_is_json};
use super::mti::Mti;
use super::time::TransmissionTime;

/// The original data elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Original {
    pub message_type: Mti,
    pub stan: Digits<6>,
    /// Zeros where the sender no longer knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<TransmissionTime>,
    /// All 11 digits, zeros in front.
    pub acquirer: Digits<11>,
    /// Zeros for none.
    #[serde(default)]
    pub forwarder: Digits<11>,
}

impl Element for Original {
    const EXPECTED: &'static str = "type, trace number, time and institutions of an earlier message";

    fn read(bytes: &[u8]) -> Option<Self> {
        let (mti, rest) = bytes.split_first_chunk::<4>()?;
        let (stan, rest) = rest.split_first_chunk::<6>()?;
        let (sent, rest) = rest.split_first_chunk::<10>()?;
        let (acquirer, forwarder) = rest.split_first_chunk::<11>()?;
        Some(Self {
            message_type: Mti::parse(*mti)?,
            stan: Digits::parse(stan)?,
            sent: if sent == NOT_KNOWN { None } else { Some(TransmissionTime::read(sent)?) },
            acquirer: Digits::parse(acquirer)?,
            forwarder: Digits::parse(forwarder)?,
        })
    }

    fn write(&self, out: &mut Vec<u8>) {
        self.message_type.write(out);
        self.stan.write(out);
        out.extend_from_slice(self.sent.as_ref().map_or(NOT_KNOWN.as_slice(), |sent| sent.as_str().as_bytes()));
        self.acquirer.write(out);
        self.forwarder.write(out);
    }
}

impl Element for Mti {
    const EXPECTED: &'static str = "a message type of ISO 8583:1987";

    fn read(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().and_then(Self::parse)
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.digits());
    }
}

text_is_json!(Mti);

const NOT_KNOWN: &[u8; 10] = b"0000000000";
