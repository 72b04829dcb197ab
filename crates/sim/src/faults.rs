//! What a run did to its network, counted by kind. Printed by every run; over the fixed seeds no kind may be zero.

use std::{collections::BTreeMap, fmt};

/// A kind of fault, or of what happens in the middle of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Links became slower.
    Latency,
    /// Links became uneven.
    Jitter,
    /// Links began to lose messages.
    Loss,
    /// Nodes were cut off from the others.
    Partition,
    /// A node was ended.
    Stop,
    /// A node was started again.
    Restart,
    /// The power of one node failed.
    PowerCutOfOne,
    /// The power of all failed at once.
    PowerCutOfAll,
    /// The power of all failed, and what the engines had not synced was gone, if there was any of it.
    MayDropVotes,
    /// The power of all failed, and pieces of what the engines had not synced were left, if there was any of it.
    MayTearVotes,
    /// A power cut left nothing of what a block log had not synced.
    DroppedWrites,
    /// A power cut left pieces of what a block log had not synced.
    TornWrites,
    /// A node's flat state was gone when it started.
    LostFlatState,
    /// No quorum was left, for long enough to see that nothing is decided.
    NoQuorum,
    /// A member lived twice at once.
    Twins,
    /// A member made two blocks for one round, one for each half of the others.
    Equivocation,
    /// A member proposed a block with a state root that is not what execution gives.
    WrongStateRoot,
    /// A member sent a header with another body.
    SwappedBody,
    /// A member kept a block to itself.
    WithheldBlock,
    /// A member was admitted.
    Admission,
    /// A member was revoked.
    Revocation,
    /// A transaction of a client became final.
    Transaction,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 22] = [
        Self::Latency,
        Self::Jitter,
        Self::Loss,
        Self::Partition,
        Self::Stop,
        Self::Restart,
        Self::PowerCutOfOne,
        Self::PowerCutOfAll,
        Self::MayDropVotes,
        Self::MayTearVotes,
        Self::DroppedWrites,
        Self::TornWrites,
        Self::LostFlatState,
        Self::NoQuorum,
        Self::Twins,
        Self::Equivocation,
        Self::WrongStateRoot,
        Self::SwappedBody,
        Self::WithheldBlock,
        Self::Admission,
        Self::Revocation,
        Self::Transaction,
    ];

    const fn words(self) -> &'static str {
        match self {
            Self::Latency => "latency",
            Self::Jitter => "jitter",
            Self::Loss => "loss",
            Self::Partition => "partitions",
            Self::Stop => "stops",
            Self::Restart => "restarts",
            Self::PowerCutOfOne => "power cuts of one",
            Self::PowerCutOfAll => "power cuts of all",
            Self::MayDropVotes => "power cuts that may drop votes",
            Self::MayTearVotes => "power cuts that may tear votes",
            Self::DroppedWrites => "dropped writes",
            Self::TornWrites => "torn writes",
            Self::LostFlatState => "lost flat states",
            Self::NoQuorum => "times without quorum",
            Self::Twins => "twins",
            Self::Equivocation => "equivocations",
            Self::WrongStateRoot => "wrong state roots",
            Self::SwappedBody => "swapped bodies",
            Self::WithheldBlock => "withheld blocks",
            Self::Admission => "admissions",
            Self::Revocation => "revocations",
            Self::Transaction => "transactions",
        }
    }
}

/// How often each kind happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults(BTreeMap<Kind, u64>);

impl Faults {
    /// How often this kind happened.
    pub fn of(&self, kind: Kind) -> u64 {
        self.0.get(&kind).copied().unwrap_or_default()
    }

    /// Those of another run too.
    pub fn add_all(&mut self, other: &Self) {
        for (kind, count) in &other.0 {
            self.add(*kind, *count);
        }
    }

    /// Kinds that never happened.
    pub fn missing(&self) -> Vec<Kind> {
        Kind::ALL.into_iter().filter(|kind| self.of(*kind) == 0).collect()
    }

    pub(crate) fn add(&mut self, kind: Kind, count: u64) {
        if count > 0 {
            *self.0.entry(kind).or_default() += count;
        }
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (kind, count)) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{} {count}", kind.words())?;
        }
        Ok(())
    }
}
