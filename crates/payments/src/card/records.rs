//! The records of the payment application: what a terminal reads after GET PROCESSING OPTIONS.
//!
//! Called by the machine, which knows the token of the transaction; nothing here can name the real number. Rules: EMV Book 3 6.5.11 (READ
//! RECORD), 7.2 (data), 10.2 (AFL), 10.7 (action codes), annex C2 (usage control), annex C3 (cardholder verification), requirement T-27.
//!
//! ```text
//! file 1, record 1   57 5A 5F20 5F24 5F34              who pays: made anew for every transaction
//! file 2, record 1   5F28 9F42 9F07 9F08 8E            where the card may be used
//!         record 2   8C 8D 9F0D 9F0E 9F0F              what it wants to sign, and when to ask the issuer: always
//! ```

use super::{personalization::Personalization, refusal::Refusal};
use crate::{
    layout,
    number::Token,
    profile::Input,
    tlv::{Writer, tag},
};

/// Which records there are: file, first and last record, and that none is signed (tag 94).
pub(super) const FILE_LOCATOR: [u8; 8] = [0x08, 1, 1, 0, 0x10, 1, 2, 0];

/// A record by its file and number.
pub(super) fn record(card: &Personalization, token: &Token, sfi: u8, record: u8) -> Result<Vec<u8>, Refusal> {
    let mut out = Writer::new();
    match (sfi, record) {
        (1, 1) => out.nest(tag::RECORD_TEMPLATE, |out| put_payer(out, card, token)),
        (2, 1) => out.nest(tag::RECORD_TEMPLATE, |out| put_use(out, card)),
        (2, 2) => out.nest(tag::RECORD_TEMPLATE, put_decision),
        _ => return Err(Refusal::NoRecord { sfi, record, file: matches!(sfi, 1 | 2) }),
    };
    Ok(out.into_bytes())
}

fn put_payer(out: &mut Writer, card: &Personalization, token: &Token) {
    let face = card.face();
    out.put(tag::TRACK_2, &track_2(card, token));
    out.put(tag::PAN, &token.to_cn());
    out.put(tag::NAME, card.secrets().credentials.get(Input::Name).unwrap_or(NEUTRAL_NAME));
    out.put(tag::EXPIRY, &face.token_expiry().to_date());
    out.put(tag::SEQUENCE, &[face.sequence_bcd()]);
}

fn put_use(out: &mut Writer, card: &Personalization) {
    let face = card.face();
    out.put(tag::ISSUER_COUNTRY, &bcd(face.country));
    out.put(tag::APPLICATION_CURRENCY, &bcd(face.currency));
    out.put(tag::USAGE_CONTROL, &EVERYWHERE);
    out.put(tag::CARD_VERSION, &APPLICATION_VERSION);
    out.put(tag::CVM_LIST, &NO_VERIFICATION);
}

fn put_decision(out: &mut Writer) {
    out.put(tag::CDOL1, &layout::cdol1().encode());
    out.put(tag::CDOL2, &layout::cdol2().encode());
    out.put(tag::IAC_DEFAULT, &ALL);
    out.put(tag::IAC_DENIAL, &SERVICE_NOT_ALLOWED);
    out.put(tag::IAC_ONLINE, &ALL);
}

/// Track 2 equivalent data: token, D, expiry, service code, zeros, F up to a whole byte.
fn track_2(card: &Personalization, token: &Token) -> Vec<u8> {
    let face = card.face();
    let text = format!("{}D{}{}{DISCRETIONARY}", token.digits(), face.token_expiry(), face.service_code);
    let nibble = |letter: Option<&u8>| match letter {
        Some(digit @ b'0'..=b'9') => digit - b'0',
        Some(_) => SEPARATOR,
        None => FILLER,
    };
    text.as_bytes().chunks(2).map(|pair| nibble(pair.first()) << 4 | nibble(pair.get(1))).collect()
}

/// A number of up to four digits, two digits to a byte.
fn bcd(number: u16) -> [u8; 2] {
    let digit = |place: u16| u8::try_from(number / place % 10).unwrap_or_default();
    [digit(1000) << 4 | digit(100), digit(10) << 4 | digit(1)]
}

/// Cash, goods, services and cashback, at home and abroad, at cash machines and elsewhere.
const EVERYWHERE: [u8; 2] = [0xff, 0xc0];
/// Tag 9F08.
const APPLICATION_VERSION: [u8; 2] = [0, 1];
/// No amounts; "no verification required", always.
const NO_VERIFICATION: [u8; 10] = [0, 0, 0, 0, 0, 0, 0, 0, 0x1f, 0x00];
/// Every bit of the terminal verification results, that no offline data authentication was performed (byte 1, bit 8) among them: online
/// if there is a line, declined if there is none.
const ALL: [u8; 5] = [0xff; 5];
/// Declined at once only where the card must not be used at all (byte 2, bit 5).
const SERVICE_NOT_ALLOWED: [u8; 5] = [0x00, 0x10, 0x00, 0x00, 0x00];
/// Tag 5F20 of a card that tells nobody's name.
const NEUTRAL_NAME: &[u8] = b"CARDHOLDER/TOKEN";
const DISCRETIONARY: &str = "0000000000";
const SEPARATOR: u8 = 0x0d;
const FILLER: u8 = 0x0f;
