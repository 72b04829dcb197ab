//! The tweak of a token: what the inputs are, in one form.
//!
//! ```text
//! 01 | length of name | name of profile | { tag | length | value as received } for each input | 9F36 02 ATC if the token changes
//! ```
//! Requirements T-22 (bytes as the card received them) and T-23 (tag, length and value in fixed order: "12" + "3" is not "1" + "23").
//! The order is the profile's. The first 12 bytes of AES-CMAC fill exactly one block of FF1 for nine digits.

use super::Mac;
use crate::{
    layout::VERSION,
    profile::Values,
    tlv::{Writer, tag},
};

/// Bytes of a tweak.
pub const TWEAK_BYTES: usize = 12;

/// What FF1 takes beside key and digits.
pub type Tweak = [u8; TWEAK_BYTES];

/// The tweak of these values in the transaction of this counter.
pub fn tweak(key: &Mac, values: &Values<'_>, atc: u16) -> Tweak {
    let code = key.sign(&[&message(values, atc)]);
    let [b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, ..] = code;
    [b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11]
}

/// What is signed.
fn message(values: &Values<'_>, atc: u16) -> Vec<u8> {
    let mut objects = Writer::new();
    values.inputs.iter().for_each(|(input, value)| {
        objects.put(input.tag(), value);
    });
    if values.changes {
        objects.put(tag::ATC, &atc.to_be_bytes());
    }
    let name = values.profile.as_bytes();
    // A checked profile's name has at most 32 bytes; a longer one would only be another tweak.
    let length = u8::try_from(name.len()).unwrap_or(u8::MAX);
    [&[VERSION, length], name, &objects.into_bytes()].concat()
}

#[cfg(test)]
mod tests;
