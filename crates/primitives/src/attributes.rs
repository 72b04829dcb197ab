//! The attributes of an item as canonical bytes and their hash, which `token` keeps on the ledger. Called by whoever makes an
//! item, by the node that serves attributes, and by whoever checks them against the ledger.
//! Rules: TK-02 (the hash covers all attributes), TK-09 (groups), TK-10 (the structure of physical attributes), TK-11 (what
//! represents the item); RFC 8785 for the canonical form; SEC 1 for the key.
//!
//! ```text
//! { name, description?, image?, classification?, media?: [ { kind, uri, hash? } ],
//!   physical?: { anything }, origination?: { limitedEdition?, signature?, originalityCertificate?, placeOfOrigin?,
//!   ethicalCertificate? }, attributes?: [ { trait_type, value } ], deliveryKey? }
//! ```
//! `deliveryKey` is the issuer's P-256 key, to which the delivery details of a redemption are encrypted: `0x` and an
//! uncompressed point in hex.
//! `name`, `description`, `image` and `attributes` are those of ERC-1155's metadata, so that wallets show them. Texts are kept
//! as they are, markup included: who shows them escapes them.

use alloy_primitives::hex;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{B256, keccak256, p256};

/// Largest attribute file: pictures belong under `media`, by address and hash.
pub const ATTRIBUTES_MOST_BYTES: usize = 65_536;
/// Most entries of a list.
pub const ATTRIBUTES_MOST_ENTRIES: usize = 256;
/// Integers beyond this are not the same in every reader of JSON (RFC 8785, appendix D).
const LARGEST_EXACT_INTEGER: u64 = (1 << 53) - 1;

/// Attributes in their canonical form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanonicalAttributes {
    /// RFC 8785.
    pub bytes: Vec<u8>,
    /// Keccak-256 of `bytes`.
    pub hash: B256,
}

/// Why these are no attributes.
#[derive(Debug, thiserror::Error)]
pub enum AttributesError {
    /// Over [`ATTRIBUTES_MOST_BYTES`].
    #[error("attributes have {0} bytes; at most {ATTRIBUTES_MOST_BYTES} are taken")]
    TooLarge(usize),
    /// Not JSON, a field that the schema does not have, or one of another type.
    #[error("attributes are not of the schema: {0}")]
    Schema(#[from] serde_json::Error),
    /// `name` is what people call the item.
    #[error("attributes have no name")]
    NoName,
    /// Over [`ATTRIBUTES_MOST_ENTRIES`].
    #[error("`{0}` has more than {ATTRIBUTES_MOST_ENTRIES} entries")]
    TooManyEntries(&'static str),
    /// Readers would disagree about it.
    #[error("the number {0} is not exact in JSON; write it as text")]
    InexactNumber(String),
    /// Nothing could be encrypted to it.
    #[error("`deliveryKey` is no P-256 public key: 0x and the 65 bytes of an uncompressed point in hex are expected")]
    NoDeliveryKey,
    /// The bytes are not those whose hash is on the ledger.
    #[error("attributes hash to {actual}, not to {expected}")]
    WrongHash {
        /// Of the ledger.
        expected: B256,
        /// Of these.
        actual: B256,
    },
}

/// Checks attributes and puts them into their one form.
pub fn canonical_attributes(json: &[u8]) -> Result<CanonicalAttributes, AttributesError> {
    if json.len() > ATTRIBUTES_MOST_BYTES {
        return Err(AttributesError::TooLarge(json.len()));
    }
    let attributes: Attributes = serde_json::from_slice(json)?;
    attributes.check()?;
    let value: Value = serde_json::from_slice(json)?;
    check_numbers(&value)?;
    let bytes = serde_jcs::to_vec(&value)?;
    let hash = keccak256(&bytes);
    Ok(CanonicalAttributes { bytes, hash })
}

/// The same, and they are those of the ledger.
pub fn check_attributes(json: &[u8], expected: B256) -> Result<CanonicalAttributes, AttributesError> {
    let canonical = canonical_attributes(json)?;
    if canonical.hash == expected {
        return Ok(canonical);
    }
    Err(AttributesError::WrongHash { expected, actual: canonical.hash })
}

/// The schema. Fields are read to be checked; what is hashed is the whole document. A field of it given twice is refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[expect(dead_code, reason = "the types of the fields are the check")]
struct Attributes {
    name: String,
    description: Option<String>,
    image: Option<String>,
    classification: Option<String>,
    #[serde(default)]
    media: Vec<Media>,
    physical: Option<Map<String, Value>>,
    origination: Option<Origination>,
    #[serde(default)]
    attributes: Vec<Trait>,
    delivery_key: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "the types of the fields are the check")]
struct Media {
    kind: MediaKind,
    uri: String,
    hash: Option<B256>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum MediaKind {
    Image,
    Video,
    Model,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[expect(dead_code, reason = "the types of the fields are the check")]
struct Origination {
    limited_edition: Option<String>,
    signature: Option<String>,
    originality_certificate: Option<String>,
    place_of_origin: Option<String>,
    ethical_certificate: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "the types of the fields are the check")]
struct Trait {
    trait_type: String,
    value: Value,
}

impl Attributes {
    fn check(&self) -> Result<(), AttributesError> {
        if self.name.trim().is_empty() {
            return Err(AttributesError::NoName);
        }
        if self.delivery_key.as_deref().is_some_and(|key| !is_delivery_key(key)) {
            return Err(AttributesError::NoDeliveryKey);
        }
        let physical = self.physical.as_ref().map_or(0, Map::len);
        let lists = [("media", self.media.len()), ("attributes", self.attributes.len()), ("physical", physical)];
        match lists.into_iter().find(|(_, length)| *length > ATTRIBUTES_MOST_ENTRIES) {
            Some((list, _)) => Err(AttributesError::TooManyEntries(list)),
            None => Ok(()),
        }
    }
}

fn is_delivery_key(text: &str) -> bool {
    let mut point = [0; p256::POINT_BYTES];
    let digits = text.strip_prefix("0x").unwrap_or_default();
    hex::decode_to_slice(digits, &mut point).is_ok() && !digits.starts_with("0x") && p256::is_point(&point)
}

/// JSON is nested 128 deep at most, which its parser sees to.
fn check_numbers(value: &Value) -> Result<(), AttributesError> {
    match value {
        Value::Number(number) => {
            let magnitude = number.as_u64().or_else(|| number.as_i64().map(i64::unsigned_abs));
            match magnitude.is_none_or(|magnitude| magnitude <= LARGEST_EXACT_INTEGER) {
                true => Ok(()),
                false => Err(AttributesError::InexactNumber(number.to_string())),
            }
        }
        Value::Array(items) => items.iter().try_for_each(check_numbers),
        Value::Object(fields) => fields.values().try_for_each(check_numbers),
        Value::Null | Value::Bool(_) | Value::String(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests;
