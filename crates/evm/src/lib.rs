//! One transaction, one block: revm with this ledger's rules.
//!
//! Deliberately absent: disk, clocks, randomness and signature recovery of transactions; state is read through revm's `DatabaseRef`.

pub mod env;
