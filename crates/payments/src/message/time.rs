//! Dates and times of a message: digits that are checked once. Called by the typed messages.
//!
//! Source: ISO 8583:1987, DE 7, 12, 13. None of them has a year, so 29 February is always a day.

use crate::number::days_in_month;

use super::element::{Digits, Element, text_is_json};

/// When a message was sent (DE 7): MMDDhhmmss in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TransmissionTime(Digits<10>);

/// A time of day where the terminal is (DE 12): hhmmss.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LocalTime(Digits<6>);

/// A day where the terminal is (DE 13): MMDD.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LocalDate(Digits<4>);

impl TransmissionTime {
    /// Reads MMDDhhmmss.
    pub fn parse(text: &str) -> Option<Self> {
        Self::read(text.as_bytes())
    }

    /// MMDDhhmmss.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl LocalTime {
    /// Reads hhmmss.
    pub fn parse(text: &str) -> Option<Self> {
        Self::read(text.as_bytes())
    }

    /// hhmmss.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl LocalDate {
    /// Reads MMDD.
    pub fn parse(text: &str) -> Option<Self> {
        Self::read(text.as_bytes())
    }

    /// MMDD.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl Element for TransmissionTime {
    const EXPECTED: &'static str = "MMDDhhmmss of a day and a time that exist";

    fn read(bytes: &[u8]) -> Option<Self> {
        let digits = Digits::<10>::parse(bytes)?;
        let (day, time) = bytes.split_at_checked(DAY_DIGITS)?;
        (is_day(day) && is_time(time)).then_some(Self(digits))
    }

    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
    }
}

impl Element for LocalTime {
    const EXPECTED: &'static str = "hhmmss of a time that exists";

    fn read(bytes: &[u8]) -> Option<Self> {
        Digits::parse(bytes).filter(|_| is_time(bytes)).map(Self)
    }

    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
    }
}

impl Element for LocalDate {
    const EXPECTED: &'static str = "MMDD of a day that exists";

    fn read(bytes: &[u8]) -> Option<Self> {
        Digits::parse(bytes).filter(|_| is_day(bytes)).map(Self)
    }

    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
    }
}

text_is_json!(TransmissionTime);
text_is_json!(LocalTime);
text_is_json!(LocalDate);

fn is_day(digits: &[u8]) -> bool {
    let [month, day] = pairs(digits);
    (1..=days_in_month(LEAP_YEAR, month)).contains(&day)
}

fn is_time(digits: &[u8]) -> bool {
    let [hours, minutes, seconds] = pairs(digits);
    hours < 24 && minutes < 60 && seconds < 60
}

/// The numbers of two digits each.
fn pairs<const N: usize>(digits: &[u8]) -> [u8; N] {
    let value = |digit: usize| digits.get(digit).map_or(0, |digit| digit.saturating_sub(b'0'));
    std::array::from_fn(|pair| value(2 * pair).saturating_mul(10).saturating_add(value(2 * pair + 1)))
}

const DAY_DIGITS: usize = 4;
const LEAP_YEAR: u8 = 0;
