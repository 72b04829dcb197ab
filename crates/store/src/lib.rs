//! The ledger's disk and its state.
//!
//! ```text
//! BlockRecord -> log (one fsync = the commit) -> flusher -> flat state, history, indexes      (store, log, flat, index)
//! StateDiff -> State::commit -> (State, StateChange)                                          (state)
//! State by block hash, forks and finality                                                     (layers)
//! Merkle-Patricia trie that never changes in place, with Ethereum's roots and proofs          (trie)
//! start: look at the log -> cut what was never acknowledged -> rebuild -> compare roots       (survey, rebuild)
//! ```
//!
//! The only crate that touches the ledger's disk. A failed write is never retried: the caller ends the process.
//! Deliberately absent: execution, recovery of senders, ordering.

pub mod disk;
mod error;
pub mod faults;
mod flat;
mod flush;
mod flusher;
mod frame;
mod history;
mod index;
mod keys;
pub mod layers;
pub mod log;
mod rebuild;
mod record;
pub mod state;
mod store;
mod survey;
pub mod trie;

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
