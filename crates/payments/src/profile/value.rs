//! Which values may go into a token (T-28): zeros, blanks and dates that are none would give tokens that anybody can foresee.
//!
//! Zero is allowed where it means something: midnight, no other amount, a purchase (type 00). The formats are those of EMV Book 3
//! annex A; a text may be padded with zero bytes behind, as a list pads it.

use std::fmt;

use contracts::cash::iso4217::Currency;

use super::{IndexKind, Input, Profile};
use crate::{layout::is_bcd, number::days_in_month};

/// An input whose value cannot go into a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} {reason}", .input.name())]
pub struct InvalidValue {
    /// Which input.
    pub input: Input,
    /// What is wrong with it.
    pub reason: Reason,
}

/// What is wrong with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// Nothing there.
    #[error("is missing")]
    Missing,
    /// Too short or too long.
    #[error("has the wrong length")]
    Length,
    /// All zeros or blanks.
    #[error("is blank")]
    Blank,
    /// A nibble above 9.
    #[error("is not decimal")]
    NotDecimal,
    /// A byte that cannot be printed.
    #[error("has bytes that cannot be printed")]
    NotPrintable,
    /// No such day.
    #[error("is no date of the calendar")]
    NoDate,
    /// 24:00:00 or later, or a minute or second of 60 or more.
    #[error("is no time of a day")]
    NoTime,
    /// Not in ISO 4217.
    #[error("is no currency")]
    NoCurrency,
}

/// The values of a profile's inputs, in its order, each valid; with what else goes into token and index.
#[derive(Clone)]
pub struct Values<'a> {
    pub(crate) profile: String,
    pub(crate) changes: bool,
    pub(crate) inputs: Vec<(Input, &'a [u8])>,
    index_tweak: Option<&'a [u8]>,
}

impl<'a> Values<'a> {
    /// Each input of a profile, and the merchant id where the index needs it.
    pub(super) fn collect(profile: &Profile, find: impl Fn(Input) -> Option<&'a [u8]>) -> Result<Self, InvalidValue> {
        let valid = |input: Input| {
            let checked = find(input).ok_or(Reason::Missing).and_then(|value| check(input, value).map(|()| value));
            checked.map_err(|reason| InvalidValue { input, reason })
        };
        let inputs = profile.inputs.iter().map(|input| Ok((*input, valid(*input)?))).collect::<Result<_, _>>()?;
        let index_tweak = match profile.index {
            IndexKind::None => None,
            IndexKind::PerMerchant => Some(valid(Input::MerchantId)?),
            IndexKind::Static => Some([].as_slice()),
        };
        Ok(Self { profile: profile.name.clone(), changes: profile.changes(), inputs, index_tweak })
    }

    /// What the card index is made with: the merchant id as received, nothing for a static index. None where there is no index.
    pub const fn index_tweak(&self) -> Option<&'a [u8]> {
        self.index_tweak
    }
}

/// Names only: some values are secret.
impl fmt::Debug for Values<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.inputs.iter().map(|(input, _)| input.name());
        write!(f, "Values({}: ", self.profile)?;
        f.debug_list().entries(names).finish()?;
        f.write_str(")")
    }
}

fn check(input: Input, value: &[u8]) -> Result<(), Reason> {
    match input {
        Input::MerchantId => check_text(value, 15, 15),
        Input::TerminalId => check_text(value, 8, 8),
        Input::Location => check_text(value, 1, 40),
        Input::Name => check_text(value, 2, 26),
        Input::SecurityCode => check_text(value, 3, 4),
        Input::PostalCode => check_text(value, 1, 16),
        Input::AddressLine => check_text(value, 1, 64),
        Input::MerchantCategory => check_number(value, 2).and_then(|()| check_not_blank(value)),
        Input::Amount => check_number(value, 6).and_then(|()| check_not_blank(value)),
        Input::OtherAmount => check_number(value, 6),
        Input::Type => check_number(value, 1),
        Input::Date | Input::Expiry => check_date(value),
        Input::Time => check_time(value),
        Input::Currency => check_currency(value),
        Input::UnpredictableNumber => check_length(value, 4, 4).and_then(|()| check_not_blank(value)),
        Input::Seed => check_length(value, 16, 32).and_then(|()| check_not_blank(value)),
    }
}

fn check_length(value: &[u8], min: usize, max: usize) -> Result<(), Reason> {
    if (min..=max).contains(&value.len()) { Ok(()) } else { Err(Reason::Length) }
}

fn check_not_blank(value: &[u8]) -> Result<(), Reason> {
    if value.iter().any(|byte| *byte != 0) { Ok(()) } else { Err(Reason::Blank) }
}

fn check_number(value: &[u8], length: usize) -> Result<(), Reason> {
    check_length(value, length, length)?;
    if is_bcd(value) { Ok(()) } else { Err(Reason::NotDecimal) }
}

/// Printable bytes, then padding; something beside blanks and the digit zero.
fn check_text(value: &[u8], min: usize, max: usize) -> Result<(), Reason> {
    check_length(value, min, max)?;
    let length = value.iter().rposition(|byte| *byte != 0).map_or(0, |last| last.saturating_add(1));
    let text = value.get(..length).unwrap_or_default();
    match () {
        () if !text.iter().all(|byte| (b' '..=b'~').contains(byte)) => Err(Reason::NotPrintable),
        () if text.iter().all(|byte| matches!(byte, b' ' | b'0')) => Err(Reason::Blank),
        () => Ok(()),
    }
}

fn check_date(value: &[u8]) -> Result<(), Reason> {
    let [year, month, day] = decimal(value)?;
    if (1..=days_in_month(year, month)).contains(&day) { Ok(()) } else { Err(Reason::NoDate) }
}

fn check_time(value: &[u8]) -> Result<(), Reason> {
    let [hour, minute, second] = decimal(value)?;
    if hour < 24 && minute < 60 && second < 60 { Ok(()) } else { Err(Reason::NoTime) }
}

fn check_currency(value: &[u8]) -> Result<(), Reason> {
    let [hundreds, rest] = decimal(value)?;
    let number = u16::from(hundreds).saturating_mul(100).saturating_add(u16::from(rest));
    Currency::by_number(number).map(|_| ()).ok_or(Reason::NoCurrency)
}

/// Two digits of each byte.
fn decimal<const BYTES: usize>(value: &[u8]) -> Result<[u8; BYTES], Reason> {
    check_number(value, BYTES)?;
    let bytes: [u8; BYTES] = value.try_into().map_err(|_| Reason::Length)?;
    Ok(bytes.map(|byte| (byte >> 4).saturating_mul(10).saturating_add(byte & 0x0f)))
}
