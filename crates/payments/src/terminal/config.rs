//! What is set once on a terminal: who the merchant is, which cards it takes and which transactions it refuses by itself.
//!
//! Called by whoever runs a [`Session`](super::Session). Rules: EMV Book 4, annex A (9F33, 9F35, 9F40) and 10.1, 10.2; lengths as in
//! ISO 8583:1987, elements 18, 32, 41, 42 and 43, because the card is told exactly what the issuer is told.

use serde::{Deserialize, Serialize};

/// Where the terminal stands and for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// Identification of the acquirer: 1 to 11 digits.
    pub acquirer: &'a str,
    /// Identification of the merchant: up to 15 printable characters.
    pub merchant_id: &'a str,
    /// Identification of the terminal: up to 8 printable characters.
    pub terminal_id: &'a str,
    /// What the merchant sells, by ISO 18245: 4 digits.
    pub category: &'a str,
    /// Name and location of the merchant: up to 40 printable characters.
    pub name_and_location: &'a str,
    /// Where, by ISO 3166 as a number of up to 3 digits.
    pub country: u16,
}

/// What is set once on a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    pub(super) merchant: Merchant,
    pub(super) country: u16,
    pub(super) applications: Vec<Application>,
    pub(super) denial: [u8; 5],
}

/// The merchant as messages name it; kept with each record, so that what follows is told from the same one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merchant {
    /// Digits.
    pub acquirer: String,
    /// 15 characters, padded with spaces.
    pub merchant_id: String,
    /// 8 characters, padded with spaces.
    pub terminal_id: String,
    /// 4 digits.
    pub category: String,
    /// 40 characters, padded with spaces.
    pub name_and_location: String,
}

/// An application of cards that the terminal takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// Its identifier, 5 to 16 bytes.
    pub aid: Vec<u8>,
    /// Whether a card's identifier may go on after these bytes.
    pub is_prefix: bool,
    /// Version of its rules (9F09).
    pub version: [u8; 2],
}

/// Why a terminal cannot be set so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Not digits, or not so many.
    #[error("{0} has 1 to {1} digits")]
    NotDigits(&'static str, usize),
    /// Empty, too long or not printable.
    #[error("{0} has 1 to {1} printable characters, and no space first")]
    NotText(&'static str, usize),
    /// ISO 3166 counts to 999.
    #[error("a country has up to 3 digits")]
    Country,
    /// No card could be selected.
    #[error("the terminal takes no application, or one whose identifier has not 5 to 16 bytes")]
    Applications,
}

impl Config {
    /// A terminal that takes this project's cards and those of the known networks.
    pub fn new(place: &Place<'_>) -> Result<Self, ConfigError> {
        let merchant = Merchant {
            acquirer: digits("the acquirer", place.acquirer, 1, ACQUIRER_DIGITS_MOST)?,
            merchant_id: text("the merchant id", place.merchant_id, 15)?,
            terminal_id: text("the terminal id", place.terminal_id, 8)?,
            category: digits("the merchant category", place.category, 4, 4)?,
            name_and_location: text("name and location", place.name_and_location, 40)?,
        };
        let country = (place.country < 1_000).then_some(place.country).ok_or(ConfigError::Country)?;
        Ok(Self { merchant, country, applications: Application::known(), denial: DENIAL })
    }

    /// Takes these applications and no other.
    pub fn with_applications(self, applications: Vec<Application>) -> Result<Self, ConfigError> {
        let fits = |application: &Application| (5..=16).contains(&application.aid.len());
        let fit = !applications.is_empty() && applications.len() <= APPLICATIONS_MOST && applications.iter().all(fits);
        if fit { Ok(Self { applications, ..self }) } else { Err(ConfigError::Applications) }
    }

    /// Refuses by itself where any of these results is set (terminal action code, denial).
    #[must_use]
    pub fn with_denial(self, denial: [u8; 5]) -> Self {
        Self { denial, ..self }
    }
}

impl Merchant {
    /// The 4 digits in two bytes: 9F15.
    pub(super) fn category_bcd(&self) -> [u8; 2] {
        self.category.parse().map(bcd4).unwrap_or_default()
    }
}

/// Up to 4 digits in two bytes.
pub(super) fn bcd4(number: u16) -> [u8; 2] {
    let digit = |unit: u16| u8::try_from(number / unit % 10).unwrap_or_default();
    [digit(1_000) << 4 | digit(100), digit(10) << 4 | digit(1)]
}

/// Digits in bytes, two by two, with zeros before them.
pub(super) fn bcd<const BYTES: usize>(digits: &str) -> [u8; BYTES] {
    let mut packed = [0; BYTES];
    for (place, digit) in digits.bytes().rev().enumerate().take(2 * BYTES) {
        let value = digit.wrapping_sub(b'0') & 0x0F;
        packed[BYTES - 1 - place / 2] |= if place % 2 == 0 { value } else { value << 4 };
    }
    packed
}

fn digits(what: &'static str, given: &str, least: usize, most: usize) -> Result<String, ConfigError> {
    let fit = (least..=most).contains(&given.len()) && given.bytes().all(|byte| byte.is_ascii_digit());
    fit.then(|| given.to_owned()).ok_or(ConfigError::NotDigits(what, most))
}

fn text(what: &'static str, given: &str, length: usize) -> Result<String, ConfigError> {
    let printable = given.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
    let fit = printable && (1..=length).contains(&given.len()) && !given.starts_with(' ');
    fit.then(|| format!("{given:<length$}")).ok_or(ConfigError::NotText(what, length))
}

/// Contacts only (byte 1), no verification of the holder (byte 2), no offline data authentication (byte 3).
pub(super) const CAPABILITIES: [u8; 3] = [0x20, 0x08, 0x00];
/// Goods and services; prints for and displays to the attendant and the holder; the first code table.
pub(super) const MORE_CAPABILITIES: [u8; 5] = [0x60, 0x00, 0x00, 0xF0, 0x01];
/// A merchant's, attended, online only.
pub(super) const TERMINAL_TYPE: u8 = 0x21;
/// Integrated circuit card.
pub(super) const ENTRY_MODE: u8 = 0x05;
/// Refused at once: a service that the card's rules do not allow.
const DENIAL: [u8; 5] = [0x00, 0x10, 0x00, 0x00, 0x00];
const ACQUIRER_DIGITS_MOST: usize = 11;
const APPLICATIONS_MOST: usize = 32;

impl Application {
    /// This project's cards, and those of the networks that stand in every shop. Card and network decide what their versions mean.
    pub fn known() -> Vec<Self> {
        KNOWN.iter().map(|(aid, version)| Self { aid: aid.to_vec(), is_prefix: true, version: *version }).collect()
    }
}

/// Ours, Visa, Mastercard, Maestro, American Express, JCB, Discover, UnionPay.
const KNOWN: [(&[u8], [u8; 2]); 8] = [
    (OURS, [0x00, 0x01]),
    (&[0xA0, 0x00, 0x00, 0x00, 0x03, 0x10, 0x10], [0x00, 0x96]),
    (&[0xA0, 0x00, 0x00, 0x00, 0x04, 0x10, 0x10], [0x00, 0x02]),
    (&[0xA0, 0x00, 0x00, 0x00, 0x04, 0x30, 0x60], [0x00, 0x02]),
    (&[0xA0, 0x00, 0x00, 0x00, 0x25, 0x01], [0x00, 0x01]),
    (&[0xA0, 0x00, 0x00, 0x00, 0x65, 0x10, 0x10], [0x02, 0x00]),
    (&[0xA0, 0x00, 0x00, 0x01, 0x52, 0x30, 0x10], [0x00, 0x01]),
    (&[0xA0, 0x00, 0x00, 0x03, 0x33, 0x01, 0x01], [0x00, 0x30]),
];
/// Of this project's cards: `F0` begins identifiers that nobody registers (ISO/IEC 7816-5); a version follows.
const OURS: &[u8] = b"\xF0COUNTER";
