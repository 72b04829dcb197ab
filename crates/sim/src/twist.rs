//! A ledger behind an altered door. Honest checks, byzantine members and planted bugs are all made so: the node's code stays what it
//! is, and what engine and ledger tell each other is watched or changed on the way.

use std::sync::Arc;

use consensus::{BlockRef, Content, Fatal, Ledger, Logged, Peers, Slot, Verdict};
use primitives::{B256, Block, Committee, FinalityProof, NodeId, TimeMs};

/// What is altered; by default nothing.
pub(crate) trait Twist: Send + Sync + 'static {
    fn propose(
        &self,
        inner: &dyn Ledger,
        slot: Slot,
        content: Content,
        pending: &[Arc<Block>],
    ) -> Result<Option<Arc<Block>>, Fatal> {
        inner.propose(slot, content, pending)
    }

    fn verify(&self, inner: &dyn Ledger, block: Arc<Block>, pending: &[Arc<Block>]) -> Result<Verdict, Fatal> {
        inner.verify(block, pending)
    }

    fn log(&self, inner: &dyn Ledger, block: &Arc<Block>, proof: &Option<FinalityProof>) -> Result<(), Fatal> {
        inner.log(block, proof)
    }

    fn finalize(&self, inner: &dyn Ledger, block: Arc<Block>, proof: Option<FinalityProof>) -> Result<(), Fatal> {
        inner.finalize(block, proof)
    }

    fn committee(&self, inner: &dyn Ledger, epoch: u64) -> Result<Option<Committee>, Fatal> {
        inner.committee(epoch)
    }

    fn peers(&self, inner: &dyn Ledger) -> Result<Peers, Fatal> {
        inner.peers()
    }
}

/// The ledger behind the altered door.
pub(crate) fn twisted(inner: Arc<dyn Ledger>, twist: impl Twist) -> Arc<dyn Ledger> {
    Arc::new(Twisted { inner, twist })
}

struct Twisted<T> {
    inner: Arc<dyn Ledger>,
    twist: T,
}

impl<T: Twist> Ledger for Twisted<T> {
    fn propose(&self, slot: Slot, content: Content, pending: &[Arc<Block>]) -> Result<Option<Arc<Block>>, Fatal> {
        self.twist.propose(&*self.inner, slot, content, pending)
    }

    fn verify(&self, block: Arc<Block>, pending: &[Arc<Block>]) -> Result<Verdict, Fatal> {
        self.twist.verify(&*self.inner, block, pending)
    }

    fn log(&self, block: &Arc<Block>, proof: &Option<FinalityProof>) -> Result<(), Fatal> {
        self.twist.log(&*self.inner, block, proof)
    }

    fn finalize(&self, block: Arc<Block>, proof: Option<FinalityProof>) -> Result<(), Fatal> {
        self.twist.finalize(&*self.inner, block, proof)
    }

    fn tip(&self) -> BlockRef {
        self.inner.tip()
    }

    fn block(&self, number: u64) -> Result<Option<Logged>, Fatal> {
        self.inner.block(number)
    }

    fn number_of(&self, hash: B256) -> Result<Option<u64>, Fatal> {
        self.inner.number_of(hash)
    }

    fn committee(&self, epoch: u64) -> Result<Option<Committee>, Fatal> {
        self.twist.committee(&*self.inner, epoch)
    }

    fn committee_changes(&self) -> Result<bool, Fatal> {
        self.inner.committee_changes()
    }

    fn peers(&self) -> Result<Peers, Fatal> {
        self.twist.peers(&*self.inner)
    }

    fn is_revoked(&self, node: NodeId) -> Result<bool, Fatal> {
        self.inner.is_revoked(node)
    }

    fn now(&self) -> TimeMs {
        self.inner.now()
    }
}
