//! Where tasks of the engine meet the ledger: one call at a time, on a thread that may block, with the un-final ancestors counted
//! against the tip of that very moment. Only the disk is waited for beside them. A ledger that cannot go on ends the engine from here.

use std::sync::{Arc, Mutex, PoisonError};

use commonware_runtime::{Handle, Spawner};
use primitives::{Block, FinalityProof};
use tokio::sync::mpsc;

use crate::{BlockRef, Content, Fatal, Ledger, Slot, Verdict};

/// The ledger, one caller at a time.
#[derive(Clone)]
pub(super) struct Desk {
    ledger: Arc<dyn Ledger>,
    turn: Arc<Mutex<()>>,
    /// Of one: the first reason ends the engine.
    fatal: mpsc::Sender<Fatal>,
}

/// A proposed block, or why there is none.
pub(super) enum Proposed {
    Block(Arc<Block>),
    /// Nothing to put into it.
    Nothing,
    /// A rival of the parent is final.
    DeadParent,
}

impl Desk {
    pub(super) fn new(ledger: Arc<dyn Ledger>) -> (Self, mpsc::Receiver<Fatal>) {
        let (fatal, ended) = mpsc::channel(1);
        (Self { ledger, turn: Arc::default(), fatal }, ended)
    }

    pub(super) fn ledger(&self) -> &dyn Ledger {
        &*self.ledger
    }

    /// Builds over the last of `ancestors`, which reach down to the tip and may reach below it.
    pub(super) fn propose(&self, slot: Slot, content: Content, ancestors: &[Arc<Block>]) -> Result<Proposed, Fatal> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(pending) = self.pending(ancestors) else { return Ok(Proposed::DeadParent) };
        if !self.execute(pending)? {
            return Ok(Proposed::DeadParent);
        }
        let block = self.ledger.propose(slot, content, pending)?;
        Ok(block.map_or(Proposed::Nothing, Proposed::Block))
    }

    /// Judges a block whose un-final ancestors are `ancestors`, oldest first.
    pub(super) fn verify(&self, block: &Arc<Block>, ancestors: &[Arc<Block>]) -> Result<Verdict, Fatal> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        self.judge(block, ancestors)
    }

    /// Executes blocks that members made final, each the child of the one before, as far as this node never did. `below` are those between
    /// the tip and the first, which may have become final meanwhile.
    pub(super) fn execute_final(&self, below: &[Arc<Block>], blocks: &[Arc<Block>]) -> Result<(), Fatal> {
        let chain = [below, blocks].concat();
        for (index, block) in chain.iter().enumerate().skip(below.len()) {
            if let Verdict::Invalid(reason) = self.verify(block, &chain[..index])? {
                let BlockRef { number, hash } = BlockRef::of(block);
                return Err(Fatal(format!("block {number} {hash} is final and breaks a rule here: {reason}")));
            }
        }
        Ok(())
    }

    /// Makes executed blocks final, in their order. One caller makes all blocks final, so the tip stays while the log is written.
    pub(super) fn finalize(&self, blocks: &[(Arc<Block>, Option<FinalityProof>)]) -> Result<(), Fatal> {
        let tip = self.ledger.tip().number;
        for (block, proof) in blocks.iter().filter(|(block, _)| block.number() > tip) {
            self.ledger.log(block, proof)?;
        }
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        blocks.iter().try_for_each(|(block, proof)| self.ledger.finalize(block.clone(), proof.clone()))
    }

    fn judge(&self, block: &Arc<Block>, ancestors: &[Arc<Block>]) -> Result<Verdict, Fatal> {
        if block.number() <= self.ledger.tip().number {
            let known = self.ledger.block(block.number())?.is_some_and(|known| known.block.hash() == block.hash());
            return Ok(if known { Verdict::Valid } else { dead() });
        }
        match self.pending(ancestors) {
            Some(pending) if follows(&self.parent(pending), block) && self.execute(pending)? => {
                self.ledger.verify(block.clone(), pending)
            }
            _ => Ok(dead()),
        }
    }

    /// Executes those of `pending` that this process has not: others agreed on them without it, or before it started. False if one
    /// breaks a rule here.
    fn execute(&self, pending: &[Arc<Block>]) -> Result<bool, Fatal> {
        for (index, block) in pending.iter().enumerate() {
            if let Verdict::Invalid(reason) = self.ledger.verify(block.clone(), &pending[..index])? {
                tracing::warn!(number = block.number(), hash = %block.hash(), reason, "members agreed on a block that is refused here");
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Those of `ancestors` that are above the tip; `None` if they do not stand on it.
    fn pending<'a>(&self, ancestors: &'a [Arc<Block>]) -> Option<&'a [Arc<Block>]> {
        let tip = self.ledger.tip();
        let first = ancestors.partition_point(|block| block.number() <= tip.number);
        let (below, pending) = ancestors.split_at(first);
        let at_tip = below.last().is_none_or(|block| BlockRef::of(block) == tip);
        let above_tip = pending.first().is_none_or(|block| follows(&tip, block));
        (at_tip && above_tip).then_some(pending)
    }

    fn parent(&self, pending: &[Arc<Block>]) -> BlockRef {
        pending.last().map_or_else(|| self.ledger.tip(), |block| BlockRef::of(block))
    }

    /// Ends the engine.
    pub(super) fn give_up(&self, fatal: Fatal) {
        if self.fatal.try_send(fatal).is_err() {
            tracing::debug!("the engine is ending already");
        }
    }
}

fn follows(parent: &BlockRef, block: &Block) -> bool {
    block.number() == parent.number + 1 && block.header().parent_hash == parent.hash
}

fn dead() -> Verdict {
    Verdict::Invalid("a rival of it or of its ancestor is final".into())
}

/// Runs a call that blocks where it holds up nobody; `None` if the runtime is ending.
pub(super) async fn blocking<E, T>(context: E, call: impl FnOnce() -> T + Send + 'static) -> Option<T>
where
    E: Spawner,
    T: Send + 'static,
{
    let task: Handle<T> = context.shared(true).spawn(|_| async move { call() });
    task.await.ok()
}
