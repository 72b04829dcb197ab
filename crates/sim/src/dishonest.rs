//! What a byzantine member's ledger does. What its messages do is in `consensus::simplex::simulated`.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use consensus::{Content, Fatal, Ledger, Slot};
use primitives::{B256, Block, keccak256};

use crate::twist::Twist;

/// Proposes blocks whose state root is not what execution gives.
pub(crate) struct WrongRoots(pub(crate) Arc<AtomicU64>);

impl Twist for WrongRoots {
    fn propose(
        &self,
        inner: &dyn Ledger,
        slot: Slot,
        content: Content,
        pending: &[Arc<Block>],
    ) -> Result<Option<Arc<Block>>, Fatal> {
        let Some(block) = inner.propose(slot, content, pending)? else { return Ok(None) };
        self.0.fetch_add(1, Ordering::Relaxed);
        let mut header = block.header().clone();
        header.state_root = wrong(header.state_root);
        Ok(Some(Arc::new(Block::seal(header, block.transactions().to_vec()))))
    }
}

/// Two lives of one key: remembers which blocks both make for each round.
#[derive(Clone, Default)]
pub(crate) struct Twins(Arc<Mutex<BTreeMap<Round, BTreeSet<B256>>>>);

/// Epoch and view.
type Round = (u64, u64);

impl Twins {
    /// Rounds for which there are two blocks.
    pub(crate) fn equivocations(&self) -> u64 {
        let made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        made.values().map(|blocks| u64::from(blocks.len() > 1)).sum()
    }
}

impl Twist for Twins {
    fn propose(
        &self,
        inner: &dyn Ledger,
        slot: Slot,
        content: Content,
        pending: &[Arc<Block>],
    ) -> Result<Option<Arc<Block>>, Fatal> {
        let Some(block) = inner.propose(slot, content, pending)? else { return Ok(None) };
        let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        made.entry((slot.epoch, slot.view)).or_default().insert(block.hash());
        Ok(Some(block))
    }
}

fn wrong(root: B256) -> B256 {
    keccak256(root)
}
