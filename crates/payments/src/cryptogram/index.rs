//! The second part of the token: the card reference under the index key, another one at each merchant.
//!
//! Requirements T-14, T-15 and T-20: by it the issuer finds the card, and with the card its keys. Twelve digits under FF1, tweaked by the
//! merchant id as the card received it, so that two merchants of different ids cannot tell by it that they saw one card; with an empty tweak it
//! is static.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Ff1, Ff1Error};
use crate::layout::is_bcd;

/// Why there is no card reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// Not twelve digits.
    #[error("a card reference has {DIGITS} digits")]
    Digits,
    /// The merchant id is longer than a tweak may be.
    #[error(transparent)]
    Cipher(#[from] Ff1Error),
}

/// Twelve random digits by which an issuer knows a card; nothing of the number is in them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct CardReference([u8; DIGITS]);

impl CardReference {
    /// Reads twelve digits.
    pub fn parse(text: &str) -> Result<Self, ReferenceError> {
        let digits: [u8; DIGITS] = text.as_bytes().try_into().map_err(|_| ReferenceError::Digits)?;
        if !digits.iter().all(u8::is_ascii_digit) {
            return Err(ReferenceError::Digits);
        }
        Ok(Self(digits.map(|digit| digit.wrapping_sub(b'0'))))
    }

    /// Twelve digits of random bytes; so many of them that none of the references is likelier than another by anything that counts.
    pub fn from_random(bytes: [u8; 16]) -> Self {
        let mut rest = u128::from_be_bytes(bytes);
        let mut digits = [0; DIGITS];
        for digit in digits.iter_mut().rev() {
            // A remainder of ten fits.
            *digit = u8::try_from(rest % 10).unwrap_or_default();
            rest /= 10;
        }
        Self(digits)
    }
}

impl fmt::Display for CardReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|digit| write!(f, "{digit}"))
    }
}

impl fmt::Debug for CardReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CardReference({self})")
    }
}

impl From<CardReference> for String {
    fn from(reference: CardReference) -> Self {
        reference.to_string()
    }
}

impl TryFrom<String> for CardReference {
    type Error = ReferenceError;

    fn try_from(text: String) -> Result<Self, ReferenceError> {
        Self::parse(&text)
    }
}

/// The card index of a card at a merchant, two digits to a byte. The tweak is [`crate::profile::Values::index_tweak`].
pub fn card_index(index: &Ff1, reference: &CardReference, tweak: &[u8]) -> Result<[u8; 6], ReferenceError> {
    let mut digits = reference.0;
    index.encrypt_in_place(tweak, &mut digits)?;
    let mut packed = [0; 6];
    let pairs = digits.chunks_exact(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit));
    packed.iter_mut().zip(pairs).for_each(|(byte, pair)| *byte = pair);
    Ok(packed)
}

/// The card of a card index.
pub fn card_reference(index: &Ff1, packed: &[u8; 6], tweak: &[u8]) -> Result<CardReference, ReferenceError> {
    if !is_bcd(packed) {
        return Err(ReferenceError::Digits);
    }
    let mut digits = [0; DIGITS];
    let nibbles = packed.iter().flat_map(|byte| [byte >> 4, byte & 0x0f]);
    digits.iter_mut().zip(nibbles).for_each(|(digit, nibble)| *digit = nibble);
    index.decrypt_in_place(tweak, &mut digits)?;
    Ok(CardReference(digits))
}

const DIGITS: usize = 12;
