//! Votes, the two gates, and what a decision does.
//! Rules: DC-05 to 10, 13, 26, 28. The arithmetic of the gates is `primitives::policy`.

use alloy_primitives::B256;
use primitives::policy::{Outcome, Tally};

use super::{
    RequestPlace,
    abi::IAdmission::{self, Ballot, MemberState, RequestKind, RequestState},
    epochs, members, policies, requests, storage,
};
use crate::{
    Env, Res,
    env::{require, revert},
};

/// `vote`.
pub(super) fn vote(env: &mut Env<'_>, call: IAdmission::voteCall) -> Res<()> {
    let counts = matches!(call.ballot, Ballot::Approve | Ballot::Deny);
    require(counts, || IAdmission::NoBallot {})?;
    let place = requests::found_open(env, call.id)?;
    let deadline = place.deadline.get(env)?;
    require(env.now() < deadline, || IAdmission::DeadlinePassed { deadline })?;
    check_subject_matter(env, place, &call)?;
    let (voter, weight) = voter(env, place)?;
    let voted = place.voted.of(env, voter)?;
    let twice = voted.get(env)?;
    require(!twice, || IAdmission::AlreadyVoted { id: call.id, voter })?;
    voted.set(env, true)?;
    write(env, place, &call, voter, weight)?;
    count(env, place, call.ballot, weight)?;
    env.emit(&IAdmission::Voted {
        id: call.id,
        voter,
        certificate: call.certificate,
        ballot: call.ballot,
        reasonCode: call.reasonCode,
        reasonHash: call.reasonHash,
        weight,
        policy: call.policy,
        epoch: call.epoch,
    })?;
    decide(env, call.id, place)
}

/// DC-26: a vote is on this certificate, under this policy, in this epoch's committee.
fn check_subject_matter(env: &mut Env<'_>, place: RequestPlace, call: &IAdmission::voteCall) -> Res<()> {
    let (certificate, policy) = (place.certificate.get(env)?, place.policy.get(env)?);
    let epoch = place.epoch.get(env)?;
    let same = (call.certificate, call.policy, call.epoch) == (certificate, policy, epoch);
    require(same, || IAdmission::VoteDiffers { certificate, policy, epoch })
}

/// The member that votes, and its weight when the request was made. One that was revoked since has no vote.
fn voter(env: &mut Env<'_>, place: RequestPlace) -> Res<(B256, u32)> {
    let member = members::acting(env)?;
    members::require_valid(env, &member)?;
    let (tenure, epoch) = (place.tenure.get(env)?, place.epoch.get(env)?);
    match epochs::weight_in(env, tenure, member.key)? {
        Some(weight) => Ok((member.key, weight)),
        None => revert(&IAdmission::NotVoter { nodeKey: member.key, epoch }),
    }
}

fn write(env: &mut Env<'_>, place: RequestPlace, call: &IAdmission::voteCall, voter: B256, weight: u32) -> Res<()> {
    let vote = place.votes.push(env)?;
    vote.voter.set(env, voter)?;
    vote.weight.set(env, weight)?;
    vote.ballot.set(env, call.ballot as u8)?;
    vote.reason_code.set(env, call.reasonCode)?;
    vote.reason_hash.set(env, call.reasonHash)?;
    let height = env.number();
    vote.height.set(env, height)
}

/// Sums are at most those of the committee.
fn count(env: &mut Env<'_>, place: RequestPlace, ballot: Ballot, weight: u32) -> Res<()> {
    let weight = u64::from(weight);
    let before = place.votes_weight.get(env)?;
    place.votes_weight.set(env, before.saturating_add(weight))?;
    if ballot == Ballot::Approve {
        let (approvals, approvals_weight) = (place.approvals.get(env)?, place.approvals_weight.get(env)?);
        place.approvals.set(env, approvals.saturating_add(1))?;
        place.approvals_weight.set(env, approvals_weight.saturating_add(weight))?;
    }
    Ok(())
}

/// The two gates.
fn decide(env: &mut Env<'_>, id: u64, place: RequestPlace) -> Res<()> {
    let hash = place.policy.get(env)?;
    let policy = policies::load(env, hash)?;
    let voted = Tally { members: place.votes.len(env)?, weight: place.votes_weight.get(env)? };
    let approved = Tally { members: place.approvals.get(env)?, weight: place.approvals_weight.get(env)? };
    let all = Tally { members: place.voters.get(env)?, weight: place.voters_weight.get(env)? };
    match policy.outcome(voted, approved, all) {
        Outcome::Open => Ok(()),
        Outcome::Denied => requests::finish(env, id, place, RequestState::Denied),
        Outcome::Approved => {
            requests::finish(env, id, place, RequestState::Approved)?;
            match requests::kind_of(env, place)? {
                RequestKind::Link => admit(env, id, place),
                _ => revoke(env, id, place),
            }
        }
    }
}

/// DC-08: the certificate of the request, as it was submitted, is the member's.
fn admit(env: &mut Env<'_>, id: u64, place: RequestPlace) -> Res<()> {
    members::require_room(env)?;
    let fingerprint = place.certificate.get(env)?;
    let certificate = requests::stored(env, fingerprint)?;
    let (weight, account) = (place.weight.get(env)?, place.account.get(env)?);
    let member = members::enter(env, certificate.node_key, weight, MemberState::Observer)?;
    members::take_certificate(env, member, &certificate)?;
    // Of a former membership that expired.
    members::drop_accounts(env, certificate.node_key)?;
    members::add_account(env, certificate.node_key, account)?;
    let event = IAdmission::MemberAdmitted {
        nodeKey: certificate.node_key,
        certificate: fingerprint,
        request: id,
        account,
        nodeAddress: certificate.address,
        weight,
        notBefore: certificate.not_before,
        notAfter: certificate.not_after,
        policy: place.policy.get(env)?,
        voters: place.voters.get(env)?,
        votes: place.votes.len(env)?,
        approvals: place.approvals.get(env)?,
    };
    env.emit(&event)
}

/// DC-12, 13: the target is out at once, and for ever: if it had expired and asks to come back, that is denied.
fn revoke(env: &mut Env<'_>, id: u64, place: RequestPlace) -> Res<()> {
    let (node_key, reason) = (place.node_key.get(env)?, place.reason.get(env)?);
    members::revoke(env, node_key, reason)?;
    requests::deny_link_of(env, node_key)?;
    let certificate = storage().members.of(env, node_key)?.certificate.get(env)?;
    let event = IAdmission::MemberRevoked {
        nodeKey: node_key,
        certificate,
        request: id,
        reason,
        evidence: place.evidence.get(env)?,
        epoch: env.epoch(),
        voters: place.voters.get(env)?,
        votes: place.votes.len(env)?,
        approvals: place.approvals.get(env)?,
    };
    env.emit(&event)
}
