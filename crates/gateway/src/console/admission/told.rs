//! Arguments of the room's calls and logs in words: codes by their names, times as dates, and everything that has a page linked.

use alloy_primitives::hex;
use contracts::{
    admission::IAdmission::{Ballot, RequestKind, RequestState},
    signature::sha256,
};

use super::super::{
    frame::Value,
    words::{self, Moment},
};
use crate::{admission as say, native::Field};

/// One argument as it is shown.
pub(in crate::console) fn told(field: Field) -> Value {
    let Field { name, value } = field;
    let link = link(&name, &value);
    let text = text(&name, &value).unwrap_or(value);
    let shown = Value::new(name, &text);
    Value { link: link.or(shown.link), ..shown }
}

fn text(name: &str, value: &str) -> Option<String> {
    let code = || value.parse::<u8>().ok();
    Some(match name {
        "ballot" => say::ballot(Ballot::try_from(code()?).ok()?).to_owned(),
        "reason" => format!("{} ({value})", say::reason(code()?)),
        "state" => say::request_state(RequestState::try_from(code()?).ok()?).to_owned(),
        "kind" => kind(RequestKind::try_from(code()?).ok()?).to_owned(),
        "deadline" | "notBefore" | "notAfter" | "overlapUntil" => {
            format!("{} ({value})", Moment::of_seconds(value.parse().ok()?)?.shown)
        }
        "certificate" if is_bytes(value) => {
            format!("{} ({} bytes)", fingerprint(value)?, words::number(value.len() / 2 - 1))
        }
        _ => return None,
    })
}

fn link(name: &str, value: &str) -> Option<String> {
    let word = words::hash(value).filter(|word| !word.is_zero());
    Some(match name {
        "nodeKey" | "voter" | "requester" => format!("/member/{}", word?),
        "certificate" | "before" => format!("/certificate/{}", word.or_else(|| fingerprint(value))?),
        "id" | "request" => format!("/request/{}", value.parse::<u64>().ok()?),
        "epoch" => format!("/committee/{}", value.parse::<u64>().ok()?),
        "blockHash" => format!("/block/{}", word?),
        _ => return None,
    })
}

/// Of a request.
pub(super) const fn kind(kind: RequestKind) -> &'static str {
    match kind {
        RequestKind::Link => "linking",
        RequestKind::Revocation => "revocation",
        _ => "none",
    }
}

/// A whole certificate, and not its hash.
fn is_bytes(value: &str) -> bool {
    value.len() > 66
}

fn fingerprint(value: &str) -> Option<primitives::B256> {
    let der = is_bytes(value).then(|| hex::decode(value).ok())??;
    Some(sha256(&der))
}
