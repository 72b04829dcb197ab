//! An issuer that runs in the node's own process, as the console reaches it. Put into its seat by the binary (`node --issuer` and the
//! demo), and only there where whoever opens the console is believed anyway: its doors without TLS, the node's own door on loopback.
//!
//! ```text
//! binary -> Seat::fill, clear        console -> Seat::get -> Resident -> service   messages, as from a terminal on a development line
//!                                                                     -> cards     card files that a page can tap
//! ```

use std::{fmt, net::SocketAddr, sync::Arc};

use parking_lot::RwLock;
use payments::card::{Card, Counter};

use super::Service;

/// Where the issuer of this process is found: empty before it has started, and again when it stops. Clones are the same seat.
#[derive(Clone, Debug, Default)]
pub struct Seat(Arc<RwLock<Option<Arc<Resident>>>>);

/// The issuer of this process. Who keeps one keeps the issuer from ending: for one page, not longer.
pub struct Resident {
    /// Takes messages as [`Teller`](super::Teller) from [`Caller::Believed`](super::Caller::Believed), and questions. Both block.
    pub service: Arc<Service>,
    /// Cards to be tapped.
    pub cards: Box<dyn CardShelf>,
    /// Its door of ISO 8583.
    pub iso: SocketAddr,
    /// Its door of JSON.
    pub http: SocketAddr,
}

/// Card files of one folder. Implemented by the binary, which knows card files.
pub trait CardShelf: Send + Sync {
    /// What the cards are called, sorted; at most a few hundred.
    fn names(&self) -> Result<Vec<String>, ShelfError>;

    /// Takes a card of this name and powers it on; nobody else has it as long as the answer lives. Blocks, and takes a good part of a
    /// second: the passphrase is stretched.
    fn insert(&self, name: &str, passphrase: &str) -> Result<Inserted, ShelfError>;
}

/// Why there is no card.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShelfError {
    #[error("there is no card {0}")]
    NoSuchCard(String),
    /// It is inserted elsewhere, the passphrase is another one, or its file cannot be read.
    #[error("{0}")]
    Refused(String),
}

/// A card under power.
pub struct Inserted {
    /// What answers.
    pub card: Card,
    /// Its counter, which is on the disk before a token leaves.
    pub counter: Box<dyn Counter + Send>,
}

impl Seat {
    /// The issuer, if it runs.
    pub fn get(&self) -> Option<Arc<Resident>> {
        self.0.read().clone()
    }

    /// It runs.
    pub fn fill(&self, resident: Resident) {
        *self.0.write() = Some(Arc::new(resident));
    }

    /// It stops.
    pub fn clear(&self) {
        // Dropped after the lock: ending an issuer takes its time.
        let gone = self.0.write().take();
        drop(gone);
    }
}

impl Inserted {
    /// A command and the answer to it.
    pub fn exchange(&mut self, command: &[u8]) -> Vec<u8> {
        self.card.exchange(command, &mut *self.counter)
    }
}

impl fmt::Debug for Resident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resident").field("iso", &self.iso).field("http", &self.http).finish_non_exhaustive()
    }
}

impl fmt::Debug for Inserted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inserted").finish_non_exhaustive()
    }
}
