//! What a card answers to GENERATE AC.
//!
//! Called by [`Session`](super::Session), before and after the issuer is asked. Rules: EMV Book 3, 6.5.5 (formats 1 and 2), 9.1 (issuer
//! application data has at most 32 bytes), 10.8 (a card may refuse more than it was asked to, never less).

use super::{
    fault::{CardFault, CryptogramKind, Doing},
    records::only,
};
use crate::tlv::{Objects, Tag, tag};

/// The card's word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Generated {
    pub(super) kind: CryptogramKind,
    pub(super) counter: u16,
    pub(super) cryptogram: [u8; 8],
    /// 9F10, if the card gave it.
    pub(super) issuer_data: Option<Vec<u8>>,
    information: u8,
}

impl Generated {
    /// Reads either format.
    pub(super) fn parse(doing: Doing, data: &[u8]) -> Result<Self, CardFault> {
        let object = only(doing, data)?;
        match object.tag {
            tag::RESPONSE_80 => Self::of_row(doing, object.value),
            tag::RESPONSE_77 => Self::of_objects(doing, object.value),
            _ => Err(CardFault::UnknownForm(doing)),
        }
    }

    fn of_row(doing: Doing, row: &[u8]) -> Result<Self, CardFault> {
        let [information, high, low, rest @ ..] = row else { return Err(CardFault::UnknownForm(doing)) };
        let (cryptogram, issuer_data) = rest.split_first_chunk().ok_or(CardFault::UnknownForm(doing))?;
        let issuer_data = (!issuer_data.is_empty()).then_some(issuer_data);
        Self::of(*information, [*high, *low], *cryptogram, issuer_data)
    }

    fn of_objects(doing: Doing, bytes: &[u8]) -> Result<Self, CardFault> {
        let objects = Objects::parse(bytes).map_err(|error| CardFault::Malformed(doing, error))?;
        let [information] = fixed(&objects, tag::CRYPTOGRAM_INFORMATION)?;
        let (counter, cryptogram) = (fixed(&objects, tag::ATC)?, fixed(&objects, tag::CRYPTOGRAM)?);
        Self::of(information, counter, cryptogram, objects.get(tag::IAD))
    }

    fn of(
        information: u8,
        counter: [u8; 2],
        cryptogram: [u8; 8],
        issuer_data: Option<&[u8]>,
    ) -> Result<Self, CardFault> {
        if issuer_data.is_some_and(|data| data.len() > ISSUER_DATA_BYTES_MOST) {
            return Err(CardFault::Value(tag::IAD));
        }
        let (kind, counter) = (CryptogramKind::of(information), u16::from_be_bytes(counter));
        Ok(Self { kind, counter, cryptogram, issuer_data: issuer_data.map(<[u8]>::to_vec), information })
    }

    /// Refuses what was not asked for.
    pub(super) fn check(self, doing: Doing, asked: CryptogramKind) -> Result<Self, CardFault> {
        let made = self.kind;
        if made == CryptogramKind::Aac || made == asked {
            return Ok(self);
        }
        Err(CardFault::WrongCryptogram { doing, asked, made })
    }

    /// What the issuer is told of it.
    pub(super) fn objects(&self, profile: [u8; 2]) -> Vec<(Tag, Vec<u8>)> {
        let issuer_data = self.issuer_data.iter().map(|data| (tag::IAD, data.clone()));
        let always = [
            (tag::AIP, profile.to_vec()),
            (tag::ATC, self.counter.to_be_bytes().to_vec()),
            (tag::CRYPTOGRAM, self.cryptogram.to_vec()),
            (tag::CRYPTOGRAM_INFORMATION, vec![self.information]),
        ];
        always.into_iter().chain(issuer_data).collect()
    }
}

fn fixed<const BYTES: usize>(objects: &Objects, tag: Tag) -> Result<[u8; BYTES], CardFault> {
    let value = objects.get(tag).ok_or(CardFault::Missing(tag))?;
    value.try_into().map_err(|_| CardFault::Value(tag))
}

const ISSUER_DATA_BYTES_MOST: usize = 32;
