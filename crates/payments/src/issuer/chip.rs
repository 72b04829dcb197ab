//! What DE 55 says, taken apart once: the data that the card saw, what it signed, and its cryptogram.
//!
//! Called by `decide` and, for reversals that come first, by `followup`. Rules: T-22 (the bytes that the card saw travel in DE 55, and nothing is
//! rebuilt from other elements), EMV Book 3 annex A for the tags.

use thiserror::Error;

use super::mismatch::Mismatch;
use crate::{
    dol::Dol,
    layout::{self, Iad},
    message::card::IccData,
    tlv::{Tag, tag},
};

/// DE 55 of an authorization.
#[derive(Clone, Debug)]
pub struct Chip<'a> {
    data: &'a IccData,
    /// What filled the PDOL, in its order.
    pub pdol_data: Vec<u8>,
    /// What filled CDOL1, in its order.
    pub cdol_data: Vec<u8>,
    /// 82.
    pub aip: [u8; 2],
    /// 9F36.
    pub atc: u16,
    /// 9F10 as it came.
    pub iad_bytes: &'a [u8],
    /// The same, read.
    pub iad: Iad,
    /// 9F26.
    pub cryptogram: [u8; 8],
    /// 9F27.
    pub information: u8,
}

/// Why DE 55 is not an authorization's (DE 39 = 30).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ChipError {
    /// An object is not there.
    #[error("DE 55 has no {0}")]
    Missing(Tag),
    /// An object of another length than what the card asked for.
    #[error("{tag} of DE 55 has {got} bytes, not {wanted}")]
    Length {
        /// Which.
        tag: Tag,
        /// As the card's list says.
        wanted: usize,
        /// As it came.
        got: usize,
    },
    /// 9F10 is not of our version.
    #[error("9F10 of DE 55 cannot be read: {0}")]
    Iad(#[from] layout::IadError),
}

impl ChipError {
    /// Its name in the issuer's records.
    pub const fn mismatch(&self) -> Mismatch {
        match self {
            Self::Missing(_) => Mismatch::DataMissing,
            Self::Length { .. } => Mismatch::DataLength,
            Self::Iad(_) => Mismatch::IssuerData,
        }
    }
}

impl<'a> Chip<'a> {
    /// Takes DE 55 apart.
    pub fn read(data: &'a IccData) -> Result<Self, ChipError> {
        let iad_bytes = data.objects().get(tag::IAD).ok_or(ChipError::Missing(tag::IAD))?;
        Ok(Self {
            pdol_data: row(data, &layout::pdol())?,
            cdol_data: row(data, &layout::cdol1())?,
            aip: exact(data, tag::AIP)?,
            atc: u16::from_be_bytes(exact(data, tag::ATC)?),
            iad: Iad::parse(iad_bytes)?,
            iad_bytes,
            cryptogram: exact(data, tag::CRYPTOGRAM)?,
            information: u8::from_be_bytes(exact(data, tag::CRYPTOGRAM_INFORMATION)?),
            data,
        })
    }

    /// The value of a tag of the card's lists; empty if it is not there, which `read` rules out for those.
    pub fn value(&self, tag: Tag) -> &'a [u8] {
        self.data.objects().get(tag).unwrap_or_default()
    }

    /// A value of decimal digits, two to a byte, as a number; `None` if it is none.
    pub fn number(&self, tag: Tag) -> Option<u64> {
        decimal(self.value(tag))
    }

    /// Whether the data are those of which the card put a digest into 9F10. If not, somebody between reformatted them.
    pub fn digest_holds(&self) -> bool {
        layout::pdol_digest(&self.pdol_data) == self.iad.pdol_digest
    }
}

/// Digits, two to a byte, as a number.
pub(super) fn decimal(bytes: &[u8]) -> Option<u64> {
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 0x0f]).try_fold(0_u64, |number, digit| {
        let number = number.checked_mul(10)?.checked_add(digit.into())?;
        (digit <= 9).then_some(number)
    })
}

/// The values of a list in one row, each exactly as long as the list wants it.
fn row(data: &IccData, list: &Dol) -> Result<Vec<u8>, ChipError> {
    let mut bytes = Vec::with_capacity(list.len());
    for (tag, length) in list.entries() {
        let value = data.objects().get(*tag).ok_or(ChipError::Missing(*tag))?;
        let (wanted, got) = (usize::from(*length), value.len());
        if wanted != got {
            return Err(ChipError::Length { tag: *tag, wanted, got });
        }
        bytes.extend_from_slice(value);
    }
    Ok(bytes)
}

fn exact<const N: usize>(data: &IccData, tag: Tag) -> Result<[u8; N], ChipError> {
    let value = data.objects().get(tag).ok_or(ChipError::Missing(tag))?;
    value.try_into().map_err(|_| ChipError::Length { tag, wanted: N, got: value.len() })
}

#[cfg(test)]
mod tests;
