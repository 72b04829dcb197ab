//! The ledger's state: every account and slot in one persistent trie, with Ethereum's roots and proofs.
//!
//! ```text
//! StateDiff -> State::commit -> (State, StateChange)     (state)
//! State by block hash, forks and finality                (layers)
//! Merkle-Patricia trie that never changes in place       (trie)
//! ```

pub mod layers;
pub mod state;
pub mod trie;

pub use layers::{LayerError, Layers};
pub use state::{
    AccountChange, AccountProof, AccountValue, BuildError, Commit, SlotChange, SlotProof, State, StateBuilder,
    StateChange,
};
