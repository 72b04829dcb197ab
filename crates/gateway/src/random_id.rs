//! Ids that cannot be guessed, for filters and subscriptions: 128 random bits, written as geth writes them (`0x` and hex
//! without leading zeros). Whoever knows the id may use it, on any connection; so it must not be countable.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The id of a filter or a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RandomId(u128);

impl RandomId {
    pub(crate) fn random() -> Self {
        Self(rand::random())
    }
}

impl fmt::Display for RandomId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

impl FromStr for RandomId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let digits = text.strip_prefix("0x").ok_or(NotAnId)?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(NotAnId);
        }
        u128::from_str_radix(digits, 16).map(Self).map_err(|_| NotAnId)
    }
}

impl Serialize for RandomId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RandomId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// The text was no id of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an id is 0x and at most 32 hex digits")]
pub struct NotAnId;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_back_from_its_own_text() {
        for id in [RandomId(0), RandomId(0xabc), RandomId(u128::MAX), RandomId::random()] {
            assert_eq!(id.to_string().parse(), Ok(id));
        }
        assert_eq!(RandomId(0xabc).to_string(), "0xabc");
    }

    #[test]
    fn what_is_not_an_id_is_refused() {
        for text in ["", "0x", "abc", "0xg", "0x+1", "0x-1", "0x111111111111111111111111111111111", "0x\u{e9}"] {
            assert_eq!(text.parse::<RandomId>(), Err(NotAnId), "{text}");
        }
    }
}
