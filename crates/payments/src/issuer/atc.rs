//! Which transaction counters of a card were used: a high mark, and a window of the 256 counters up to it.
//!
//! Kept with each card by the vault, judged by `decide`. A counter above the high mark is fresh, and so is an unseen one within the window, in
//! whatever order they come: two terminals answer in their own time, and a card that was pulled out leaves a gap. Anything older is refused.
//! Rules: EMV Book 2, 8.1 (the counter never repeats); issue rules for the window.

use serde::{Deserialize, Serialize};

/// How far back an unseen counter is still accepted.
pub const WINDOW: u16 = 256;

/// What the window says of a counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Never accepted before.
    Fresh,
    /// Accepted before.
    Seen,
    /// Below the window: nobody remembers.
    TooOld,
}

/// The counters that a card's accepted cryptograms had. A card starts at counter 1, so that a high mark of 0 is a new card.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AtcWindow {
    /// The greatest counter accepted.
    pub high: u16,
    /// Bit `n` counts from the lowest of the first word: whether `high - n` was accepted.
    pub seen: [u64; 4],
}

impl AtcWindow {
    /// What is known of a counter.
    pub fn judge(&self, atc: u16) -> Freshness {
        match self.high.checked_sub(atc) {
            _ if atc == 0 => Freshness::TooOld,
            None => Freshness::Fresh,
            Some(back) if back >= WINDOW => Freshness::TooOld,
            Some(back) if self.bit(back) => Freshness::Seen,
            Some(_) => Freshness::Fresh,
        }
    }

    /// How far above the high mark a counter is; zero if it is not.
    pub fn leap(&self, atc: u16) -> u16 {
        atc.saturating_sub(self.high)
    }

    /// The window after a counter was accepted. A counter below the window changes nothing.
    #[must_use]
    pub fn with(mut self, atc: u16) -> Self {
        let leap = self.leap(atc);
        if leap > 0 {
            self.seen = shifted(self.seen, leap);
            self.high = atc;
        }
        let back = self.high.saturating_sub(atc);
        if back < WINDOW {
            self.seen[usize::from(back / 64)] |= 1 << (back % 64);
        }
        self
    }

    fn bit(&self, back: u16) -> bool {
        self.seen.get(usize::from(back / 64)).is_some_and(|word| word >> (back % 64) & 1 == 1)
    }
}

/// Every bit moved up by so many places; what leaves the window is forgotten.
fn shifted(seen: [u64; 4], places: u16) -> [u64; 4] {
    let (words, bits) = (usize::from(places / 64), places % 64);
    let word = |index: usize| index.checked_sub(words).and_then(|from| seen.get(from)).copied().unwrap_or(0);
    std::array::from_fn(|index| {
        let carried =
            index.checked_sub(1).map_or(0, |below| word(below).checked_shr(u32::from(64 - bits)).unwrap_or(0));
        (word(index) << bits) | carried
    })
}

#[cfg(test)]
mod tests;
