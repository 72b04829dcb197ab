//! One transaction, one block: revm with this ledger's rules.
//!
//! ```text
//! header + rules ----> env ---+
//!                             v
//! transactions -> execute_block -> Outcome -> roots -> seal -> Block
//!                  | execution: one journal per block
//!                  | diff:      journal -> StateDiff
//!                  | creation:  EIP-7610
//!                  + system:    protocol upgrades; EIP-2935, 4788, 7002, 7251 where their code exists
//!                  + native:    contracts in Rust at their addresses, in every EVM
//! genesis file -> genesis_diff -> state of block 0
//! received header -> verify_header, then execute_block, then check_outcome
//! raw transaction -> validity (what needs no state), unpayable (prices beyond 128 bits)
//!
//! JSON-RPC request -> call, estimate, access_list, simulate, trace: on the state of a block, with overrides, changing nothing
//! ```
//!
//! `execute_block` is the only function that changes state, used alike to propose, to verify and to replay.
//! Deliberately absent: disk, clocks, randomness and recovery of senders; state is read through revm's `DatabaseRef`.

pub mod access_list;
pub mod call;
mod creation;
mod diff;
pub mod env;
pub mod estimate;
pub mod execute;
pub mod execution;
pub mod genesis;
pub mod header;
pub mod native;
mod overrides;
pub mod simulate;
mod system;
pub mod trace;
pub mod unpayable;
pub mod validity;

pub use creation::BlockState;
pub use execute::{ExecuteError, Mode, Outcome, Rejected, execute_block};
pub use genesis::genesis_diff;
pub use header::{HeaderError, Roots, check_outcome, seal, seal_header, verify_header};
pub use native::Terms;
pub use validity::Invalid;

// The worlds of the tests are shared with the judges and examples, which know this crate by its name.
#[cfg(test)]
extern crate self as evm;
#[cfg(test)]
#[path = "../tests/world/people.rs"]
mod people;
#[cfg(test)]
#[path = "../tests/world/mod.rs"]
mod world;
