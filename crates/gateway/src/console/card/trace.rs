//! What was said at a tap, taken apart: commands by their names, objects by their tags, messages by their data elements. Everything that came
//! is shown as it came; what cannot be read is shown as bytes.

mod apdu;
mod message;
mod objects;

use alloy_primitives::hex;
use payments::apdu::{Response, Status};

use self::{apdu::Reading, objects::Row};
use crate::payment::terminal::Heard;

/// A question and its answer.
pub(super) struct Step {
    pub(super) number: usize,
    /// Between whom.
    pub(super) between: &'static str,
    pub(super) title: String,
    /// What came of it: a status word, a response code; nothing yet where the answer is still to come.
    pub(super) result: Option<String>,
    pub(super) class: &'static str,
    /// Whether it matters so much that it is shown without being asked for.
    pub(super) is_open: bool,
    /// What it is there for.
    pub(super) note: Option<&'static str>,
    pub(super) halves: Vec<Half>,
}

/// One direction.
pub(super) struct Half {
    pub(super) title: &'static str,
    pub(super) length: usize,
    pub(super) bytes: String,
    pub(super) rows: Vec<Row>,
}

/// All steps in order. An answer without its question makes none.
pub(super) fn steps(heard: &[Heard]) -> Vec<Step> {
    let (mut reading, mut steps) = (Reading::default(), Vec::new());
    for one in heard {
        match one {
            Heard::Command(bytes) => steps.push(Step::of_command(&mut reading, bytes)),
            Heard::Request(bytes) => steps.push(Step::of_request(bytes)),
            Heard::Answer(bytes) => {
                let rows = reading.answer(bytes);
                answer(&mut steps, |step| step.take_answer(bytes, rows));
            }
            Heard::Response(bytes) => answer(&mut steps, |step| step.take_response(bytes)),
        }
    }
    for (place, step) in steps.iter_mut().enumerate() {
        step.number = place.saturating_add(1);
    }
    steps
}

fn answer(steps: &mut [Step], take: impl FnOnce(&mut Step)) {
    if let Some(step) = steps.last_mut() {
        take(step);
    }
}

impl Step {
    fn of_command(reading: &mut Reading, bytes: &[u8]) -> Self {
        let told = reading.command(bytes);
        Self {
            number: 0,
            between: "terminal and card",
            title: told.title,
            result: None,
            class: "waiting",
            is_open: told.note.is_some(),
            note: told.note,
            halves: vec![Half::of("Command", bytes, told.rows)],
        }
    }

    fn of_request(bytes: &[u8]) -> Self {
        let (title, rows) = message::told(bytes);
        Self {
            number: 0,
            between: "terminal and issuer",
            title,
            result: None,
            class: "waiting",
            is_open: true,
            note: Some(REQUEST_NOTE),
            halves: vec![Half::of("Request", bytes, rows)],
        }
    }

    fn take_answer(&mut self, bytes: &[u8], rows: Vec<Row>) {
        let status = Response::parse(bytes).ok().map(|response| response.status);
        self.result = Some(status.map_or_else(|| "not an answer".to_owned(), |status| status.to_string()));
        let is_well = |status: Status| status.is_ok() || status.sw1() == MORE_WAITS;
        self.class = if status.is_some_and(is_well) { "done" } else { "failed" };
        self.halves.push(Half::of("Answer", bytes, rows));
    }

    fn take_response(&mut self, bytes: &[u8]) {
        let (result, approves) = message::result(bytes);
        (self.result, self.class) = (Some(result), if approves { "done" } else { "failed" });
        self.halves.push(Half::of("Response", bytes, message::told(bytes).1));
    }
}

impl Half {
    fn of(title: &'static str, bytes: &[u8], rows: Vec<Row>) -> Self {
        Self { title, length: bytes.len(), bytes: hex::encode_upper(bytes), rows }
    }
}

/// First byte of a status: the answer goes on.
const MORE_WAITS: u8 = 0x61;
const REQUEST_NOTE: &str = "Before this leaves, its reversal is on the terminal's disk: whatever happens now can be undone. The message \
carries every byte that the card was told, and has a token where other cards have their number.";

#[cfg(test)]
mod tests;
