//! The engine of a committee of one: proposes as soon as transactions wait, signs, and lets the next block fill while this one commits.
//!
//! ```text
//! proposer thread:  wait for wake -> propose(slot, pending) -> sign --+
//! committer thread:                     finalize(block, proof)  <-----+  (a channel of one: a full one makes blocks bigger)
//! ```
//! No empty blocks, no network. The certificate is simplex's own, so a proof reads the same whoever made it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use primitives::{B256, Block, Committee, FinalityProof};

use crate::{Fatal, Ledger, NodeKey, Slot, Wake, certificate};

/// What the engine is told at start.
#[derive(Clone, Debug)]
pub struct Config {
    /// Signs every block.
    pub key: NodeKey,
    /// Part of the signing namespace.
    pub genesis_hash: B256,
    /// Must consist of `key` alone.
    pub committee: Committee,
    /// Blocks in an epoch.
    pub epoch_blocks: u64,
    /// Least time between the starts of two blocks; an idle chain never waits for it.
    pub min_block_interval: Duration,
}

/// Why the engine did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// This node may not decide alone.
    #[error("this node's key {key} is not the committee of this chain, which is {committee:?}")]
    NotAlone {
        /// Our public key.
        key: B256,
        /// Members.
        committee: Vec<B256>,
    },
    /// No thread could be started.
    #[error("could not start a thread: {0}")]
    Thread(#[from] std::io::Error),
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
    /// Starts both threads; `on_fatal` is called, from a thread of the engine, when the ledger cannot go on.
    pub fn start(
        config: Config,
        ledger: Arc<dyn Ledger>,
        wake: Wake,
        on_fatal: impl Fn(Fatal) + Send + Sync + 'static,
    ) -> Result<Self, StartError> {
        if config.committee.members() != [config.key.id()] {
            let committee = config.committee.members().to_vec();
            return Err(StartError::NotAlone { key: config.key.id(), committee });
        }
        let (sender, receiver) = sync_channel(1);
        let finalized = Arc::new(AtomicU64::new(ledger.tip().number));
        let proposer =
            Proposer { config, ledger: ledger.clone(), wake: wake.clone(), sender, finalized: finalized.clone() };
        let stop = wake.clone();
        let report = Arc::new(move |fatal: Fatal| {
            stop.stop();
            on_fatal(fatal);
        });
        let other_report = report.clone();
        let threads = vec![
            spawn("solo-propose", move || guarded(|| proposer.run()).unwrap_or_else(|fatal| report(fatal)))?,
            spawn("solo-commit", move || {
                guarded(|| commit(&*ledger, &receiver, &finalized)).unwrap_or_else(|fatal| other_report(fatal));
            })?,
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
    /// Height of the last durable block, written by the committer.
    finalized: Arc<AtomicU64>,
}

impl Proposer {
    fn run(self) -> Result<(), Fatal> {
        let mut next = self.ledger.tip().number + 1;
        let mut pending: Vec<Arc<Block>> = Vec::new();
        while self.wake.wait() {
            let mut started = Instant::now();
            while let Some(block) = self.propose(next, &mut pending)? {
                next += 1;
                let loaded = block.transactions().len() > LIGHT_BLOCK_TRANSACTIONS;
                pending.push(block);
                if loaded && !self.wake.sleep_until(started + self.config.min_block_interval) {
                    return Ok(());
                }
                started = Instant::now();
            }
        }
        Ok(())
    }

    /// Builds, signs and hands over one block; `None` if there was nothing to build or the committer is gone.
    fn propose(&self, number: u64, pending: &mut Vec<Arc<Block>>) -> Result<Option<Arc<Block>>, Fatal> {
        let finalized = self.finalized.load(Ordering::Acquire);
        pending.retain(|block| block.number() > finalized);
        let slot = slot_of(number, self.config.epoch_blocks);
        let Some(block) = self.ledger.propose(slot, pending)? else { return Ok(None) };
        let proof = certificate::finalize_alone(&self.config.key, self.config.genesis_hash, slot, block.hash());
        let sent = self.sender.send((block.clone(), proof));
        Ok(sent.is_ok().then_some(block))
    }
}

fn commit(ledger: &dyn Ledger, blocks: &Receiver<Signed>, finalized: &AtomicU64) -> Result<(), Fatal> {
    for (block, proof) in blocks {
        let number = block.number();
        ledger.finalize(block, Some(proof))?;
        finalized.store(number, Ordering::Release);
    }
    Ok(())
}

/// The simplex round of a height when every view succeeds; `epoch_blocks` is at least 2 (checked in genesis).
pub const fn slot_of(number: u64, epoch_blocks: u64) -> Slot {
    let epoch = number / epoch_blocks;
    let within = number % epoch_blocks;
    // Genesis occupies height 0 of epoch 0 without a view of its own.
    let view = if epoch == 0 { within } else { within + 1 };
    Slot { epoch, view, parent_view: view.saturating_sub(1) }
}

/// A panic in here is a defect, and as fatal as a failed disk: nobody can say what it left behind.
fn guarded(work: impl FnOnce() -> Result<(), Fatal>) -> Result<(), Fatal> {
    let panicked = |_| Err(Fatal("the engine panicked; the log holds the details".into()));
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).unwrap_or_else(panicked)
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name(name.into()).spawn(run)
}

#[cfg(test)]
mod tests;
