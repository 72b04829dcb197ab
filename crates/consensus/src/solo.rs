//! The engine of a committee of one: proposes as soon as transactions wait, signs, and lets the next block fill while this one commits.
//!
//! ```text
//! proposer thread:  wait for wake -> propose(slot, pending) -> sign --+
//! committer thread:                     finalize(block, proof)  <-----+  (a channel of one: a full one makes blocks bigger)
//! ```
//! No empty blocks, but up to the end of an epoch after which the committee is another one; there it stops, once and for all, and
//! says so: an epoch is signed by one engine only. No network. The certificate is simplex's own, so a proof reads the same whoever
//! made it.

use std::{
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use primitives::{B256, Block, FinalityProof, NodeId};

use crate::{Content, Fatal, Ledger, NodeKey, Slot, Wake, certificate, guarded};

/// What the engine is told at start.
#[derive(Clone, Debug)]
pub struct Config {
    /// Signs every block.
    pub key: NodeKey,
    /// Part of the signing namespace.
    pub genesis_hash: B256,
    /// Blocks in an epoch.
    pub epoch_blocks: u64,
    /// Least time between the starts of two blocks; an idle chain never waits for it.
    pub min_block_interval: Duration,
    /// Whether to hand over at the end of this epoch even if the committee stays: to a network that is to follow.
    pub leaves: bool,
}

/// Why the engine did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// This node may not decide alone.
    #[error("this node's key {key} is not alone in the committee of epoch {epoch}, which is {committee:?}")]
    NotAlone {
        /// Our public key.
        key: NodeId,
        /// The epoch of the next block, or the one before it.
        epoch: u64,
        /// Members; empty if the ledger names none.
        committee: Vec<NodeId>,
    },
    /// The blocks up to the end of the epoch are made already, elsewhere.
    #[error(
        "the log ends within epoch {0}, which a recovery ended: start this node with --listen, it fetches the rest"
    )]
    Recovered(u64),
    /// The ledger cannot be read.
    #[error(transparent)]
    Ledger(#[from] Fatal),
    /// No thread could be started.
    #[error("could not start a thread: {0}")]
    Thread(#[from] std::io::Error),
}

/// Why the engine ended without being told to.
#[derive(Clone, Debug)]
pub enum End {
    /// The ledger cannot go on.
    Fatal(Fatal),
    /// The last block of the epoch before this one is durable, and from here on another committee decides: `simplex` goes on.
    HandOver {
        /// The first epoch that is not this engine's.
        epoch: u64,
    },
}

/// A running engine.
#[derive(Debug)]
pub struct Solo {
    wake: Wake,
    threads: Vec<JoinHandle<()>>,
}

/// A block on its way to disk.
type Signed = (Arc<Block>, FinalityProof);

impl Solo {
    /// Starts both threads; `on_end` is called, from a thread of the engine, when it ends without [`Solo::stop`].
    pub fn start(
        config: Config,
        ledger: Arc<dyn Ledger>,
        wake: Wake,
        on_end: impl Fn(End) + Send + Sync + 'static,
    ) -> Result<Self, StartError> {
        let tip = ledger.tip().number;
        check_alone(&config, &*ledger, tip + 1)?;
        let (sender, receiver) = sync_channel(1);
        let durable = Durable::new(tip);
        let leaves = config.leaves;
        let proposer =
            Proposer { config, ledger: ledger.clone(), wake: wake.clone(), sender, durable: durable.clone() };
        let committer = Committer { ledger, wake: wake.clone(), blocks: receiver, durable, leaves };
        committer.hurry()?;
        let on_end = Arc::new(on_end);
        let threads = vec![
            spawn("solo-propose", ending(&wake, &on_end, move || proposer.run()))?,
            spawn("solo-commit", ending(&wake, &on_end, move || committer.run().map(|()| None)))?,
        ];
        Ok(Self { wake, threads })
    }

    /// Stops after the blocks already proposed are durable.
    pub fn stop(self) {
        self.wake.stop();
        for thread in self.threads {
            if thread.join().is_err() {
                tracing::error!("an engine thread ended by a panic");
            }
        }
    }
}

/// A block of more transactions than this means load: the next one waits for the interval, so that it can fill.
const LIGHT_BLOCK_TRANSACTIONS: usize = 8;

struct Proposer {
    config: Config,
    ledger: Arc<dyn Ledger>,
    wake: Wake,
    sender: SyncSender<Signed>,
    durable: Durable,
}

impl Proposer {
    /// Until stopped (`None`), or until another committee decides.
    fn run(self) -> Result<Option<End>, Fatal> {
        let mut next = self.ledger.tip().number + 1;
        let mut pending: Vec<Arc<Block>> = Vec::new();
        while self.wake.wait() {
            let mut started = Instant::now();
            while let Some(block) = self.propose(next, &mut pending)? {
                next += 1;
                let full = block.transactions().len() > LIGHT_BLOCK_TRANSACTIONS;
                let empty = block.transactions().is_empty();
                pending.push(block);
                if next.is_multiple_of(self.config.epoch_blocks) {
                    match self.alone_from(next)? {
                        Some(true) => (),
                        Some(false) => return Ok(Some(End::HandOver { epoch: next / self.config.epoch_blocks })),
                        None => return Ok(None),
                    }
                }
                if (full || empty) && !self.wake.sleep_until(started + self.config.min_block_interval) {
                    return Ok(None);
                }
                started = Instant::now();
            }
        }
        Ok(None)
    }

    /// Builds, signs and hands over one block; `None` if there was nothing to build or the committer is gone.
    fn propose(&self, number: u64, pending: &mut Vec<Arc<Block>>) -> Result<Option<Arc<Block>>, Fatal> {
        let durable = self.durable.height();
        pending.retain(|block| block.number() > durable);
        let slot = slot_of(number, self.config.epoch_blocks);
        let ends = self.config.leaves || self.ledger.committee_changes()?;
        let content = if ends { Content::MayBeEmpty } else { Content::Transactions };
        let Some(block) = self.ledger.propose(slot, content, pending)? else { return Ok(None) };
        let proof = certificate::finalize_alone(&self.config.key, self.config.genesis_hash, slot, block.hash());
        let sent = self.sender.send((block.clone(), proof));
        Ok(sent.is_ok().then_some(block))
    }

    /// Whether the epoch that begins with `number` is ours: known only when the block before it is durable. `None` if the committer
    /// is gone.
    fn alone_from(&self, number: u64) -> Result<Option<bool>, Fatal> {
        if !self.durable.wait_for(number - 1) {
            return Ok(None);
        }
        let committee = self.ledger.committee(number / self.config.epoch_blocks)?;
        let alone = committee.is_some_and(|committee| committee.members() == [self.config.key.id()]);
        Ok(Some(alone && !self.config.leaves))
    }
}

struct Committer {
    ledger: Arc<dyn Ledger>,
    wake: Wake,
    blocks: Receiver<Signed>,
    durable: Durable,
    leaves: bool,
}

impl Committer {
    fn run(self) -> Result<(), Fatal> {
        let _ended = OnDrop(&self.durable);
        for (block, proof) in &self.blocks {
            let number = block.number();
            self.ledger.finalize(block, Some(proof))?;
            self.durable.reach(number);
            self.hurry()?;
        }
        Ok(())
    }

    /// Another committee, or another engine, waits for the end of the epoch: blocks are wanted though no transaction may come.
    fn hurry(&self) -> Result<(), Fatal> {
        if self.leaves || self.ledger.committee_changes()? {
            self.wake.raise();
        }
        Ok(())
    }
}

/// How far the log is durable, to read and to wait for.
#[derive(Clone)]
struct Durable(Arc<(Mutex<Reached>, Condvar)>);

struct Reached {
    height: u64,
    ended: bool,
}

impl Durable {
    fn new(height: u64) -> Self {
        Self(Arc::new((Mutex::new(Reached { height, ended: false }), Condvar::new())))
    }

    fn height(&self) -> u64 {
        self.lock().height
    }

    fn reach(&self, height: u64) {
        self.lock().height = height;
        self.0.1.notify_all();
    }

    /// False if that height will never be reached.
    fn wait_for(&self, height: u64) -> bool {
        let waiting = |reached: &mut Reached| reached.height < height && !reached.ended;
        let reached = self.0.1.wait_while(self.lock(), waiting).unwrap_or_else(PoisonError::into_inner);
        reached.height >= height
    }

    fn lock(&self) -> MutexGuard<'_, Reached> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// However the committer ends, nobody waits for it.
struct OnDrop<'a>(&'a Durable);

impl Drop for OnDrop<'_> {
    fn drop(&mut self) {
        self.0.lock().ended = true;
        self.0.0.1.notify_all();
    }
}

/// The epoch of the next block and the one before it are ours: a network that once decided is not gone back on.
fn check_alone(config: &Config, ledger: &dyn Ledger, next: u64) -> Result<(), StartError> {
    let epoch = next / config.epoch_blocks;
    if ledger.is_recovered(epoch) {
        return Err(StartError::Recovered(epoch));
    }
    for epoch in epoch.saturating_sub(1)..=epoch {
        let committee = ledger.committee(epoch)?.map_or_else(Vec::new, |committee| committee.members().to_vec());
        if committee != [config.key.id()] {
            return Err(StartError::NotAlone { key: config.key.id(), epoch, committee });
        }
    }
    Ok(())
}

/// A thread's work, and what is said when it ends before it is told to.
fn ending(
    wake: &Wake,
    on_end: &Arc<impl Fn(End) + Send + Sync + 'static>,
    work: impl FnOnce() -> Result<Option<End>, Fatal> + Send + 'static,
) -> impl FnOnce() + Send + 'static {
    let (wake, on_end) = (wake.clone(), on_end.clone());
    move || match guarded(work).unwrap_or_else(|fatal| Some(End::Fatal(fatal))) {
        Some(End::Fatal(fatal)) => {
            wake.stop();
            on_end(End::Fatal(fatal));
        }
        Some(end) => on_end(end),
        None => (),
    }
}

/// The simplex round of a height when every view succeeds; `epoch_blocks` is at least 2 (checked in genesis).
pub const fn slot_of(number: u64, epoch_blocks: u64) -> Slot {
    let epoch = number / epoch_blocks;
    let within = number % epoch_blocks;
    // Genesis occupies height 0 of epoch 0 without a view of its own.
    let view = if epoch == 0 { within } else { within + 1 };
    Slot { epoch, view, parent_view: view.saturating_sub(1) }
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name(name.into()).spawn(run)
}

#[cfg(test)]
mod tests;
