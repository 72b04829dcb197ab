//! What a simulator of whole networks plays on: virtual time, links, lives, and power that can fail for all. Nothing of commonware is
//! visible from outside, so that the crate `sim` names no engine library.
//!
//! ```text
//! play(Power::On)    -> story -> power fails for everything -> Left
//! play(Power::Again) -> story -> ...                             unsynced writes of all engines are gone or torn
//! ```
//! Within a story, a node that is stopped and started again finds of its engine's storage what was synced, nothing else.

#![expect(clippy::disallowed_types, reason = "virtual time is the runtime's, which speaks of it so")]

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use commonware_cryptography::ed25519::PublicKey;
use commonware_p2p::simulated::{self, Network};
use commonware_runtime::{
    Clock as _, Handle, Supervisor as _,
    deterministic::{self, FaultConfig, PartialWriteMode, WriteConfig},
};
use commonware_utils::{NZUsize, Probability, probability};
use futures::FutureExt as _;
use primitives::{NodeId, TimeMs};

use super::{Conduct, Deeds, Life, Oracle, max_message_bytes, start_as, start_twins};
use crate::{Fatal, simplex::committees};

/// What a power cut leaves of the engines' storage.
pub struct Left(Box<deterministic::Checkpoint>);

/// How a story begins.
pub enum Power {
    /// For the first time.
    On {
        /// Every choice of runtime and network.
        seed: u64,
        /// Where the clock stands.
        start: TimeMs,
        /// How many of the bytes of an unsynced write survive a cut.
        kept_percent: u64,
        /// Whether they are any bytes of it, or its first ones.
        anywhere: bool,
    },
    /// After a power cut.
    Again(Left),
}

/// One direction between two nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Mean.
    pub latency_ms: u64,
    /// Standard deviation.
    pub jitter_ms: u64,
    /// Messages that are lost.
    pub loss_percent: u64,
}

/// A network between two power cuts.
pub struct Stage {
    context: deterministic::Context,
    oracle: Oracle,
    /// For clocks, which may outlive the story and must not hold the runtime.
    time: Arc<Mutex<deterministic::Context>>,
    /// What byzantine members did.
    pub deeds: Arc<Deeds>,
}

/// A life that was started.
pub struct Running(Handle<Fatal>);

/// Plays a story until it ends; then the power fails for everything that it started.
pub fn play<T>(power: Power, max_block_bytes: usize, story: impl AsyncFnOnce(&Stage) -> T) -> (T, Left) {
    let runner = match power {
        Power::Again(left) => deterministic::Runner::from(*left.0),
        Power::On { seed, start, kept_percent, anywhere } => {
            let mode = if anywhere { PartialWriteMode::Subset } else { PartialWriteMode::Prefix };
            let writes = WriteConfig { failure_rate: probability!(0.0), retention_rate: percent(kept_percent), mode };
            let config = deterministic::Config::new()
                .with_seed(seed)
                .with_start_time(SystemTime::UNIX_EPOCH + Duration::from_millis(start.0))
                .with_storage_fault_config(FaultConfig::default().write(writes));
            deterministic::Runner::new(config)
        }
    };
    let (told, left) = runner.start_and_recover(async |context| {
        let stage = Stage::open(context, max_block_bytes);
        story(&stage).await
    });
    (told, Left(Box::new(left)))
}

impl Stage {
    fn open(context: deterministic::Context, max_block_bytes: usize) -> Self {
        let settings = simulated::Config {
            max_size: max_message_bytes(max_block_bytes),
            max_peers_per_set: NZUsize!(16),
            disconnect_on_block: true,
            // Who is no longer in the newest set is cut off.
            tracked_peer_sets: NZUsize!(1),
        };
        let (network, oracle) = Network::new(context.child("network"), settings);
        network.start();
        let time = Arc::new(Mutex::new(context.child("clock")));
        Self { context, oracle, time, deeds: Arc::default() }
    }

    /// Virtual time.
    pub fn now(&self) -> TimeMs {
        since_1970(self.context.current())
    }

    /// A clock that is ahead of virtual time; after the story it stands.
    pub fn clock(&self, ahead_ms: u64) -> impl Fn() -> TimeMs + Send + Sync + use<> {
        let (time, newest) = (Arc::downgrade(&self.time), AtomicU64::new(self.now().0));
        move || {
            if let Some(time) = time.upgrade() {
                let now = time.lock().unwrap_or_else(PoisonError::into_inner).current();
                newest.store(since_1970(now).0, Ordering::Relaxed);
            }
            TimeMs(newest.load(Ordering::Relaxed).saturating_add(ahead_ms))
        }
    }

    /// Lets time pass.
    pub async fn sleep(&self, time: Duration) {
        self.context.sleep(time).await;
    }

    /// Makes, changes or cuts the link from one node to another.
    pub async fn set_link(&self, from: NodeId, to: NodeId, link: Option<Link>) {
        let (from, to) = (network_key(from), network_key(to));
        // That there was none is no error.
        let _ = self.oracle.remove_link(from.clone(), to.clone()).await;
        let Some(link) = link else { return };
        let link = simulated::Link {
            latency: Duration::from_millis(link.latency_ms),
            jitter: Duration::from_millis(link.jitter_ms),
            success_rate: percent(100_u64.saturating_sub(link.loss_percent)),
        };
        self.oracle.add_link(from, to, link).await.expect("there is no such link now");
    }

    /// Starts a life.
    pub async fn start(&self, life: Life, conduct: Conduct) -> Running {
        Running(start_as(&self.context, &self.oracle, life, conduct, &self.deeds).await)
    }

    /// Starts two lives of one key: see [`start_twins`].
    pub async fn start_twins(&self, lives: [Life; 2], peers: &[NodeId], second: &[NodeId]) -> [Running; 2] {
        start_twins(&self.context, &self.oracle, lives, peers, second).await.map(Running)
    }

    /// Who no longer listens to whom, because of what it sent.
    pub async fn blocked(&self) -> Vec<(NodeId, NodeId)> {
        let blocked = self.oracle.blocked().await.expect("the network runs");
        let id = |key: &PublicKey| NodeId::from_slice(key.as_ref());
        blocked.iter().map(|(by, whom)| (id(by), id(whom))).collect()
    }

    /// `by` listens to `whom` again.
    pub async fn unblock(&self, by: NodeId, whom: NodeId) {
        self.oracle.unblock(network_key(by), network_key(whom)).await.expect("the network runs");
    }
}

impl Running {
    /// Ends the life from outside.
    pub fn stop(self) {
        self.0.abort();
    }

    /// The reason why it ended by itself, if it did.
    pub fn ended(&mut self) -> Option<Fatal> {
        let ended = (&mut self.0).now_or_never()?;
        Some(ended.unwrap_or_else(|error| Fatal(format!("the node's task ended: {error}"))))
    }
}

fn network_key(id: NodeId) -> PublicKey {
    committees::public_key(id).expect("a node's key")
}

fn percent(rate: u64) -> Probability {
    Probability::new(rate.min(100), 100).expect("a share of a hundred")
}

fn since_1970(time: SystemTime) -> TimeMs {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    TimeMs(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
