//! Simplex in the simulator: members with disks, links with latency, power that fails, all from one seed.

use std::{
    sync::{Arc, Mutex, atomic::Ordering},
    time::{Duration, SystemTime},
};

use commonware_cryptography::ed25519::PublicKey;
use commonware_p2p::simulated::{Config as NetworkConfig, Link, Network, Oracle};
use commonware_runtime::{Clock as _, Handle, Runner as _, Supervisor as _, deterministic};
use commonware_utils::{NZUsize, probability};
use consensus::{
    Fatal, Wake,
    simplex::{
        Config, Timing,
        simulated::{self, Life},
    },
};
use primitives::{Block, TimeMs};

use crate::{
    gossip::Whispers,
    notebook::{Clock, Disk, Notebook, POWER_CUT, Step, World, height, key},
    suite::Outcome,
};

pub(crate) const MAX_BLOCK_BYTES: usize = 1 << 16;
/// Virtual time after which a network that does not move is given up.
const PATIENCE: Duration = Duration::from_secs(600);
/// How often a run looks at its members.
const TICK: Duration = Duration::from_millis(20);

pub(crate) const TIMING: Timing = Timing {
    min_block_interval: Duration::from_millis(20),
    heartbeat: Duration::from_secs(2),
    leader_grace: Duration::from_millis(500),
};

pub(crate) fn config(world: &World, member: usize) -> Config {
    Config {
        key: key(member),
        genesis_hash: world.genesis.hash(),
        epoch_blocks: world.epoch_blocks,
        max_block_bytes: MAX_BLOCK_BYTES,
        timing: TIMING,
    }
}

/// The members of one simulated network.
pub(crate) struct Members {
    pub(crate) world: Arc<World>,
    pub(crate) context: deterministic::Context,
    oracle: Oracle<PublicKey, deterministic::Context>,
    link: Link,
    members: Vec<Member>,
}

struct Member {
    disk: Disk,
    ledger: Option<Arc<Notebook>>,
    running: Option<Handle<Fatal>>,
    wake: Wake,
    whispers: Arc<Whispers>,
    lives: u64,
    clock_ahead_ms: u64,
}

pub(crate) fn link(success_rate: commonware_utils::Probability) -> Link {
    Link { latency: Duration::from_millis(10), jitter: Duration::from_millis(3), success_rate }
}

impl Members {
    /// A network of as many as there are disks; nobody is started. `lives` counts those that went before on these disks.
    pub(crate) async fn new(
        context: deterministic::Context,
        world: &Arc<World>,
        disks: &[Disk],
        link: Link,
        lives: u64,
    ) -> Self {
        let keys: Vec<PublicKey> = (0..disks.len()).map(|member| simulated::public_key(&key(member))).collect();
        let settings = NetworkConfig {
            max_size: simulated::max_message_bytes(MAX_BLOCK_BYTES),
            max_peers_per_set: NZUsize!(16),
            disconnect_on_block: true,
            // Who is no longer in the newest set is cut off.
            tracked_peer_sets: NZUsize!(1),
        };
        let (network, oracle) = Network::new_with_peers(context.child("network"), settings, keys).await;
        network.start();
        let member = |disk: &Disk| Member {
            disk: disk.clone(),
            ledger: None,
            running: None,
            wake: Wake::default(),
            whispers: Arc::default(),
            lives,
            clock_ahead_ms: 0,
        };
        let members = disks.iter().map(member).collect();
        let members = Self { world: world.clone(), context, oracle, link, members };
        for member in 1..disks.len() {
            members.connect(member, 0..member).await;
        }
        members
    }

    fn key(member: usize) -> PublicKey {
        simulated::public_key(&key(member))
    }

    /// Links a member with others, both ways.
    async fn connect(&self, member: usize, others: std::ops::Range<usize>) {
        for other in others.filter(|other| *other != member) {
            for (from, to) in [(member, other), (other, member)] {
                let linked = self.oracle.add_link(Self::key(from), Self::key(to), self.link.clone()).await;
                linked.expect("they were not linked");
            }
        }
    }

    pub(crate) async fn reconnect(&self, member: usize) {
        self.connect(member, 0..self.members.len()).await;
    }

    pub(crate) async fn disconnect(&self, member: usize) {
        for other in (0..self.members.len()).filter(|other| *other != member) {
            for (from, to) in [(member, other), (other, member)] {
                self.oracle.remove_link(Self::key(from), Self::key(to)).await.expect("they were linked");
            }
        }
    }

    /// Begins a life of a member, whose power fails at `trap`.
    pub(crate) async fn start(&mut self, index: usize, trap: Option<(Step, u64)>) {
        let clock = clock(&self.context, self.members[index].clock_ahead_ms);
        let member = &mut self.members[index];
        let ledger = Notebook::open(&self.world, &member.disk, clock);
        if let Some((step, times)) = trap {
            ledger.fail_at(step, times);
        }
        member.lives += 1;
        let life = Life {
            config: config(&self.world, index),
            ledger: ledger.clone(),
            gossip: member.whispers.clone(),
            wake: member.wake.clone(),
            name: format!("m{index}"),
            count: member.lives,
        };
        member.ledger = Some(ledger);
        member.running = Some(simulated::start(&self.context, &self.oracle, life).await);
        self.wake();
    }

    pub(crate) async fn start_all(&mut self) {
        for member in 0..self.members.len() {
            self.start(member, None).await;
        }
    }

    /// From its next life on, a member's clock is ahead of all others.
    pub(crate) fn set_clock_ahead(&mut self, member: usize, ahead_ms: u64) {
        self.members[member].clock_ahead_ms = ahead_ms;
    }

    pub(crate) fn now(&self) -> TimeMs {
        clock(&self.context, 0)()
    }

    /// Ends a member's life from outside.
    pub(crate) fn kill(&mut self, member: usize) {
        self.members[member].running.take().expect("it runs").abort();
    }

    /// The reason for which a member's life ends by itself.
    pub(crate) async fn why_ended(&mut self, member: usize) -> Fatal {
        self.members[member].running.take().expect("it runs").await.expect("it ends by itself")
    }

    /// Puts a member's log back to an older state, as a careless restore would.
    pub(crate) fn put_back(&self, member: usize, height: usize) {
        self.members[member].disk.lock().unwrap().truncate(height + 1);
    }

    /// Transactions wait.
    pub(crate) fn wake(&self) {
        self.members.iter().for_each(|member| member.wake.raise());
    }

    pub(crate) fn whispers(&self, member: usize) -> &Whispers {
        &self.members[member].whispers
    }

    pub(crate) fn heights(&self) -> Vec<u64> {
        self.members.iter().map(|member| height(&member.disk)).collect()
    }

    pub(crate) fn newest(&self, member: usize) -> Arc<Block> {
        self.members[member].disk.lock().unwrap().last().expect("genesis").block.clone()
    }

    /// Until all of `members` have `height`; those whose power failed are started again.
    pub(crate) async fn reach(&mut self, members: &[usize], height: u64) -> Outcome {
        let mut outcome = Outcome::default();
        let started = self.context.current();
        while members.iter().any(|member| self.heights()[*member] < height) {
            assert!(self.context.current() < started + PATIENCE, "no progress: {:?}", self.heights());
            self.context.sleep(TICK).await;
            outcome.power_cuts += self.restart_ended().await;
        }
        let ledgers = self.members.iter().filter_map(|member| member.ledger.as_ref());
        outcome.redelivered = ledgers.map(|ledger| ledger.redelivered.load(Ordering::Relaxed)).sum();
        outcome
    }

    pub(crate) async fn rest(&self, time: Duration) {
        self.context.sleep(time).await;
    }

    async fn restart_ended(&mut self) -> u64 {
        let mut cuts = 0;
        for index in 0..self.members.len() {
            let Some(running) = &mut self.members[index].running else { continue };
            let Some(ended) = futures::FutureExt::now_or_never(running) else { continue };
            let fatal = ended.expect("it ended by itself");
            assert_eq!(fatal.0, POWER_CUT);
            cuts += 1;
            self.start(index, None).await;
        }
        cuts
    }
}

fn clock(context: &deterministic::Context, ahead_ms: u64) -> Clock {
    let context = Mutex::new(context.child("clock"));
    Arc::new(move || {
        let now = context.lock().unwrap().current();
        let since = now.duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
        TimeMs(u64::try_from(since.as_millis()).expect("fits") + ahead_ms)
    })
}

/// Runs a story on a runtime of its own, whose clock stands where the newest block of `disks` was made.
pub(crate) fn simulate<F, Fut, T>(seed: u64, disks: &[Disk], story: F) -> T
where
    F: FnOnce(deterministic::Context) -> Fut,
    Fut: Future<Output = T>,
{
    let newest = disks.iter().filter_map(|disk| Some(disk.lock().unwrap().last()?.block.time().0)).max();
    let start = SystemTime::UNIX_EPOCH + Duration::from_millis(newest.unwrap_or(0));
    let config = deterministic::Config::new().with_seed(seed).with_start_time(start).with_timeout(Some(PATIENCE * 10));
    deterministic::Runner::new(config).start(story)
}

pub(crate) fn run(world: &Arc<World>, disks: &[Disk], until: u64, trap: Option<(Step, u64)>) -> Outcome {
    let (world, disks) = (world.clone(), disks.to_vec());
    simulate(until, &disks.clone(), |context| async move {
        let mut members = Members::new(context, &world, &disks, link(probability!(1.0)), 0).await;
        for member in 0..disks.len() {
            members.start(member, trap.filter(|_| member == 0)).await;
        }
        let all: Vec<usize> = (0..disks.len()).collect();
        members.reach(&all, until).await
    })
}
