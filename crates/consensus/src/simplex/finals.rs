//! Final blocks between marshal, which gives them one by one, and the ledger, which takes those that are there together. Used by `node`.

use std::{collections::VecDeque, num::NonZeroUsize, sync::Arc};

use commonware_actor::Feedback;
use commonware_consensus::{Reporter, marshal::Update};
use commonware_cryptography::Digested;
use commonware_utils::{Acknowledgement, NZUsize, acknowledgement::Exact};
use primitives::Block;
use tokio::sync::mpsc;

use super::block::Opaque;

/// Final blocks on their way to the ledger.
pub(super) const MAX_UNACKNOWLEDGED: NonZeroUsize = NZUsize!(64);
/// Blocks that the ledger takes together. So many more are executed meanwhile, and others come while marshal hears of these.
const MAX_TOGETHER: usize = MAX_UNACKNOWLEDGED.get() / 4;

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

/// Final blocks on their way to the ledger. A node that keeps up has one here. One that is behind has several: they are written by one call,
/// those that follow are executed meanwhile, and marshal, which syncs what it was told, is told of all of them at once.
pub(super) struct Finals {
    epoch_blocks: u64,
    arriving: mpsc::UnboundedReceiver<(Arc<Block>, Exact)>,
    waiting: VecDeque<(Arc<Block>, Exact)>,
    /// Of the blocks that were taken last.
    taken: Vec<Exact>,
}

impl Finals {
    /// Where marshal reports them, and where they arrive.
    pub(super) fn new(epoch_blocks: u64) -> (Final, Self) {
        let (sender, arriving) = mpsc::unbounded_channel();
        (Final(sender), Self { epoch_blocks, arriving, waiting: VecDeque::new(), taken: Vec::new() })
    }

    /// The next ones, of one epoch; `None` when marshal has ended.
    pub(super) async fn next(&mut self) -> Option<Arc<[Arc<Block>]>> {
        if self.waiting.is_empty() {
            let first = self.arriving.recv().await?;
            self.waiting.push_back(first);
        }
        while let Ok(more) = self.arriving.try_recv() {
            self.waiting.push_back(more);
        }
        let (blocks, acknowledgements) = self.waiting.drain(..self.together()).unzip::<_, _, Vec<_>, Vec<_>>();
        self.taken = acknowledgements;
        Some(blocks.into())
    }

    /// What comes after the blocks that were taken last, as far as it has arrived.
    pub(super) fn following(&self) -> Arc<[Arc<Block>]> {
        self.waiting.iter().take(self.together()).map(|(block, _)| block.clone()).collect()
    }

    /// The ledger holds the blocks that were taken last.
    pub(super) fn done(&mut self) {
        self.taken.drain(..).for_each(Exact::acknowledge);
    }

    /// How many of those that wait go together: none after the last of an epoch, because the next epoch's engine starts first.
    fn together(&self) -> usize {
        let ends_epoch = |(block, _): &(Arc<Block>, Exact)| (block.number() + 1).is_multiple_of(self.epoch_blocks);
        let up_to_end = self.waiting.iter().position(ends_epoch).map_or(self.waiting.len(), |last| last + 1);
        up_to_end.min(MAX_TOGETHER)
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;
    use primitives::Header;

    use super::*;

    const EPOCH_BLOCKS: u64 = 10;

    /// Reports a block as marshal does; resolves when it is told that the ledger has it.
    fn report(reporter: &mut Final, number: u64) -> <Exact as Acknowledgement>::Waiter {
        let block = Block::seal(Header { number, ..Header::default() }, vec![]);
        let (acknowledgement, waiter) = Exact::handle();
        reporter.report(Update::Block(Opaque::new(Arc::new(block)).digested(), acknowledgement));
        waiter
    }

    fn numbers(blocks: &[Arc<Block>]) -> Vec<u64> {
        blocks.iter().map(|block| block.number()).collect()
    }

    #[test]
    fn what_waits_goes_together_up_to_the_end_of_its_epoch() {
        let (mut reporter, mut finals) = Finals::new(EPOCH_BLOCKS);
        let mut told: Vec<_> = (7..12).map(|number| report(&mut reporter, number)).collect();
        futures::executor::block_on(async {
            assert_eq!(numbers(&finals.next().await.unwrap()), [7, 8, 9]);
            assert_eq!(numbers(&finals.following()), [10, 11]);
            assert!(told.iter_mut().all(|waiter| waiter.now_or_never().is_none()));
            finals.done();
            for waiter in told.drain(..3) {
                waiter.await.unwrap();
            }
            assert!(told.iter_mut().all(|waiter| waiter.now_or_never().is_none()));
            assert_eq!(numbers(&finals.next().await.unwrap()), [10, 11]);
            assert!(finals.following().is_empty());
        });
    }

    #[test]
    fn a_part_of_what_may_wait_goes_together_and_as_many_follow() {
        let (mut reporter, mut finals) = Finals::new(1_000);
        let count = u64::try_from(MAX_UNACKNOWLEDGED.get()).unwrap();
        let _told: Vec<_> = (1..=count).map(|number| report(&mut reporter, number)).collect();
        let taken = futures::executor::block_on(finals.next()).unwrap();
        assert_eq!(taken.len(), MAX_TOGETHER);
        assert_eq!(finals.following().len(), MAX_TOGETHER);
        assert_eq!(numbers(&[&taken[..], &finals.following()].concat()), (1..=count / 2).collect::<Vec<_>>());
    }
}
