//! What makes a card this card: its open face, its number and its keys. Checked once, here; the machine relies on it.
//!
//! Made by whoever issues the card, from keys that are finished, or read from a card file. Requirements T-02 to T-05 (profile and its
//! credentials), T-06 (the number comes in here and nowhere goes out), T-24 (the token BIN is not the number's), T-25 (room).

use std::{collections::BTreeMap, fmt};

use contracts::cash::iso4217::Currency;
use primitives::Masked;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    cryptogram::{CardKeys, CardReference},
    number::{Expiry, Pan},
    profile::{Input, InvalidValue, Profile, ProfileError},
};

/// What anybody may know of a card; in clear in its file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Face {
    /// What terminals select.
    pub aid: Aid,
    /// What terminals call it: 1 to 16 letters, digits and blanks.
    pub label: String,
    /// The first digits of every token, as many as the BIN that they stand for.
    pub token_bin: String,
    /// Until when the card may be used.
    pub expiry: Expiry,
    /// What a token says of itself instead; the card's own if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_expiry: Option<Expiry>,
    /// Card sequence number, 0 to 99: tells cards of one number apart.
    pub sequence: u8,
    /// Three digits of track 2, ISO/IEC 7813.
    pub service_code: String,
    /// Issuer country, ISO 3166-1 numeric.
    pub country: u16,
    /// Application currency, ISO 4217 numeric.
    pub currency: u16,
    /// Which issuer master key the card's key comes from.
    pub derivation_index: u8,
    /// Which keys make token and index.
    pub key_set: u8,
    /// What tokens are made of.
    pub profile: Profile,
}

/// What nobody may read; sealed in the card's file.
#[derive(Clone, Debug)]
pub struct Secrets {
    /// The number that no command returns.
    pub pan: Pan,
    /// By which the issuer finds the card.
    pub reference: CardReference,
    /// What the card computes with.
    pub keys: CardKeys,
    /// What else goes into its tokens.
    pub credentials: Credentials,
}

/// Everything a card is made of.
#[derive(Clone, Debug)]
pub struct Personalization {
    face: Face,
    secrets: Secrets,
}

impl Personalization {
    /// Refuses a card that could not make its tokens.
    pub fn new(face: Face, secrets: Secrets) -> Result<Self, PersonalizationError> {
        let card = Self { face, secrets };
        card.face.check()?;
        card.face.profile.check(card.face.token_bin.len(), card.secrets.pan.len())?;
        if card.secrets.pan.digits().starts_with(card.face.token_bin.as_bytes()) {
            return Err(PersonalizationError::SameBin);
        }
        let expiry = card.face.expiry.to_date();
        card.face.profile.values(|input| sample(input).or_else(|| card.secrets.credential(input, &expiry)))?;
        Ok(card)
    }

    /// The open part.
    pub fn face(&self) -> &Face {
        &self.face
    }

    /// The closed part.
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }
}

impl Secrets {
    /// A credential as an input of the token; `expiry` is the card's.
    pub(super) fn credential<'a>(&'a self, input: Input, expiry: &'a [u8; 3]) -> Option<&'a [u8]> {
        if input == Input::Expiry { Some(expiry) } else { self.credentials.get(input) }
    }
}

impl Face {
    /// What a token says when it ends.
    pub fn token_expiry(&self) -> Expiry {
        self.token_expiry.unwrap_or(self.expiry)
    }

    /// Card sequence number, tag 5F34: two digits in a byte.
    pub fn sequence_bcd(&self) -> u8 {
        ((self.sequence / 10 % 10) << 4) | (self.sequence % 10)
    }

    fn check(&self) -> Result<(), PersonalizationError> {
        use PersonalizationError as E;
        let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == ' ';
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let ensure = |holds: bool, error: E| if holds { Ok(()) } else { Err(error) };
        ensure((1..=16).contains(&self.label.len()) && self.label.chars().all(plain), E::Label)?;
        ensure(digits(&self.token_bin), E::TokenBin)?;
        ensure(self.sequence <= 99, E::Sequence(self.sequence))?;
        ensure(self.service_code.len() == 3 && digits(&self.service_code), E::ServiceCode)?;
        ensure((1..=999).contains(&self.country), E::Country(self.country))?;
        ensure(Currency::by_number(self.currency).is_some(), E::Currency(self.currency))
    }
}

/// What the cardholder can show beside the number, and the seed: inputs of tokens that come from the card.
#[derive(Clone, Debug, Default)]
pub struct Credentials(BTreeMap<Input, Masked<Vec<u8>>>);

impl Credentials {
    /// Puts one in. The expiry is the card's and stands on its face; what the terminal supplies is no credential.
    pub fn set(&mut self, input: Input, value: &[u8]) -> Result<(), PersonalizationError> {
        if input.is_from_terminal() || input == Input::Expiry {
            return Err(PersonalizationError::NoCredential(input));
        }
        if value.len() > MAX_CREDENTIAL_BYTES {
            return Err(PersonalizationError::LongCredential(input));
        }
        self.0.insert(input, Masked::new(value.to_vec()));
        Ok(())
    }

    /// One of them.
    pub fn get(&self, input: Input) -> Option<&[u8]> {
        self.0.get(&input).map(|value| value.expose().as_slice())
    }

    /// All of them, in a fixed order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Input, &[u8])> {
        self.0.iter().map(|(input, value)| (*input, value.expose().as_slice()))
    }
}

/// The name of an application, 5 to 16 bytes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Aid(Vec<u8>);

impl Aid {
    /// Reads hex.
    pub fn parse(hex: &str) -> Result<Self, PersonalizationError> {
        let bytes = hex::decode(hex).map_err(|_| PersonalizationError::Aid)?;
        if (5..=16).contains(&bytes.len()) { Ok(Self(bytes)) } else { Err(PersonalizationError::Aid) }
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Default for Aid {
    /// Ours: unregistered (F0), "COUNTER", version 1.
    fn default() -> Self {
        Self(b"\xf0COUNTER\x01".to_vec())
    }
}

impl fmt::Display for Aid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode_upper(&self.0))
    }
}

impl fmt::Debug for Aid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Aid({self})")
    }
}

impl From<Aid> for String {
    fn from(aid: Aid) -> Self {
        aid.to_string()
    }
}

impl TryFrom<String> for Aid {
    type Error = PersonalizationError;

    fn try_from(text: String) -> Result<Self, PersonalizationError> {
        Self::parse(&text)
    }
}

/// Why a card cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PersonalizationError {
    /// No name for an application.
    #[error("an AID has 5 to 16 bytes in hex")]
    Aid,
    /// No name for people.
    #[error("an application label has 1 to 16 letters, digits and blanks")]
    Label,
    /// Something beside 0 to 9.
    #[error("a token BIN has digits only")]
    TokenBin,
    /// T-24: a token could be somebody's number.
    #[error("the token BIN is the number's own")]
    SameBin,
    /// Two digits.
    #[error("a card sequence number is 0 to 99, not {0}")]
    Sequence(u8),
    /// Three digits.
    #[error("a service code has three digits")]
    ServiceCode,
    /// Three digits.
    #[error("{0} is no country number")]
    Country(u16),
    /// Not in ISO 4217.
    #[error("{0} is no currency number")]
    Currency(u16),
    /// The profile is none, or the numbers leave it no room.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// The profile wants a credential that the card does not have, or has wrong.
    #[error("the profile needs a credential: {0}")]
    Credential(#[from] InvalidValue),
    /// Not among those that a card keeps.
    #[error("{} is no credential that a card keeps", .0.name())]
    NoCredential(Input),
    /// Longer than any input may be.
    #[error("{} has at most {MAX_CREDENTIAL_BYTES} bytes", .0.name())]
    LongCredential(Input),
}

/// What terminals will supply, so that what they do not can be checked before there is one.
fn sample(input: Input) -> Option<&'static [u8]> {
    Some(match input {
        Input::MerchantId => b"MERCHANT-000001",
        Input::MerchantCategory => b"\x59\x99",
        Input::Amount | Input::OtherAmount => b"\x00\x00\x00\x00\x00\x01",
        Input::Date => b"\x26\x01\x01",
        Input::Time => b"\x12\x00\x00",
        Input::Location => b"Somewhere",
        Input::TerminalId => b"TERM0001",
        Input::UnpredictableNumber => b"\x00\x00\x00\x01",
        Input::Currency => b"\x09\x78",
        Input::Type => b"\x00",
        Input::Expiry | Input::SecurityCode | Input::Name | Input::PostalCode | Input::AddressLine | Input::Seed => {
            return None;
        }
    })
}

/// Longest credential; the profile's own bounds are narrower.
const MAX_CREDENTIAL_BYTES: usize = 127;
