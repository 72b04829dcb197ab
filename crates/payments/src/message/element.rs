//! Values of data elements: digits and text of a fixed width, digits of varying width. Called by the typed messages.
//!
//! [`Element`] is both directions of one value, without loss: what is read is written as it was. The same text is its JSON.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A value that a data element holds.
pub(super) trait Element: Sized {
    /// What it must be, for an error.
    const EXPECTED: &'static str;

    /// Reads all bytes of the element; any bytes may come.
    fn read(bytes: &[u8]) -> Option<Self>;

    fn write(&self, out: &mut Vec<u8>);
}

/// Exactly `N` digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digits<const N: usize>([u8; N]);

impl<const N: usize> Digits<N> {
    /// Reads `N` ASCII digits.
    pub fn parse(digits: &[u8]) -> Option<Self> {
        let digits: [u8; N] = digits.try_into().ok()?;
        digits.iter().all(u8::is_ascii_digit).then_some(Self(digits))
    }

    /// Takes what is known to be digits.
    pub(super) const fn known(digits: [u8; N]) -> Self {
        Self(digits)
    }

    /// A number with zeros in front; `None` where it has more than `N` digits.
    pub fn of(number: u64) -> Option<Self> {
        let mut digits = [b'0'; N];
        let mut rest = number;
        for digit in digits.iter_mut().rev() {
            *digit = b'0'.saturating_add(u8::try_from(rest % 10).unwrap_or_default());
            rest /= 10;
        }
        (rest == 0).then_some(Self(digits))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The digits in ASCII.
    pub const fn bytes(&self) -> &[u8; N] {
        &self.0
    }

    /// Their value; more than `u64` holds is its greatest.
    pub fn number(&self) -> u64 {
        let digits = self.0.iter().map(|digit| u64::from(digit.saturating_sub(b'0')));
        digits.fold(0, |number: u64, digit| number.saturating_mul(10).saturating_add(digit))
    }
}

impl<const N: usize> Default for Digits<N> {
    /// All zeros.
    fn default() -> Self {
        Self([b'0'; N])
    }
}

impl<const N: usize> Element for Digits<N> {
    const EXPECTED: &'static str = "digits of the width of the element";

    fn read(bytes: &[u8]) -> Option<Self> {
        Self::parse(bytes)
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
    }
}

impl<const N: usize> fmt::Display for Digits<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<const N: usize> fmt::Debug for Digits<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Up to `N` printable characters in an element of `N`: what is left over is spaces, which are no part of the text.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Text<const N: usize>([u8; N]);

impl<const N: usize> Text<N> {
    /// Takes printable ASCII of at most `N` characters.
    pub fn new(text: &str) -> Option<Self> {
        let mut padded = [b' '; N];
        padded.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        Self::read(&padded)
    }

    /// The text without the spaces at its end.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default().trim_end_matches(' ')
    }

    /// All `N` characters, spaces included.
    pub const fn bytes(&self) -> &[u8; N] {
        &self.0
    }
}

impl<const N: usize> Element for Text<N> {
    const EXPECTED: &'static str = "printable characters of the width of the element";

    fn read(bytes: &[u8]) -> Option<Self> {
        let text: [u8; N] = bytes.try_into().ok()?;
        text.iter().all(|byte| matches!(byte, b' '..=b'~')).then_some(Self(text))
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
    }
}

impl<const N: usize> fmt::Display for Text<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<const N: usize> fmt::Debug for Text<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

impl<const N: usize> Serialize for Text<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de, const N: usize> Deserialize<'de> for Text<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::new(&text).ok_or_else(|| D::Error::custom(expected::<Self>()))
    }
}

/// The number of an institution, 1 to 11 digits as they were written. Two that differ in zeros in front are different here, and equal
/// in [`Institution::padded`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Institution {
    digits: [u8; INSTITUTION_DIGITS],
    count: usize,
}

impl Institution {
    /// Reads 1 to 11 ASCII digits.
    pub fn parse(text: &str) -> Option<Self> {
        Self::read(text.as_bytes())
    }

    /// The digits as they were written.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.written()).unwrap_or_default()
    }

    /// All 11 digits, zeros in front: as the original data elements hold it.
    pub fn padded(&self) -> Digits<INSTITUTION_DIGITS> {
        let mut padded = [b'0'; INSTITUTION_DIGITS];
        if let Some(end) = padded.get_mut(INSTITUTION_DIGITS.saturating_sub(self.count)..) {
            end.copy_from_slice(self.written());
        }
        Digits(padded)
    }

    fn written(&self) -> &[u8] {
        self.digits.get(..self.count).unwrap_or_default()
    }
}

impl Element for Institution {
    const EXPECTED: &'static str = "1 to 11 digits";

    fn read(bytes: &[u8]) -> Option<Self> {
        let mut digits = [0; INSTITUTION_DIGITS];
        digits.get_mut(..bytes.len())?.copy_from_slice(bytes);
        let fits = !bytes.is_empty() && bytes.iter().all(u8::is_ascii_digit);
        fits.then_some(Self { digits, count: bytes.len() })
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.written());
    }
}

impl fmt::Display for Institution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Institution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The element's text as JSON.
pub(super) fn serialize<E: Element, S: Serializer>(value: &E, serializer: S) -> Result<S::Ok, S::Error> {
    let mut bytes = Vec::new();
    value.write(&mut bytes);
    serializer.serialize_str(&String::from_utf8_lossy(&bytes))
}

/// An element from its text in JSON.
pub(super) fn deserialize<'de, E: Element, D: Deserializer<'de>>(deserializer: D) -> Result<E, D::Error> {
    let text = String::deserialize(deserializer)?;
    E::read(text.as_bytes()).ok_or_else(|| D::Error::custom(expected::<E>()))
}

/// What an element must be, for an error that shows nothing of what it is.
pub(super) fn expected<E: Element>() -> String {
    format!("expected {}", E::EXPECTED)
}

/// Makes the text of an element its JSON.
macro_rules! text_is_json {
    ($name:ty) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::message::element::serialize(self, serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::message::element::deserialize(deserializer)
            }
        }
    };
}
pub(super) use text_is_json;

impl<const N: usize> Serialize for Digits<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize(self, serializer)
    }
}

impl<'de, const N: usize> Deserialize<'de> for Digits<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize(deserializer)
    }
}

text_is_json!(Institution);

const INSTITUTION_DIGITS: usize = 11;
