//! Messages as JSON: which one it is, and errors that show nothing of it. Called by requests and responses.
//!
//! Names are the fields of the types in camelCase; amounts are integers in minor units; what ISO 8583 has as text is that text; binary
//! is hex; a currency is its alphabetic code. Unknown names, names that come twice and `null` for what must be there are refused.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::error::MessageError;
use super::network::{Network, NetworkFunction};
use super::payment::{Operation, Payment};
use super::request::Request;

/// The longest JSON of a message: the longest message of ISO 8583 all in hex, and room for names.
pub const MAX_JSON_BYTES: usize = 16 * 1024;

/// What `operation` says a request is.
#[derive(Deserialize)]
struct Claim {
    operation: Claimed,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected an operation of a payment, or signOn, signOff, echo")]
enum Claimed {
    Payment(#[expect(dead_code, reason = "read again with the rest")] Operation),
    Network(#[expect(dead_code, reason = "read again with the rest")] NetworkFunction),
}

/// Reads a request of either kind.
pub(super) fn request(text: &[u8]) -> Result<Request, MessageError> {
    let claim: Claim = value(text)?;
    match claim.operation {
        Claimed::Payment(_) => value::<Payment>(text).map(Request::from),
        Claimed::Network(_) => value::<Network>(text).map(Request::from),
    }
}

/// Reads one value.
pub(super) fn value<T: DeserializeOwned>(text: &[u8]) -> Result<T, MessageError> {
    if text.len() > MAX_JSON_BYTES {
        return Err(MessageError::LongJson { bytes: text.len(), limit: MAX_JSON_BYTES });
    }
    serde_json::from_slice(text).map_err(|error| MessageError::Json {
        what: blame(&error),
        line: error.line(),
        column: error.column(),
    })
}

/// Writes one value.
pub(super) fn text<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// What was wrong, without what was there: a parser's message quotes the value it did not want.
fn blame(error: &serde_json::Error) -> String {
    let said = error.to_string();
    let said = said.rsplit_once(" at line ").map_or(said.as_str(), |(what, _)| what);
    let quotes_nothing = !error.is_data() || OF_US.iter().any(|begin| said.starts_with(begin));
    match said.rsplit_once(EXPECTED) {
        _ if quotes_nothing => said.to_owned(),
        Some((_, wanted)) => format!("expected {wanted}"),
        None => "a value of the wrong form".to_owned(),
    }
}

/// How messages begin that hold only our own words.
const OF_US: [&str; 3] = ["missing field", "duplicate field", "expected "];
const EXPECTED: &str = ", expected ";
