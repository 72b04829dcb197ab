//! The counterfoil: a small file that proves a fact of the ledger to anyone who knows nothing but the genesis hash.
//!
//! ```text
//! node's parts -> build -> Counterfoil -> bytes (.cfl) or JSON
//!                          bytes + genesis hash [+ checkpoint] -> verify -> Verified { height, time, statements } | Refusal
//! ```
//!
//! What a file holds is in [`file`], what is checked in [`verify`](mod@verify), what it then means in [`statement`]. The format byte by
//! byte, and what it does not prove, is in `docs/counterfoil-file.md`. Rules: DESIGN section 5.
//!
//! Everything here is a pure function. Deliberately absent: I/O, clocks, engine libraries, the EVM and the contracts; this crate
//! and `primitives` are all that a verifier needs.

pub mod build;
pub mod certificate;
pub mod file;
mod json;
pub mod statement;
pub mod trie;
pub mod verify;

pub use file::{Certified, Counterfoil, Fact};
pub use statement::{Field, Statement};
pub use verify::{Checkpoint, Refusal, Verified, verify};
