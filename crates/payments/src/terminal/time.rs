//! The time of a transaction as card and messages write it. It is an argument: the room has no clock.
//!
//! Called by [`Session::start`](super::Session::start) and by follow-ups. Rules: EMV Book 3, annex A (9A is YYMMDD, 9F21 is hhmmss, both in
//! local time); ISO 8583:1987, elements 7, 12 and 13. Dates of a card count from 1950 to 2049 (EMV Book 4, 6.7.3).

use serde::{Deserialize, Serialize};

/// A day and a second of it, without a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct DateTime {
    year: u16,
    month: u8,
    day: u8,
    hour: u8,
    minute: u8,
    second: u8,
}

/// One moment, twice: cards and slips are told the local time, networks the universal one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// Where the terminal stands.
    pub local: DateTime,
    /// UTC.
    pub universal: DateTime,
}

/// Not a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no such day or time")]
pub struct NoSuchTime;

impl DateTime {
    /// From what a calendar says.
    pub fn new(date: (u16, u8, u8), time: (u8, u8, u8)) -> Result<Self, NoSuchTime> {
        let ((year, month, day), (hour, minute, second)) = (date, time);
        let is_day = (2000..=2099).contains(&year) && (1..=days(year, month)).contains(&day);
        let is_time = hour < 24 && minute < 60 && second < 60;
        (is_day && is_time).then_some(Self { year, month, day, hour, minute, second }).ok_or(NoSuchTime)
    }

    /// From seconds since 1970, counted in the zone that is meant.
    pub fn from_unix_s(seconds: u64) -> Result<Self, NoSuchTime> {
        let (mut days_left, of_day) = (seconds / DAY_S, seconds % DAY_S);
        let mut year = 1970;
        while days_left >= days_of_year(year) {
            days_left -= days_of_year(year);
            year = if year < 2100 { year + 1 } else { return Err(NoSuchTime) };
        }
        let mut month = 1;
        while days_left >= u64::from(days(year, month)) {
            days_left -= u64::from(days(year, month));
            month += 1;
        }
        let part = |number: u64| u8::try_from(number).map_err(|_| NoSuchTime);
        let time = (part(of_day / 3_600)?, part(of_day / 60 % 60)?, part(of_day % 60)?);
        Self::new((year, month, part(days_left + 1)?), time)
    }

    /// `YYMMDD` in three bytes: 9A.
    pub fn date_bcd(&self) -> [u8; 3] {
        [bcd(self.short_year()), bcd(self.month), bcd(self.day)]
    }

    /// `hhmmss` in three bytes: 9F21.
    pub fn time_bcd(&self) -> [u8; 3] {
        [bcd(self.hour), bcd(self.minute), bcd(self.second)]
    }

    /// `MMDDhhmmss`: element 7.
    pub fn month_to_second(&self) -> String {
        format!("{}{}", self.month_day(), self.hour_to_second())
    }

    /// `hhmmss`: element 12.
    pub fn hour_to_second(&self) -> String {
        format!("{:02}{:02}{:02}", self.hour, self.minute, self.second)
    }

    /// `MMDD`: element 13.
    pub fn month_day(&self) -> String {
        format!("{:02}{:02}", self.month, self.day)
    }

    /// `2026-07-14 09:05:00`, for people.
    pub fn shown(&self) -> String {
        let Self { year, month, day, hour, minute, second } = self;
        format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
    }

    /// Reads what [`DateTime::shown`] writes.
    fn parse(text: &str) -> Option<Self> {
        let (date, time) = text.split_once(' ')?;
        let numbers = |text: &str, mark: char| -> Option<[u16; 3]> {
            text.split(mark).map(|part| part.parse().ok()).collect::<Option<Vec<_>>>()?.try_into().ok()
        };
        let byte = |number: u16| u8::try_from(number).ok();
        let ([year, month, day], [hour, minute, second]) = (numbers(date, '-')?, numbers(time, ':')?);
        let date = (year, byte(month)?, byte(day)?);
        Self::new(date, (byte(hour)?, byte(minute)?, byte(second)?)).ok()
    }

    fn short_year(&self) -> u8 {
        u8::try_from(self.year % 100).unwrap_or_default()
    }
}

impl From<DateTime> for String {
    fn from(time: DateTime) -> Self {
        time.shown()
    }
}

impl TryFrom<String> for DateTime {
    type Error = NoSuchTime;

    fn try_from(text: String) -> Result<Self, NoSuchTime> {
        Self::parse(&text).ok_or(NoSuchTime)
    }
}

/// A day as a card writes it, `YYMMDD` in three bytes, as a number that grows with time.
pub(super) fn day_of_card(date: &[u8]) -> Option<u32> {
    let [year, month, day] = <[u8; 3]>::try_from(date).ok()?.map(number);
    let (year, month, day) = (u16::from(year?), month?, day?);
    let year = if year < 50 { 2000 + year } else { 1900 + year };
    let is_day = (1..=days(year, month)).contains(&day);
    is_day.then(|| u32::from(year) * 10_000 + u32::from(month) * 100 + u32::from(day))
}

/// Two digits of a byte.
fn number(byte: u8) -> Option<u8> {
    let (tens, ones) = (byte >> 4, byte & 0x0F);
    (tens < 10 && ones < 10).then(|| tens * 10 + ones)
}

fn bcd(number: u8) -> u8 {
    number / 10 * 16 + number % 10
}

fn days(year: u16, month: u8) -> u8 {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap(year) => 29,
        2 => 28,
        _ => 0,
    }
}

fn days_of_year(year: u16) -> u64 {
    if is_leap(year) { 366 } else { 365 }
}

fn is_leap(year: u16) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

const DAY_S: u64 = 86_400;
