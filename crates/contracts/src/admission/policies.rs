//! Policies on the ledger: by their hash, so that a request keeps the one of its height whatever comes into force later.

use alloy_primitives::B256;
use alloy_sol_types::SolValue;
use primitives::policy::{Comparison, Measure, Policy, Threshold};

use super::{ThresholdPlace, abi::IAdmission, storage};
use crate::{Env, Res};

/// Writes a policy down and brings it into force.
pub(super) fn enforce(env: &mut Env<'_>, policy: &Policy) -> Res<()> {
    let hash = env.keccak256(&of_policy(policy).abi_encode())?;
    let place = storage().policies.of(env, hash)?;
    write_threshold(env, place.votes, &policy.votes)?;
    write_threshold(env, place.approvals, &policy.approvals)?;
    place.voting_seconds.set(env, policy.voting_seconds)?;
    place.overlap_seconds.set(env, policy.overlap_seconds)?;
    place.validity_seconds.set(env, policy.validity_seconds)?;
    storage().policy.set(env, hash)
}

/// The hash of the one in force.
pub(super) fn in_force(env: &mut Env<'_>) -> Res<B256> {
    storage().policy.get(env)
}

/// The policy with this hash; one that nobody can pass if there is none.
pub(super) fn load(env: &mut Env<'_>, hash: B256) -> Res<Policy> {
    let place = storage().policies.of(env, hash)?;
    Ok(Policy {
        votes: read_threshold(env, place.votes)?,
        approvals: read_threshold(env, place.approvals)?,
        voting_seconds: place.voting_seconds.get(env)?,
        overlap_seconds: place.overlap_seconds.get(env)?,
        validity_seconds: place.validity_seconds.get(env)?,
    })
}

/// As the ABI has it.
pub(super) fn of_policy(policy: &Policy) -> IAdmission::Policy {
    IAdmission::Policy {
        votes: of_threshold(&policy.votes),
        approvals: of_threshold(&policy.approvals),
        votingSeconds: policy.voting_seconds,
        overlapSeconds: policy.overlap_seconds,
        validitySeconds: policy.validity_seconds,
    }
}

/// From the ABI, for whoever read it there.
pub fn from_policy(policy: &IAdmission::Policy) -> Policy {
    Policy {
        votes: from_threshold(&policy.votes),
        approvals: from_threshold(&policy.approvals),
        voting_seconds: policy.votingSeconds,
        overlap_seconds: policy.overlapSeconds,
        validity_seconds: policy.validitySeconds,
    }
}

fn from_threshold(threshold: &IAdmission::Threshold) -> Threshold {
    Threshold {
        measure: match threshold.measure {
            IAdmission::Measure::Members => Measure::Members,
            IAdmission::Measure::Weight => Measure::Weight,
            _ => Measure::Count,
        },
        comparison: if threshold.orEqual { Comparison::AtLeast } else { Comparison::Above },
        numerator: threshold.numerator,
        denominator: threshold.denominator,
    }
}

fn of_threshold(threshold: &Threshold) -> IAdmission::Threshold {
    IAdmission::Threshold {
        measure: match threshold.measure {
            Measure::Count => IAdmission::Measure::Count,
            Measure::Members => IAdmission::Measure::Members,
            Measure::Weight => IAdmission::Measure::Weight,
        },
        orEqual: threshold.comparison == Comparison::AtLeast,
        numerator: threshold.numerator,
        denominator: threshold.denominator,
    }
}

fn write_threshold(env: &mut Env<'_>, place: ThresholdPlace, threshold: &Threshold) -> Res<()> {
    let written = of_threshold(threshold);
    place.measure.set(env, written.measure as u8)?;
    place.or_equal.set(env, written.orEqual)?;
    place.numerator.set(env, written.numerator)?;
    place.denominator.set(env, written.denominator)
}

fn read_threshold(env: &mut Env<'_>, place: ThresholdPlace) -> Res<Threshold> {
    Ok(from_threshold(&IAdmission::Threshold {
        measure: IAdmission::Measure::try_from(place.measure.get(env)?).unwrap_or(IAdmission::Measure::Count),
        orEqual: place.or_equal.get(env)?,
        numerator: place.numerator.get(env)?,
        denominator: place.denominator.get(env)?,
    }))
}
