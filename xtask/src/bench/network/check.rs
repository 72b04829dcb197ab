//! Whether what the nodes served is one sound history: a speed of unsound work is not a number.
//!
//! Called by `rows.rs` after the clock. The nodes' blocks are those that each announced and served while the load ran, so what a
//! node served before it was killed is compared with what the others serve after.

use std::collections::{BTreeMap, HashMap};

use alloy_primitives::B256;
use eyre::{Result, ensure};

use super::super::drive::check_receipts;
use super::super::load::Load;
use super::super::rpc::Rpc;
use super::drive::Driven;
use super::watch::Seen;

/// One block at each height on all nodes, every transaction in exactly one of them, every receipt sound.
pub(super) fn check(driven: &Driven, load: &Load, rpc: &mut Rpc) -> Result<()> {
    let history = one_history(&driven.blocks)?;
    let mut times: HashMap<B256, usize> = HashMap::new();
    for block in history.values() {
        block.transactions.iter().for_each(|hash| *times.entry(*hash).or_default() += 1);
    }
    let hashes = load.hashes();
    let lost = hashes.iter().filter(|hash| !times.contains_key(*hash)).count();
    let twice = times.values().filter(|times| **times > 1).count();
    ensure!(lost == 0 && twice == 0, "{lost} transactions are in no block, {twice} are in more than one");
    check_receipts(rpc, load.kind, &hashes)
}

/// The blocks by height; two nodes that served different ones at a height are an error.
fn one_history(nodes: &[Vec<Seen>]) -> Result<BTreeMap<u64, &Seen>> {
    let mut history: BTreeMap<u64, &Seen> = BTreeMap::new();
    for block in nodes.iter().flatten() {
        let known = history.entry(block.number).or_insert(block);
        ensure!(
            known.hash == block.hash,
            "two blocks were final at height {}: {} and {}",
            block.number,
            known.hash,
            block.hash
        );
    }
    Ok(history)
}
