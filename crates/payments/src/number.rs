//! Card numbers: the real one, which nobody sees, and the token, which takes its place.
//!
//! Called by every room; [`crate::terminal`] names [`Token`] alone. Rules: ISO/IEC 7812-1 (13 to 19 digits, Luhn check digit in annex B),
//! EMV Book 3 annex A for the coding of tag 5A. Requirements T-06 (the number does not leave its place) and T-24 (a token keeps length
//! and check digit). The one truncation is PCI SSC FAQ 1091's: first 6 and last 4 digits.

use std::fmt;

use primitives::Masked;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

/// Fewest digits of a number.
pub const MIN_DIGITS: usize = 13;
/// Most digits of a number.
pub const MAX_DIGITS: usize = 19;

/// Why a text is no card number, token or expiry. It never carries the text itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// Too short or too long.
    #[error("a card number has {MIN_DIGITS} to {MAX_DIGITS} digits, not {0}")]
    Length(usize),
    /// Something beside 0 to 9.
    #[error("a card number has digits only")]
    NotDigits,
    /// The last digit does not fit the others.
    #[error("the check digit is wrong")]
    CheckDigit,
    /// Tag 5A with a filler before a digit, or a nibble that is neither.
    #[error("tag 5A is not compressed numeric")]
    NotCompressed,
    /// Not YYMM with a month of 1 to 12.
    #[error("an expiry is YYMM with a month of 01 to 12")]
    Expiry,
}

/// A real card number: 13 to 19 digits whose check digit holds. Wiped when dropped; Debug prints stars; it has no Display and no
/// Serialize.
#[derive(Clone)]
pub struct Pan(Masked<Vec<u8>>);

impl Pan {
    /// Reads the digits of a number.
    pub fn parse(text: &str) -> Result<Self, NumberError> {
        check_digits(text.as_bytes())?;
        Ok(Self(Masked::new(text.as_bytes().to_vec())))
    }

    /// The number as ASCII digits; every call site is a place to review.
    pub fn digits(&self) -> &[u8] {
        self.0.expose()
    }

    /// How many digits it has.
    #[expect(clippy::len_without_is_empty, reason = "a number always has digits")]
    pub fn len(&self) -> usize {
        self.digits().len()
    }

    /// The first 6 and the last 4 digits with stars between: all of a number that may be shown or stored readably.
    pub fn truncated(&self) -> String {
        truncated(self.digits())
    }
}

impl fmt::Debug for Pan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pan(***)")
    }
}

/// Compared in a time that does not depend on the digits.
impl PartialEq for Pan {
    fn eq(&self, other: &Self) -> bool {
        self.digits().ct_eq(other.digits()).into()
    }
}

impl Eq for Pan {}

/// A number that stands in the place of a [`Pan`]: public, of the same form.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Token(String);

impl Token {
    /// Reads the digits of a token.
    pub fn parse(text: &str) -> Result<Self, NumberError> {
        check_digits(text.as_bytes())?;
        Ok(Self(text.to_owned()))
    }

    /// The digits.
    pub fn digits(&self) -> &str {
        &self.0
    }

    /// Shown as a real number would be: on slips and in lists.
    pub fn truncated(&self) -> String {
        truncated(self.0.as_bytes())
    }

    /// The same with nothing between its first 6 and last 4 digits but zeros, and before them the digit that makes the check digit hold:
    /// what may be kept where it may be a real number after all. It tells no more than [`Pan::truncated`].
    #[must_use]
    pub fn concealed(&self) -> Self {
        let hidden = FIRST_SHOWN..self.0.len().saturating_sub(LAST_SHOWN);
        let conceal = |first: u8| {
            let shown = |(at, digit): (usize, u8)| match at {
                FIRST_SHOWN => first,
                at if hidden.contains(&at) => b'0',
                _ => digit,
            };
            self.0.bytes().enumerate().map(shown).map(char::from).collect::<String>()
        };
        // Each of the ten gives another sum modulo 10.
        let sound = (b'0'..=b'9').map(conceal).find(|digits| luhn_holds(digits.as_bytes()));
        Self(sound.unwrap_or_default())
    }

    /// The value of tag 5A: two digits to a byte, an odd last one followed by a filler.
    pub fn to_cn(&self) -> Vec<u8> {
        let value = |digit: Option<&u8>| digit.map_or(FILLER, |digit| digit.wrapping_sub(b'0'));
        self.0.as_bytes().chunks(2).map(|pair| value(pair.first()) << 4 | value(pair.get(1))).collect()
    }

    /// Reads the value of tag 5A. Fillers may follow the digits up to the longest form.
    pub fn from_cn(bytes: &[u8]) -> Result<Self, NumberError> {
        if bytes.len() > MAX_DIGITS.div_ceil(2) {
            return Err(NumberError::Length(bytes.len().saturating_mul(2)));
        }
        let nibbles: Vec<u8> = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0x0f]).collect();
        let length = nibbles.iter().rposition(|nibble| *nibble != FILLER).map_or(0, |last| last + 1);
        let text = nibbles.iter().take(length).map(|nibble| digit_of(*nibble)).collect::<Option<String>>();
        Self::parse(&text.ok_or(NumberError::NotCompressed)?)
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({})", self.0)
    }
}

impl From<Token> for String {
    fn from(token: Token) -> Self {
        token.0
    }
}

impl TryFrom<String> for Token {
    type Error = NumberError;

    fn try_from(text: String) -> Result<Self, NumberError> {
        Self::parse(&text)
    }
}

/// The month a card or token ends with, written YYMM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Expiry {
    year_2000: u8,
    month: u8,
}

impl Expiry {
    /// Reads YYMM.
    pub fn parse(text: &str) -> Result<Self, NumberError> {
        let [y1, y2, m1, m2] = *text.as_bytes() else { return Err(NumberError::Expiry) };
        let two = |tens: u8, ones: u8| {
            let both = tens.is_ascii_digit() && ones.is_ascii_digit();
            both.then(|| tens.wrapping_sub(b'0').wrapping_mul(10).wrapping_add(ones.wrapping_sub(b'0')))
        };
        match (two(y1, y2), two(m1, m2)) {
            (Some(year_2000), Some(month @ 1..=12)) => Ok(Self { year_2000, month }),
            _ => Err(NumberError::Expiry),
        }
    }

    /// Years since 2000.
    pub const fn year_2000(self) -> u8 {
        self.year_2000
    }

    /// 1 to 12.
    pub const fn month(self) -> u8 {
        self.month
    }

    /// The last day of the month.
    pub const fn last_day(self) -> u8 {
        days_in_month(self.year_2000, self.month)
    }

    /// The value of tag 5F24: YYMMDD, two digits to a byte, with the last day of the month.
    pub const fn to_date(self) -> [u8; 3] {
        [to_bcd(self.year_2000), to_bcd(self.month), to_bcd(self.last_day())]
    }
}

impl fmt::Display for Expiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}{:02}", self.year_2000, self.month)
    }
}

impl From<Expiry> for String {
    fn from(expiry: Expiry) -> Self {
        expiry.to_string()
    }
}

impl TryFrom<String> for Expiry {
    type Error = NumberError;

    fn try_from(text: String) -> Result<Self, NumberError> {
        Self::parse(&text)
    }
}

/// The check digit that belongs behind these ASCII digits.
pub fn luhn_digit(digits_without: &[u8]) -> u8 {
    let sum = luhn_sum(digits_without.iter().rev(), true);
    b'0'.wrapping_add((10_u8).wrapping_sub(sum) % 10)
}

/// Whether the last of these ASCII digits fits the others.
pub fn luhn_holds(digits: &[u8]) -> bool {
    digits.split_last().is_some_and(|(last, rest)| *last == luhn_digit(rest))
}

/// Days of a month of the years 2000 to 2099; 0 for what is no month.
pub const fn days_in_month(year_2000: u8, month: u8) -> u8 {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year_2000.is_multiple_of(4) => 29,
        2 => 28,
        _ => 0,
    }
}

/// Sum modulo 10, from the right; every second digit is doubled, beginning with the first if `double`.
fn luhn_sum<'a>(from_right: impl Iterator<Item = &'a u8>, mut double: bool) -> u8 {
    let mut sum = 0;
    for digit in from_right {
        let value = digit.wrapping_sub(b'0') % 10;
        sum = (sum + if double { DOUBLED[usize::from(value)] } else { value }) % 10;
        double = !double;
    }
    sum
}

fn truncated(digits: &[u8]) -> String {
    let hidden = FIRST_SHOWN..digits.len().saturating_sub(LAST_SHOWN);
    let shown = |(at, digit): (usize, &u8)| if hidden.contains(&at) { '*' } else { char::from(*digit) };
    digits.iter().enumerate().map(shown).collect()
}

fn check_digits(digits: &[u8]) -> Result<(), NumberError> {
    if !digits.iter().all(u8::is_ascii_digit) {
        return Err(NumberError::NotDigits);
    }
    if !(MIN_DIGITS..=MAX_DIGITS).contains(&digits.len()) {
        return Err(NumberError::Length(digits.len()));
    }
    if luhn_holds(digits) { Ok(()) } else { Err(NumberError::CheckDigit) }
}

fn digit_of(nibble: u8) -> Option<char> {
    char::from_digit(u32::from(nibble), 10)
}

/// A number below 100 as two digits in a byte.
const fn to_bcd(value: u8) -> u8 {
    ((value / 10) << 4) | (value % 10)
}

/// Twice a digit, its own digits added.
const DOUBLED: [u8; 10] = [0, 2, 4, 6, 8, 1, 3, 5, 7, 9];
const FILLER: u8 = 0x0f;
const FIRST_SHOWN: usize = 6;
const LAST_SHOWN: usize = 4;

#[cfg(test)]
mod tests;
