//! Reads the fields of the tests' JSON, in all the ways in which numbers and bytes are written there.

use alloy_primitives::{Address, B256, Bytes, U256, hex};
use serde_json::Value;

/// A field that must be there.
pub(crate) fn get<'a>(object: &'a Value, field: &str) -> Result<&'a Value, String> {
    object.get(field).ok_or_else(|| format!("no field `{field}`"))
}

/// A number of up to 256 bits: `0x` hex of any length, nothing at all (zero), `0x:bigint 0x..`, or decimal.
pub(crate) fn number(value: &Value) -> Result<U256, String> {
    let text = match value {
        Value::String(text) => text.as_str(),
        Value::Number(number) => {
            return number.as_u64().map(U256::from).ok_or_else(|| format!("{number} is no number"));
        }
        other => return Err(format!("{other} is no number")),
    };
    let text = text.strip_prefix("0x:bigint ").unwrap_or(text);
    match text.strip_prefix("0x") {
        Some(digits) => parse(digits, 16),
        None => parse(text, 10),
    }
}

/// Digits after any leading zeros; none are zero.
fn parse(digits: &str, radix: u64) -> Result<U256, String> {
    match digits.trim_start_matches('0') {
        "" => Ok(U256::ZERO),
        digits => U256::from_str_radix(digits, radix).map_err(|error| format!("{digits}: {error}")),
    }
}

/// A number field that fits `N`.
pub(crate) fn uint<N: TryFrom<U256>>(object: &Value, field: &str) -> Result<N, String> {
    let number = number(get(object, field)?)?;
    number.try_into().map_err(|_| format!("{field} {number} is out of range"))
}

/// As [`uint`], with a default for a field that is not there.
pub(crate) fn uint_or<N: TryFrom<U256>>(object: &Value, field: &str, default: N) -> Result<N, String> {
    if object.get(field).is_some() { uint(object, field) } else { Ok(default) }
}

/// Bytes in hex, with or without `0x`.
pub(crate) fn bytes(value: &Value) -> Result<Bytes, String> {
    let text = value.as_str().ok_or_else(|| format!("{value} is no text"))?;
    hex::decode(text).map(Bytes::from).map_err(|error| error.to_string())
}

/// 32 bytes; a shorter number is padded on the left.
pub(crate) fn word(value: &Value) -> Result<B256, String> {
    number(value).map(B256::from)
}

/// An address, with or without `0x`.
pub(crate) fn address(value: &Value) -> Result<Address, String> {
    let text = value.as_str().ok_or_else(|| format!("{value} is no address"))?;
    text.parse().map_err(|_| format!("{text} is no address"))
}

/// The entries of an object field; none if it is not there.
pub(crate) fn entries<'a>(object: &'a Value, field: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    object.get(field).and_then(Value::as_object).into_iter().flatten()
}

/// The items of an array.
pub(crate) fn items(value: &Value) -> Result<&Vec<Value>, String> {
    value.as_array().ok_or_else(|| format!("{value} is no list"))
}
