//! The part of a card file that changes with every transaction: two slots of 16 hex digits at fixed places of the first line.
//!
//! A tap overwrites the older slot in place and syncs it, which is one small write. Each slot checks itself, so a write that a power cut
//! tore leaves the other slot, whose transaction was answered. Called by the program that keeps the file, and by [`super::decode`].
//!
//! ```text
//! {"state":["0007000500a1b2c3","0006000500d4e5f6"],
//!            |   |   +- first 4 bytes of SHA-256 of the two counters
//!            |   +----- ATC of the last online transaction
//!            +--------- ATC
//! ```

use sha2_11::{Digest, Sha256};

use super::FileError;
use crate::card::counter::Counters;

/// What the first line of a card file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CardState {
    counters: Counters,
    /// Which slot holds them.
    slot: usize,
}

impl CardState {
    /// The newer of the slots that are whole, where they stand in the line.
    pub(super) fn newest(line: &[u8; LINE_BYTES]) -> Result<Self, FileError> {
        let read = |(slot, place): (usize, usize)| Some(Self { counters: parsed(line.get(place..)?)?, slot });
        let whole = SLOT_PLACES.into_iter().enumerate().filter_map(read);
        whole.max_by_key(|state| (state.counters.atc, state.counters.last_online_atc)).ok_or(FileError::State)
    }

    /// The counters.
    pub fn counters(self) -> Counters {
        self.counters
    }

    /// What to write, and where in the file, so that the card has these counters; and the state once that is on the disk.
    pub fn replaced(self, counters: Counters) -> (u64, [u8; SLOT_BYTES], Self) {
        let slot = (self.slot + 1) % SLOTS;
        (SLOT_PLACES[slot] as u64, slot_text(counters), Self { counters, slot })
    }

    /// The line that a new file begins with.
    pub(super) fn first_line(counters: Counters) -> [u8; LINE_BYTES] {
        let mut line = *EMPTY_LINE;
        for place in SLOT_PLACES {
            line[place..place + SLOT_BYTES].copy_from_slice(&slot_text(counters));
        }
        line
    }
}

fn slot_text(counters: Counters) -> [u8; SLOT_BYTES] {
    let mut slot = [0; SLOT_BYTES / 2];
    slot[..2].copy_from_slice(&counters.atc.to_be_bytes());
    slot[2..4].copy_from_slice(&counters.last_online_atc.to_be_bytes());
    let check = Sha256::digest(&slot[..4]);
    slot[4..].copy_from_slice(&check[..4]);
    let mut text = [0; SLOT_BYTES];
    hex::encode_to_slice(slot, &mut text).expect("twice as long");
    text
}

fn parsed(bytes: &[u8]) -> Option<Counters> {
    let text = bytes.get(..SLOT_BYTES)?;
    let mut slot = [0; SLOT_BYTES / 2];
    hex::decode_to_slice(text, &mut slot).ok()?;
    let [a, b, c, d, ..] = slot;
    let counters = Counters { atc: u16::from_be_bytes([a, b]), last_online_atc: u16::from_be_bytes([c, d]) };
    (slot_text(counters) == text).then_some(counters)
}

/// How many slots there are.
const SLOTS: usize = 2;
/// How long a slot is in the file.
pub const SLOT_BYTES: usize = 16;
/// Behind `{"state":["` and behind `","`.
const SLOT_PLACES: [usize; SLOTS] = [11, 11 + SLOT_BYTES + 3];
/// The line that the slots stand in.
const EMPTY_LINE: &[u8; LINE_BYTES] = b"{\"state\":[\"................\",\"................\"],";
/// Its length; a line break follows.
pub(super) const LINE_BYTES: usize = 49;
