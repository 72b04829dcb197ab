//! How members decide: the two gates that a request passes, and how long things last. Read from genesis, kept on the ledger by
//! `contracts::admission`, judged at start-up by whoever starts a node ([`Policy::check`]).
//! Rules: docs/systems/admission.md, requirements DC-07, 09, 10, 21, 29, 31.

use std::fmt;

use serde::{Deserialize, Serialize};

#[cfg(test)]
mod tests;

/// What members agreed on before anyone asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Policy {
    /// First gate: so many votes must have come in before any outcome is computed.
    pub votes: Threshold,
    /// Second gate: so many of them must approve.
    pub approvals: Threshold,
    /// How long a request is open.
    pub voting_seconds: u64,
    /// How long a certificate stays valid beside the one that renews it.
    pub overlap_seconds: u64,
    /// How far away the end of a certificate may be.
    pub validity_seconds: u64,
}

/// A number of votes that is enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Threshold {
    /// What is compared.
    pub measure: Measure,
    /// Whether the threshold itself is enough.
    pub comparison: Comparison,
    /// Of a count, the count.
    pub numerator: u32,
    /// Of a count, 1.
    #[serde(default = "one")]
    pub denominator: u32,
}

/// What a threshold compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Measure {
    /// Votes.
    Count,
    /// Votes over all members, also those who are silent.
    Members,
    /// Weight of the votes over the weight of all members.
    Weight,
}

/// `>` or `>=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Comparison {
    /// More than the threshold.
    Above,
    /// The threshold or more.
    AtLeast,
}

/// Some or all of the members.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many.
    pub members: u64,
    /// Their weight.
    pub weight: u64,
}

/// Where a vote stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The first gate is not passed, or votes to come can still decide either way.
    Open,
    /// Both gates are passed.
    Approved,
    /// The first gate is passed, and the second cannot be any more.
    Denied,
}

/// Why a policy lets a third of the members do what only two thirds should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Danger {
    /// The second gate counts votes, and the number stays as it is when the network grows.
    StaysWhenTheNetworkGrows,
    /// The second gate can be passed without more than two thirds.
    NotAboveTwoThirds,
    /// One member among several passes the second gate alone.
    OneDecides,
}

/// Why a policy can decide nothing, or decides without votes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PolicyError(&'static str);

/// A year, in seconds.
const YEAR_SECONDS: u64 = 31_536_000;
/// Longest vote and overlap.
const WAITING_SECONDS_MOST: u64 = YEAR_SECONDS;
/// Longest validity that a policy may allow.
const VALIDITY_SECONDS_MOST: u64 = 10 * YEAR_SECONDS;

impl Default for Policy {
    fn default() -> Self {
        let share = |numerator, denominator| Threshold {
            measure: Measure::Members,
            comparison: Comparison::Above,
            numerator,
            denominator,
        };
        Self {
            votes: share(1, 2),
            approvals: share(2, 3),
            voting_seconds: 604_800,
            overlap_seconds: 604_800,
            validity_seconds: 3 * YEAR_SECONDS,
        }
    }
}

impl Threshold {
    /// Whether `part` of `whole` is enough.
    pub fn met(&self, part: Tally, whole: Tally) -> bool {
        let (part, whole) = match self.measure {
            Measure::Count => (part.members, 1),
            Measure::Members => (part.members, whole.members),
            Measure::Weight => (part.weight, whole.weight),
        };
        // 64 by 32 bits: never past 128.
        let (reached, needed) =
            (u128::from(part) * u128::from(self.denominator), u128::from(whole) * u128::from(self.numerator));
        match self.comparison {
            Comparison::Above => reached > needed,
            Comparison::AtLeast => reached >= needed,
        }
    }

    /// The smallest part of `whole` that is enough: votes, or their weight. One that is above the whole is out of reach.
    pub fn needed(&self, whole: Tally) -> u64 {
        let whole = match self.measure {
            Measure::Count => 1,
            Measure::Members => whole.members,
            Measure::Weight => whole.weight,
        };
        let (product, denominator) = (u128::from(whole) * u128::from(self.numerator), u128::from(self.denominator));
        let least = match self.comparison {
            Comparison::Above => product.checked_div(denominator).map(|quotient| quotient.saturating_add(1)),
            Comparison::AtLeast => (denominator > 0).then(|| product.div_ceil(denominator)),
        };
        least.and_then(|least| u64::try_from(least).ok()).unwrap_or(u64::MAX)
    }

    fn is_above_two_thirds(&self) -> bool {
        let (numerator, denominator) = (u64::from(self.numerator) * 3, u64::from(self.denominator) * 2);
        match self.comparison {
            Comparison::Above => numerator >= denominator,
            Comparison::AtLeast => numerator > denominator,
        }
    }
}

impl Policy {
    /// What is dangerous about this policy in a network that begins with members of these weights; an error if it cannot work.
    pub fn check(&self, weights: &[u32]) -> Result<Vec<Danger>, PolicyError> {
        self.check_form()?;
        let all = tally(weights);
        ensure(
            self.votes.met(all, all) && self.approvals.met(all, all),
            "a threshold is out of reach for all members",
        )?;
        let nobody = Tally::default();
        ensure(!self.approvals.met(nobody, all), "nobody needs to approve")?;
        Ok(self.dangers(weights, all))
    }

    /// Where the vote stands when of `all` members those in `voted` have voted, and of these those in `approved` approved.
    pub fn outcome(&self, voted: Tally, approved: Tally, all: Tally) -> Outcome {
        if !self.votes.met(voted, all) {
            return Outcome::Open;
        }
        if self.approvals.met(approved, all) {
            return Outcome::Approved;
        }
        let silent = all.without(voted);
        if self.approvals.met(approved.with(silent), all) { Outcome::Open } else { Outcome::Denied }
    }

    /// What holds for any number of members.
    pub fn check_form(&self) -> Result<(), PolicyError> {
        for threshold in [self.votes, self.approvals] {
            ensure(threshold.denominator > 0, "a threshold is divided by zero")?;
            let is_count = threshold.measure == Measure::Count;
            ensure(!is_count || threshold.denominator == 1, "a count is not divided")?;
        }
        let within = |seconds, most| (1..=most).contains(&seconds);
        ensure(within(self.voting_seconds, WAITING_SECONDS_MOST), "votingSeconds must be 1 to a year")?;
        ensure(self.overlap_seconds <= WAITING_SECONDS_MOST, "overlapSeconds must be at most a year")?;
        ensure(within(self.validity_seconds, VALIDITY_SECONDS_MOST), "validitySeconds must be 1 to ten years")
    }

    fn dangers(&self, weights: &[u32], all: Tally) -> Vec<Danger> {
        let heaviest = tally(weights.iter().max().map(std::slice::from_ref).unwrap_or_default());
        let is_count = self.approvals.measure == Measure::Count;
        let alone = weights.len() > 1 && self.approvals.met(heaviest, all);
        let found = [
            (is_count, Danger::StaysWhenTheNetworkGrows),
            (!is_count && !self.approvals.is_above_two_thirds(), Danger::NotAboveTwoThirds),
            (alone, Danger::OneDecides),
        ];
        found.into_iter().filter(|(is, _)| *is).map(|(_, danger)| danger).collect()
    }
}

impl Tally {
    /// Both together.
    pub const fn with(self, other: Self) -> Self {
        Self { members: self.members.saturating_add(other.members), weight: self.weight.saturating_add(other.weight) }
    }

    const fn without(self, part: Self) -> Self {
        Self { members: self.members.saturating_sub(part.members), weight: self.weight.saturating_sub(part.weight) }
    }
}

impl fmt::Display for Danger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::StaysWhenTheNetworkGrows => "approvals are a fixed number, which means less with every new member",
            Self::NotAboveTwoThirds => "approvals do not need more than two thirds, and a third may be faulty",
            Self::OneDecides => "one member's weight is enough to decide alone",
        })
    }
}

fn tally(weights: &[u32]) -> Tally {
    let members = u64::try_from(weights.len()).unwrap_or(u64::MAX);
    Tally { members, weight: weights.iter().map(|weight| u64::from(*weight)).sum() }
}

fn ensure(holds: bool, reason: &'static str) -> Result<(), PolicyError> {
    if holds { Ok(()) } else { Err(PolicyError(reason)) }
}

const fn one() -> u32 {
    1
}
