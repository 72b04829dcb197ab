//! The words that every other crate speaks: transactions, blocks, state changes, genesis, committees, time and secrets.
//!
//! ```text
//! bytes -> Tx -> Recovered<Tx> -> Block            (tx, block)
//! genesis file -> Genesis -> Rules + header 0      (genesis)
//! executed block -> StateDiff -> disk, trie        (diff)
//! ordered block -> FinalityProof by a Committee    (finality)
//! recovery file -> Recovery, carried by Rules       (recovery)
//! ```
//!
//! Deliberately absent: async, I/O, clocks, revm and every type of a consensus engine.

pub mod attributes;
pub mod block;
pub mod diff;
pub mod finality;
pub mod genesis;
pub mod p256;
pub mod policy;
pub mod recovery;
pub mod secret;
pub mod time;
pub mod tx;

pub use alloy_consensus::{Header, TxType, transaction::Recovered};
pub use alloy_primitives::{Address, B256, Bloom, Bytes, U256, keccak256};
pub use attributes::{AttributesError, CanonicalAttributes, canonical_attributes, check_attributes};
pub use block::{Block, BlockError};
pub use diff::{AccountDiff, SlotDiff, StateDiff};
pub use finality::{Committee, FinalityProof, NodeId};
pub use genesis::{Fork, Founding, Genesis, GenesisError, Rules};
pub use policy::Policy;
pub use recovery::{FinalBlock, Recovery, RecoveryError, RecoveryFile};
pub use secret::Masked;
pub use time::TimeMs;
pub use tx::{Receipt, Tx, TxError};
