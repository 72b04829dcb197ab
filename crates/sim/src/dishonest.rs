//! What a byzantine member's ledger does. What its messages do is in `consensus::simplex::simulated`.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
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

fn wrong(root: B256) -> B256 {
    keccak256(root)
}
