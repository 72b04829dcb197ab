//! The on-ledger systems: contracts written in Rust that answer at fixed addresses, with Solidity ABIs and ordinary slots.
//!
//! ```text
//! call (caller, address, data) -> registry::run -> room's dispatch -> operation -> answer | Stop
//!                                                                       |
//!                                           Env: slots, logs, caller, time  (behind it: a Host)
//! ```
//! Called by `evm`, which plugs [`registry::run`] into the EVM and stands behind [`Host`] with the EVM's journal, so that a
//! revert undoes everything; unit tests stand behind it with [`testing::Memory`].
//! A contract calls another as Rust ([`Env::inside`]) and never calls bytecode, so nothing here is ever re-entered.
//!
//! Deliberately absent: revm, clocks, randomness, floats, hash maps, threads, I/O. Never a panic on input.

#[macro_use]
pub mod dispatch;
pub mod admission;
pub mod cash;
pub mod env;
pub mod host;
pub mod protocol;
pub mod reader;
pub mod registry;
pub mod signature;
pub mod storage;
pub mod testing;
pub mod token;

pub use dispatch::Call;
pub use env::Env;
pub use host::{CodeKind, Host, Res, Stop};
pub use reader::Reader;
pub use storage::{Blob, Cell, List, Map, Place, Word};
