//! Requests to be linked and to revoke: made, kept in bounds, closed.
//! Rules: DC-01, 02, 12, 14, 21, 26 to 28; one open request for an identity: subject, keys and account of an applicant, the
//! member to revoke and the member who asks.

use alloy_primitives::{Address, B256};

use super::{
    OPEN_LINKS_MOST, RequestPlace,
    abi::IAdmission::{self, MemberState, RequestKind, RequestState, Status},
    certificate::{self, Certificate},
    epochs, members, policies,
    status::{self, member_state, record},
    storage,
};
use crate::{
    Env, Res,
    env::{require, revert},
};

/// `requestLink`.
pub(super) fn request_link(env: &mut Env<'_>, call: IAdmission::requestLinkCall) -> Res<u64> {
    require(call.weight != 0, || IAdmission::ZeroWeight {})?;
    let open = storage().open_links.get(env)?;
    require(open < OPEN_LINKS_MOST, || IAdmission::TooManyRequests { most: OPEN_LINKS_MOST })?;
    members::require_room(env)?;
    check_account(env)?;
    let (hash, policy) = current_policy(env)?;
    let certificate = certificate::read(env, &call.certificate, policy.validity_seconds)?;
    check_identity(env, &certificate)?;
    members::prove_possession(env, &certificate, &call.possession, &call.nodeSignature)?;
    members::keep_certificate(env, &certificate, &call.certificate)?;
    record(env, certificate.fingerprint, Status::Pending)?;
    // 64 at most.
    storage().open_links.set(env, open.wrapping_add(1))?;
    // No longer than the certificate: what is approved is valid.
    let deadline = env.now().saturating_add(policy.voting_seconds).min(certificate.not_after);
    let asked = Asked {
        kind: RequestKind::Link,
        node_key: certificate.node_key,
        certificate: certificate.fingerprint,
        requester: B256::ZERO,
        policy: hash,
        deadline,
    };
    let (id, place) = open_request(env, &asked)?;
    place.weight.set(env, call.weight)?;
    mark(env, &certificate, env.caller(), id)?;
    announce_link(env, id, place, &certificate)?;
    Ok(id)
}

/// `requestRevocation`.
pub(super) fn request_revocation(env: &mut Env<'_>, call: IAdmission::requestRevocationCall) -> Res<u64> {
    let IAdmission::requestRevocationCall { certificate, reason, evidence } = call;
    let requester = members::acting(env)?;
    members::require_valid(env, &requester)?;
    require(is_reason(reason), || IAdmission::InvalidReason { reason })?;
    let target = target_of(env, certificate)?;
    require_no_revocation(env, target, requester.key)?;
    let (policy_hash, policy) = current_policy(env)?;
    let deadline = env.now().saturating_add(policy.voting_seconds);
    let asked = Asked {
        kind: RequestKind::Revocation,
        node_key: target,
        certificate,
        requester: requester.key,
        policy: policy_hash,
        deadline,
    };
    let (id, place) = open_request(env, &asked)?;
    place.reason.set(env, reason)?;
    place.evidence.set(env, evidence)?;
    storage().pending.targets.of(env, target)?.set(env, id)?;
    storage().pending.requesters.of(env, requester.key)?.set(env, id)?;
    announce_revocation(env, id, place)?;
    Ok(id)
}

/// `close`.
pub(super) fn close(env: &mut Env<'_>, call: IAdmission::closeCall) -> Res<()> {
    let place = found_open(env, call.id)?;
    let deadline = place.deadline.get(env)?;
    require(deadline <= env.now(), || IAdmission::DeadlineAhead { deadline })?;
    finish(env, call.id, place, RequestState::Lapsed)
}

/// Closes all requests whose deadline passed.
pub(super) fn close_lapsed(env: &mut Env<'_>) -> Res<()> {
    let mut lapsed = Vec::new();
    for index in 0..storage().open.len(env)? {
        if let Some(item) = storage().open.item(env, index)? {
            let id = item.get(env)?;
            let place = storage().requests.of(env, id)?;
            if place.deadline.get(env)? <= env.now() {
                lapsed.push((id, place));
            }
        }
    }
    for (id, place) in lapsed {
        finish(env, id, place, RequestState::Lapsed)?;
    }
    Ok(())
}

/// The request, if it is open.
pub(super) fn found_open(env: &mut Env<'_>, id: u64) -> Res<RequestPlace> {
    let place = found(env, id)?;
    let state = state_of(env, place)?;
    require(state == RequestState::Open, || IAdmission::RequestIsClosed { id, state })?;
    Ok(place)
}

/// The request, or a refusal.
pub(super) fn found(env: &mut Env<'_>, id: u64) -> Res<RequestPlace> {
    let place = storage().requests.of(env, id)?;
    let known = place.kind.get(env)? != 0;
    require(known, || IAdmission::UnknownRequest { id })?;
    Ok(place)
}

/// How it stands.
pub(super) fn state_of(env: &mut Env<'_>, place: RequestPlace) -> Res<RequestState> {
    Ok(RequestState::try_from(place.state.get(env)?).unwrap_or(RequestState::None))
}

/// What it asks for.
pub(super) fn kind_of(env: &mut Env<'_>, place: RequestPlace) -> Res<RequestKind> {
    Ok(RequestKind::try_from(place.kind.get(env)?).unwrap_or(RequestKind::None))
}

/// Ends a request: nothing speaks for its identity any more, and it is off the list.
pub(super) fn finish(env: &mut Env<'_>, id: u64, place: RequestPlace, state: RequestState) -> Res<()> {
    place.state.set(env, state as u8)?;
    let height = env.number();
    place.decided_at.set(env, height)?;
    let kind = kind_of(env, place)?;
    let (node_key, certificate) = (place.node_key.get(env)?, place.certificate.get(env)?);
    match kind {
        RequestKind::Link => unmark_link(env, place, state)?,
        _ => {
            storage().pending.targets.of(env, node_key)?.set(env, 0)?;
            let requester = place.requester.get(env)?;
            storage().pending.requesters.of(env, requester)?.set(env, 0)?;
        }
    }
    take_off_list(env, place)?;
    let (voters, approvals) = (place.voters.get(env)?, place.approvals.get(env)?);
    let votes = place.votes.len(env)?;
    env.emit(&IAdmission::RequestClosed { id, certificate, nodeKey: node_key, kind, state, voters, votes, approvals })
}

/// Denies the linking request of a node, if one is open.
pub(super) fn deny_link_of(env: &mut Env<'_>, node_key: B256) -> Res<()> {
    let hash = env.keccak256(node_key.as_slice())?;
    let id = storage().pending.keys.of(env, hash)?.get(env)?;
    if id == 0 {
        return Ok(());
    }
    let place = storage().requests.of(env, id)?;
    finish(env, id, place, RequestState::Denied)
}

/// What a request says when it is opened.
struct Asked {
    kind: RequestKind,
    node_key: B256,
    certificate: B256,
    requester: B256,
    policy: B256,
    deadline: u64,
}

/// Whether a revocation can have this CRLReason of RFC 5280: all but those that a certificate comes back from (certificateHold,
/// removeFromCRL) and the unused 7.
pub const fn is_reason(reason: u8) -> bool {
    matches!(reason, 0..=5 | 9 | 10)
}

fn current_policy(env: &mut Env<'_>) -> Res<(B256, primitives::Policy)> {
    let hash = policies::in_force(env)?;
    Ok((hash, policies::load(env, hash)?))
}

/// DC-01: an applicant is not a member.
fn check_account(env: &mut Env<'_>) -> Res<()> {
    let account = env.caller();
    if let Some(member) = members::live_member_of(env, account)? {
        return revert(&IAdmission::AlreadyMember { nodeKey: member });
    }
    let pending = storage().pending.accounts.of(env, account)?.get(env)?;
    require(pending == 0, || IAdmission::AccountInUse { account })
}

/// A node whose certificate expired may come back with another one; one that was revoked may not.
fn check_identity(env: &mut Env<'_>, certificate: &Certificate) -> Res<()> {
    let key = certificate.node_key;
    let state = member_state(storage().members.of(env, key)?.state.get(env)?);
    match state {
        MemberState::None | MemberState::Expired => {}
        MemberState::Revoked => return revert(&IAdmission::MemberIsRevoked { nodeKey: key }),
        _ => return revert(&IAdmission::AlreadyMember { nodeKey: key }),
    }
    members::check_new(env, certificate)?;
    members::check_keys(env, certificate, key)?;
    members::require_subject_free(env, certificate.subject_hash, key)
}

/// The member with this certificate, if it is there to be revoked. One of genesis that has brought none is named by its node
/// key: otherwise it could stay for ever by never bringing one.
fn target_of(env: &mut Env<'_>, certificate: B256) -> Res<B256> {
    let bare = storage().members.of(env, certificate)?.certificate.get(env)?.is_zero();
    if bare && members::is_live(env, certificate)? {
        return Ok(certificate);
    }
    let place = storage().certificates.of(env, certificate)?;
    let status = status::current(env, place)?;
    let known = matches!(status, Status::Valid | Status::Expired | Status::Superseded);
    require(known, || IAdmission::UnknownCertificate { certificate })?;
    let key = place.node_key.get(env)?;
    let state = member_state(storage().members.of(env, key)?.state.get(env)?);
    require(state != MemberState::Revoked, || IAdmission::MemberIsRevoked { nodeKey: key })?;
    Ok(key)
}

fn require_no_revocation(env: &mut Env<'_>, target: B256, requester: B256) -> Res<()> {
    for place in [storage().pending.targets.of(env, target)?, storage().pending.requesters.of(env, requester)?] {
        let id = place.get(env)?;
        require(id == 0, || IAdmission::RevocationOpen { id })?;
    }
    Ok(())
}

fn open_request(env: &mut Env<'_>, asked: &Asked) -> Res<(u64, RequestPlace)> {
    // 2^64 requests cannot be paid for.
    let id = storage().last_request.get(env)?.wrapping_add(1);
    storage().last_request.set(env, id)?;
    let place = storage().requests.of(env, id)?;
    place.kind.set(env, asked.kind as u8)?;
    place.state.set(env, RequestState::Open as u8)?;
    place.node_key.set(env, asked.node_key)?;
    place.certificate.set(env, asked.certificate)?;
    let account = env.caller();
    place.account.set(env, account)?;
    place.requester.set(env, asked.requester)?;
    place.policy.set(env, asked.policy)?;
    let height = env.number();
    place.made_at.set(env, height)?;
    place.deadline.set(env, asked.deadline)?;
    fix_voters(env, place)?;
    storage().open.push(env)?.set(env, id)?;
    let last = storage().open.len(env)?;
    place.open_place.set(env, last)?;
    Ok((id, place))
}

/// DC-28: the committee of this epoch votes, with its weights of now.
fn fix_voters(env: &mut Env<'_>, place: RequestPlace) -> Res<()> {
    let epoch = env.epoch();
    place.epoch.set(env, epoch)?;
    let index = epochs::tenure_index(env, epoch)?.unwrap_or_default();
    place.tenure.set(env, index)?;
    let Some(tenure) = storage().tenures.item(env, index)? else { return Ok(()) };
    let voters = tenure.seats.len(env)?;
    place.voters.set(env, voters)?;
    let weight = tenure.weight.get(env)?;
    place.voters_weight.set(env, weight)
}

fn mark(env: &mut Env<'_>, certificate: &Certificate, account: Address, id: u64) -> Res<()> {
    storage().pending.accounts.of(env, account)?.set(env, id)?;
    storage().pending.subjects.of(env, certificate.subject_hash)?.set(env, id)?;
    for hash in certificate.key_hashes() {
        storage().pending.keys.of(env, hash)?.set(env, id)?;
    }
    Ok(())
}

fn unmark_link(env: &mut Env<'_>, place: RequestPlace, state: RequestState) -> Res<()> {
    let fingerprint = place.certificate.get(env)?;
    let certificate = stored(env, fingerprint)?;
    let account = place.account.get(env)?;
    mark(env, &certificate, account, 0)?;
    let open = storage().open_links.get(env)?;
    storage().open_links.set(env, open.saturating_sub(1))?;
    // An approved one is recorded as valid by whoever admits it.
    if state == RequestState::Approved { Ok(()) } else { record(env, fingerprint, Status::Unknown) }
}

/// A certificate of the ledger, which was read before.
pub(super) fn stored(env: &mut Env<'_>, fingerprint: B256) -> Res<Certificate> {
    let der = storage().certificates.of(env, fingerprint)?.der.get(env)?;
    match certificate::parse(&der) {
        Ok(certificate) => Ok(certificate),
        Err(flaw) => revert(&IAdmission::InvalidCertificate { flaw }),
    }
}

/// The last of the list takes its place.
fn take_off_list(env: &mut Env<'_>, place: RequestPlace) -> Res<()> {
    let position = place.open_place.get(env)?;
    place.open_place.set(env, 0)?;
    let Some(last) = storage().open.pop(env)? else { return Ok(()) };
    let moved = last.get(env)?;
    last.set(env, 0)?;
    match storage().open.item(env, position.saturating_sub(1))? {
        Some(hole) => {
            hole.set(env, moved)?;
            storage().requests.of(env, moved)?.open_place.set(env, position)
        }
        None => Ok(()),
    }
}

fn announce_link(env: &mut Env<'_>, id: u64, place: RequestPlace, certificate: &Certificate) -> Res<()> {
    let event = IAdmission::LinkRequested {
        id,
        certificate: certificate.fingerprint,
        nodeKey: certificate.node_key,
        account: env.caller(),
        nodeAddress: certificate.address.clone(),
        weight: place.weight.get(env)?,
        notAfter: certificate.not_after,
        policy: place.policy.get(env)?,
        epoch: place.epoch.get(env)?,
        voters: place.voters.get(env)?,
        votersWeight: place.voters_weight.get(env)?,
        deadline: place.deadline.get(env)?,
    };
    env.emit(&event)
}

fn announce_revocation(env: &mut Env<'_>, id: u64, place: RequestPlace) -> Res<()> {
    let event = IAdmission::RevocationRequested {
        id,
        certificate: place.certificate.get(env)?,
        nodeKey: place.node_key.get(env)?,
        requester: place.requester.get(env)?,
        reason: place.reason.get(env)?,
        evidence: place.evidence.get(env)?,
        policy: place.policy.get(env)?,
        epoch: place.epoch.get(env)?,
        voters: place.voters.get(env)?,
        votersWeight: place.voters_weight.get(env)?,
        deadline: place.deadline.get(env)?,
    };
    env.emit(&event)
}
