//! What can be read: members, certificates, requests, votes and committees, in pages of at most `PAGE_MOST` rows.
//! Changes nothing. [`peers`] is for the node itself: whom it may connect to.

use std::ops::Range;

use alloy_primitives::{Address, B256, Bytes};

use super::{
    ADDRESS, MemberPlace, PAGE_MOST, RequestPlace, VotePlace,
    abi::IAdmission::{self, Ballot, Change, Member, MemberState, Request, RequestKind, Status, Vote},
    certificate::{self, Key},
    epochs, members, policies, requests,
    status::{self, member_state},
    storage,
};
use crate::{Cell, Env, Host, List, Res, env::require};

/// A node that may connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerRow {
    /// ed25519.
    pub node_key: B256,
    /// HOST:PORT; `None` of a member of genesis that has brought no certificate.
    pub address: Option<String>,
    /// In the committee of this epoch, or observing.
    pub state: MemberState,
}

/// All members that may connect after this block: those that are neither revoked nor expired, in rising order of key (DC-23).
pub fn peers(host: &mut dyn Host) -> Res<Vec<PeerRow>> {
    let mut env = Env::new(host, ADDRESS, ADDRESS);
    let mut rows = Vec::new();
    for node_key in items(&mut env, storage().live)? {
        let place = storage().members.of(&mut env, node_key)?;
        let address = text(&mut env, place)?;
        let state = member_state(place.state.get(&mut env)?);
        rows.push(PeerRow { node_key, address: (!address.is_empty()).then_some(address), state });
    }
    rows.sort_unstable_by_key(|row| row.node_key);
    Ok(rows)
}

/// What a node needs to know of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// [`MemberState::None`] of a node that the ledger does not know.
    pub state: MemberState,
    /// Of the next authorization.
    pub sequence: u64,
    /// Whether the account in question acts for it.
    pub acts: bool,
    /// keccak of the canonical configuration: what members sign is about this network.
    pub network: B256,
}

/// How a node stands, and whether `account` acts for it.
pub fn standing(host: &mut dyn Host, node_key: B256, account: Address) -> Res<Standing> {
    let mut env = Env::new(host, ADDRESS, ADDRESS);
    let place = storage().members.of(&mut env, node_key)?;
    Ok(Standing {
        state: member_state(place.state.get(&mut env)?),
        sequence: place.sequence.get(&mut env)?,
        acts: storage().accounts.of(&mut env, account)?.get(&mut env)? == node_key,
        network: storage().network.get(&mut env)?,
    })
}

/// A linking request on which a member may vote and has not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpenLink {
    /// Of the request.
    pub id: u64,
    /// What a vote is about (DC-26).
    pub certificate: B256,
    /// What a vote is about.
    pub policy: B256,
    /// What a vote is about.
    pub epoch: u64,
    /// HOST:PORT of the node that asks.
    pub address: String,
    /// What it asks for.
    pub weight: u32,
    /// What the vote weighs.
    pub voter_weight: u32,
}

/// All linking requests on which a member may vote and has not.
pub fn open_links(host: &mut dyn Host, node_key: B256) -> Res<Vec<OpenLink>> {
    let mut env = Env::new(host, ADDRESS, ADDRESS);
    let mut found = Vec::new();
    for index in 0..storage().open.len(&mut env)? {
        if let Some(item) = storage().open.item(&mut env, index)? {
            let id = item.get(&mut env)?;
            found.extend(open_link(&mut env, id, node_key)?);
        }
    }
    Ok(found)
}

fn open_link(env: &mut Env<'_>, id: u64, node_key: B256) -> Res<Option<OpenLink>> {
    let place = storage().requests.of(env, id)?;
    let (tenure, voter) = (place.tenure.get(env)?, storage().members.of(env, node_key)?);
    let is_link = requests::kind_of(env, place)? == RequestKind::Link;
    let in_time = env.now() < place.deadline.get(env)?;
    let voted = place.voted.of(env, node_key)?.get(env)?;
    let state = member_state(voter.state.get(env)?);
    let is_member = matches!(state, MemberState::Observer | MemberState::Ready | MemberState::Committee);
    let Some(voter_weight) = epochs::weight_in(env, tenure, node_key)? else { return Ok(None) };
    if !is_link || !in_time || voted || !is_member {
        return Ok(None);
    }
    let certificate = place.certificate.get(env)?;
    Ok(Some(OpenLink {
        id,
        certificate,
        policy: place.policy.get(env)?,
        epoch: place.epoch.get(env)?,
        address: requests::stored(env, certificate)?.address,
        weight: place.weight.get(env)?,
        voter_weight,
    }))
}

/// `network`.
pub(super) fn network(env: &mut Env<'_>, _: IAdmission::networkCall) -> Res<B256> {
    storage().network.get(env)
}

/// `minCommittee`.
pub(super) fn min_committee(env: &mut Env<'_>, _: IAdmission::minCommitteeCall) -> Res<u32> {
    storage().min_committee.get(env)
}

/// `policy`.
pub(super) fn policy(env: &mut Env<'_>, _: IAdmission::policyCall) -> Res<IAdmission::policyReturn> {
    let hash = policies::in_force(env)?;
    let terms = policies::of_policy(&policies::load(env, hash)?);
    Ok(IAdmission::policyReturn { hash, terms })
}

/// `policyOf`.
pub(super) fn policy_of(env: &mut Env<'_>, call: IAdmission::policyOfCall) -> Res<IAdmission::Policy> {
    Ok(policies::of_policy(&policies::load(env, call.hash)?))
}

/// `checkCertificate`.
pub(super) fn check_certificate(
    env: &mut Env<'_>,
    call: IAdmission::checkCertificateCall,
) -> Res<IAdmission::Certificate> {
    let hash = policies::in_force(env)?;
    let validity_seconds = policies::load(env, hash)?.validity_seconds;
    let read = certificate::read(env, &call.certificate, validity_seconds)?;
    Ok(IAdmission::Certificate {
        fingerprint: read.fingerprint,
        nodeKey: read.node_key,
        nodeAddress: read.address,
        subject: read.subject,
        serial: read.serial.into(),
        notBefore: read.not_before,
        notAfter: read.not_after,
        isP256: matches!(read.key, Key::P256(_)),
    })
}

/// `nonceOf`.
pub(super) fn nonce_of(env: &mut Env<'_>, call: IAdmission::nonceOfCall) -> Res<u64> {
    storage().nonces.of(env, call.account)?.get(env)
}

/// `possessionMessage`.
pub(super) fn possession_message(env: &mut Env<'_>, call: IAdmission::possessionMessageCall) -> Res<Bytes> {
    let nonce = storage().nonces.of(env, call.account)?.get(env)?;
    Ok(members::network(env)?.possession(call.account, call.certificate, nonce).into())
}

/// `authorizationMessage`.
pub(super) fn authorization_message(env: &mut Env<'_>, call: IAdmission::authorizationMessageCall) -> Res<Bytes> {
    let sequence = storage().members.of(env, call.nodeKey)?.sequence.get(env)?;
    Ok(members::network(env)?.authorization(call.nodeKey, call.account, call.acts, sequence).into())
}

/// `member`.
pub(super) fn member(env: &mut Env<'_>, call: IAdmission::memberCall) -> Res<Member> {
    read_member(env, call.nodeKey)
}

/// `memberOf`.
pub(super) fn member_of(env: &mut Env<'_>, call: IAdmission::memberOfCall) -> Res<B256> {
    storage().accounts.of(env, call.account)?.get(env)
}

/// `members`.
pub(super) fn members(env: &mut Env<'_>, call: IAdmission::membersCall) -> Res<IAdmission::membersReturn> {
    let total = storage().member_keys.len(env)?;
    let mut page = Vec::new();
    for index in rows(total, call.start, call.count)? {
        if let Some(item) = storage().member_keys.item(env, index)? {
            let key = item.get(env)?;
            page.push(read_member(env, key)?);
        }
    }
    Ok(IAdmission::membersReturn { page, total })
}

/// `certificate`.
pub(super) fn certificate(env: &mut Env<'_>, call: IAdmission::certificateCall) -> Res<IAdmission::certificateReturn> {
    let place = storage().certificates.of(env, call.fingerprint)?;
    let der = place.der.get(env)?.into();
    let (node_key, current) = (place.node_key.get(env)?, status::current(env, place)?);
    Ok(IAdmission::certificateReturn { der, nodeKey: node_key, current })
}

/// `status`.
pub(super) fn status_at(env: &mut Env<'_>, call: IAdmission::statusCall) -> Res<Status> {
    let place = storage().certificates.of(env, call.certificate)?;
    status::at_height(env, place, call.height)
}

/// `history`.
pub(super) fn history(env: &mut Env<'_>, call: IAdmission::historyCall) -> Res<IAdmission::historyReturn> {
    let history = storage().certificates.of(env, call.certificate)?.history;
    let total = history.len(env)?;
    let mut page: Vec<Change> = Vec::new();
    for index in rows(total, call.start, call.count)? {
        if let Some(item) = history.item(env, index)? {
            page.push(status::read(env, item)?);
        }
    }
    Ok(IAdmission::historyReturn { page, total })
}

/// `isValid`.
pub(super) fn is_valid(env: &mut Env<'_>, call: IAdmission::isValidCall) -> Res<bool> {
    let place = storage().certificates.of(env, call.certificate)?;
    let in_time = env.now() <= place.not_after.get(env)?;
    if !in_time || status::current(env, place)? != Status::Valid {
        return Ok(false);
    }
    let key = place.node_key.get(env)?;
    let member = storage().members.of(env, key)?;
    // The overlap may have ended within this epoch.
    let is_current = member.certificate.get(env)? == call.certificate;
    Ok(is_current || env.now() < member.overlap_until.get(env)?)
}

/// `request`.
pub(super) fn request(env: &mut Env<'_>, call: IAdmission::requestCall) -> Res<Request> {
    let place = requests::found(env, call.id)?;
    read_request(env, call.id, place)
}

/// `openRequests`.
pub(super) fn open_requests(
    env: &mut Env<'_>,
    call: IAdmission::openRequestsCall,
) -> Res<IAdmission::openRequestsReturn> {
    let total = storage().open.len(env)?;
    let mut page = Vec::new();
    for index in rows(total, call.start, call.count)? {
        if let Some(item) = storage().open.item(env, index)? {
            page.push(item.get(env)?);
        }
    }
    Ok(IAdmission::openRequestsReturn { page, total })
}

/// `lastRequest`.
pub(super) fn last_request(env: &mut Env<'_>, _: IAdmission::lastRequestCall) -> Res<u64> {
    storage().last_request.get(env)
}

/// `votes`.
pub(super) fn votes(env: &mut Env<'_>, call: IAdmission::votesCall) -> Res<IAdmission::votesReturn> {
    let votes = requests::found(env, call.id)?.votes;
    let total = votes.len(env)?;
    let mut page = Vec::new();
    for index in rows(total, call.start, call.count)? {
        if let Some(place) = votes.item(env, index)? {
            page.push(read_vote(env, place)?);
        }
    }
    Ok(IAdmission::votesReturn { page, total })
}

/// `committee`.
pub(super) fn committee(env: &mut Env<'_>, call: IAdmission::committeeCall) -> Res<Vec<B256>> {
    match epochs::tenure_index(env, call.epoch)? {
        Some(index) => epochs::keys_of(env, index),
        None => Ok(Vec::new()),
    }
}

fn read_member(env: &mut Env<'_>, key: B256) -> Res<Member> {
    let place = storage().members.of(env, key)?;
    let mut accounts: Vec<Address> = Vec::new();
    for index in 0..place.accounts.len(env)? {
        if let Some(item) = place.accounts.item(env, index)? {
            accounts.push(item.get(env)?);
        }
    }
    Ok(Member {
        nodeKey: key,
        state: state_of(env, key, place)?,
        weight: place.weight.get(env)?,
        certificate: place.certificate.get(env)?,
        previousCertificate: place.previous.get(env)?,
        overlapUntil: place.overlap_until.get(env)?,
        nodeAddress: text(env, place)?,
        notAfter: place.not_after.get(env)?,
        accounts,
        admittedAt: place.admitted_at.get(env)?,
        readyAt: place.ready_at.get(env)?,
        revokedAt: place.revoked_at.get(env)?,
        committeeFrom: place.committee_from.get(env)?,
        reason: place.reason.get(env)?,
        sequence: place.sequence.get(env)?,
    })
}

/// What is written, and `Requested` for a node whose linking request is open.
fn state_of(env: &mut Env<'_>, key: B256, place: MemberPlace) -> Res<MemberState> {
    let state = member_state(place.state.get(env)?);
    if !matches!(state, MemberState::None | MemberState::Expired) {
        return Ok(state);
    }
    let hash = env.keccak256(key.as_slice())?;
    let pending = storage().pending.keys.of(env, hash)?.get(env)?;
    Ok(if pending == 0 { state } else { MemberState::Requested })
}

fn read_request(env: &mut Env<'_>, id: u64, place: RequestPlace) -> Res<Request> {
    Ok(Request {
        id,
        kind: requests::kind_of(env, place)?,
        state: requests::state_of(env, place)?,
        nodeKey: place.node_key.get(env)?,
        certificate: place.certificate.get(env)?,
        account: place.account.get(env)?,
        requester: place.requester.get(env)?,
        weight: place.weight.get(env)?,
        reason: place.reason.get(env)?,
        evidence: place.evidence.get(env)?,
        policy: place.policy.get(env)?,
        epoch: place.epoch.get(env)?,
        voters: place.voters.get(env)?,
        votersWeight: place.voters_weight.get(env)?,
        madeAt: place.made_at.get(env)?,
        deadline: place.deadline.get(env)?,
        decidedAt: place.decided_at.get(env)?,
        votes: place.votes.len(env)?,
        votesWeight: place.votes_weight.get(env)?,
        approvals: place.approvals.get(env)?,
        approvalsWeight: place.approvals_weight.get(env)?,
    })
}

fn read_vote(env: &mut Env<'_>, place: VotePlace) -> Res<Vote> {
    Ok(Vote {
        voter: place.voter.get(env)?,
        weight: place.weight.get(env)?,
        ballot: Ballot::try_from(place.ballot.get(env)?).unwrap_or(Ballot::None),
        reasonCode: place.reason_code.get(env)?,
        reasonHash: place.reason_hash.get(env)?,
        height: place.height.get(env)?,
    })
}

/// Only ASCII is ever written.
fn text(env: &mut Env<'_>, place: MemberPlace) -> Res<String> {
    Ok(String::from_utf8(place.address.get(env)?).unwrap_or_default())
}

fn items(env: &mut Env<'_>, list: List<Cell<B256>>) -> Res<Vec<B256>> {
    let mut found = Vec::new();
    for index in 0..list.len(env)? {
        if let Some(item) = list.item(env, index)? {
            found.push(item.get(env)?);
        }
    }
    Ok(found)
}

fn rows(total: u64, start: u64, count: u64) -> Res<Range<u64>> {
    require(count <= PAGE_MOST, || IAdmission::PageTooLarge { count, most: PAGE_MOST })?;
    let start = start.min(total);
    Ok(start..start.saturating_add(count).min(total))
}
