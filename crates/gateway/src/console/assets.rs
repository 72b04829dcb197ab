//! The files that pages load: a style sheet, scripts, a picture. Compiled in. Pages name them with a checksum, and browsers keep
//! what is named so; a module that another one imports is named without, and asked for again.

use axum::http::StatusCode;
use bytes::Bytes;

use crate::pages::Page;

const SCRIPT: &str = "text/javascript; charset=utf-8";
const ASSETS: [(&str, &str, &str); 8] = [
    ("console.css", "text/css; charset=utf-8", include_str!("../../../../console/static/console.css")),
    ("live.js", SCRIPT, include_str!("../../../../console/static/live.js")),
    ("piece.js", SCRIPT, include_str!("../../../../console/static/piece.js")),
    ("action.js", SCRIPT, include_str!("../../../../console/static/action.js")),
    ("redeem.js", SCRIPT, include_str!("../../../../console/static/redeem.js")),
    ("signer.js", SCRIPT, include_str!("../../../../console/static/signer.js")),
    ("hpke.js", SCRIPT, include_str!("../../../../console/static/hpke.js")),
    ("icon.svg", "image/svg+xml", include_str!("../../../../console/static/icon.svg")),
];

/// Where a page finds a file.
pub(super) fn address(name: &str) -> String {
    let text = ASSETS.iter().find(|(known, ..)| *known == name).map_or("", |(_, _, text)| text);
    format!("/static/{name}?v={}", checksum(text))
}

/// The file of this name; `version` is the checksum that it was asked for with, if any.
pub(super) fn asset(name: &str, version: &str) -> Option<Page> {
    let (_, kind, text) = ASSETS.iter().find(|(known, ..)| *known == name)?;
    let cache = if version == checksum(text) { "public, max-age=31536000, immutable" } else { "no-cache" };
    Some(Page { status: StatusCode::OK, kind, cache, location: None, body: Bytes::from_static(text.as_bytes()) })
}

fn checksum(text: &str) -> String {
    format!("{:08x}", crc32fast::hash(text.as_bytes()))
}
