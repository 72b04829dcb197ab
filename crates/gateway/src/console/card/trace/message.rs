//! A message of ISO 8583 data element by data element, the chip data in it object by object.

use alloy_primitives::hex;
use payments::message::{
    Message, Response,
    spec::{Class, de, spec},
};

use super::objects::{self, Row};

/// What it is called, and its data elements.
pub(super) fn told(bytes: &[u8]) -> (String, Vec<Row>) {
    let Ok(message) = Message::decode(bytes) else { return ("a message that cannot be read".to_owned(), Vec::new()) };
    let rows = message.elements().flat_map(|(number, value)| rows(number, value)).collect();
    (format!("{} {}", message.mti(), name(*message.mti().digits())), rows)
}

/// DE 39 with its meaning, and whether it approves.
pub(super) fn result(bytes: &[u8]) -> (String, bool) {
    match Response::parse(bytes) {
        Ok(Response { response_code: code, .. }) => (format!("{} {}", code.as_str(), code.meaning()), code.approves()),
        Err(_) => ("an answer that cannot be read".to_owned(), false),
    }
}

fn rows(number: u8, value: &[u8]) -> Vec<Row> {
    let row = spec(number);
    let is_binary = row.is_none_or(|row| row.class == Class::B);
    let (tag, name) = (format!("DE {number}"), row.map_or("not known here", |row| row.name));
    match (number, is_binary) {
        (de::ICC_DATA, _) => {
            let inner = objects::rows(value).into_iter().map(|row| Row { depth: row.depth.saturating_add(1), ..row });
            let outer = Row { depth: 0, tag, name, value: String::new(), text: Some(format!("{} bytes", value.len())) };
            std::iter::once(outer).chain(inner).collect()
        }
        (_, true) => vec![Row { depth: 0, tag, name, value: hex::encode_upper(value), text: None }],
        (_, false) => {
            let value = objects::printable(value).unwrap_or_else(|| hex::encode_upper(value));
            let text = if number == de::ACCOUNT { Some(TOKEN.to_owned()) } else { None };
            vec![Row { depth: 0, tag, name, value, text }]
        }
    }
}

const fn name(mti: [u8; 4]) -> &'static str {
    match &mti {
        b"0100" => "authorization request",
        b"0110" => "answer to an authorization request",
        _ => "message",
    }
}

const TOKEN: &str = "the token";
