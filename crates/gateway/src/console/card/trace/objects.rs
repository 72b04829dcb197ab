//! Objects of BER-TLV and values of lists as rows: tag, name, bytes, and words where bytes alone would not be understood.

use alloy_primitives::hex;
use contracts::cash::iso4217::Currency;
use payments::{
    dol::Dol,
    layout::Iad,
    tlv::{Tag, Tlv, tag, walk},
};

use crate::console::words;

/// One value.
pub(in super::super) struct Row {
    /// Of objects within objects.
    pub(in super::super) depth: usize,
    /// Such as `9F02` or `DE 4`.
    pub(in super::super) tag: String,
    pub(in super::super) name: &'static str,
    /// Empty where it is made of the rows below.
    pub(in super::super) value: String,
    pub(in super::super) text: Option<String>,
}

/// All objects with those inside them; bytes that are none are one row.
pub(super) fn rows(bytes: &[u8]) -> Vec<Row> {
    let mut rows = Vec::new();
    let walked = walk(bytes, &mut |depth, object| {
        if rows.len() < ROWS_MOST {
            rows.push(Row::of(depth, object));
        }
    });
    if walked.is_err() {
        rows = vec![Row::unread(bytes)];
    }
    rows
}

/// The values that fill a list; bytes that do not are one row.
pub(super) fn listed(list: Option<&Dol>, bytes: &[u8]) -> Vec<Row> {
    let Some(values) = list.and_then(|list| list.split(bytes).ok()) else { return vec![Row::unread(bytes)] };
    values.into_iter().map(|(tag, value)| Row::of(0, Tlv { tag, value })).collect()
}

impl Row {
    pub(super) fn of(depth: usize, object: Tlv<'_>) -> Self {
        let Tlv { tag, value } = object;
        Self {
            depth,
            tag: tag.to_string(),
            name: tag.meaning().unwrap_or("not known here"),
            value: if tag.is_constructed() { String::new() } else { hex::encode_upper(value) },
            text: text(tag, value),
        }
    }

    fn unread(bytes: &[u8]) -> Self {
        let value = hex::encode_upper(bytes);
        Self { depth: 0, tag: "–".to_owned(), name: "bytes", value, text: None }
    }
}

fn text(tag: Tag, value: &[u8]) -> Option<String> {
    match tag {
        tag::IAD => Iad::parse(value).ok().map(|iad| issuer_data(&iad)),
        tag::ATC => value.try_into().ok().map(|counter| u16::from_be_bytes(counter).to_string()),
        tag::CURRENCY | tag::APPLICATION_CURRENCY => currency(value),
        tag::CRYPTOGRAM_INFORMATION => value.first().map(|information| kind(*information).to_owned()),
        tag::PDOL | tag::CDOL1 | tag::CDOL2 => Dol::parse(value).ok().map(|list| entries(&list)),
        _ if TEXTS.contains(&tag) => printable(value),
        _ => None,
    }
}

/// 9F10, the issuer's own: everything in it is signed by the card.
fn issuer_data(iad: &Iad) -> String {
    let [index, digest] = [&iad.card_index[..], &iad.pdol_digest].map(hex::encode);
    format!(
        "version {}, key set {}, card index {index}, digest of what the card was told {digest}",
        iad.cvn, iad.key_set
    )
}

fn currency(value: &[u8]) -> Option<String> {
    let number = hex::encode(value).parse().ok()?;
    Currency::by_number(number).map(Currency::symbol)
}

/// EMV Book 3, table 14.
const fn kind(information: u8) -> &'static str {
    match information & 0xC0 {
        0x00 => "AAC: declined",
        0x40 => "TC: approved",
        0x80 => "ARQC: ask the issuer",
        _ => "not in use",
    }
}

fn entries(list: &Dol) -> String {
    let entries: Vec<_> = list.entries().iter().map(|(tag, length)| format!("{tag} {length}")).collect();
    entries.join(", ")
}

/// Text without what fills it up; zero bytes may stand behind it.
pub(super) fn printable(value: &[u8]) -> Option<String> {
    let text = str::from_utf8(value).ok()?.trim_end_matches(['\0', ' ']);
    let is_text = !text.is_empty() && text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
    is_text.then(|| words::shortened(text))
}

const TEXTS: [Tag; 10] = [
    tag::APPLICATION_ID,
    tag::APPLICATION_LABEL,
    tag::DF_NAME,
    tag::NAME,
    tag::RESPONSE_CODE,
    tag::AUTHORIZATION_CODE,
    tag::PREFERRED_NAME,
    tag::MERCHANT_ID,
    tag::TERMINAL_ID,
    tag::LOCATION,
];
/// Of one answer. A short one has at most 256 bytes.
const ROWS_MOST: usize = 256;
