//! The thread that carries appended blocks into the key-value store, and the bounded queue that feeds it.
//! The queue is also memory: until a block is flushed, its indexes and codes are answered from here. Blocks linger in it
//! so that they go together: an account that many of them changed is then written once.
//! Whoever appends waits while the queue is full, so the store never falls further behind than [`MAX_WAITING_BLOCKS`].

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::{Condvar, Mutex};

use crate::{
    error::{Result, StoreError},
    flat::{Flat, Meta},
    flush::{Pending, flush},
    history::forget_block,
    log::Log,
    record::BlockRecord,
};

/// Appended blocks that may wait for the flusher.
pub const MAX_WAITING_BLOCKS: usize = 64;
/// So many blocks are flushed at once; the other half of the queue takes new ones meanwhile.
const BLOCKS_TOGETHER: usize = MAX_WAITING_BLOCKS / 2;
/// Blocks that change so much are not kept in memory for others to come.
const CHANGES_TOGETHER: usize = 30_000;
/// How long the first of fewer blocks waits for company.
const LINGER: Duration = Duration::from_millis(250);
/// Blocks between two syncs of the key-value store: what a power cut costs is their replay.
const BLOCKS_BETWEEN_SYNCS: u64 = 256;
/// Old blocks forgotten for each block flushed while there is a backlog to forget.
const FORGET_PER_BLOCK: u64 = 4;

/// How often a wait for the flusher asks whether the database still works.
const HEALTH_POLL: Duration = Duration::from_secs(1);
/// A database whose background threads have failed can hold the flusher for ever; it is not waited for longer than this.
const LONGEST_CLOSE: Duration = Duration::from_secs(60);

/// How long the history reaches back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    Everything,
    /// The states of this many newest blocks.
    Blocks(u64),
}

impl Keep {
    /// Blocks of one batch: what the history loses with a batch must have come to the disk before it.
    fn part(self) -> usize {
        match self {
            Self::Everything => MAX_WAITING_BLOCKS,
            Self::Blocks(keep) => {
                usize::try_from(keep.saturating_sub(1)).unwrap_or(usize::MAX).clamp(1, MAX_WAITING_BLOCKS)
            }
        }
    }
}

/// Appended blocks that are not flushed yet.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    state: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    blocks: VecDeque<Arc<Pending>>,
    closing: bool,
    /// Height that somebody waits for.
    wanted: Option<u64>,
    /// The flusher has ended.
    stopped: bool,
    failed: Option<String>,
}

impl Queue {
    /// Waits until one more block fits. `healthy` is asked now and then, for a database that will never take more.
    pub(crate) fn wait_for_room(&self, healthy: impl Fn() -> Result<()>) -> Result<()> {
        self.wait_until(|waiting| waiting.blocks.len() < MAX_WAITING_BLOCKS, healthy)
    }

    /// Waits until every block up to `number` is flushed.
    pub(crate) fn wait_for(&self, number: u64, healthy: impl Fn() -> Result<()>) -> Result<()> {
        self.hurry(number);
        self.wait_until(|waiting| waiting.is_flushed(number), healthy)
    }

    fn hurry(&self, number: u64) {
        let mut waiting = self.state.lock();
        if !waiting.is_flushed(number) {
            waiting.wanted = waiting.wanted.max(Some(number));
            self.changed.notify_all();
        }
    }

    /// Wakes the flusher for the first of a batch, and when there is nothing to linger for.
    pub(crate) fn push(&self, block: Pending) {
        let mut waiting = self.state.lock();
        waiting.blocks.push_back(Arc::new(block));
        if waiting.blocks.len() == 1 || !waiting.may_linger() {
            self.changed.notify_all();
        }
    }

    /// What the first waiting block that has an answer says.
    pub(crate) fn find<T>(&self, answer: impl FnMut(&Arc<Pending>) -> Option<T>) -> Option<T> {
        self.state.lock().blocks.iter().find_map(answer)
    }

    /// No more blocks will come; waits until the flusher has done what was left. False if it does not come to an end.
    pub(crate) fn close(&self) -> bool {
        let mut waiting = self.state.lock();
        waiting.closing = true;
        self.changed.notify_all();
        let stopped = self.changed.wait_while_for(&mut waiting, |waiting| !waiting.stopped, LONGEST_CLOSE);
        !stopped.timed_out()
    }

    /// The failure that stopped the flusher, if one did.
    pub(crate) fn check(&self) -> Result<()> {
        check_failed(&self.state.lock())
    }

    fn wait_until(&self, ready: impl Fn(&Waiting) -> bool, healthy: impl Fn() -> Result<()>) -> Result<()> {
        let mut waiting = self.state.lock();
        let blocked = |waiting: &mut Waiting| waiting.failed.is_none() && !ready(waiting);
        while self.changed.wait_while_for(&mut waiting, blocked, HEALTH_POLL).timed_out() {
            healthy()?;
        }
        check_failed(&waiting)
    }

    /// The blocks to flush next; none when the queue is closed and empty.
    fn next(&self) -> Vec<Arc<Pending>> {
        let mut waiting = self.state.lock();
        self.changed.wait_while(&mut waiting, |waiting| waiting.blocks.is_empty() && !waiting.closing);
        self.changed.wait_while_until(&mut waiting, |waiting| waiting.may_linger(), Instant::now() + LINGER);
        waiting.blocks.iter().cloned().collect()
    }

    fn done(&self, blocks: usize) {
        // Dropped after the lock is free: there is much to free in a block.
        let _done: Vec<_> = self.state.lock().blocks.drain(..blocks).collect();
        self.changed.notify_all();
    }

    fn fail(&self, reason: String) {
        self.state.lock().failed.get_or_insert(reason);
        self.changed.notify_all();
    }
}

impl Waiting {
    fn is_flushed(&self, number: u64) -> bool {
        self.blocks.front().is_none_or(|block| block.number > number)
    }

    /// Nobody waits for these blocks, and more of them fit into one batch.
    fn may_linger(&self) -> bool {
        let wanted = self.wanted.is_some_and(|number| !self.is_flushed(number));
        let changes: usize = self.blocks.iter().map(|block| block.changes).sum();
        !self.closing && !wanted && self.blocks.len() < BLOCKS_TOGETHER && changes < CHANGES_TOGETHER
    }
}

fn check_failed(waiting: &Waiting) -> Result<()> {
    waiting.failed.as_ref().map_or(Ok(()), |reason| Err(StoreError::Stopped { reason: reason.clone() }))
}

/// What the thread owns.
pub(crate) struct Flusher {
    pub(crate) flat: Arc<Flat>,
    pub(crate) log: Arc<Log>,
    pub(crate) queue: Arc<Queue>,
    pub(crate) keep: Keep,
}

impl Flusher {
    pub(crate) fn new(flat: Flat, log: Log, keep: Keep) -> Self {
        Self { flat: Arc::new(flat), log: Arc::new(log), queue: Arc::default(), keep }
    }

    /// Flushes until the queue is closed and empty; a failure stops it for good and is told to whoever appends.
    pub(crate) fn run(&self) {
        let _told = TellTheEnd(&self.queue);
        let done = self.flush_until_closed();
        if let Err(error) = done {
            tracing::error!(%error, "flushing stopped");
            self.queue.fail(error.to_string());
        }
    }

    fn flush_until_closed(&self) -> Result<()> {
        let mut synced = 0;
        loop {
            let blocks = self.queue.next();
            let Some(last) = blocks.last() else { return self.flat.settle() };
            for part in blocks.chunks(self.keep.part()) {
                self.flush(part)?;
            }
            if last.number.saturating_sub(synced) >= BLOCKS_BETWEEN_SYNCS {
                self.flat.persist()?;
                synced = last.number;
            }
            self.queue.done(blocks.len());
        }
    }

    /// Flushes blocks in one batch, and forgets history that became too old with them.
    pub(crate) fn flush(&self, blocks: &[Arc<Pending>]) -> Result<()> {
        let budget = FORGET_PER_BLOCK.saturating_mul(blocks.len().try_into().unwrap_or(u64::MAX));
        flush(&self.flat, blocks, |batch, flushed| self.forget(batch, flushed, budget))
    }

    fn forget(&self, batch: &mut fjall::OwnedWriteBatch, flushed: u64, budget: u64) -> Result<Option<u64>> {
        let Keep::Blocks(keep) = self.keep else { return Ok(None) };
        let view = self.flat.snapshot();
        let Some(Meta { flushed: before, pruned, .. }) = view.meta()? else { return Ok(None) };
        // Blocks of this very batch are not in the view: with a history shorter than a batch they are forgotten later.
        let target = flushed.saturating_add(1).saturating_sub(keep).min(pruned.saturating_add(budget)).min(before);
        for number in pruned.saturating_add(1)..=target {
            let Some((location, _)) = view.block(number)? else {
                return Err(StoreError::flat_damaged(format!("block {number} is not in the index of blocks")));
            };
            let diff = BlockRecord::decode_diff(&self.log.read(location)?);
            let diff = diff.map_err(|error| StoreError::corrupt(format!("record of block {number}: {error}")))?;
            forget_block(batch, &view, number, &diff)?;
        }
        Ok((target > pruned).then_some(target))
    }
}

/// However the thread ends, nobody waits for it any more.
struct TellTheEnd<'a>(&'a Queue);

impl Drop for TellTheEnd<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.fail("the flushing thread panicked".into());
        }
        self.0.state.lock().stopped = true;
        self.0.changed.notify_all();
    }
}
