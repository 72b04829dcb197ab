//! What will happen, drawn from the seed before anything runs. Which node a step is about is decided when its time comes, from the
//! step's own number, among those that may be troubled then.

use consensus::simplex::simulated::Link;
use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};

/// The links of a network where nothing is wrong.
pub(crate) const FAIR: Link = Link { latency_ms: 15, jitter_ms: 4, loss_percent: 0 };

/// How a member misbehaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mischief {
    Equivocates,
    WrongRoots,
    SwapsBodies,
    WithholdsBlocks,
}

/// What a phase does to the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    Nothing,
    /// One node is cut off.
    Partition,
    /// The network falls into two halves, neither of which is a quorum.
    Halves,
    /// One node stops and starts again.
    Stop,
    /// So many stop that no quorum is left, and start again.
    StopTooMany,
    /// The power of one node fails, in the middle of a write or between writes.
    PowerCut {
        in_write: bool,
    },
    /// The power of all fails; when some have a block that others do not have, or in the middle of writes.
    PowerCutOfAll {
        when_ahead: bool,
        hold_back_ms: u64,
    },
    /// The one dishonest member shows it.
    Dishonest(Mischief),
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Phase {
    pub(crate) links: Link,
    pub(crate) trouble: Trouble,
    pub(crate) ms: u64,
    /// Chooses whom it is about.
    pub(crate) pick: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) founders: usize,
    pub(crate) epoch_blocks: u64,
    /// Of unsynced writes of the engines, at power cuts.
    pub(crate) kept_percent: u64,
    pub(crate) anywhere: bool,
    /// The founder that may be dishonest; no other node ever is.
    pub(crate) bad: usize,
    pub(crate) phases: Vec<Phase>,
    /// Before which phase a node asks to become a member.
    pub(crate) admission: usize,
    /// Before which phase a member is to be revoked.
    pub(crate) revocation: usize,
}

/// So long must there be no quorum before a rising height is a violation.
pub(crate) const GRACE_MS: u64 = 4_000;

impl Plan {
    pub(crate) fn draw(seed: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let founders = random.random_range(4..=5_usize);
        let mut troubles = troubles(&mut random);
        troubles.shuffle(&mut random);
        let mut phases: Vec<Phase> = troubles.into_iter().map(|trouble| phase(&mut random, trouble)).collect();
        phases.insert(0, Phase { links: FAIR, ..phase(&mut random, Trouble::Nothing) });
        Self {
            founders,
            epoch_blocks: random.random_range(6..=10),
            kept_percent: *[0, 30, 60].get(random.random_range(0..3_usize)).unwrap_or(&0),
            anywhere: random.random(),
            bad: random.random_range(0..founders),
            admission: random.random_range(0..3),
            revocation: random.random_range(4..7),
            phases,
        }
    }
}

fn troubles(random: &mut StdRng) -> Vec<Trouble> {
    let mut mischief = [Mischief::Equivocates, Mischief::WrongRoots, Mischief::SwapsBodies, Mischief::WithholdsBlocks];
    mischief.shuffle(random);
    let no_quorum = if random.random() { Trouble::Halves } else { Trouble::StopTooMany };
    let mut troubles = vec![
        Trouble::Partition,
        Trouble::Stop,
        Trouble::PowerCut { in_write: random.random() },
        Trouble::Dishonest(mischief[0]),
        Trouble::Dishonest(mischief[1]),
        no_quorum,
    ];
    for _ in 0..random.random_range(1..=2) {
        let hold_back_ms = if random.random() { random.random_range(800..2_000) } else { 0 };
        troubles.push(Trouble::PowerCutOfAll { when_ahead: random.random_bool(0.7), hold_back_ms });
    }
    troubles
}

fn phase(random: &mut StdRng, trouble: Trouble) -> Phase {
    let links = if random.random_bool(0.4) { FAIR } else { rough_links(random) };
    let ms = match trouble {
        Trouble::Halves | Trouble::StopTooMany => GRACE_MS + random.random_range(1_500..3_000),
        Trouble::Dishonest(_) => random.random_range(2_000..3_500),
        _ => random.random_range(800..2_000),
    };
    Phase { links, trouble, ms, pick: random.random() }
}

fn rough_links(random: &mut StdRng) -> Link {
    Link {
        latency_ms: random.random_range(15..120),
        jitter_ms: if random.random() { random.random_range(10..40) } else { FAIR.jitter_ms },
        loss_percent: if random.random() { random.random_range(1..=8) } else { 0 },
    }
}
