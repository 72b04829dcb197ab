//! A card that answers as it is told to: a sound one by default, each part of which a test can spoil.

use std::collections::BTreeMap;

use super::super::fault::CryptogramKind;
use crate::{
    apdu::{Command, Response, Status},
    dol::Dol,
    number::Token,
    tlv::{Tag, Writer, tag},
};

/// What is in a record.
type Content = Vec<(Tag, Vec<u8>)>;

/// What the card has and how it answers.
#[derive(Clone, Debug)]
pub(super) struct Script {
    /// Answers that come whatever the terminal sends, by instruction.
    pub(super) instead: BTreeMap<u8, Vec<u8>>,
    /// Application names with their priorities, as the directory has them.
    pub(super) applications: Vec<(Vec<u8>, u8)>,
    pub(super) has_directory: bool,
    pub(super) pdol: Vec<u8>,
    pub(super) profile: [u8; 2],
    pub(super) locator: Vec<u8>,
    pub(super) records: BTreeMap<(u8, u8), Content>,
    /// What GENERATE AC makes, first and second; where it is none, what was asked for.
    pub(super) makes: [Option<CryptogramKind>; 2],
    pub(super) counters: [u16; 2],
    /// Row or objects: formats 1 and 2.
    pub(super) as_row: bool,
    pub(super) authentication: Status,
    generated: usize,
    reads_directory: bool,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            instead: BTreeMap::new(),
            applications: vec![(OURS.to_vec(), 1)],
            has_directory: true,
            pdol: PDOL.to_vec(),
            profile: [0x08, 0x00],
            locator: vec![0x08, 1, 1, 0, 0x10, 1, 2, 0],
            records: records(),
            makes: [None, None],
            counters: [7, 7],
            as_row: false,
            authentication: Status::OK,
            generated: 0,
            reads_directory: false,
        }
    }
}

impl Script {
    /// A sound card, changed.
    pub(super) fn with(change: impl FnOnce(&mut Self)) -> Self {
        let mut script = Self::default();
        change(&mut script);
        script
    }

    /// Sets an object of the second file's records, where the card speaks of itself.
    pub(super) fn set(&mut self, tag: Tag, value: &[u8]) {
        let record = self.records.entry((2, 1)).or_default();
        record.retain(|(known, _)| *known != tag);
        record.push((tag, value.to_vec()));
    }

    /// Takes an object out of all records.
    pub(super) fn remove(&mut self, tag: Tag) {
        self.records.values_mut().for_each(|record| record.retain(|(known, _)| *known != tag));
    }

    pub(super) fn answer(&mut self, bytes: &[u8]) -> Vec<u8> {
        let command = Command::parse(bytes).expect("a terminal sends commands");
        if let Some(answer) = self.instead.get(&command.ins) {
            return answer.clone();
        }
        let response = match command.ins {
            0xA4 => self.select(&command),
            0xA8 => self.options(),
            0xB2 => self.read(&command),
            0xAE => self.generate(&command),
            0x82 => Response::status(self.authentication),
            _ => Response::status(Status::UNKNOWN_INSTRUCTION),
        };
        response.encode()
    }

    fn select(&mut self, command: &Command) -> Response {
        let name = command.data.as_slice();
        let mut out = Writer::new();
        self.reads_directory = name == b"1PAY.SYS.DDF01" && self.has_directory;
        if self.reads_directory {
            out.nest(tag::FCI_TEMPLATE, |out| {
                out.put(tag::DF_NAME, name);
                out.nest(tag::FCI_PROPRIETARY, |out| {
                    out.put(tag::SFI, &[1]);
                });
            });
            return Response::ok(out.into_bytes());
        }
        let matching: Vec<_> = self.applications.iter().filter(|(aid, _)| aid.starts_with(name)).collect();
        let place = usize::from(command.p2 == 0x02);
        let Some((aid, priority)) = matching.get(place) else { return Response::status(Status::FILE_NOT_FOUND) };
        out.nest(tag::FCI_TEMPLATE, |out| {
            out.put(tag::DF_NAME, aid);
            out.nest(tag::FCI_PROPRIETARY, |out| {
                out.put(tag::APPLICATION_LABEL, b"SCRIPTED");
                out.put(tag::PRIORITY, &[*priority]);
                if !self.pdol.is_empty() {
                    out.put(tag::PDOL, &self.pdol);
                }
            });
        });
        Response::ok(out.into_bytes())
    }

    fn options(&self) -> Response {
        let mut out = Writer::new();
        let row = [self.profile.as_slice(), &self.locator].concat();
        if self.as_row {
            out.put(tag::RESPONSE_80, &row);
        } else {
            out.nest(tag::RESPONSE_77, |out| {
                out.put(tag::AIP, &self.profile).put(tag::AFL, &self.locator);
            });
        }
        Response::ok(out.into_bytes())
    }

    fn read(&self, command: &Command) -> Response {
        let (file, number) = (command.p2 >> 3, command.p1);
        let mut out = Writer::new();
        if self.reads_directory && (file, number) == (1, 1) {
            out.nest(tag::RECORD_TEMPLATE, |out| self.put_directory(out));
            return Response::ok(out.into_bytes());
        }
        if self.reads_directory {
            return Response::status(Status::RECORD_NOT_FOUND);
        }
        let Some(record) = self.records.get(&(file, number)) else {
            return Response::status(Status::RECORD_NOT_FOUND);
        };
        out.nest(tag::RECORD_TEMPLATE, |out| {
            record.iter().for_each(|(tag, value)| {
                out.put(*tag, value);
            });
        });
        Response::ok(out.into_bytes())
    }

    fn put_directory(&self, out: &mut Writer) {
        for (aid, priority) in &self.applications {
            out.nest(tag::APPLICATION_TEMPLATE, |out| {
                out.put(tag::APPLICATION_ID, aid).put(tag::PRIORITY, &[*priority]);
            });
        }
    }

    fn generate(&mut self, command: &Command) -> Response {
        let place = self.generated.min(1);
        self.generated += 1;
        let information = match self.makes[place].unwrap_or(CryptogramKind::of(command.p1)) {
            CryptogramKind::Aac => 0x00,
            CryptogramKind::Tc => 0x40,
            CryptogramKind::Arqc => 0x80,
            CryptogramKind::Reserved => 0xC0,
        };
        let counter = self.counters[place].to_be_bytes();
        let mut out = Writer::new();
        if self.as_row {
            out.put(tag::RESPONSE_80, &[&[information], counter.as_slice(), &CRYPTOGRAM, &ISSUER_DATA].concat());
        } else {
            out.nest(tag::RESPONSE_77, |out| {
                out.put(tag::CRYPTOGRAM_INFORMATION, &[information]).put(tag::ATC, &counter);
                out.put(tag::CRYPTOGRAM, &CRYPTOGRAM).put(tag::IAD, &ISSUER_DATA);
            });
        }
        Response::ok(out.into_bytes())
    }
}

/// Who pays, where the card may be used, what it wants to sign.
fn records() -> BTreeMap<(u8, u8), Content> {
    let payer = vec![
        (tag::TRACK_2, hex::decode(format!("{TOKEN}d31122010000000000")).unwrap()),
        (tag::PAN, token().to_cn()),
        (tag::EXPIRY, vec![0x31, 0x12, 0x31]),
        (tag::SEQUENCE, vec![0x01]),
    ];
    let place = vec![(tag::ISSUER_COUNTRY, vec![0x02, 0x76]), (tag::USAGE_CONTROL, vec![0xFF, 0x00])];
    let lists = vec![(tag::CDOL1, CDOL1.to_vec()), (tag::CDOL2, [&[0x8A, 2, 0x91, 8], CDOL1].concat())];
    BTreeMap::from([((1, 1), payer), ((2, 1), place), ((2, 2), lists)])
}

pub(super) fn token() -> Token {
    Token::parse(TOKEN).unwrap()
}

/// What a list of the card got, by tag.
pub(super) fn told(list: &[u8], data: &[u8], of: Tag) -> Vec<u8> {
    let list = Dol::parse(list).unwrap();
    let told = list.split(data).unwrap().into_iter().find(|(tag, _)| *tag == of);
    told.expect("it is in the list").1.to_vec()
}

/// Data of the last command of an instruction.
pub(super) fn last(commands: &[Vec<u8>], instruction: u8) -> Command {
    let parsed = commands.iter().rev().map(|bytes| Command::parse(bytes).unwrap());
    parsed.into_iter().find(|command| command.ins == instruction).expect("it was sent")
}

pub(super) const OURS: &[u8] = b"\xF0COUNTER\x01";
pub(super) const TOKEN: &str = "9999990123456788";
pub(super) const CRYPTOGRAM: [u8; 8] = [0xA1, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xA7, 0xA8];
pub(super) const ISSUER_DATA: [u8; 7] = [6, 1, 1, 0, 0, 0, 0];
/// Amount, currency, date, time, unpredictable number, merchant, terminal, name and location.
pub(super) const PDOL: &[u8] = &[
    0x9F, 0x02, 6, 0x5F, 0x2A, 2, 0x9A, 3, 0x9F, 0x21, 3, 0x9F, 0x37, 4, 0x9F, 0x16, 15, 0x9F, 0x1C, 8, 0x9F, 0x4E, 40,
];
/// Amount, country, verification results, date, type.
pub(super) const CDOL1: &[u8] = &[0x9F, 0x02, 6, 0x9F, 0x1A, 2, 0x95, 5, 0x9A, 3, 0x9C, 1];
