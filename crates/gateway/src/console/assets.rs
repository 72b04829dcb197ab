//! The files that pages load: a style sheet, a script, a picture. Compiled in, and cached by browsers for as long as they do not
//! change: their addresses carry a checksum.

use axum::http::StatusCode;
use bytes::Bytes;

use crate::pages::Page;

const ASSETS: [(&str, &str, &str); 3] = [
    ("console.css", "text/css; charset=utf-8", include_str!("../../../../console/static/console.css")),
    ("live.js", "text/javascript; charset=utf-8", include_str!("../../../../console/static/live.js")),
    ("icon.svg", "image/svg+xml", include_str!("../../../../console/static/icon.svg")),
];

/// Where a page finds a file.
pub(super) fn address(name: &str) -> String {
    let text = ASSETS.iter().find(|(known, ..)| *known == name).map_or("", |(_, _, text)| text);
    format!("/static/{name}?v={:08x}", crc32fast::hash(text.as_bytes()))
}

/// The file of this name.
pub(super) fn asset(name: &str) -> Option<Page> {
    let (_, kind, text) = ASSETS.iter().find(|(known, ..)| *known == name)?;
    let body = Bytes::from_static(text.as_bytes());
    Some(Page { status: StatusCode::OK, kind, cache: "public, max-age=31536000, immutable", location: None, body })
}
