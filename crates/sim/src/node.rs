//! One simulated node: a disk that outlives it, and its lives. The chain, its store, its pool and its engine are the real ones.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, Weak, atomic::AtomicU64},
    time::Duration,
};

use chain::{Chain, Clock};
use consensus::{
    Gossip, Ledger,
    simplex::{
        Config,
        simulated::{Conduct, Life, Running, Stage},
    },
};
use primitives::B256;
use store::disk::Disk;

use crate::{
    Bug, Violation,
    bugs::{Early, LyingDisk},
    dishonest::{Twins, WrongRoots},
    disk::{Lost, WatchedDisk},
    twist::twisted,
    witness::{Audit, Overheard, Place, Witness, place_of},
    world::{Identity, MAX_BLOCK_BYTES, TIMING, World},
};

/// Blocks of the log in one file: small, so that power fails between files too.
const SEGMENT_BYTES: u64 = 64 * 1024;
const CACHE_BYTES: u64 = 1 << 20;

/// How a node behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Behaviour {
    Honest,
    /// What it sends is altered.
    Sends(Conduct),
    /// What it proposes has a wrong root.
    WrongRoots,
}

/// What all nodes of a run share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) world: Arc<World>,
    pub(crate) witness: Arc<Witness>,
    pub(crate) early: Early,
    pub(crate) bug: Option<Bug>,
    pub(crate) wrong_roots: Arc<AtomicU64>,
    pub(crate) folder: Arc<tempfile::TempDir>,
}

/// The doors that lives were given; alive as long as anything of a life is.
#[derive(Default)]
struct Held {
    ledgers: Vec<Weak<dyn Ledger>>,
    pools: Vec<Weak<dyn Gossip>>,
}

impl Held {
    fn is_let_go(&self) -> bool {
        let ledgers = self.ledgers.iter().all(|held| held.strong_count() == 0);
        ledgers && self.pools.iter().all(|held| held.strong_count() == 0)
    }
}

pub(crate) struct Node {
    pub(crate) index: usize,
    pub(crate) identity: Identity,
    disk: WatchedDisk,
    folder: PathBuf,
    /// Held only while it runs.
    pub(crate) chain: Option<Chain>,
    running: Vec<Running>,
    /// What a life holds of this node's ledger.
    held: Held,
    lives: u64,
    /// Which of the engine's storages is its own.
    votes: u64,
    shared: Shared,
}

impl Node {
    pub(crate) fn new(index: usize, shared: &Shared) -> Self {
        Self {
            index,
            identity: shared.world.nodes[index].clone(),
            disk: WatchedDisk::default(),
            folder: shared.folder.path().join(format!("node-{index}")),
            chain: None,
            running: Vec::new(),
            held: Held::default(),
            lives: 0,
            votes: 0,
            shared: shared.clone(),
        }
    }

    /// Begins a life.
    pub(crate) async fn start(&mut self, stage: &Stage, behaviour: Behaviour) -> Result<(), Violation> {
        let chain = self.open(stage, self.disk.clone(), &self.folder.clone(), 0)?;
        let life = self.life(&chain, behaviour)?;
        self.chain = Some(chain);
        let conduct = if let Behaviour::Sends(conduct) = behaviour { conduct } else { Conduct::Honest };
        self.running.push(stage.start(life, conduct).await);
        Ok(())
    }

    /// Begins two lives at once; the second one has a copy of the disk and talks to `second` only. What both propose is told to `twins`.
    pub(crate) async fn start_twice(
        &mut self,
        stage: &Stage,
        peers: &[B256],
        second: &[B256],
        twins: &Twins,
    ) -> Result<(), Violation> {
        let copy = self.disk.copy();
        let first_chain = self.open(stage, self.disk.clone(), &self.folder.clone(), 0)?;
        let other_folder = self.shared.folder.path().join(format!("twin-{}-{}", self.index, self.lives));
        // Its blocks have other times, so that what it proposes is another block.
        let second_chain = self.open(stage, copy, &other_folder, 1)?;
        let mut first = self.bare_life(&first_chain);
        let mut other = self.bare_life(&second_chain);
        first.ledger = twisted(first.ledger, twins.clone());
        other.ledger = twisted(other.ledger, twins.clone());
        other.name = format!("{}-twin-{}", other.name, self.lives);
        self.chain = Some(first_chain);
        self.running.extend(stage.start_twins([first, other], peers, second).await);
        Ok(())
    }

    fn open(&self, stage: &Stage, disk: WatchedDisk, folder: &Path, ahead_ms: u64) -> Result<Chain, Violation> {
        let lies = self.shared.bug == Some(Bug::AcknowledgesBeforeDurable);
        let disk: Arc<dyn Disk> = if lies { Arc::new(LyingDisk(disk)) } else { Arc::new(disk) };
        let store =
            store::Options { segment_bytes: SEGMENT_BYTES, cache_bytes: CACHE_BYTES, ..store::Options::default() };
        let options = chain::Options { store, clock: Clock::new(stage.clock(ahead_ms)), ..chain::Options::default() };
        let opened = Chain::open_on(disk, folder, &self.shared.world.genesis, options);
        opened.map_err(|error| Violation::DoesNotStart { node: self.index, reason: error.to_string() })
    }

    fn life(&mut self, chain: &Chain, behaviour: Behaviour) -> Result<Life, Violation> {
        let mut life = self.bare_life(chain);
        if behaviour == Behaviour::Honest {
            self.shared.witness.starts(self.index, chain)?;
            let (node, witness) = (self.index, self.shared.witness.clone());
            let audit = Audit { node, chain: chain.clone(), witness: witness.clone(), logged: Mutex::default() };
            let mut ledger = twisted(life.ledger, audit);
            if let Some(bug) = self.shared.bug {
                ledger = bug.plant(ledger, self.index, &self.identity.key, &self.shared.early);
            }
            life.ledger = twisted(ledger, Overheard { node, witness });
        } else if behaviour == Behaviour::WrongRoots {
            life.ledger = twisted(life.ledger, WrongRoots(self.shared.wrong_roots.clone()));
        }
        self.held.ledgers.push(Arc::downgrade(&life.ledger));
        Ok(life)
    }

    fn bare_life(&mut self, chain: &Chain) -> Life {
        self.lives += 1;
        let (ledger, gossip): (Arc<dyn Ledger>, Arc<dyn Gossip>) = (Arc::new(chain.ledger()), Arc::new(chain.gossip()));
        let ledger = match self.shared.bug {
            Some(bug) => bug.plant_in_all(ledger),
            None => ledger,
        };
        self.held.ledgers.push(Arc::downgrade(&ledger));
        self.held.pools.push(Arc::downgrade(&gossip));
        let config = Config {
            key: self.identity.key.clone(),
            genesis_hash: chain.genesis_hash(),
            epoch_blocks: chain.rules().epoch_blocks,
            max_block_bytes: MAX_BLOCK_BYTES,
            timing: TIMING,
        };
        let name = format!("node-{}-{}", self.index, self.votes);
        Life { config, ledger, gossip, wake: chain.wake(), name, count: self.lives }
    }

    /// Ends what runs and waits until it has let go of the folder.
    pub(crate) async fn stop(&mut self, stage: &Stage) {
        self.running.drain(..).for_each(Running::stop);
        self.chain = None;
        for _ in 0..MOST_MS_TO_END {
            if self.held.is_let_go() {
                break;
            }
            stage.sleep(Duration::from_millis(1)).await;
        }
        self.held = Held::default();
    }

    /// The reason why a life ended by itself, if one did.
    pub(crate) fn ended(&mut self) -> Option<String> {
        self.running.iter_mut().find_map(Running::ended).map(|fatal| fatal.0)
    }

    /// Its process ended; the machine did not.
    pub(crate) fn end_process(&self) {
        self.disk.faulty().restart_process();
    }

    /// The power of the machine fails in one of the next operations of its disk.
    pub(crate) fn cut_power_in(&self, operations: u64) {
        let disk = self.disk.faulty();
        disk.cut_power_at(disk.operations() + operations);
    }

    pub(crate) fn has_power(&self) -> bool {
        self.disk.faulty().has_power()
    }

    /// The power failed: what was not synced is kept, lost or torn by this seed.
    pub(crate) fn lose_power(&mut self, seed: u64) -> Lost {
        self.disk.lose_power(seed)
    }

    /// A life ended by itself; what it held is let go of soon.
    pub(crate) fn end_life(&mut self) {
        self.running.clear();
        self.chain = None;
    }

    /// Without a runtime around it: the story is over, nothing runs any more.
    pub(crate) fn drop_life(&mut self) {
        self.end_life();
        self.held = Held::default();
    }

    /// The flat state is gone; it is made again from the log. False if there was none.
    pub(crate) fn lose_flat_state(&self) -> bool {
        fs::remove_dir_all(self.folder.join("flat")).is_ok()
    }

    /// Its engine's storage is gone.
    pub(crate) fn forget_votes(&mut self) {
        self.votes += 1;
    }

    /// What a client is told.
    pub(crate) fn receipt(&self, hash: B256) -> Result<Option<Place>, Violation> {
        let Some(chain) = &self.chain else { return Ok(None) };
        let found = place_of(chain, hash).map_err(|reason| Violation::Ended { node: self.index, reason })?;
        let early = || self.shared.early.place_of(hash);
        Ok(found.or_else(|| early().filter(|_| self.shared.bug == Some(Bug::ServesEarly))))
    }

    pub(crate) fn height(&self) -> u64 {
        self.chain.as_ref().map_or_else(|| self.shared.witness.height_of(self.index), |chain| chain.head().number())
    }
}

/// Virtual milliseconds after which a life that was ended is given up waiting for; opening its folder then says what is wrong.
const MOST_MS_TO_END: u32 = 2_000;
