//! The ledger's state: every account and slot in one persistent trie, with Ethereum's roots and proofs.
//!
//! ```text
//! StateDiff -> State::commit -> (State, StateChange)     (state)
//! State by block hash, forks and finality                (layers)
//! Merkle-Patricia trie that never changes in place       (trie)
//! ```

pub mod state;

pub use state::{AccountChange, AccountValue, BuildError, Commit, SlotChange, State, StateBuilder, StateChange};

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
pub mod log;
mod rebuild;
mod record;
mod store;
mod survey;
#[cfg(test)]
mod testing;

pub use error::{Result, StoreError};
pub use flusher::MAX_WAITING_BLOCKS;
pub use history::HistoricState;
pub use index::Candidates;
pub use rebuild::Recovered;
pub use record::{BlockRecord, RecordError};
pub use store::{Options, Store};
