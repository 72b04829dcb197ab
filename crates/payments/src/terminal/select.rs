//! Which of the card's applications is used. The card's directory says what it has; where there is none, the terminal tries what it takes.
//!
//! ```text
//! SELECT PSE -> READ RECORD ... -+-> candidates by priority -> SELECT -> selected
//!     | none                     |            ^                  | refused, or refused later: the next one
//! SELECT PPSE -------------------+            |
//!     | none                                  |
//! SELECT each application of the terminal ----+
//! ```
//!
//! Called by [`Session`](super::Session). Rules: EMV Book 1, 11 and 12 (12.3.2 directory, 12.3.3 list of AIDs, 12.4 final selection);
//! EMV Book B for the PPSE. An application that wants its holder asked first is passed over: there is nobody to ask.

use super::{
    config::Application,
    exchange::{read_record, select},
    fault::{CardFault, Doing},
};
use crate::{
    apdu::{Command, Response, Status},
    dol::Dol,
    tlv::{self, Objects, Tag, tag},
};

/// The way to an application.
#[derive(Clone, Debug)]
pub(super) struct Selection {
    wanted: Vec<Application>,
    candidates: Vec<Candidate>,
    stage: Stage,
}

/// What comes next.
#[derive(Debug)]
pub(super) enum Turn {
    Ask(Doing, Command),
    Selected(Selected),
}

/// An application that answered.
#[derive(Clone, Debug)]
pub(super) struct Selected {
    /// Its whole identifier.
    pub(super) aid: Vec<u8>,
    /// For people; printable.
    pub(super) label: String,
    /// The terminal's version of it.
    pub(super) version: [u8; 2],
    /// What it wants to know before it starts.
    pub(super) pdol: Dol,
}

#[derive(Clone, Debug)]
enum Stage {
    Pse,
    Directory {
        file: u8,
        record: u8,
    },
    Ppse,
    /// The application of this place in the list; the next one of its name.
    List {
        place: usize,
        next: bool,
    },
    Last(Candidate),
}

/// An application that both have.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Candidate {
    aid: Vec<u8>,
    version: [u8; 2],
    /// 1 before 15; 16 where the card has no wish.
    rank: u8,
}

impl Selection {
    pub(super) const fn new(wanted: Vec<Application>) -> Self {
        Self { wanted, candidates: Vec::new(), stage: Stage::Pse }
    }

    /// The first command.
    pub(super) fn begin(&self) -> (Doing, Command) {
        (Doing::SelectDirectory, select(PSE, false))
    }

    /// Takes the answer to the last command.
    pub(super) fn take(&mut self, response: &Response) -> Result<Turn, CardFault> {
        match self.stage.clone() {
            Stage::Pse => self.take_pse(response),
            Stage::Directory { file, record } => self.take_directory(file, record, response),
            Stage::Ppse => self.take_ppse(response),
            Stage::List { place, next } => self.take_list(place, next, response),
            Stage::Last(candidate) => self.take_last(&candidate, response),
        }
    }

    /// The next candidate, after one that was refused.
    pub(super) fn next_candidate(&mut self) -> Result<Turn, CardFault> {
        if self.candidates.is_empty() {
            return Err(CardFault::NoApplication);
        }
        let candidate = self.candidates.remove(0);
        let command = select(&candidate.aid, false);
        self.stage = Stage::Last(candidate);
        Ok(Turn::Ask(Doing::SelectApplication, command))
    }

    /// Whether another one is left.
    pub(super) fn has_more(&self) -> bool {
        !self.candidates.is_empty()
    }

    fn take_pse(&mut self, response: &Response) -> Result<Turn, CardFault> {
        if response.status == Status::NOT_SUPPORTED {
            return Err(CardFault::Blocked);
        }
        let file = directory_file(response).filter(|_| response.status.is_ok());
        match file {
            Some(file) => Ok(self.read_directory(file, 1)),
            None => Ok(self.ask_ppse()),
        }
    }

    fn read_directory(&mut self, file: u8, record: u8) -> Turn {
        self.stage = Stage::Directory { file, record };
        Turn::Ask(Doing::ReadDirectory, read_record(file, record))
    }

    fn ask_ppse(&mut self) -> Turn {
        self.stage = Stage::Ppse;
        Turn::Ask(Doing::SelectDirectory, select(PPSE, false))
    }

    fn take_directory(&mut self, file: u8, record: u8, response: &Response) -> Result<Turn, CardFault> {
        let is_last = response.status == Status::RECORD_NOT_FOUND || record == DIRECTORY_RECORDS_MOST;
        let entries = tlv::find(&response.data, &[tag::RECORD_TEMPLATE]).ok().flatten();
        let taken = entries.filter(|_| response.status.is_ok()).and_then(|entries| self.take_entries(entries));
        match taken {
            Some(()) if !is_last => Ok(self.read_directory(file, record + 1)),
            _ if is_last => self.choose(),
            // A directory that does not answer as it should is none (EMV Book 1, 12.3.2).
            _ => {
                self.candidates.clear();
                self.begin_list()
            }
        }
    }

    fn take_ppse(&mut self, response: &Response) -> Result<Turn, CardFault> {
        let path = [tag::FCI_TEMPLATE, tag::FCI_PROPRIETARY, tag::ISSUER_DISCRETIONARY];
        let entries = tlv::find(&response.data, &path).ok().flatten().filter(|_| response.status.is_ok());
        entries.and_then(|entries| self.take_entries(entries));
        self.choose()
    }

    /// Application templates: each names an application. None if they cannot be read.
    fn take_entries(&mut self, entries: &[u8]) -> Option<()> {
        let entries = tlv::parse(entries).ok()?;
        for entry in entries.iter().filter(|entry| entry.tag == tag::APPLICATION_TEMPLATE) {
            let entry = Objects::parse(entry.value).ok()?;
            if let Some(aid) = entry.get(tag::APPLICATION_ID) {
                self.add(aid, entry.get(tag::PRIORITY));
            }
        }
        Some(())
    }

    /// Adds what both have, once, unless its holder must be asked.
    fn add(&mut self, aid: &[u8], priority: Option<&[u8]>) {
        let Some(application) = self.wanted.iter().find(|application| application.matches(aid)) else { return };
        let priority = priority.and_then(|bytes| bytes.first().copied()).unwrap_or_default();
        let known = self.candidates.iter().any(|candidate| candidate.aid == aid);
        if known || priority & MUST_BE_CONFIRMED != 0 || self.candidates.len() == CANDIDATES_MOST {
            return;
        }
        let rank = if priority & 0x0F == 0 { LAST_RANK } else { priority & 0x0F };
        self.candidates.push(Candidate { aid: aid.to_vec(), version: application.version, rank });
    }

    /// The best one, or, if the directory had none, the terminal's own list.
    fn choose(&mut self) -> Result<Turn, CardFault> {
        if self.candidates.is_empty() {
            return if matches!(self.stage, Stage::Directory { .. }) { Ok(self.ask_ppse()) } else { self.begin_list() };
        }
        self.candidates.sort_by_key(|candidate| candidate.rank);
        self.next_candidate()
    }

    fn begin_list(&mut self) -> Result<Turn, CardFault> {
        self.ask_list(0, false)
    }

    fn ask_list(&mut self, place: usize, next: bool) -> Result<Turn, CardFault> {
        let Some(application) = self.wanted.get(place) else {
            self.candidates.sort_by_key(|candidate| candidate.rank);
            return self.next_candidate();
        };
        let command = select(&application.aid, next);
        self.stage = Stage::List { place, next };
        Ok(Turn::Ask(Doing::SelectApplication, command))
    }

    fn take_list(&mut self, place: usize, next: bool, response: &Response) -> Result<Turn, CardFault> {
        if response.status == Status::NOT_SUPPORTED && place == 0 && !next {
            return Err(CardFault::Blocked);
        }
        let named = read_control(response).ok().filter(|_| response.status.is_ok());
        let Some((name, control)) = named else { return self.ask_list(place + 1, false) };
        let before = self.candidates.len();
        self.add(&name, control.get(tag::PRIORITY));
        // A card that goes on with names that are known, or not asked for, would go on for ever.
        let goes_on = self.candidates.len() > before && self.wanted.get(place).is_some_and(|asked| asked.aid != name);
        if goes_on { self.ask_list(place, true) } else { self.ask_list(place + 1, false) }
    }

    fn take_last(&mut self, candidate: &Candidate, response: &Response) -> Result<Turn, CardFault> {
        if !response.status.is_ok() {
            return match self.next_candidate() {
                Err(_) => Err(CardFault::Refused(Doing::SelectApplication, response.status)),
                found => found,
            };
        }
        let (name, control) = read_control(response)?;
        if name != candidate.aid {
            return Err(CardFault::Value(tag::DF_NAME));
        }
        Ok(Turn::Selected(Selected {
            label: label(&control),
            pdol: read_list(tag::PDOL, control.get(tag::PDOL).unwrap_or_default())?,
            version: candidate.version,
            aid: name,
        }))
    }
}

impl Application {
    fn matches(&self, aid: &[u8]) -> bool {
        aid == self.aid || (self.is_prefix && aid.len() <= 16 && aid.starts_with(&self.aid))
    }
}

/// A list that the card wants filled.
pub(super) fn read_list(of: Tag, bytes: &[u8]) -> Result<Dol, CardFault> {
    Dol::parse(bytes).map_err(|error| CardFault::List(of, error))
}

/// File control information: the name of what was selected, and what it says of itself.
fn read_control(response: &Response) -> Result<(Vec<u8>, Objects), CardFault> {
    let malformed = |error| CardFault::Malformed(Doing::SelectApplication, error);
    let found = |path: &[Tag]| tlv::find(&response.data, path).map_err(malformed);
    let name = found(&[tag::FCI_TEMPLATE, tag::DF_NAME])?.ok_or(CardFault::Missing(tag::DF_NAME))?;
    let control = found(&[tag::FCI_TEMPLATE, tag::FCI_PROPRIETARY])?;
    let control = Objects::parse(control.ok_or(CardFault::Missing(tag::FCI_PROPRIETARY))?).map_err(malformed)?;
    Ok((name.to_vec(), control))
}

/// Where the directory's records are.
fn directory_file(response: &Response) -> Option<u8> {
    let (_, control) = read_control(response).ok()?;
    match control.get(tag::SFI)? {
        [file @ 1..=10] => Some(*file),
        _ => None,
    }
}

/// The name for people; what a stranger's card says must not steer a printer.
fn label(control: &Objects) -> String {
    let bytes = control.get(tag::APPLICATION_LABEL).unwrap_or_default();
    bytes
        .iter()
        .take(16)
        .filter(|byte| byte.is_ascii_graphic() || **byte == b' ')
        .map(|byte| char::from(*byte))
        .collect()
}

const PSE: &[u8] = b"1PAY.SYS.DDF01";
const PPSE: &[u8] = b"2PAY.SYS.DDF01";
const MUST_BE_CONFIRMED: u8 = 0x80;
const LAST_RANK: u8 = 16;
const DIRECTORY_RECORDS_MOST: u8 = 10;
const CANDIDATES_MOST: usize = 16;
