//! Reads a body: one call or a batch, borrowed from its bytes. Rules: JSON-RPC 2.0 sections 4 and 6.
//!
//! Nothing is turned into a tree. `id` and `params` stay text, so neither a deep nesting nor a huge number costs more than the
//! scan that finds its end.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, IgnoredAny, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{error::RpcError, params::Params};

/// What a body asks for.
#[derive(Debug)]
pub(crate) enum Body<'a> {
    Single(Result<Call<'a>, Refused<'a>>),
    Batch(Batch<'a>),
}

/// The first calls of a batch, up to the bound, and how many there are in all.
#[derive(Debug)]
pub(crate) struct Batch<'a> {
    pub(crate) calls: Vec<Result<Call<'a>, Refused<'a>>>,
    pub(crate) count: usize,
}

/// One call; a notification if it has no id.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) id: Option<Id<'a>>,
    pub(crate) method: Cow<'a, str>,
    pub(crate) params: Params<'a>,
}

/// An element that is no call, with the id to answer it under.
#[derive(Debug)]
pub(crate) struct Refused<'a> {
    pub(crate) id: Id<'a>,
    pub(crate) error: RpcError,
}

/// The caller's own name for a call: the JSON text of a number, a string or null, repeated in the answer as it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Id<'a>(pub(crate) &'a str);

impl Id<'_> {
    pub(crate) const NULL: Self = Self("null");
}

/// Reads a body. The error is for a body that is not JSON at all.
pub(crate) fn read(body: &[u8], max_batch_calls: usize) -> Result<Body<'_>, RpcError> {
    let text = str::from_utf8(body).map_err(|_| RpcError::parse_error())?;
    let text = text.trim_ascii_start();
    if text.starts_with('[') { read_batch(text, max_batch_calls).map(Body::Batch) } else { read_single(text) }
}

fn read_single(text: &str) -> Result<Body<'_>, RpcError> {
    match read_call(text) {
        Err(Unread::NotJson) => Err(RpcError::parse_error()),
        Err(Unread::Refused(refused)) => Ok(Body::Single(Err(refused))),
        Ok(call) => Ok(Body::Single(Ok(call))),
    }
}

fn read_batch(text: &str, max_calls: usize) -> Result<Batch<'_>, RpcError> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let not_json = |_| RpcError::parse_error();
    let elements = FirstElements(max_calls).deserialize(&mut deserializer).map_err(not_json)?;
    deserializer.end().map_err(not_json)?;
    let calls = elements.first.into_iter().map(|element| read_call(element.get()).map_err(Unread::refused)).collect();
    Ok(Batch { calls, count: elements.count })
}

fn read_call(text: &str) -> Result<Call<'_>, Unread<'_>> {
    let envelope: Envelope<'_> = match text.starts_with('{').then(|| serde_json::from_str(text)) {
        Some(Ok(envelope)) => envelope,
        Some(Err(error)) if error.is_data() => return Err(check_json(text)),
        Some(Err(_)) => return Err(Unread::NotJson),
        None => return Err(check_json(text)),
    };
    let id = envelope.id.map(|id| Id(id.get()));
    let refused = || Unread::Refused(Refused::because_invalid(id));
    if id.is_some_and(|id| !id.is_allowed()) || envelope.jsonrpc.is_none_or(|version| version.get() != VERSION) {
        return Err(refused());
    }
    let method = envelope.method.and_then(unquote).filter(|method| !method.is_empty()).ok_or_else(refused)?;
    Ok(Call { id, method, params: Params::new(envelope.params) })
}

/// Tells JSON that is no call from what is not even JSON.
fn check_json(text: &str) -> Unread<'_> {
    match serde_json::from_str::<IgnoredAny>(text) {
        Ok(_) => Unread::Refused(Refused::because_invalid(None)),
        Err(_) => Unread::NotJson,
    }
}

/// The content of a JSON string; `None` if it is another type.
fn unquote(raw: &RawValue) -> Option<Cow<'_, str>> {
    let inner = raw.get().strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') { serde_json::from_str(raw.get()).ok().map(Cow::Owned) } else { Some(Cow::Borrowed(inner)) }
}

/// Why one element is no call.
enum Unread<'a> {
    NotJson,
    Refused(Refused<'a>),
}

impl<'a> Unread<'a> {
    /// Within a batch every element is JSON already, because the array was read as a whole.
    fn refused(self) -> Refused<'a> {
        match self {
            Self::Refused(refused) => refused,
            Self::NotJson => Refused::because_invalid(None),
        }
    }
}

impl<'a> Refused<'a> {
    fn because_invalid(id: Option<Id<'a>>) -> Self {
        let id = id.filter(Id::is_allowed).unwrap_or(Id::NULL);
        Self { id, error: RpcError::invalid_request("invalid request") }
    }
}

impl Id<'_> {
    /// A number, a string or null.
    fn is_allowed(&self) -> bool {
        !self.0.starts_with(['{', '[', 't', 'f'])
    }
}

/// The members of a request that mean something; others are skipped, a repeated one is refused.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, default)]
    jsonrpc: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "even_null")]
    id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    method: Option<&'a RawValue>,
    #[serde(borrow, default)]
    params: Option<&'a RawValue>,
}

/// An id of null is an id; only an absent one makes a notification.
fn even_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// Collects the first elements of an array and counts them all.
struct FirstElements(usize);

struct Elements<'a> {
    first: Vec<&'a RawValue>,
    count: usize,
}

impl<'de> DeserializeSeed<'de> for FirstElements {
    type Value = Elements<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for FirstElements {
    type Value = Elements<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of calls")
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut elements: S) -> Result<Self::Value, S::Error> {
        let mut first = Vec::new();
        while first.len() < self.0 {
            match elements.next_element()? {
                Some(element) => first.push(element),
                None => return Ok(Elements { count: first.len(), first }),
            }
        }
        let mut count = first.len();
        while elements.next_element::<IgnoredAny>()?.is_some() {
            count = count.saturating_add(1);
        }
        Ok(Elements { first, count })
    }
}

const VERSION: &str = r#""2.0""#;

#[cfg(test)]
mod tests;
