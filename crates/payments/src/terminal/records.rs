//! What the card says of itself once it knows the transaction: profile and file locator, then its records.
//!
//! Called by [`Session`](super::Session). Rules: EMV Book 3, 6.5.8 (answer of GET PROCESSING OPTIONS, formats 1 and 2), 10.2 (file locator),
//! 5.3.4 and 6.5.11 (records), 7.2 (what must be there). Requirement: no number but a token is taken from a card.

use std::collections::VecDeque;

use super::{
    data::Data,
    fault::{CardFault, Doing},
    time::day_of_card,
};
use crate::{
    number::{Expiry, Token},
    tlv::{self, Objects, Tlv, TlvError, tag},
};

/// Answer of GET PROCESSING OPTIONS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Options {
    /// Application interchange profile (82).
    pub(super) profile: [u8; 2],
    /// What is to be read.
    pub(super) records: VecDeque<Place>,
}

/// A record of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) file: u8,
    pub(super) record: u8,
}

/// What every card must say, and what messages need of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) token: Token,
    pub(super) expiry: Expiry,
    /// 5F34 as a number.
    pub(super) sequence: Option<u8>,
}

impl Options {
    /// Reads either format.
    pub(super) fn parse(data: &[u8]) -> Result<Self, CardFault> {
        let object = only(Doing::GetProcessingOptions, data)?;
        let (profile, locator) = match object.tag {
            tag::RESPONSE_80 => object.value.split_at_checked(2).ok_or(UNKNOWN)?,
            tag::RESPONSE_77 => return Self::of_objects(object.value),
            _ => return Err(UNKNOWN),
        };
        Self::of(profile, locator)
    }

    fn of_objects(bytes: &[u8]) -> Result<Self, CardFault> {
        let malformed = |error| CardFault::Malformed(Doing::GetProcessingOptions, error);
        let objects = Objects::parse(bytes).map_err(malformed)?;
        let found = |tag| objects.get(tag).ok_or(CardFault::Missing(tag));
        Self::of(found(tag::AIP)?, found(tag::AFL)?)
    }

    fn of(profile: &[u8], locator: &[u8]) -> Result<Self, CardFault> {
        let profile = profile.try_into().map_err(|_| CardFault::Value(tag::AIP))?;
        Ok(Self { profile, records: places(locator)? })
    }

    /// The card wants its holder verified.
    pub(super) const fn verifies_holder(profile: [u8; 2]) -> bool {
        profile[0] & 0x10 != 0
    }

    /// The card takes EXTERNAL AUTHENTICATE.
    pub(super) const fn authenticates_issuer(profile: [u8; 2]) -> bool {
        profile[0] & 0x04 != 0
    }
}

/// The records that a file locator names: entries of file, first and last record, and how many of them are signed.
fn places(locator: &[u8]) -> Result<VecDeque<Place>, CardFault> {
    let (entries, rest) = locator.as_chunks::<4>();
    if entries.is_empty() || !rest.is_empty() {
        return Err(CardFault::Locator);
    }
    let mut places = VecDeque::new();
    for [file, first, last, signed] in entries {
        let (number, count) = (file >> 3, last.checked_sub(*first));
        let sound = file & 0x07 == 0 && (1..=30).contains(&number) && *first > 0;
        let count = count.filter(|count| sound && *signed <= count.saturating_add(1)).ok_or(CardFault::Locator)?;
        if places.len() + usize::from(count) >= RECORDS_MOST {
            return Err(CardFault::TooManyRecords(RECORDS_MOST));
        }
        places.extend((*first..=*last).map(|record| Place { file: number, record }));
    }
    Ok(places)
}

/// Takes what a record says. Files after the tenth are the issuer's own.
pub(super) fn learn(data: &mut Data, place: Place, bytes: &[u8]) -> Result<(), CardFault> {
    if place.file > FILE_OF_EMV_LAST {
        return Ok(());
    }
    let record = only(Doing::ReadRecord, bytes)?;
    if record.tag != tag::RECORD_TEMPLATE {
        return Err(CardFault::UnknownForm(Doing::ReadRecord));
    }
    let objects = tlv::parse(record.value).map_err(|error| CardFault::Malformed(Doing::ReadRecord, error))?;
    objects.iter().try_for_each(|object| data.learn(object.tag, object.value))
}

/// What must be there after all records are read, in the forms that it has.
pub(super) fn named(data: &Data) -> Result<Named, CardFault> {
    let needed = [tag::PAN, tag::EXPIRY, tag::CDOL1, tag::CDOL2];
    if let Some(missing) = needed.into_iter().find(|tag| data.card(*tag).is_none()) {
        return Err(CardFault::Missing(missing));
    }
    let token = Token::from_cn(data.card(tag::PAN).unwrap_or_default()).map_err(CardFault::Number)?;
    if let Some(track) = data.card(tag::TRACK_2) {
        check_track(track, &token)?;
    }
    let expiry = data.card(tag::EXPIRY).unwrap_or_default();
    let month = hex::encode(expiry.get(..2).unwrap_or_default());
    let is_day = day_of_card(expiry).is_some();
    let expiry = Expiry::parse(&month).ok().filter(|_| is_day).ok_or(CardFault::Value(tag::EXPIRY))?;
    let sequence = data.fixed::<1>(tag::SEQUENCE)?.map(|[byte]| sequence_number(byte)).transpose()?;
    Ok(Named { token, expiry, sequence })
}

/// Track 2: number, D, expiry, and more; the number is that of 5A.
fn check_track(track: &[u8], token: &Token) -> Result<(), CardFault> {
    let nibbles = hex::encode(track);
    let (number, _) = nibbles.split_once('d').ok_or(CardFault::Value(tag::TRACK_2))?;
    if number == token.digits() { Ok(()) } else { Err(CardFault::NumbersDiffer) }
}

/// Two digits of a byte.
fn sequence_number(byte: u8) -> Result<u8, CardFault> {
    let (tens, ones) = (byte >> 4, byte & 0x0F);
    (tens < 10 && ones < 10).then(|| tens * 10 + ones).ok_or(CardFault::Value(tag::SEQUENCE))
}

/// The one object that an answer is.
pub(super) fn only(doing: Doing, bytes: &[u8]) -> Result<Tlv<'_>, CardFault> {
    let objects = tlv::parse(bytes).map_err(|error: TlvError| CardFault::Malformed(doing, error))?;
    match objects.as_slice() {
        [object] => Ok(*object),
        _ => Err(CardFault::UnknownForm(doing)),
    }
}

const UNKNOWN: CardFault = CardFault::UnknownForm(Doing::GetProcessingOptions);
/// A bound against cards that never end; cards in use have fewer than twenty.
const RECORDS_MOST: usize = 64;
const FILE_OF_EMV_LAST: u8 = 10;
