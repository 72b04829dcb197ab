//! The transmission protocol's share in a response: what T=0 cannot carry at once is fetched with GET RESPONSE.
//!
//! Called by the machine around every command. Rules: ISO/IEC 7816-3 10 and 12, ISO/IEC 7816-4 5.3.4 (61xx, 6Cxx), EMV Book 1 9.3.1.1.
//! No command is carried out twice for its length: only commands that change nothing (case 2) are told 6Cxx.
//!
//! ```text
//!                     T=1                                   T=0
//! no data to give     status                                status
//! case 2, Le fits     data                                  data, if Le is exact
//! case 2, Le is off   6Cxx where Le is too small            6Cxx
//! case 4              data; what Le does not cover: 61xx    61xx
//! case 1, 3           61xx                                  61xx
//! ```

use crate::apdu::{Command, Response, Status};

/// How bytes travel between card and reader.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// Byte by byte: a command brings data or takes data, never both.
    T0,
    /// Block by block.
    #[default]
    T1,
}

impl Protocol {
    /// Answer to reset, EMV Book 1, tables 15 and 16: no programming voltage, no extra guard time; for T=1 blocks of 254 bytes. The
    /// historical bytes are a name.
    pub fn answer_to_reset(self) -> Vec<u8> {
        let head: &[u8] = match self {
            Self::T0 => &[0x3b, 0x60 | NAME_BYTES, 0x00, 0x00],
            Self::T1 => &[0x3b, 0xe0 | NAME_BYTES, 0x00, 0x00, 0x81, 0x31, 0xfe, 0x45],
        };
        let mut answer = [head, NAME].concat();
        if self == Self::T1 {
            answer.push(answer.iter().skip(1).fold(0, |check, byte| check ^ byte));
        }
        answer
    }
}

/// What waits to be fetched.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    protocol: Protocol,
    waiting: Option<Response>,
}

impl Line {
    pub(super) fn new(protocol: Protocol) -> Self {
        Self { protocol, waiting: None }
    }

    pub(super) fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// Forgets what nobody fetched.
    pub(super) fn clear(&mut self) {
        self.waiting = None;
    }

    /// Says a response as the protocol says it.
    pub(super) fn say(&mut self, command: &Command, response: Response) -> Response {
        let available = response.data.len();
        if available == 0 {
            return response;
        }
        match (command.le.map(usize::from), command.data.is_empty(), self.protocol) {
            (Some(le), true, Protocol::T0) if le != available => wrong_expected(available),
            (Some(le), true, Protocol::T1) if le < available => wrong_expected(available),
            (Some(_), true, _) => response,
            (Some(le), false, Protocol::T1) => self.give(response, le),
            (Some(_), false, Protocol::T0) | (None, ..) => self.give(response, 0),
        }
    }

    /// GET RESPONSE, where something waits.
    pub(super) fn fetch(&mut self, le: usize) -> Option<Response> {
        let waiting = self.waiting.take()?;
        let available = waiting.data.len();
        if le > available && le != WHOLE {
            self.waiting = Some(waiting);
            return Some(wrong_expected(available));
        }
        Some(self.give(waiting, le))
    }

    /// The first `le` bytes now, the others and the status when they are fetched.
    fn give(&mut self, mut response: Response, le: usize) -> Response {
        if le >= response.data.len() {
            return response;
        }
        let rest = response.data.split_off(le);
        let now = Response { data: response.data, status: Status::more(short(rest.len())) };
        self.waiting = Some(Response { data: rest, status: response.status });
        now
    }
}

fn wrong_expected(available: usize) -> Response {
    Response::status(Status::wrong_expected(short(available)))
}

/// A length in a status word, where 256 is 0.
fn short(length: usize) -> u8 {
    u8::try_from(length).unwrap_or(0)
}

/// Expected where all there are is meant.
const WHOLE: usize = 256;
const NAME: &[u8] = b"COUNTERFOIL";
const NAME_BYTES: u8 = 11;
