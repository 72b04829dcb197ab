//! Numbers as geth's genesis files write them: a JSON number, a decimal string or a `0x` hex string. Written back as `0x` hex.

use alloy_primitives::U256;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Number(u64),
    Text(String),
}

/// What a quantity may be held as.
pub(super) trait Quantity: Copy {
    fn to_u256(self) -> U256;
    fn from_u256(number: U256) -> Option<Self>;
}

impl Quantity for u64 {
    fn to_u256(self) -> U256 {
        U256::from(self)
    }

    fn from_u256(number: U256) -> Option<Self> {
        number.try_into().ok()
    }
}

impl Quantity for U256 {
    fn to_u256(self) -> U256 {
        self
    }

    fn from_u256(number: U256) -> Option<Self> {
        Some(number)
    }
}

pub(super) fn serialize<N: Quantity, S: Serializer>(number: &N, out: S) -> Result<S::Ok, S::Error> {
    number.to_u256().serialize(out)
}

pub(super) fn deserialize<'de, N: Quantity, D: Deserializer<'de>>(input: D) -> Result<N, D::Error> {
    let number = match Written::deserialize(input)? {
        Written::Number(number) => U256::from(number),
        Written::Text(text) => parse(&text).ok_or_else(|| D::Error::custom(format!("`{text}` is not a number")))?,
    };
    N::from_u256(number).ok_or_else(|| D::Error::custom("number too large"))
}

fn parse(text: &str) -> Option<U256> {
    match text.strip_prefix("0x") {
        Some("") => None,
        Some(digits) => U256::from_str_radix(digits, 16).ok(),
        None if text.is_empty() => None,
        None => U256::from_str_radix(text, 10).ok(),
    }
}
