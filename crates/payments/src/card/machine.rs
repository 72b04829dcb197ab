//! The card as a machine: a command in, a response out.
//!
//! Called by whatever carries bytes: a virtual reader, a script, a terminal in the same process. Rules: EMV Book 3 6.5 (commands), 10 (their
//! order), Book 1 11.3 and 12.2 (selection). Requirements T-06 (nothing gives the real number), T-27 (online only), T-28 (no token over
//! zeros).
//!
//! ```text
//! nothing -- SELECT PSE/PPSE --> directory -- SELECT AID --> application -- GET PROCESSING OPTIONS --> transaction
//!    ^                           READ RECORD                GET DATA                                   GET DATA, READ RECORD,
//!    |                           of the directory                                                      GENERATE AC, EXTERNAL AUTHENTICATE
//!    +-- reset from everywhere;  SELECT from everywhere to everywhere
//! ```
//!
//! Deliberately absent: offline data authentication, PIN, secure messaging, scripts, logical channels.

use super::{
    counter::{Counter, CounterError},
    line::{Line, Protocol},
    personalization::Personalization,
    records,
    refusal::Refusal,
    select::{self, Selected},
    transaction::Transaction,
};
use crate::{
    apdu::{Command, Response, Status},
    tlv::{Tag, Writer, tag},
};

/// A card in a reader.
#[derive(Debug)]
pub struct Card {
    personalization: Personalization,
    line: Line,
    state: State,
    refusal: Option<Refusal>,
}

/// How far the terminal has come.
#[derive(Debug)]
enum State {
    /// Power is on, nothing is selected.
    Ready,
    /// A directory or the application is selected.
    Selected(Selected),
    /// The application is selected and has its inputs.
    Transaction(Box<Transaction>),
}

impl Card {
    /// A card whose power is on.
    pub fn new(personalization: Personalization, protocol: Protocol) -> Self {
        Self { personalization, line: Line::new(protocol), state: State::Ready, refusal: None }
    }

    /// What the card says when its power comes on.
    pub fn answer_to_reset(&self) -> Vec<u8> {
        self.line.protocol().answer_to_reset()
    }

    /// Power off and on, or a reset: whatever was begun is forgotten; what the counter holds stays. Gives the answer to reset.
    pub fn reset(&mut self) -> Vec<u8> {
        (self.state, self.refusal) = (State::Ready, None);
        self.line.clear();
        self.answer_to_reset()
    }

    /// Carries out one command. The counter has kept the transaction's number when the response that depends on it is returned.
    pub fn exchange(&mut self, command: &[u8], counter: &mut dyn Counter) -> Vec<u8> {
        self.refusal = None;
        let response = self.respond(command, counter).unwrap_or_else(|refusal| {
            let status = refusal.status();
            self.refusal = Some(refusal);
            Response::status(status)
        });
        response.encode()
    }

    /// Why the last command was refused.
    pub fn refusal(&self) -> Option<&Refusal> {
        self.refusal.as_ref()
    }

    fn respond(&mut self, bytes: &[u8], counter: &mut dyn Counter) -> Result<Response, Refusal> {
        let command = Command::parse(bytes)?;
        if command.ins == GET_RESPONSE {
            return self.get_response(&command);
        }
        self.line.clear();
        let response = self.carry_out(&command, counter)?;
        Ok(self.line.say(&command, response))
    }

    fn carry_out(&mut self, command: &Command, counter: &mut dyn Counter) -> Result<Response, Refusal> {
        match (command.cla, command.ins) {
            (INTERINDUSTRY, SELECT) => self.select(command, counter),
            (INTERINDUSTRY, READ_RECORD) => self.read_record(command).map(Response::ok),
            (INTERINDUSTRY, EXTERNAL_AUTHENTICATE) => self.external_authenticate(command),
            (PROPRIETARY, GET_PROCESSING_OPTIONS) => self.get_processing_options(command, counter).map(Response::ok),
            (PROPRIETARY, GENERATE_AC) => self.generate_ac(command, counter).map(Response::ok),
            (PROPRIETARY, GET_DATA) => self.get_data(command, counter).map(Response::ok),
            (class, SELECT | READ_RECORD | EXTERNAL_AUTHENTICATE | GET_PROCESSING_OPTIONS | GENERATE_AC | GET_DATA) => {
                Err(Refusal::Class(class))
            }
            (INTERINDUSTRY | PROPRIETARY, instruction) => Err(Refusal::Instruction(instruction)),
            (class, _) => Err(Refusal::Class(class)),
        }
    }

    fn get_response(&mut self, command: &Command) -> Result<Response, Refusal> {
        if command.cla != INTERINDUSTRY {
            return Err(Refusal::Class(command.cla));
        }
        check_parameters(command, 0, 0)?;
        check_no_data(command)?;
        let fetched = self.line.fetch(command.le.map_or(usize::MAX, usize::from));
        fetched.ok_or(Refusal::Order("GET RESPONSE where nothing waits"))
    }

    /// EMV Book 1 11.3. An application that has no transaction left is found, and said to be blocked.
    fn select(&mut self, command: &Command, counter: &dyn Counter) -> Result<Response, Refusal> {
        let after = match (command.p1, command.p2) {
            (BY_NAME, FIRST_OR_ONLY) => None,
            (BY_NAME, NEXT) => self.selected(),
            (BY_NAME, other) => return Err(Refusal::Parameters(BY_NAME, other)),
            _ => return Err(Refusal::Selection),
        };
        if !(5..=16).contains(&command.data.len()) {
            return Err(Refusal::Length { from: 5, to: 16, got: command.data.len() });
        }
        let selected = select::find(self.personalization.face(), &command.data, after)?;
        self.state = State::Selected(selected);
        let data = select::control_information(self.personalization.face(), selected);
        if selected == Selected::Application && counter.counters().exhausted() {
            self.refusal = Some(CounterError::Exhausted.into());
            return Ok(Response { data, status: Status::INVALIDATED });
        }
        Ok(Response::ok(data))
    }

    /// EMV Book 3 6.5.11.
    fn read_record(&self, command: &Command) -> Result<Vec<u8>, Refusal> {
        let (record, sfi) = (command.p1, command.p2 >> 3);
        if command.p2 & 0b111 != RECORD_BY_NUMBER {
            return Err(Refusal::Parameters(command.p1, command.p2));
        }
        check_no_data(command)?;
        match &self.state {
            State::Transaction(transaction) => records::record(&self.personalization, transaction.token(), sfi, record),
            State::Selected(Selected::Directory) => select::directory_record(self.personalization.face(), sfi, record),
            State::Selected(Selected::ProximityDirectory) => Err(Refusal::NoRecord { sfi, record, file: false }),
            State::Selected(Selected::Application) => Err(Refusal::Order("READ RECORD before GET PROCESSING OPTIONS")),
            State::Ready => Err(Refusal::Order("READ RECORD before anything is selected")),
        }
    }

    /// EMV Book 3 6.5.8: template 77 with tags 82 and 94.
    fn get_processing_options(&mut self, command: &Command, counter: &mut dyn Counter) -> Result<Vec<u8>, Refusal> {
        check_parameters(command, 0, 0)?;
        match self.state {
            State::Selected(Selected::Application) => {}
            State::Transaction(_) => return Err(Refusal::Order("GET PROCESSING OPTIONS twice")),
            _ => return Err(Refusal::Order("GET PROCESSING OPTIONS before the application is selected")),
        }
        let transaction = Transaction::begin(&self.personalization, &command.data, counter)?;
        self.state = State::Transaction(Box::new(transaction));
        let mut out = Writer::new();
        out.nest(tag::RESPONSE_77, |out| {
            out.put(tag::AIP, &crate::layout::AIP);
            out.put(tag::AFL, &records::FILE_LOCATOR);
        });
        Ok(out.into_bytes())
    }

    /// EMV Book 3 6.5.5.
    fn generate_ac(&mut self, command: &Command, counter: &mut dyn Counter) -> Result<Vec<u8>, Refusal> {
        let State::Transaction(transaction) = &mut self.state else {
            return Err(Refusal::Order("GENERATE AC before GET PROCESSING OPTIONS"));
        };
        transaction.generate(command, counter)
    }

    /// EMV Book 3 6.5.4.
    fn external_authenticate(&mut self, command: &Command) -> Result<Response, Refusal> {
        check_parameters(command, 0, 0)?;
        let State::Transaction(transaction) = &mut self.state else {
            return Err(Refusal::Order("EXTERNAL AUTHENTICATE before GENERATE AC"));
        };
        transaction.authenticate(&command.data)?;
        Ok(Response::status(Status::OK))
    }

    /// EMV Book 3 6.5.7: the counters, and nothing else.
    fn get_data(&self, command: &Command, counter: &dyn Counter) -> Result<Vec<u8>, Refusal> {
        check_no_data(command)?;
        if self.selected() != Some(Selected::Application) {
            return Err(Refusal::Order("GET DATA before the application is selected"));
        }
        let (number, counters) = (u16::from_be_bytes([command.p1, command.p2]), counter.counters());
        let (tag, value) = match Tag::new(number.into()) {
            Some(tag::ATC) => (tag::ATC, counters.atc),
            Some(LAST_ONLINE_ATC) => (LAST_ONLINE_ATC, counters.last_online_atc),
            _ => return Err(Refusal::NoData(number)),
        };
        let mut out = Writer::new();
        out.put(tag, &value.to_be_bytes());
        Ok(out.into_bytes())
    }

    fn selected(&self) -> Option<Selected> {
        match self.state {
            State::Ready => None,
            State::Selected(selected) => Some(selected),
            State::Transaction(_) => Some(Selected::Application),
        }
    }
}

/// P1 and P2 must be these.
pub(super) fn check_parameters(command: &Command, p1: u8, p2: u8) -> Result<(), Refusal> {
    let right = (command.p1, command.p2) == (p1, p2);
    right.then_some(()).ok_or(Refusal::Parameters(command.p1, command.p2))
}

fn check_no_data(command: &Command) -> Result<(), Refusal> {
    let empty = command.data.is_empty();
    empty.then_some(()).ok_or(Refusal::length(0, command.data.len()))
}

/// Tag 9F13.
const LAST_ONLINE_ATC: Tag = Tag::new(0x9F13).expect("one tag");

const INTERINDUSTRY: u8 = 0x00;
const PROPRIETARY: u8 = 0x80;

const EXTERNAL_AUTHENTICATE: u8 = 0x82;
const SELECT: u8 = 0xa4;
const GET_PROCESSING_OPTIONS: u8 = 0xa8;
const GENERATE_AC: u8 = 0xae;
const READ_RECORD: u8 = 0xb2;
const GET_RESPONSE: u8 = 0xc0;
const GET_DATA: u8 = 0xca;

const BY_NAME: u8 = 0x04;
const FIRST_OR_ONLY: u8 = 0x00;
const NEXT: u8 = 0x02;
/// P1 is the number of the record.
const RECORD_BY_NUMBER: u8 = 0b100;
