//! One run: plays a plan, step by step, and looks at everything after each step.
//!
//! ```text
//! power on -> phases -> power cut of all -> power on again -> ... -> all faults over -> everything must settle
//!             each: trouble, time passes in steps of TICK_MS, trouble over
//! ```

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use consensus::simplex::simulated::{Power, Stage, play};
use primitives::{B256, keccak256};
use rand::{SeedableRng, rngs::StdRng};

use crate::{
    Bug, Options, Report, Violation,
    ballots::Ballots,
    bugs::Early,
    clients::Clients,
    faults::{Faults, Kind},
    network::{Network, State},
    node::Shared,
    plan::{FAIR, GRACE_MS, Plan},
    witness::Witness,
    world::{MAX_BLOCK_BYTES, START, World},
};

/// How often everything is looked at.
const TICK_MS: u64 = 25;
/// A new transaction this often.
const LOAD_MS: u64 = 150;
/// A healthy quorum decides something within this.
const PATIENCE_MS: u64 = 20_000;
/// After the last fault everything is well within this.
const SETTLE_MS: u64 = 90_000;
/// Blocks that everybody must have that nobody had when the faults ended.
const SETTLE_BLOCKS: u64 = 3;

/// Why a story ends.
pub(crate) enum End {
    PowerCutOfAll,
    Settled,
}

pub(crate) struct Run {
    pub(crate) plan: Plan,
    pub(crate) world: Arc<World>,
    pub(crate) witness: Arc<Witness>,
    pub(crate) network: Network,
    pub(crate) clients: Clients,
    pub(crate) ballots: Ballots,
    pub(crate) faults: Faults,
    pub(crate) random: StdRng,
    pub(crate) wrong_roots: Arc<AtomicU64>,
    /// The phase that comes next.
    pub(crate) next: usize,
    /// Nodes that a power cut of all leaves dark for longer, and for how long.
    pub(crate) dark: (Vec<usize>, u64),
    pub(crate) options: Options,
    /// The newest height, and since when it is that.
    progress: (u64, u64),
    /// Since when there is no quorum, and the height after the grace.
    halted: Option<(u64, Option<u64>)>,
    load_at_ms: u64,
}

/// Plays the seed's plan to its end or to the first violation.
pub(crate) fn run(seed: u64, options: Options) -> Report {
    let plan = Plan::draw(seed);
    let world = Arc::new(World::new(plan.founders, plan.epoch_blocks));
    let genesis = evm_genesis(&world);
    let witness = Witness::new(genesis, plan.epoch_blocks, world.nodes.len());
    let wrong_roots = Arc::new(AtomicU64::new(0));
    let shared = Shared {
        world: world.clone(),
        witness: witness.clone(),
        early: Early::new(genesis),
        bug: options.bug,
        wrong_roots: wrong_roots.clone(),
        folder: Arc::new(folder()),
    };
    let mut run = Run {
        network: Network::new(&shared),
        clients: Clients::new(&world),
        ballots: Ballots::default(),
        faults: Faults::default(),
        random: StdRng::seed_from_u64(seed ^ RUN_SEED),
        wrong_roots,
        next: 0,
        dark: (Vec::new(), 0),
        options,
        progress: (0, START.0),
        halted: None,
        load_at_ms: 0,
        plan,
        world,
        witness,
    };
    let violation = run.play(seed).err();
    Report { seed, violation, height: run.witness.height(), history: run.history(), faults: run.faults }
}

/// Tells what a run decides while it runs from what its plan decided before.
const RUN_SEED: u64 = 0x5eed;

impl Run {
    fn play(&mut self, seed: u64) -> Result<(), Violation> {
        let Plan { kept_percent, anywhere, .. } = self.plan;
        let mut power = Power::On { seed, start: START, kept_percent, anywhere };
        loop {
            let (end, left) = play(power, MAX_BLOCK_BYTES, async |stage: &Stage| self.story(stage).await);
            if matches!(end?, End::Settled) {
                return Ok(());
            }
            self.lose_power();
            power = Power::Again(left);
        }
    }

    /// From power on to the next power cut of all, or to the end.
    async fn story(&mut self, stage: &Stage) -> Result<End, Violation> {
        self.network.lay_links(stage).await;
        let (dark, dark_ms) = std::mem::take(&mut self.dark);
        for node in self.network.in_state(State::Down) {
            if !dark.contains(&node) {
                self.network.start(stage, node).await?;
            }
        }
        (self.progress.1, self.halted) = (stage.now().0, None);
        if !dark.is_empty() {
            self.pass(stage, dark_ms).await?;
            for node in dark {
                self.network.start(stage, node).await?;
            }
        }
        while let Some(phase) = self.plan.phases.get(self.next).copied() {
            if self.next == self.plan.admission {
                self.say(stage, "a node asks to become a member");
                self.ballots.ask_to_join(&self.world, &mut self.clients);
            }
            if self.next >= self.plan.revocation {
                self.ask_to_revoke(stage);
            }
            self.next += 1;
            self.say(stage, &format!("{:?} for {} ms over {:?}", phase.trouble, phase.ms, phase.links));
            if self.phase(stage, phase).await? {
                return Ok(End::PowerCutOfAll);
            }
        }
        self.settle(stage).await?;
        Ok(End::Settled)
    }

    /// Once, when the committee can do without one.
    fn ask_to_revoke(&mut self, stage: &Stage) {
        let Some((members, _)) = self.network.committee() else { return };
        if members.len() < 5
            || self.ballots.open
            || self.ballots.revoked.is_some()
            || self.plan.revocation == usize::MAX
        {
            return;
        }
        self.plan.revocation = usize::MAX;
        let founders: Vec<usize> = (0..self.world.founders()).collect();
        let target = founders[usize::try_from(self.plan.epoch_blocks).unwrap_or(0) % founders.len()];
        let asks = founders.into_iter().find(|founder| *founder != target).unwrap_or(0);
        self.say(stage, &format!("node {asks} asks that node {target} be revoked"));
        self.ballots.ask_to_revoke(&self.world, &mut self.clients, asks, target);
    }

    /// Lets time pass, and looks at everything in between.
    pub(crate) async fn pass(&mut self, stage: &Stage, ms: u64) -> Result<(), Violation> {
        let until = stage.now().0 + ms;
        while stage.now().0 < until {
            stage.sleep(Duration::from_millis(TICK_MS.min(until - stage.now().0))).await;
            self.look(stage, true).await?;
        }
        Ok(())
    }

    /// One step: lets people act, and checks.
    pub(crate) async fn look(&mut self, stage: &Stage, load: bool) -> Result<(), Violation> {
        let now = stage.now().0;
        self.check_lives()?;
        if load && now >= self.load_at_ms {
            self.load_at_ms = now + LOAD_MS;
            self.clients.sign_one(&self.world, &mut self.random);
        }
        let nodes = self.network.reachable();
        self.clients.act(now, &nodes, &self.witness, &mut self.random, &mut self.faults)?;
        let admitted = self.ballots.read(&self.world, &self.witness, &mut self.clients, &mut self.faults);
        let applicant = self.world.founders();
        if admitted {
            self.say(stage, "it is admitted, and starts");
            self.network.start(stage, applicant).await?;
        }
        self.ballots.say_ready(&self.world, &self.witness, &mut self.clients, &self.network.nodes[applicant]);
        self.witness.violation().map_or(Ok(()), Err)?;
        self.check_pace(now)?;
        self.check_revoked()?;
        self.check_blocked(stage).await
    }

    /// Lives that ended by themselves: a reason was given to those whose power fails, and to the dishonest one.
    fn check_lives(&mut self) -> Result<(), Violation> {
        for node in 0..self.network.nodes.len() {
            let Some(reason) = self.network.nodes[node].ended() else { continue };
            match self.network.states[node] {
                State::PowerFails if !self.network.nodes[node].has_power() => {
                    self.network.nodes[node].end_life();
                    self.network.states[node] = State::Down;
                }
                State::Dishonest => self.network.nodes[node].end_life(),
                _ => return Err(self.witness.violation().unwrap_or(Violation::Ended { node, reason })),
            }
        }
        Ok(())
    }

    /// Progress with a healthy quorum, none without any.
    fn check_pace(&mut self, now: u64) -> Result<(), Violation> {
        let height = self.witness.height();
        if height > self.progress.0 || !self.network.must_decide() {
            self.progress = (height, now);
        } else if now - self.progress.1 > PATIENCE_MS {
            return Err(Violation::NoProgress { height, seconds: PATIENCE_MS / 1_000 });
        }
        if self.network.can_decide() {
            self.halted = None;
            return Ok(());
        }
        let (since, fixed) = self.halted.get_or_insert((now, None));
        match fixed {
            None if now - *since > GRACE_MS => {
                *fixed = Some(height);
                self.faults.add(Kind::NoQuorum, 1);
            }
            Some(before) if *before < height => {
                return Err(Violation::DecidedWithoutQuorum { before: *before, after: height });
            }
            _ => {}
        }
        Ok(())
    }

    /// A revoked member may see the end of its epoch and not more.
    fn check_revoked(&self) -> Result<(), Violation> {
        let Some(node) = self.ballots.revoked else { return Ok(()) };
        let Some(at) = self.witness.revoked_at(self.network.id(node)) else { return Ok(()) };
        let height = self.network.nodes[node].height();
        let end = (self.world.epoch_of(at) + 1) * self.plan.epoch_blocks - 1;
        if height > end { Err(Violation::RevokedFollows { node, at, height }) } else { Ok(()) }
    }

    /// Nobody is blocked but the dishonest member and who was revoked, and nobody's word but theirs counts.
    async fn check_blocked(&self, stage: &Stage) -> Result<(), Violation> {
        // Who forgets its votes is blocked for voting twice; that what comes of it is seen too is why that bug is planted.
        if !stage.now().0.is_multiple_of(10) || self.options.bug == Some(Bug::ForgetsVotes) {
            return Ok(());
        }
        let index = |id| self.network.nodes.iter().position(|node| node.identity.id == id);
        for (by, whom) in stage.blocked().await {
            let (Some(by), Some(whom)) = (index(by), index(whom)) else { continue };
            let excused = |node| self.network.bad == Some(node) || self.network.is_revoked(node);
            if !excused(by) && !excused(whom) {
                return Err(Violation::HonestBlocked { by, whom });
            }
        }
        Ok(())
    }

    /// The faults are over: everybody comes back, everything sent is final, everyone has the same new height.
    async fn settle(&mut self, stage: &Stage) -> Result<(), Violation> {
        self.network.links = FAIR;
        self.network.sides.fill(0);
        self.network.lay_links(stage).await;
        for node in self.network.in_state(State::Down) {
            if !self.network.is_revoked(node) {
                self.network.start(stage, node).await?;
            }
        }
        self.say(stage, "the faults are over");
        let (began, height) = (stage.now().0, self.witness.height() + SETTLE_BLOCKS);
        while let Some(what) = self.is_missing(height) {
            if stage.now().0 - began > SETTLE_MS {
                return Err(Violation::Unsettled { seconds: SETTLE_MS / 1_000, what });
            }
            stage.sleep(Duration::from_millis(TICK_MS)).await;
            self.look(stage, false).await?;
        }
        for node in self.network.reachable() {
            if let Some(chain) = &node.chain {
                self.witness.check_receipts(node.index, chain)?;
            }
        }
        Ok(())
    }

    fn is_missing(&self, height: u64) -> Option<String> {
        if !self.clients.are_content() {
            return Some(format!("{} transactions are not final", self.clients.waiting()));
        }
        let good = |node: &usize| self.network.bad != Some(*node) && !self.network.is_revoked(*node);
        let good: Vec<usize> = self.network.in_state(State::Up).into_iter().filter(good).collect();
        if let Some(node) = good.into_iter().find(|node| self.network.nodes[*node].height() < height) {
            return Some(format!("node {node} has height {}, not {height}", self.network.nodes[node].height()));
        }
        if self.ballots.open {
            return Some("a request of members is not decided".into());
        }
        let applicant = self.network.id(self.world.founders());
        (self.ballots.admitted && !self.witness.has_signed(applicant))
            .then(|| "the admitted member's signature is in no certificate".into())
    }

    /// Every final block and every fault: two runs of a seed have the same.
    fn history(&self) -> B256 {
        let hashes: Vec<u8> = self.witness.hashes().into_iter().flat_map(|hash| hash.0).collect();
        keccak256([hashes, self.faults.to_string().into_bytes()].concat())
    }

    pub(crate) fn count_wrong_roots(&mut self) {
        self.faults.add(Kind::WrongStateRoot, self.wrong_roots.swap(0, Ordering::Relaxed));
    }

    pub(crate) fn say(&self, stage: &Stage, what: &str) {
        if self.options.log {
            let heights: Vec<u64> = self.network.nodes.iter().map(|node| node.height()).collect();
            println!("{:>8} ms {heights:?} {what}", stage.now().0 - START.0);
        }
    }
}

/// Block 0's hash, as every node of this world makes it.
fn evm_genesis(world: &World) -> B256 {
    let folder = folder();
    let chain = chain::Chain::open(folder.path(), &world.genesis, chain::Options::default());
    chain.expect("a genesis of ours").genesis_hash()
}

/// In memory where the system has a place for that: what a run keeps on the disk is gone when it ends.
fn folder() -> tempfile::TempDir {
    let memory = std::path::Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.expect("a folder for the run")
}
