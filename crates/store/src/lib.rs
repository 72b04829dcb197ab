//! The ledger's state: every account and slot in one persistent trie, with Ethereum's roots and proofs.
//!
//! ```text
//! StateDiff -> State::commit -> (State, StateChange)     (state)
//! State by block hash, forks and finality                (layers)
//! Merkle-Patricia trie that never changes in place       (trie)
//! ```

pub mod state;

pub use state::{AccountChange, AccountValue, BuildError, Commit, SlotChange, State, StateBuilder, StateChange};
