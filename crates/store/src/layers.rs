//! The states of recent blocks by block hash: the last final ones, and on top of them what is executed but not final.
//!
//! ```text
//!     final ... final <- head      insert(block on a known parent)   children of unfinal parents too, on any fork
//!                          \ \     finalize(hash)                    the way to it becomes final, other forks are dropped
//! ```
//!
//! Owned by `chain`. States share what they have in common, so a layer costs what its block changed.

#[cfg(test)]
mod tests;

use crate::state::State;
use alloy_primitives::B256;
use std::collections::{HashMap, HashSet, VecDeque};

/// Layers that may wait for finality at one time: far more than a working engine leaves open.
pub const UNFINAL_LIMIT: usize = 1024;

/// States by block hash.
#[derive(Debug)]
pub struct Layers {
    layers: HashMap<B256, Layer>,
    /// The final ones among them, oldest first; never empty.
    finals: VecDeque<B256>,
    keep: usize,
}

#[derive(Debug)]
struct Layer {
    parent: B256,
    number: u64,
    state: State,
}

/// A block that does not fit the layers there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LayerError {
    /// The block's parent has no layer: it was never inserted, or is on a dropped fork.
    #[error("block {hash} has an unknown parent {parent}")]
    UnknownParent {
        /// The block.
        hash: B256,
        /// Its parent.
        parent: B256,
    },
    /// The block's number does not follow its parent's.
    #[error("block {hash} has number {number}, which does not follow its parent's")]
    WrongNumber {
        /// The block.
        hash: B256,
        /// Its number.
        number: u64,
    },
    /// The block's parent is final and has a final child already.
    #[error("block {0} is on a fork that finality has passed")]
    DeadFork(B256),
    /// Too many blocks wait for finality.
    #[error("{UNFINAL_LIMIT} blocks wait for finality already")]
    TooManyUnfinal,
    /// The block to finalize has no layer.
    #[error("block {0} is unknown")]
    UnknownBlock(B256),
}

impl Layers {
    /// Starts with one final state; from then on the newest `keep` final states stay (at least the newest one).
    pub fn new(hash: B256, number: u64, state: State, keep: usize) -> Self {
        let base = Layer { parent: B256::ZERO, number, state };
        Self { layers: HashMap::from([(hash, base)]), finals: VecDeque::from([hash]), keep: keep.max(1) }
    }

    /// Adds the state after a block whose parent has a layer. Inserting a block again changes nothing.
    pub fn insert(&mut self, hash: B256, parent: B256, number: u64, state: State) -> Result<(), LayerError> {
        if self.layers.contains_key(&hash) {
            return Ok(());
        }
        self.check(hash, parent, number)?;
        self.layers.insert(hash, Layer { parent, number, state });
        Ok(())
    }

    /// The state after a block.
    pub fn get(&self, hash: &B256) -> Option<&State> {
        self.layers.get(hash).map(|layer| &layer.state)
    }

    /// Hash and state of the newest final block.
    pub fn head(&self) -> (B256, &State) {
        let hash = self.head_hash();
        (hash, &self.layers[&hash].state)
    }

    /// Makes a block final, its ancestors with it. Forks that do not descend from it are dropped, and final states
    /// beyond the number to keep. Finalizing a final block again changes nothing.
    pub fn finalize(&mut self, hash: B256) -> Result<(), LayerError> {
        if self.finals.contains(&hash) {
            return Ok(());
        }
        let way = self.way_to(hash)?;
        self.finals.extend(way.into_iter().rev());
        self.drop_forks();
        self.drop_old();
        Ok(())
    }

    fn check(&self, hash: B256, parent: B256, number: u64) -> Result<(), LayerError> {
        let layer = self.layers.get(&parent).ok_or(LayerError::UnknownParent { hash, parent })?;
        if layer.number.checked_add(1) != Some(number) {
            return Err(LayerError::WrongNumber { hash, number });
        }
        if parent != self.head_hash() && self.finals.contains(&parent) {
            return Err(LayerError::DeadFork(hash));
        }
        if self.layers.len() - self.finals.len() >= UNFINAL_LIMIT {
            return Err(LayerError::TooManyUnfinal);
        }
        Ok(())
    }

    /// The unfinal blocks from `hash` back to the head. All unfinal layers descend from it: dead forks are dropped at once.
    fn way_to(&self, hash: B256) -> Result<Vec<B256>, LayerError> {
        let head = self.head_hash();
        let mut way = Vec::new();
        let mut at = hash;
        while at != head {
            way.push(at);
            at = self.layers.get(&at).ok_or(LayerError::UnknownBlock(hash))?.parent;
        }
        Ok(way)
    }

    /// Parents before children: what descends from the head stays.
    fn drop_forks(&mut self) {
        let finals: HashSet<_> = self.finals.iter().copied().collect();
        let mut unfinal: Vec<_> = self.layers.iter().filter(|(hash, _)| !finals.contains(*hash)).collect();
        unfinal.sort_unstable_by_key(|(_, layer)| layer.number);
        let mut alive = HashSet::from([self.head_hash()]);
        for (hash, layer) in unfinal {
            if alive.contains(&layer.parent) {
                alive.insert(*hash);
            }
        }
        self.layers.retain(|hash, _| alive.contains(hash) || finals.contains(hash));
    }

    fn drop_old(&mut self) {
        while self.finals.len() > self.keep {
            if let Some(oldest) = self.finals.pop_front() {
                self.layers.remove(&oldest);
            }
        }
    }

    fn head_hash(&self) -> B256 {
        *self.finals.back().expect("the newest final layer stays")
    }
}
