//! What a card remembers from one transaction to the next: its application transaction counter (ATC, tag 9F36) and the ATC of the last
//! transaction that the issuer answered (tag 9F13).
//!
//! The machine asks a [`Counter`] for the next ATC before it answers GET PROCESSING OPTIONS. Where the number is kept is not the machine's
//! business: the program keeps it in the card file, under a lock; tests and simulations keep it in memory. Rules: EMV Book 2, 8.1.1 (an
//! ATC is never used twice), Book 3, 6.5.7 (GET DATA).

use thiserror::Error;

/// The two numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Of the newest transaction; 0 on a new card.
    pub atc: u16,
    /// The ATC of the newest transaction that ended with an answer of the issuer; 0 before the first.
    pub last_online_atc: u16,
}

impl Counters {
    /// The numbers after one more transaction has begun. Pure: nothing is kept.
    pub fn advanced(self) -> Result<Self, CounterError> {
        let atc = self.atc.checked_add(1).ok_or(CounterError::Exhausted)?;
        Ok(Self { atc, ..self })
    }

    /// No transaction is left: the card refuses for ever.
    pub fn exhausted(self) -> bool {
        self.atc == u16::MAX
    }
}

/// Where a card's counters are kept.
pub trait Counter {
    /// The numbers as they are.
    fn counters(&self) -> Counters;

    /// Adds one to the ATC. When this returns, the new number outlives a power cut, and no other reader of the card can get it too.
    fn advance(&mut self) -> Result<u16, CounterError>;

    /// The transaction with this ATC got an answer of the issuer. A number that is lost in a power cut does no harm: terminals use it only
    /// to send cards online that have not been there for long, and this card always goes there.
    fn record_online(&mut self, atc: u16);
}

/// Why there is no next ATC.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CounterError {
    /// EMV Book 2, 8.1.1: session keys would repeat.
    #[error("the card has made all of its 65535 transactions: it needs a successor")]
    Exhausted,
    /// The disk is full, gone, or refuses.
    #[error("the card's counter could not be kept: {0}")]
    NotKept(String),
}

/// In memory: for tests, simulations and demonstrations, whose cards do not outlive the process.
impl Counter for Counters {
    fn counters(&self) -> Counters {
        *self
    }

    fn advance(&mut self) -> Result<u16, CounterError> {
        *self = self.advanced()?;
        Ok(self.atc)
    }

    fn record_online(&mut self, atc: u16) {
        self.last_online_atc = atc;
    }
}
