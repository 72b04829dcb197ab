//! A payment terminal that stands beside a node, for trying: the boundary between the console, which shows what is said, and the program,
//! which has card files, the wire to the issuer and the disk (`counterfoil terminal pay` does the same). The tests of the console bring their own.
//!
//! ```text
//! console -> Sale -> Terminal::tap -> Heard, Heard, ... -> Record
//! ```

use contracts::cash::iso4217::Currency;
use payments::{card::Face, terminal::Record};
use primitives::Masked;

/// Taps cards that lie beside it. One at a time; another waits.
pub trait Terminal: Send + Sync + 'static {
    /// The cards, sorted by name; at most a few hundred.
    fn cards(&self) -> Result<Vec<Lying>, TerminalError>;

    /// Takes a payment. Blocks until it is over; `hear` is told of each thing that was said, when it was said.
    fn tap(&self, sale: &Sale, hear: &mut dyn FnMut(Heard)) -> Result<Record, TerminalError>;
}

/// A card that can be tapped, as far as anybody may know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lying {
    /// By which it is chosen.
    pub name: String,
    /// What stands on it. Only tapping it tells whether that is true.
    pub face: Face,
}

/// What is to be paid, where, with which card.
#[derive(Clone, Debug)]
pub struct Sale {
    /// How much, in the currency's smallest unit.
    pub amount_minor: u64,
    /// In which currency.
    pub currency: Currency,
    /// DE 32.
    pub acquirer: String,
    /// DE 42.
    pub merchant: String,
    /// DE 18.
    pub category: String,
    /// By its name.
    pub card: String,
    /// What the card's file opens with.
    pub passphrase: Masked<String>,
}

/// Something that was said between card, terminal and issuer; the bytes as they went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A command to the card.
    Command(Vec<u8>),
    /// The card's answer.
    Answer(Vec<u8>),
    /// A message to the issuer, ISO 8583.
    Request(Vec<u8>),
    /// The issuer's answer.
    Response(Vec<u8>),
}

/// Why no card was tapped, or why what came of it is not known. In words that may be shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TerminalError(pub String);
