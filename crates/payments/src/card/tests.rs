//! The card from outside: conversations in bytes, a whole terminal of another author, and a search for the number in everything said.

mod conversation;
mod cryptogram;
mod kernel;
mod line;
mod personalization;
mod secrecy;

use super::{Aid, Card, Counters, Credentials, Face, Personalization, PersonalizationError, Protocol, Secrets};
use crate::{
    cryptogram::{Aes128Key, CardKeys, CardReference, master_key},
    layout,
    number::{Expiry, Pan},
    profile::{Input, Profile},
    tlv::{self, Tag, tag},
};

pub(crate) const PAN: &str = "5413330089020011";
pub(crate) const TOKEN_BIN: &str = "999001";
pub(crate) const ISSUER_MASTER_KEY: [u8; 16] = *b"issuer master 01";

pub(crate) fn face(profile: &str) -> Face {
    Face {
        aid: Aid::default(),
        label: "COUNTERFOIL".into(),
        token_bin: TOKEN_BIN.into(),
        expiry: Expiry::parse("3012").unwrap(),
        token_expiry: None,
        sequence: 1,
        service_code: "221".into(),
        country: 250,
        currency: 978,
        derivation_index: 1,
        key_set: 1,
        profile: Profile::named(profile).unwrap(),
    }
}

pub(crate) fn secrets(pan: &str) -> Secrets {
    let pan = Pan::parse(pan).unwrap();
    let mut credentials = Credentials::default();
    for (input, value) in [
        (Input::SecurityCode, "123"),
        (Input::PostalCode, "75001"),
        (Input::AddressLine, "1 rue de la Paix"),
        (Input::Seed, "0123456789abcdef"),
    ] {
        credentials.set(input, value.as_bytes()).unwrap();
    }
    let keys = CardKeys {
        fpe: Aes128Key::new(*b"fpe key of card1"),
        tweak: Aes128Key::new(*b"tweak key card 1"),
        index: Aes128Key::new(*b"index key, set 1"),
        master: master_key(&Aes128Key::new(ISSUER_MASTER_KEY), &pan, 0x01),
    };
    Secrets { pan, reference: CardReference::parse("421337000017").unwrap(), keys, credentials }
}

pub(crate) fn personalization(profile: &str) -> Personalization {
    let mut secrets = secrets(PAN);
    if profile == "credentials" {
        secrets.credentials.set(Input::Name, b"DOE/JANE").unwrap();
    }
    Personalization::new(face(profile), secrets).unwrap()
}

/// A terminal's values, each as long as the lists ask for.
pub(crate) fn terminal_value(tag: Tag) -> Option<&'static [u8]> {
    Some(match tag {
        tag::AMOUNT => b"\x00\x00\x00\x00\x12\x50",
        tag::OTHER_AMOUNT => b"\x00\x00\x00\x00\x00\x00",
        tag::TERMINAL_COUNTRY => b"\x02\x50",
        tag::TVR => b"\x80\x00\x00\x80\x00",
        tag::CURRENCY => b"\x09\x78",
        tag::DATE => b"\x26\x11\x27",
        tag::TIME => b"\x10\x30\x00",
        tag::TYPE => b"\x00",
        tag::UNPREDICTABLE_NUMBER => b"\xde\xad\xbe\xef",
        tag::MERCHANT_ID => b"MERCHANT-000017",
        tag::TERMINAL_ID => b"TERM0001",
        tag::LOCATION => b"Corner shop, Paris",
        tag::MERCHANT_CATEGORY => b"\x54\x11",
        _ => return None,
    })
}

pub(crate) fn pdol_data() -> Vec<u8> {
    layout::pdol().fill(terminal_value).bytes
}

/// The PDOL data with another value of one tag.
fn pdol_data_with(changed: Tag, value: &'static [u8]) -> Vec<u8> {
    layout::pdol().fill(|tag| if tag == changed { Some(value) } else { terminal_value(tag) }).bytes
}

/// What fills CDOL2 around an issuer's answer.
fn cdol2_data(answer: &[u8]) -> Vec<u8> {
    let value = |tag| match tag {
        tag::RESPONSE_CODE => Some(b"00".as_slice()),
        tag::ISSUER_AUTHENTICATION => Some(answer),
        tag => terminal_value(tag),
    };
    layout::cdol2().fill(value).bytes
}

/// A command of case 4.
fn command(head: [u8; 4], data: &[u8]) -> Vec<u8> {
    [&head[..], &[u8::try_from(data.len()).unwrap()], data, &[0]].concat()
}

fn select(name: &[u8]) -> Vec<u8> {
    command([0x00, 0xa4, 0x04, 0x00], name)
}

fn get_processing_options(pdol_data: &[u8]) -> Vec<u8> {
    let length = u8::try_from(pdol_data.len()).unwrap();
    let head: &[u8] = if length < 0x80 { &[0x83, length] } else { &[0x83, 0x81, length] };
    command([0x80, 0xa8, 0x00, 0x00], &[head, pdol_data].concat())
}

fn generate(asked: u8, data: &[u8]) -> Vec<u8> {
    command([0x80, 0xae, asked, 0x00], data)
}

/// A card in a reader.
struct Session {
    card: Card,
    counters: Counters,
}

impl Session {
    fn new(profile: &str, protocol: Protocol) -> Self {
        Self { card: Card::new(personalization(profile), protocol), counters: Counters::default() }
    }

    fn say(&mut self, command: &[u8]) -> Vec<u8> {
        self.card.exchange(command, &mut self.counters)
    }

    /// A response without its status, which is a success.
    fn get(&mut self, command: &[u8]) -> Vec<u8> {
        let mut response = self.say(command);
        let status = response.split_off(response.len() - 2);
        assert_eq!(status, [0x90, 0x00], "{:?}", self.card.refusal());
        response
    }

    /// A transaction up to its token; the records.
    fn tap(&mut self, pdol_data: &[u8]) -> Tapped {
        self.get(&select(Aid::default().bytes()));
        self.get(&get_processing_options(pdol_data));
        let records = [[1, 0x0c], [1, 0x14], [2, 0x14]].map(|[p1, p2]| self.get(&[0x00, 0xb2, p1, p2, 0x00]));
        Tapped { records }
    }
}

struct Tapped {
    records: [Vec<u8>; 3],
}

impl Tapped {
    fn value(&self, tag: Tag) -> &[u8] {
        let find = |record| tlv::find(record, &[tag::RECORD_TEMPLATE, tag]).unwrap();
        self.records.iter().find_map(|record| find(record)).unwrap_or_else(|| panic!("no {tag}"))
    }
}

/// A value of GENERATE AC's response.
fn signed(response: &[u8], tag: Tag) -> Vec<u8> {
    tlv::find(response, &[tag::RESPONSE_77, tag]).unwrap().unwrap().to_vec()
}
