//! Decoding of positional arguments: `let (address, block) = params.parse::<(Address, Option<BlockId>)>()?`.
//!
//! Messages are geth's (`missing value for required argument 0`), because clients show them. A missing or null argument is
//! read as JSON `null`, so `Option<T>` is an optional argument and every other type a required one.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, IgnoredAny, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use super::error::{RpcError, without_position};

/// The `params` of one call, still text.
#[derive(Clone, Copy, Debug, Default)]
pub struct Params<'a>(Option<&'a RawValue>);

impl<'a> Params<'a> {
    /// Absent and `null` params both mean no arguments.
    pub const fn new(params: Option<&'a RawValue>) -> Self {
        Self(params)
    }

    /// Decodes all arguments into a tuple of up to six.
    pub fn parse<P: Positional<'a>>(self) -> Result<P, RpcError> {
        P::read(&self.arguments(P::COUNT)?)
    }

    /// The text as it came, for methods that decode it in their own way.
    pub const fn raw(self) -> Option<&'a RawValue> {
        self.0
    }

    fn arguments(self, at_most: usize) -> Result<Arguments<'a>, RpcError> {
        let text = self.0.map_or("null", RawValue::get);
        if text == "null" {
            return Ok(Arguments::default());
        }
        if !text.starts_with('[') {
            return Err(RpcError::invalid_params("non-array args"));
        }
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let (arguments, count) = AtMost(at_most).deserialize(&mut deserializer).map_err(|_| RpcError::parse_error())?;
        if count > at_most {
            return Err(RpcError::invalid_params(format!("too many arguments, want at most {at_most}")));
        }
        Ok(arguments)
    }
}

/// A tuple of argument types. Implemented for tuples of none to six.
pub trait Positional<'a>: Sized {
    const COUNT: usize;
    fn read(arguments: &Arguments<'a>) -> Result<Self, RpcError>;
}

/// The arguments split, each still text; `None` is absent or null.
#[derive(Default)]
pub struct Arguments<'a>([Option<&'a RawValue>; MAX_ARGUMENTS]);

impl<'a> Arguments<'a> {
    fn get<T: Deserialize<'a>>(&self, index: usize) -> Result<T, RpcError> {
        let Some(raw) = self.0[index] else {
            return serde_json::from_str("null")
                .map_err(|_| RpcError::invalid_params(format!("missing value for required argument {index}")));
        };
        serde_json::from_str(raw.get()).map_err(|error| {
            RpcError::invalid_params(format!("invalid argument {index}: {}", without_position(&error)))
        })
    }
}

macro_rules! positional {
    ($count:literal $($name:ident $index:literal)*) => {
        impl<'a, $($name: Deserialize<'a>),*> Positional<'a> for ($($name,)*) {
            const COUNT: usize = $count;
            fn read(_arguments: &Arguments<'a>) -> Result<Self, RpcError> {
                Ok(($(_arguments.get::<$name>($index)?,)*))
            }
        }
    };
}

positional!(0);
positional!(1 A 0);
positional!(2 A 0 B 1);
positional!(3 A 0 B 1 C 2);
positional!(4 A 0 B 1 C 2 D 3);
positional!(5 A 0 B 1 C 2 D 3 E 4);
positional!(6 A 0 B 1 C 2 D 3 E 4 F 5);

/// Splits an array, keeping the first few elements and counting them all.
struct AtMost(usize);

impl<'de> DeserializeSeed<'de> for AtMost {
    type Value = (Arguments<'de>, usize);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for AtMost {
    type Value = (Arguments<'de>, usize);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of arguments")
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut elements: S) -> Result<Self::Value, S::Error> {
        let mut arguments = Arguments::default();
        for (index, slot) in arguments.0.iter_mut().take(self.0).enumerate() {
            match elements.next_element()? {
                Some(element) => *slot = element,
                None => return Ok((arguments, index)),
            }
        }
        let mut count = self.0;
        while elements.next_element::<IgnoredAny>()?.is_some() {
            count = count.saturating_add(1);
        }
        Ok((arguments, count))
    }
}

const MAX_ARGUMENTS: usize = 6;

#[cfg(test)]
mod tests;
