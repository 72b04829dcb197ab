//! What a message says of the card: its token, track 2, chip data, how it was read. Called by the typed messages.
//!
//! Source: ISO 8583:1987, DE 2, 14, 22, 35, 55; EMV Book 4 for what DE 55 holds.

use std::fmt;
use std::str::from_utf8;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::number::{Expiry, Token};
use crate::tlv::Objects;

use super::element::{Digits, Element, expected, text_is_json};

impl Element for Token {
    const EXPECTED: &'static str = "13 to 19 digits with a check digit that holds";

    fn read(bytes: &[u8]) -> Option<Self> {
        from_utf8(bytes).ok().and_then(|text| Self::parse(text).ok())
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.digits().as_bytes());
    }
}

impl Element for Expiry {
    const EXPECTED: &'static str = "YYMM of a month that exists";

    fn read(bytes: &[u8]) -> Option<Self> {
        from_utf8(bytes).ok().and_then(|text| Self::parse(text).ok())
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.to_string().as_bytes());
    }
}

/// How the terminal learned the number (DE 22): two digits of that, one of whether it takes a PIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EntryMode(Digits<3>);

impl EntryMode {
    /// Chip by contact, at a terminal that takes no PIN.
    pub const CHIP: Self = Self(Digits::known(*b"052"));
    /// Chip without contact, at a terminal that takes no PIN.
    pub const CONTACTLESS: Self = Self(Digits::known(*b"072"));

    /// Reads three digits.
    pub fn parse(digits: &[u8]) -> Option<Self> {
        Digits::parse(digits).map(Self)
    }

    /// The three digits.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether a chip answered, with contact (05) or without (07).
    pub fn is_chip(&self) -> bool {
        matches!(self.0.bytes(), [b'0', b'5' | b'7', _])
    }
}

impl Element for EntryMode {
    const EXPECTED: &'static str = "three digits";

    fn read(bytes: &[u8]) -> Option<Self> {
        Self::parse(bytes)
    }

    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
    }
}

text_is_json!(EntryMode);

/// Track 2 (DE 35): a number, a separator, then what Debug does not show.
#[derive(Clone, PartialEq, Eq)]
pub struct Track2(String);

impl Track2 {
    /// Takes up to 37 characters of track 2.
    pub fn parse(text: &str) -> Option<Self> {
        Self::read(text.as_bytes())
    }

    /// All of it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The digits before the separator.
    pub fn number(&self) -> &str {
        self.0.split(SEPARATORS).next().unwrap_or_default()
    }
}

impl Element for Track2 {
    const EXPECTED: &'static str = "track 2";

    fn read(bytes: &[u8]) -> Option<Self> {
        let text = from_utf8(bytes).ok()?;
        (bytes.len() <= TRACK2_MAX && text.contains(SEPARATORS)).then(|| Self(text.to_owned()))
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.0.as_bytes());
    }
}

impl fmt::Debug for Track2 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Track2(***)")
    }
}

text_is_json!(Track2);

/// What chip and terminal told each other (DE 55): the bytes as they came, and the objects in them. Its JSON is hex.
#[derive(Clone, Debug)]
pub struct IccData {
    bytes: Vec<u8>,
    objects: Objects,
}

impl IccData {
    /// The objects of these bytes, which are kept as they are.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        Self::read(bytes)
    }

    /// Objects that were put together here.
    pub fn of(objects: Objects) -> Self {
        Self { bytes: objects.encode(), objects }
    }

    /// The bytes, as they came.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The objects, each tag once.
    pub const fn objects(&self) -> &Objects {
        &self.objects
    }
}

impl PartialEq for IccData {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for IccData {}

impl Element for IccData {
    const EXPECTED: &'static str = "BER-TLV in which each tag is there once";

    fn read(bytes: &[u8]) -> Option<Self> {
        Objects::parse(bytes).ok().map(|objects| Self { bytes: bytes.to_vec(), objects })
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.bytes);
    }
}

impl Serialize for IccData {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode_upper(&self.bytes))
    }
}

impl<'de> Deserialize<'de> for IccData {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = hex::decode(String::deserialize(deserializer)?).ok();
        bytes.and_then(|bytes| Self::parse(&bytes)).ok_or_else(|| D::Error::custom(expected::<Self>()))
    }
}

const SEPARATORS: [char; 2] = ['=', 'D'];
const TRACK2_MAX: usize = 37;
