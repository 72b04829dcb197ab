//! The error half of a JSON-RPC answer. Every method returns it, `reply` writes it.
//!
//! Codes: JSON-RPC 2.0 section 5.1, EIP-1474 for the -32000 range, and those that geth adds (3, -32002, -32003), because
//! clients match on codes and messages.

use std::{borrow::Cow, fmt};

use alloy_primitives::hex;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

/// What a call is answered with when it has no result.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message} (code {code})")]
pub struct RpcError {
    pub code: i64,
    pub message: Cow<'static, str>,
    pub data: Option<Box<RawValue>>,
}

impl RpcError {
    /// An error with a code of the caller's choice.
    pub fn new(code: i64, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into(), data: None }
    }

    /// The body is not JSON.
    pub fn parse_error() -> Self {
        Self::new(PARSE_ERROR, "parse error")
    }

    /// JSON, but not a request.
    pub fn invalid_request(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(INVALID_REQUEST, message)
    }

    /// Nobody answers to this name.
    pub fn method_not_found(method: &str) -> Self {
        let shown: String = method.chars().take(MAX_SHOWN_METHOD_CHARS).collect();
        Self::new(METHOD_NOT_FOUND, format!("the method {shown} does not exist/is not available"))
    }

    /// The arguments do not fit the method.
    pub fn invalid_params(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(INVALID_PARAMS, message)
    }

    /// The node's own fault.
    pub fn internal(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(INTERNAL, message)
    }

    /// The call was understood and refused; most of a node's errors (`nonce too low`, ...) are this one.
    pub fn server(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(SERVER, message)
    }

    /// A bound was reached: too many results, too many filters, too much work waiting.
    pub fn limit(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(LIMIT, message)
    }

    /// The call took longer than a request may.
    pub fn timed_out() -> Self {
        Self::new(TIMED_OUT, "request timed out")
    }

    /// The answers of a batch together are longer than a response may be.
    pub fn response_too_large() -> Self {
        Self::new(RESPONSE_TOO_LARGE, "response too large")
    }

    /// An EVM execution that ended in REVERT: the output goes into `data`, its reason (where it has one) into the message.
    pub fn reverted(reason: Option<&str>, output: &[u8]) -> Self {
        let message = match reason {
            Some(reason) => Cow::Owned(format!("execution reverted: {reason}")),
            None => Cow::Borrowed("execution reverted"),
        };
        Self::new(REVERTED, message).with_data(&hex::encode_prefixed(output))
    }

    /// The same error with machine-readable detail. Data that cannot be written as JSON is left out.
    #[must_use]
    pub fn with_data(self, data: &impl Serialize) -> Self {
        Self { data: to_raw_value(data).ok(), ..self }
    }
}

/// Writes a value as the JSON of an answer.
pub fn json(value: &(impl Serialize + ?Sized)) -> Result<Box<RawValue>, RpcError> {
    to_raw_value(value).map_err(|error| RpcError::internal(format!("the result cannot be written as JSON: {error}")))
}

/// A serde_json message without the line and column, which mean nothing to someone who sent one line of a larger body.
pub(crate) fn without_position(error: &impl fmt::Display) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message).to_owned()
}

const PARSE_ERROR: i64 = -32700;
const INVALID_REQUEST: i64 = -32600;
const METHOD_NOT_FOUND: i64 = -32601;
const INVALID_PARAMS: i64 = -32602;
const INTERNAL: i64 = -32603;
const SERVER: i64 = -32000;
const TIMED_OUT: i64 = -32002;
const RESPONSE_TOO_LARGE: i64 = -32003;
const LIMIT: i64 = -32005;
const REVERTED: i64 = 3;

/// How much of an unknown method's name is repeated to its caller.
const MAX_SHOWN_METHOD_CHARS: usize = 100;
