//! What card and issuer agree on beside the standards, version 1: the lists the card asks for and what its issuer application data says.
//!
//! Called by [`crate::card`], which sends these bytes, and by [`crate::issuer`], which reads them. Requirements T-20 (the card index is
//! the second part of the token), T-22 (the bytes that the card saw reach the issuer: by the digest "reformatted on the way" is told
//! from "forged"), T-27 (online only, no offline data authentication), T-28 (inputs come in the PDOL).
//!
//! ```text
//! 9F10: 11 | derivation index | cryptogram version | CVR 4 | key set | card index 6, BCD | first 4 of SHA-256(PDOL data)
//! ```

use sha2_11::{Digest as _, Sha256};

use crate::{
    dol::Dol,
    tlv::{Tag, tag},
};

/// Version of lists, tweak and cryptogram.
pub const VERSION: u8 = 1;
/// Bytes of the issuer application data.
pub const IAD_BYTES: usize = 18;
/// Issuer authentication by EXTERNAL AUTHENTICATE; terminal risk management; neither offline data authentication nor cardholder
/// verification.
pub const AIP: [u8; 2] = [0x0c, 0x00];

/// What the card wants before it makes its token: 90 bytes.
pub fn pdol() -> Dol {
    Dol::of(&PDOL)
}

/// What the card signs at the first GENERATE AC: 29 bytes.
pub fn cdol1() -> Dol {
    Dol::of(&CDOL1)
}

/// What the card wants at the second GENERATE AC, the issuer's answer first: 41 bytes.
pub fn cdol2() -> Dol {
    Dol::of(&[&ANSWER[..], &CDOL1].concat())
}

/// What stands for the PDOL data in the issuer application data.
pub fn pdol_digest(pdol_data: &[u8]) -> [u8; 4] {
    let digest: [u8; 32] = Sha256::digest(pdol_data).into();
    let [b0, b1, b2, b3, ..] = digest;
    [b0, b1, b2, b3]
}

/// Why bytes are no issuer application data of this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IadError {
    /// Another length, or a length byte that says another.
    #[error("issuer application data have {IAD_BYTES} bytes and say so, not {0}")]
    Length(usize),
    /// Not [`VERSION`].
    #[error("cryptogram version {0} is not known")]
    Version(u8),
    /// Not twelve decimal digits.
    #[error("the card index is not decimal")]
    CardIndex,
}

/// Issuer application data, tag 9F10.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Iad {
    /// Which issuer master key the card's key comes from.
    pub derivation_index: u8,
    /// Always [`VERSION`].
    pub cvn: u8,
    /// Card verification results.
    pub cvr: [u8; 4],
    /// Which keys made token and index.
    pub key_set: u8,
    /// Twelve digits, two to a byte; zeros where the profile has no index.
    pub card_index: [u8; 6],
    /// [`pdol_digest`] of what the card received.
    pub pdol_digest: [u8; 4],
}

impl Iad {
    /// The value of tag 9F10.
    pub fn encode(&self) -> [u8; IAD_BYTES] {
        let [v0, v1, v2, v3] = self.cvr;
        let [i0, i1, i2, i3, i4, i5] = self.card_index;
        let [d0, d1, d2, d3] = self.pdol_digest;
        let (dki, cvn) = (self.derivation_index, self.cvn);
        [REST, dki, cvn, v0, v1, v2, v3, self.key_set, i0, i1, i2, i3, i4, i5, d0, d1, d2, d3]
    }

    /// Reads the value of tag 9F10.
    pub fn parse(bytes: &[u8]) -> Result<Self, IadError> {
        let length = IadError::Length(bytes.len());
        let exact: [u8; IAD_BYTES] = bytes.try_into().map_err(|_| length)?;
        let [rest, derivation_index, cvn, v0, v1, v2, v3, key_set, i0, i1, i2, i3, i4, i5, d0, d1, d2, d3] = exact;
        let card_index = [i0, i1, i2, i3, i4, i5];
        match () {
            () if rest != REST => Err(length),
            () if cvn != VERSION => Err(IadError::Version(cvn)),
            () if !is_bcd(&card_index) => Err(IadError::CardIndex),
            () => {
                let (cvr, pdol_digest) = ([v0, v1, v2, v3], [d0, d1, d2, d3]);
                Ok(Self { derivation_index, cvn, cvr, key_set, card_index, pdol_digest })
            }
        }
    }
}

/// Whether every nibble is a digit.
pub(crate) fn is_bcd(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| byte >> 4 <= 9 && byte & 0x0f <= 9)
}

const PDOL: [(Tag, u8); 11] = [
    (tag::AMOUNT, 6),
    (tag::OTHER_AMOUNT, 6),
    (tag::CURRENCY, 2),
    (tag::DATE, 3),
    (tag::TIME, 3),
    (tag::TYPE, 1),
    (tag::UNPREDICTABLE_NUMBER, 4),
    (tag::MERCHANT_ID, 15),
    (tag::TERMINAL_ID, 8),
    (tag::LOCATION, 40),
    (tag::MERCHANT_CATEGORY, 2),
];

const CDOL1: [(Tag, u8); 8] = [
    (tag::AMOUNT, 6),
    (tag::OTHER_AMOUNT, 6),
    (tag::TERMINAL_COUNTRY, 2),
    (tag::TVR, 5),
    (tag::CURRENCY, 2),
    (tag::DATE, 3),
    (tag::TYPE, 1),
    (tag::UNPREDICTABLE_NUMBER, 4),
];

/// Response code; ARPC of four bytes and card status update of four. The list gives the second ten, of which two stay zero.
const ANSWER: [(Tag, u8); 2] = [(tag::RESPONSE_CODE, 2), (tag::ISSUER_AUTHENTICATION, 10)];

/// The length byte: what follows it.
const REST: u8 = 17;

#[cfg(test)]
mod tests;
