//! Commands by their names. Lists that the card gave are remembered: what fills them later is shown value by value.

use alloy_primitives::hex;
use payments::{
    apdu::{Command, Response},
    dol::Dol,
    tlv::{Tlv, find, tag, walk},
};

use super::objects::{self, Row};

/// What was read so far.
#[derive(Default)]
pub(super) struct Reading {
    pdol: Option<Dol>,
    cdol1: Option<Dol>,
    cdol2: Option<Dol>,
    /// GENERATE AC so far.
    generated: usize,
}

/// A command, read.
pub(super) struct Told {
    pub(super) title: String,
    pub(super) note: Option<&'static str>,
    pub(super) rows: Vec<Row>,
}

impl Reading {
    /// ISO/IEC 7816-4 and EMV Book 3, 6.5.
    pub(super) fn command(&mut self, bytes: &[u8]) -> Told {
        let Ok(command) = Command::parse(bytes) else { return told("not a command".to_owned(), None, Vec::new()) };
        let data = command.data.as_slice();
        match command.ins {
            SELECT => told(format!("SELECT {}", name(data)), None, Vec::new()),
            GET_PROCESSING_OPTIONS => {
                let filled = find(data, &[tag::COMMAND_TEMPLATE]).ok().flatten().unwrap_or_default();
                told(
                    "GET PROCESSING OPTIONS".to_owned(),
                    Some(OPTIONS_NOTE),
                    objects::listed(self.pdol.as_ref(), filled),
                )
            }
            READ_RECORD => told(format!("READ RECORD {} of file {}", command.p1, command.p2 >> 3), None, Vec::new()),
            GENERATE_AC => self.generate(&command),
            EXTERNAL_AUTHENTICATE => {
                let proof = Row::of(0, Tlv { tag: tag::ISSUER_AUTHENTICATION, value: data });
                told("EXTERNAL AUTHENTICATE".to_owned(), Some(PROOF_NOTE), vec![proof])
            }
            GET_DATA => told(format!("GET DATA {:02X}{:02X}", command.p1, command.p2), None, Vec::new()),
            GET_RESPONSE => told("GET RESPONSE".to_owned(), None, Vec::new()),
            other => told(format!("command {other:02X}"), None, Vec::new()),
        }
    }

    fn generate(&mut self, command: &Command) -> Told {
        self.generated = self.generated.saturating_add(1);
        let (list, note) = match self.generated {
            1 => (self.cdol1.as_ref(), FIRST_NOTE),
            _ => (self.cdol2.as_ref(), SECOND_NOTE),
        };
        let wanted = match command.p1 & 0xC0 {
            0x00 => "an AAC",
            0x40 => "a TC",
            _ => "an ARQC",
        };
        told(format!("GENERATE AC: {wanted} is wanted"), Some(note), objects::listed(list, &command.data))
    }

    /// The objects of an answer; lists among them are kept.
    pub(super) fn answer(&mut self, bytes: &[u8]) -> Vec<Row> {
        let Ok(Response { data, .. }) = Response::parse(bytes) else { return Vec::new() };
        // Objects that cannot be read are told of by the rows.
        let _read = walk(&data, &mut |_, Tlv { tag, value }| {
            let list = match tag {
                tag::PDOL => &mut self.pdol,
                tag::CDOL1 => &mut self.cdol1,
                tag::CDOL2 => &mut self.cdol2,
                _ => return,
            };
            *list = Dol::parse(value).ok();
        });
        if data.is_empty() { Vec::new() } else { objects::rows(&data) }
    }
}

fn told(title: String, note: Option<&'static str>, rows: Vec<Row>) -> Told {
    Told { title, note, rows }
}

/// A directory has a name in letters, an application one in bytes.
fn name(data: &[u8]) -> String {
    objects::printable(data).unwrap_or_else(|| hex::encode_upper(data))
}

const OPTIONS_NOTE: &str = "The card learns merchant, amount, date and time before it has said any number. It counts on, keeps the counter \
on its disk, and makes its token of these values inside. Its real number is in no answer.";
const FIRST_NOTE: &str = "The card signs what it was told, its counter and its token for the issuer.";
const PROOF_NOTE: &str =
    "The issuer's proof (ARPC): the card checks that the answer is the issuer's, over its own cryptogram.";
const SECOND_NOTE: &str = "The card's last word: a TC if the issuer approved and proved it, else an AAC.";

const EXTERNAL_AUTHENTICATE: u8 = 0x82;
const SELECT: u8 = 0xA4;
const GET_PROCESSING_OPTIONS: u8 = 0xA8;
const GENERATE_AC: u8 = 0xAE;
const READ_RECORD: u8 = 0xB2;
const GET_RESPONSE: u8 = 0xC0;
const GET_DATA: u8 = 0xCA;
