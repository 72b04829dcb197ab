//! Prints what the state costs at a million accounts: start-up, memory, commits of several sizes, reads and proofs.
//! Run by hand: `cargo run --release -p store --example trie_speed`. Times are those of this machine at this moment.

use alloy_primitives::{Address, B256, U256, keccak256};
use primitives::{AccountDiff, SlotDiff, StateDiff};
use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicUsize, Ordering},
    time::Instant,
};
use store::{AccountValue, State, StateBuilder};

const ACCOUNTS: u64 = 1_000_000;
const ROUNDS: u64 = 15;

fn main() {}
