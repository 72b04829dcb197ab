//! How the value of a tag is written, as far as cutting and padding ask.
//!
//! Rules: the column "format" of EMV Book 3 annex A1. What is not listed is text or bytes, cut and padded on the right.

use crate::tlv::Tag;

/// How a value is cut and padded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// n: digits at the right end.
    Numeric,
    /// cn: digits at the left end, fillers behind.
    CompressedNumeric,
    /// an, ans, b: on the left, zeros behind.
    Other,
}

impl Format {
    /// The format of a tag.
    pub(crate) fn of(tag: Tag) -> Self {
        match tag.number() {
            number if NUMERIC.contains(&number) => Self::Numeric,
            number if COMPRESSED.contains(&number) => Self::CompressedNumeric,
            _ => Self::Other,
        }
    }
}

/// Identification number, dates, time, type, service code, country and currency codes with exponents, sequence numbers, amounts,
/// acquirer, code table, category, token requestor, terminal type, counter, entry mode.
const NUMERIC: [u32; 26] = [
    0x42, 0x9A, 0x9C, 0x5F24, 0x5F25, 0x5F28, 0x5F2A, 0x5F30, 0x5F34, 0x5F36, 0x5F57, 0x9F01, 0x9F02, 0x9F03, 0x9F11,
    0x9F15, 0x9F19, 0x9F1A, 0x9F21, 0x9F35, 0x9F39, 0x9F3B, 0x9F3C, 0x9F3D, 0x9F41, 0x9F42,
];

/// Number, and what track 2 has beside it.
const COMPRESSED: [u32; 2] = [0x5A, 0x9F20];
