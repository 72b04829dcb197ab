//! One command and its whole answer. Over T=0 a card says that data waits (61xx) or which length it wants (6Cxx); the terminal then asks
//! again, here, so that no stage needs to know.
//!
//! Called by [`Session`](super::Session). Rules: EMV Book 1, 9.3.1 and annex A; EMV Book 3, 6.5 for the commands.

use super::fault::{CardFault, CryptogramKind, Doing};
use crate::apdu::{Command, Response};

/// A command that waits for its answer.
#[derive(Clone, Debug)]
pub(super) struct Exchange {
    pub(super) doing: Doing,
    command: Command,
    gathered: Vec<u8>,
    rounds: usize,
}

/// What came of a piece of an answer.
#[derive(Debug)]
pub(super) enum Progress {
    /// Ask for the rest.
    More(Command),
    /// The answer.
    Whole(Response),
}

impl Exchange {
    pub(super) const fn new(doing: Doing, command: Command) -> Self {
        Self { doing, command, gathered: Vec::new(), rounds: 0 }
    }

    /// The bytes to send.
    pub(super) fn bytes(&self) -> Result<Vec<u8>, CardFault> {
        encode(self.doing, &self.command)
    }

    /// Takes a piece of the answer.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<Progress, CardFault> {
        let Response { data, status } =
            Response::parse(bytes).map_err(|error| CardFault::NoAnswer(self.doing, error))?;
        self.gathered.extend_from_slice(&data);
        let again = match status.sw1() {
            0x61 => Command { cla: 0, ins: GET_RESPONSE, p1: 0, p2: 0, data: Vec::new(), le: expected(status.sw2()) },
            0x6C => Command { le: expected(status.sw2()), ..self.command.clone() },
            _ => {
                let data = std::mem::take(&mut self.gathered);
                return self.whole(Response { data, status });
            }
        };
        self.rounds += 1;
        if self.rounds > ROUNDS_MOST {
            return Err(CardFault::Endless(self.doing));
        }
        Ok(Progress::More(again))
    }

    fn whole(&self, response: Response) -> Result<Progress, CardFault> {
        let fits = response.data.len() <= ANSWER_BYTES_MOST;
        if fits { Ok(Progress::Whole(response)) } else { Err(CardFault::Endless(self.doing)) }
    }
}

/// The bytes of a command; its data may come from a card's list and be too long.
pub(super) fn encode(doing: Doing, command: &Command) -> Result<Vec<u8>, CardFault> {
    command.encode().map_err(|_| CardFault::AsksTooMuch(doing))
}

/// SELECT by name, the first file of it or the next.
pub(super) fn select(name: &[u8], next: bool) -> Command {
    Command { cla: 0x00, ins: 0xA4, p1: 0x04, p2: if next { 0x02 } else { 0x00 }, data: name.to_vec(), le: ALL }
}

/// READ RECORD of a short file.
pub(super) fn read_record(file: u8, record: u8) -> Command {
    Command { cla: 0x00, ins: 0xB2, p1: record, p2: file << 3 | 0x04, data: Vec::new(), le: ALL }
}

/// GET PROCESSING OPTIONS.
pub(super) fn get_processing_options(data: Vec<u8>) -> Command {
    Command { cla: 0x80, ins: 0xA8, p1: 0x00, p2: 0x00, data, le: ALL }
}

/// GENERATE AC.
pub(super) fn generate_ac(kind: CryptogramKind, data: Vec<u8>) -> Command {
    Command { cla: 0x80, ins: 0xAE, p1: kind.parameter(), p2: 0x00, data, le: ALL }
}

/// EXTERNAL AUTHENTICATE.
pub(super) fn external_authenticate(data: Vec<u8>) -> Command {
    Command { cla: 0x00, ins: 0x82, p1: 0x00, p2: 0x00, data, le: None }
}

/// 0 stands for 256.
fn expected(count: u8) -> Option<u16> {
    if count == 0 { ALL } else { Some(u16::from(count)) }
}

const GET_RESPONSE: u8 = 0xC0;
/// All there are.
const ALL: Option<u16> = Some(256);
/// One for the length, some for long answers in pieces.
const ROUNDS_MOST: usize = 8;
/// Of a whole answer: what one short response holds.
const ANSWER_BYTES_MOST: usize = 256;
