//! The ledger's state and its disk: every account and slot in one persistent trie with Ethereum's roots and proofs, and
//! the block log that makes blocks durable.
//!
//! ```text
//! StateDiff -> State::commit -> (State, StateChange)                     (state)
//! State by block hash, forks and finality                                (layers)
//! Merkle-Patricia trie that never changes in place                       (trie)
//!
//! BlockRecord + StateChange -> Store::append                             (store)
//!     -> block log, one write and one fsync = the commit point           (log, frame, record, disk)
//!     -> queue -> flat state, history, indexes                           (flusher, flush, flat, keys)
//! start: look at the log -> rebuild the state -> replay -> roots equal   (survey, rebuild)
//! state at an old block, blocks that may hold a log                      (history, index)
//! documents by their hash, beside the blocks                             (documents)
//! verification, backup and restoring                                     (check, backup)
//! ```
//!
//! The only crate that touches the ledger's disk. A write that failed is never tried again: the caller ends the process.
//! Deliberately absent: async, retries, and any way to change a block that was committed.

pub mod layers;
pub mod state;
pub mod trie;

pub mod backup;
pub mod check;
pub mod disk;
pub mod documents;
mod error;
pub mod faults;
mod flat;
mod flush;
mod flusher;
mod frame;
mod history;
mod index;
mod keys;
pub mod log;
mod rebuild;
mod record;
mod store;
mod survey;
#[cfg(test)]
mod testing;

pub use documents::Documents;
pub use error::{Result, StoreError};
pub use flusher::MAX_WAITING_BLOCKS;
pub use history::HistoricState;
pub use index::Candidates;
pub use layers::{LayerError, Layers};
pub use rebuild::Recovered;
pub use record::{BlockRecord, RecordError};
pub use state::{
    AccountChange, AccountProof, AccountValue, BuildError, Commit, SlotChange, SlotProof, State, StateBuilder,
    StateChange,
};
pub use store::{Options, Store};
