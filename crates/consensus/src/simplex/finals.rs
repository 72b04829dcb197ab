//! Final blocks between marshal, which gives them in order, and the ledger, which takes them one by one. Used by `node`.

use std::{collections::VecDeque, num::NonZeroUsize, sync::Arc};

use commonware_actor::Feedback;
use commonware_consensus::{Reporter, marshal::Update};
use commonware_cryptography::Digested;
use commonware_utils::{Acknowledgement, NZUsize, acknowledgement::Exact};
use primitives::Block;
use tokio::sync::mpsc;

use super::block::Opaque;

/// Final blocks on their way to the ledger.
pub(super) const MAX_UNACKNOWLEDGED: NonZeroUsize = NZUsize!(16);

/// Final blocks from marshal. It never holds more than [`MAX_UNACKNOWLEDGED`]: marshal waits for acknowledgements.
#[derive(Clone)]
pub(super) struct Final(mpsc::UnboundedSender<(Arc<Block>, Exact)>);

impl Reporter for Final {
    type Activity = Update<Opaque>;

    fn report(&mut self, update: Update<Opaque>) -> Feedback {
        if let Update::Block(block, acknowledgement) = update {
            let block: Digested<Opaque> = block;
            // Nobody listens only when the node is ending.
            let _ended = self.0.send((block.inner().block().clone(), acknowledgement));
        }
        Feedback::Ok
    }
}

/// Final blocks on their way to the ledger, which takes them one by one. A node that is behind has several here: what follows can be
/// executed while a block is written, and marshal, which syncs what it was told, is told of several at once.
pub(super) struct Finals {
    arriving: mpsc::UnboundedReceiver<(Arc<Block>, Exact)>,
    waiting: VecDeque<(Arc<Block>, Exact)>,
    /// Of the block that was taken last.
    taken: Option<Exact>,
    /// Of blocks that are in the ledger.
    done: Vec<Exact>,
}

impl Finals {
    /// Where marshal reports them, and where they arrive.
    pub(super) fn new() -> (Final, Self) {
        let (sender, arriving) = mpsc::unbounded_channel();
        (Final(sender), Self { arriving, waiting: VecDeque::new(), taken: None, done: Vec::new() })
    }

    /// The next one; `None` when marshal has ended.
    pub(super) async fn next(&mut self) -> Option<Arc<Block>> {
        if self.waiting.is_empty() {
            let first = self.arriving.recv().await?;
            self.waiting.push_back(first);
        }
        while let Ok(more) = self.arriving.try_recv() {
            self.waiting.push_back(more);
        }
        let (block, acknowledgement) = self.waiting.pop_front()?;
        self.taken = Some(acknowledgement);
        Some(block)
    }

    /// The block after the one that was taken last, if it has arrived.
    pub(super) fn following(&self) -> Option<Arc<Block>> {
        self.waiting.front().map(|(block, _)| block.clone())
    }

    /// The ledger holds the block that was taken last. Told at once where nothing else waits.
    pub(super) fn done(&mut self) {
        self.done.extend(self.taken.take());
        if self.waiting.is_empty() || self.done.len() >= MAX_UNACKNOWLEDGED.get() / 2 {
            self.done.drain(..).for_each(Exact::acknowledge);
        }
    }
}
