//! The engine of a running node: solo where this node decides alone and nobody listens, simplex in a network, and the step from
//! the one to the other at an epoch's end. Called by `node`.

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use chain::Chain;
use consensus::{
    Fatal, Ledger, NodeKey, Peer,
    simplex::{self, Figures, Place, Simplex, Timing},
    solo::{self, End, Solo},
};
use tokio::sync::watch;

use crate::approvals::Approvals;

/// How this node takes part in a network.
#[derive(Clone, Debug)]
pub(crate) struct Network {
    /// Where peers connect.
    pub(crate) listen: SocketAddr,
    /// Whom to ask while this node is behind and its ledger names nobody who is still there.
    pub(crate) bootstrap: Vec<Peer>,
    /// Whether peers may have private and loopback addresses.
    pub(crate) local: bool,
    /// For whom this member votes by itself.
    pub(crate) approvals: Approvals,
}

/// The engine that runs.
pub(crate) struct Engine(Arc<Shared>);

struct Shared {
    chain: Chain,
    key: NodeKey,
    /// Where simplex keeps its votes.
    folder: PathBuf,
    network: Option<Network>,
    failed: watch::Sender<Option<Fatal>>,
    running: Mutex<Option<Running>>,
}

enum Running {
    Solo(Solo),
    Simplex(Simplex),
}

impl Engine {
    /// Starts the engine that the next block belongs to.
    pub(crate) fn start(
        chain: &Chain,
        key: NodeKey,
        folder: PathBuf,
        network: Option<Network>,
        failed: watch::Sender<Option<Fatal>>,
    ) -> eyre::Result<Self> {
        let (chain, running) = (chain.clone(), Mutex::new(None));
        let shared = Arc::new(Shared { chain, key, folder, network, failed, running });
        let mut running = shared.lock();
        *running = Some(match &shared.network {
            Some(network) if shared.begins_with_simplex()? => shared.start_simplex(network)?,
            None if shared.folder.exists() => eyre::bail!(
                "this node has decided as part of a network, and there is no way back: start it with --listen ADDR:PORT"
            ),
            _ => shared.start_solo()?,
        });
        drop(running);
        Ok(Self(shared))
    }

    /// Asks for what the engine of a network shows of itself; `None` while there is none.
    pub(crate) fn figures(&self) -> impl Fn() -> Option<Figures> + Send + Sync + 'static {
        let shared = Arc::downgrade(&self.0);
        move || match &*shared.upgrade()?.lock() {
            Some(Running::Simplex(simplex)) => Some(simplex.figures()),
            _ => None,
        }
    }

    /// Ends it after what it is doing.
    pub(crate) fn stop(self) {
        let running = self.0.lock().take();
        match running {
            Some(Running::Solo(solo)) => solo.stop(),
            Some(Running::Simplex(simplex)) => simplex.stop(),
            None => (),
        }
    }
}

impl Shared {
    /// An epoch that solo began is ended by solo: only a folder of votes, a new chain, a new epoch, a recovery, or a committee of
    /// others begins with simplex.
    fn begins_with_simplex(&self) -> eyre::Result<bool> {
        let (rules, next) = (self.chain.rules(), self.chain.head().number() + 1);
        if self.folder.exists() || next == 1 || rules.begins_epoch(next) {
            return Ok(true);
        }
        if rules.recovery_of(next).is_some() {
            return Ok(true);
        }
        let committee = self.chain.ledger().committee(rules.epoch_of(next))?;
        Ok(committee.is_none_or(|committee| committee.members() != [self.key.id()]))
    }

    fn start_solo(self: &Arc<Self>) -> eyre::Result<Running> {
        let rules = self.chain.rules();
        let config = solo::Config {
            key: self.key.clone(),
            genesis_hash: self.chain.genesis_hash(),
            epoch_blocks: rules.epoch_blocks,
            min_block_interval: Duration::from_millis(rules.min_block_interval_ms),
            leaves: self.network.is_some(),
        };
        let weak = Arc::downgrade(self);
        let on_end = move |end| ended(&weak, end);
        Ok(Running::Solo(Solo::start(config, Arc::new(self.chain.ledger()), self.chain.wake(), on_end)?))
    }

    fn start_simplex(self: &Arc<Self>, network: &Network) -> eyre::Result<Running> {
        let rules = self.chain.rules();
        let config = simplex::Config {
            key: self.key.clone(),
            genesis_hash: self.chain.genesis_hash(),
            epoch_blocks: rules.epoch_blocks,
            max_block_bytes: rules.max_block_bytes,
            timing: Timing {
                min_block_interval: Duration::from_millis(rules.min_block_interval_ms),
                ..Timing::default()
            },
        };
        let place = Place {
            folder: self.folder.clone(),
            listen: network.listen,
            bootstrap: network.bootstrap.clone(),
            local: network.local,
            worker_threads: WORKER_THREADS,
        };
        let failed = self.failed.clone();
        let on_fatal = move |fatal| drop(failed.send_replace(Some(fatal)));
        let (ledger, gossip) = (Arc::new(self.chain.ledger()), Arc::new(self.chain.gossip()));
        Ok(Running::Simplex(Simplex::start(config, place, ledger, gossip, self.chain.wake(), on_fatal)?))
    }

    /// Solo's last block is durable, and its threads are at their end.
    fn hand_over(self: &Arc<Self>, epoch: u64) -> eyre::Result<()> {
        let Some(network) = &self.network else {
            eyre::bail!("epoch {epoch} is decided by several members: start this node with --listen ADDR:PORT");
        };
        let mut running = self.lock();
        // Empty where the node is stopping.
        if running.is_some() {
            tracing::info!(epoch, "solo hands over to simplex");
            *running = Some(self.start_simplex(network)?);
        }
        Ok(())
    }

    fn fail(&self, fatal: Fatal) {
        self.failed.send_replace(Some(fatal));
    }

    fn lock(&self) -> MutexGuard<'_, Option<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn ended(shared: &Weak<Shared>, end: End) {
    let Some(shared) = shared.upgrade() else { return };
    match end {
        End::Fatal(fatal) => shared.fail(fatal),
        End::HandOver { epoch } => {
            if let Err(error) = shared.hand_over(epoch) {
                shared.fail(Fatal(format!("{error:#}")));
            }
        }
    }
}

/// Signatures and network; execution is on threads of its own.
const WORKER_THREADS: usize = 2;
