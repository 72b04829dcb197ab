//! Who speaks to the issuer. An acquirer is whom its certificate names (`tls`); on a development line anybody is believed.

use std::{fmt, str::FromStr};

/// An acquiring institution as DE 32 of ISO 8583:1987 names it: 1 to 11 digits, here without zeros in front.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Acquirer(String);

/// What is no acquirer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an acquirer is named by 1 to 11 digits")]
pub struct NoAcquirer;

/// The other end of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// Proved by a certificate of the issuer's authority.
    Proved(Acquirer),
    /// On loopback of a development issuer: whoever it says.
    Believed,
}

impl Acquirer {
    /// Its digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Acquirer {
    type Err = NoAcquirer;

    fn from_str(text: &str) -> Result<Self, NoAcquirer> {
        let sound = (1..=MAX_DIGITS).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        let digits = text.trim_start_matches('0');
        let digits = if digits.is_empty() { "0" } else { digits };
        sound.then(|| Self(digits.into())).ok_or(NoAcquirer)
    }
}

impl fmt::Display for Acquirer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Proved(acquirer) => write!(f, "acquirer {acquirer}"),
            Self::Believed => f.write_str("development line"),
        }
    }
}

const MAX_DIGITS: usize = 11;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_acquirer_is_one_to_eleven_digits() {
        for (text, digits) in [("1", "1"), ("123456", "123456"), ("00000123456", "123456"), ("000", "0")] {
            assert_eq!(text.parse::<Acquirer>().unwrap().as_str(), digits);
        }
        for bad in ["", "123456789012", "12a", " 1", "١"] {
            assert_eq!(bad.parse::<Acquirer>(), Err(NoAcquirer), "{bad}");
        }
    }
}
