//! One transaction, one block: revm with this ledger's rules.
//!
//! Deliberately absent: disk, clocks, randomness and signature recovery of transactions; state is read through revm's `DatabaseRef`.

pub mod env;

pub mod access_list;
pub mod call;
pub mod estimate;
mod overrides;
