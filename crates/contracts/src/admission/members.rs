//! What becomes of members: admitted, ready, with another certificate or account, revoked.
//! Rules: DC-08 (the submitted certificate is the one), DC-12 and DC-32 (revocation with RFC 5280's reasons), DC-30 (guard),
//! DC-31 (renewal with overlap).

use alloy_primitives::{Address, B256};
use primitives::genesis::{ACCOUNTS_MOST, MEMBERS_MOST};

use super::{
    MemberPlace,
    abi::IAdmission::{self, MemberState, Status},
    certificate::{self, Certificate, Key},
    epochs,
    messages::Network,
    policies,
    status::{self, member_state, record},
    storage,
};
use crate::{
    Env, Res,
    env::{require, revert},
};

/// The member that the caller acts for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Acting {
    pub(super) key: B256,
    pub(super) place: MemberPlace,
    pub(super) state: MemberState,
}

/// `ready`.
pub(super) fn ready(env: &mut Env<'_>, call: IAdmission::readyCall) -> Res<()> {
    let IAdmission::readyCall { height, blockHash: block_hash } = call;
    let member = acting(env)?;
    require_valid(env, &member)?;
    require(member.state == MemberState::Observer, || IAdmission::NotObserver { state: member.state })?;
    let known = env.block_hash(height)? == Some(block_hash);
    require(known, || IAdmission::UnknownBlock { height, blockHash: block_hash })?;
    member.place.state.set(env, MemberState::Ready as u8)?;
    let now = env.number();
    member.place.ready_at.set(env, now)?;
    let epoch = env.epoch();
    env.emit(&IAdmission::MemberReady { nodeKey: member.key, height, blockHash: block_hash, epoch })
}

/// `renew`.
pub(super) fn renew(env: &mut Env<'_>, call: IAdmission::renewCall) -> Res<()> {
    let member = acting(env)?;
    let hash = policies::in_force(env)?;
    let policy = policies::load(env, hash)?;
    let certificate = certificate::read(env, &call.certificate, policy.validity_seconds)?;
    let is_own = certificate.node_key == member.key;
    require(is_own, || IAdmission::NodeKeyIsFixed { nodeKey: member.key })?;
    check_subject(env, &member, &certificate)?;
    check_new(env, &certificate)?;
    check_keys(env, &certificate, member.key)?;
    prove_possession(env, &certificate, &call.possession, &call.nodeSignature)?;
    require_no_overlap(env, &member)?;
    let until = begin_overlap(env, &member, policy.overlap_seconds)?;
    let before = member.place.certificate.get(env)?;
    keep_certificate(env, &certificate, &call.certificate)?;
    take_certificate(env, member.place, &certificate)?;
    env.emit(&IAdmission::CertificateRenewed {
        nodeKey: member.key,
        certificate: certificate.fingerprint,
        before,
        overlapUntil: until,
        nodeAddress: certificate.address,
        notBefore: certificate.not_before,
        notAfter: certificate.not_after,
    })
}

/// `authorize`.
pub(super) fn authorize(env: &mut Env<'_>, call: IAdmission::authorizeCall) -> Res<()> {
    let IAdmission::authorizeCall { nodeKey: key, account, acts, signature } = call;
    let place = storage().members.of(env, key)?;
    require_live(key, member_state(place.state.get(env)?))?;
    let sequence = place.sequence.get(env)?;
    let message = network(env)?.authorization(key, account, acts, sequence);
    let Ok(signature) = signature.as_ref().try_into() else { return revert(&IAdmission::InvalidNodeSignature {}) };
    let valid = env.verify_ed25519(key, &message, signature)?;
    require(valid, || IAdmission::InvalidNodeSignature {})?;
    // 2^64 authorizations cannot be paid for.
    place.sequence.set(env, sequence.wrapping_add(1))?;
    if acts {
        add_account(env, key, account)?
    } else {
        remove_account(env, key, account)?
    }
    env.emit(&IAdmission::AccountAuthorized { nodeKey: key, account, acts })
}

/// The member that the caller acts for, neither revoked nor expired, or a refusal.
pub(super) fn acting(env: &mut Env<'_>) -> Res<Acting> {
    let caller = env.caller();
    let key = storage().accounts.of(env, caller)?.get(env)?;
    require(!key.is_zero(), || IAdmission::NotMember { caller })?;
    let place = storage().members.of(env, key)?;
    let state = member_state(place.state.get(env)?);
    require_live(key, state)?;
    Ok(Acting { key, place, state })
}

/// Refuses a member whose certificate's time has passed, also before the epoch ends.
pub(super) fn require_valid(env: &mut Env<'_>, member: &Acting) -> Res<()> {
    let not_after = member.place.not_after.get(env)?;
    let valid = not_after == 0 || env.now() <= not_after;
    require(valid, || IAdmission::MemberIsExpired { nodeKey: member.key })
}

/// The network that signatures are for.
pub(super) fn network(env: &mut Env<'_>) -> Res<Network> {
    Ok(Network { chain_id: env.chain_id(), hash: storage().network.get(env)? })
}

/// Refuses unless the caller has the certificate's key, and the node key where that is another; the nonce is used.
pub(super) fn prove_possession(
    env: &mut Env<'_>,
    certificate: &Certificate,
    possession: &[u8],
    node_signature: &[u8],
) -> Res<()> {
    let caller = env.caller();
    let place = storage().nonces.of(env, caller)?;
    let nonce = place.get(env)?;
    let message = network(env)?.possession(caller, certificate.fingerprint, nonce);
    let Ok(possession) = possession.try_into() else { return revert(&IAdmission::InvalidPossession {}) };
    let valid = certificate.key.verify(env, &message, possession)?;
    require(valid, || IAdmission::InvalidPossession {})?;
    let valid = match certificate.key {
        Key::Ed25519(_) => node_signature.is_empty(),
        Key::P256(_) => match node_signature.try_into() {
            Ok(signature) => env.verify_ed25519(certificate.node_key, &message, signature)?,
            Err(_) => false,
        },
    };
    require(valid, || IAdmission::InvalidNodeSignature {})?;
    // 2^64 proofs cannot be paid for.
    place.set(env, nonce.wrapping_add(1))
}

/// Refuses a certificate that was admitted before, whatever became of it, or that a request is open for.
pub(super) fn check_new(env: &mut Env<'_>, certificate: &Certificate) -> Res<()> {
    let place = storage().certificates.of(env, certificate.fingerprint)?;
    let status = status::current(env, place)?;
    let error = || IAdmission::CertificateKnown { certificate: certificate.fingerprint, status };
    require(status == Status::Unknown, error)
}

/// Refuses keys of another member, past or present, and those of an open request.
pub(super) fn check_keys(env: &mut Env<'_>, certificate: &Certificate, of: B256) -> Res<()> {
    for hash in certificate.key_hashes() {
        let owner = storage().keys.of(env, hash)?.get(env)?;
        let pending = storage().pending.keys.of(env, hash)?.get(env)?;
        let free = (owner.is_zero() || owner == of) && pending == 0;
        require(free, || IAdmission::KeyInUse { keyHash: hash })?;
    }
    Ok(())
}

/// Keeps the DER, byte for byte.
pub(super) fn keep_certificate(env: &mut Env<'_>, certificate: &Certificate, der: &[u8]) -> Res<()> {
    let place = storage().certificates.of(env, certificate.fingerprint)?;
    place.node_key.set(env, certificate.node_key)?;
    place.not_after.set(env, certificate.not_after)?;
    place.der.set(env, der)
}

/// A certificate becomes a member's own.
pub(super) fn take_certificate(env: &mut Env<'_>, place: MemberPlace, certificate: &Certificate) -> Res<()> {
    place.certificate.set(env, certificate.fingerprint)?;
    place.address.set(env, certificate.address.as_bytes())?;
    place.not_after.set(env, certificate.not_after)?;
    place.subject.set(env, certificate.subject_hash)?;
    storage().subjects.of(env, certificate.subject_hash)?.set(env, certificate.node_key)?;
    for hash in certificate.key_hashes() {
        storage().keys.of(env, hash)?.set(env, certificate.node_key)?;
    }
    record(env, certificate.fingerprint, Status::Valid)
}

/// A node becomes a member. What it was before, if its certificate had expired, is over.
pub(super) fn enter(env: &mut Env<'_>, key: B256, weight: u32, state: MemberState) -> Res<MemberPlace> {
    let place = storage().members.of(env, key)?;
    place.state.set(env, state as u8)?;
    place.weight.set(env, weight)?;
    let height = env.number();
    place.admitted_at.set(env, height)?;
    place.ready_at.set(env, 0)?;
    if !place.listed.get(env)? {
        place.listed.set(env, true)?;
        storage().member_keys.push(env)?.set(env, key)?;
    }
    storage().live.push(env)?.set(env, key)?;
    let last = storage().live.len(env)?;
    place.live_place.set(env, last)?;
    Ok(place)
}

/// A member leaves the list of those that are there: the last of the list takes its place.
pub(super) fn leave(env: &mut Env<'_>, key: B256) -> Res<()> {
    let own = storage().members.of(env, key)?.live_place;
    let position = own.get(env)?;
    if position == 0 {
        return Ok(());
    }
    own.set(env, 0)?;
    let Some(last) = storage().live.pop(env)? else { return Ok(()) };
    let moved = last.get(env)?;
    last.set(env, B256::ZERO)?;
    match storage().live.item(env, position.saturating_sub(1))? {
        Some(hole) => {
            hole.set(env, moved)?;
            storage().members.of(env, moved)?.live_place.set(env, position)
        }
        None => Ok(()),
    }
}

/// Refuses when the network is full.
pub(super) fn require_room(env: &mut Env<'_>) -> Res<()> {
    let most = u64::try_from(MEMBERS_MOST).unwrap_or(u64::MAX);
    let there = storage().live.len(env)?;
    require(there < most, || IAdmission::TooManyMembers { most })
}

/// Takes a member and its certificates out. Refuses if too few would be left to end the epoch (DC-30).
pub(super) fn revoke(env: &mut Env<'_>, key: B256, reason: u8) -> Res<()> {
    require_enough_left(env, key)?;
    take_out(env, key, reason)
}

/// The same without that guard: for a recovery.
pub(super) fn take_out(env: &mut Env<'_>, key: B256, reason: u8) -> Res<()> {
    let place = storage().members.of(env, key)?;
    let height = env.number();
    for fingerprint in [place.certificate.get(env)?, place.previous.get(env)?] {
        if !fingerprint.is_zero() {
            record(env, fingerprint, Status::Revoked)?;
        }
    }
    place.previous.set(env, B256::ZERO)?;
    place.overlap_until.set(env, 0)?;
    place.state.set(env, MemberState::Revoked as u8)?;
    place.revoked_at.set(env, height)?;
    place.reason.set(env, reason)?;
    leave(env, key)
}

/// The certificate before the current one is superseded, if there is one.
pub(super) fn end_overlap(env: &mut Env<'_>, key: B256) -> Res<()> {
    let place = storage().members.of(env, key)?;
    let previous = place.previous.get(env)?;
    if previous.is_zero() {
        return Ok(());
    }
    record(env, previous, Status::Superseded)?;
    place.previous.set(env, B256::ZERO)?;
    place.overlap_until.set(env, 0)
}

/// An account begins to act for a member.
pub(super) fn add_account(env: &mut Env<'_>, key: B256, account: Address) -> Res<()> {
    let pending = storage().pending.accounts.of(env, account)?.get(env)?;
    let taken = pending != 0 || live_member_of(env, account)?.is_some();
    require(!taken, || IAdmission::AccountInUse { account })?;
    let accounts = storage().members.of(env, key)?.accounts;
    let most = u64::try_from(ACCOUNTS_MOST).unwrap_or(u64::MAX);
    let count = accounts.len(env)?;
    require(count < most, || IAdmission::TooManyAccounts { most })?;
    accounts.push(env)?.set(env, account)?;
    storage().accounts.of(env, account)?.set(env, key)
}

/// An account acts no longer for a member.
pub(super) fn remove_account(env: &mut Env<'_>, key: B256, account: Address) -> Res<()> {
    let of = storage().accounts.of(env, account)?;
    let acts = of.get(env)? == key;
    require(acts, || IAdmission::UnknownAccount { account })?;
    of.set(env, B256::ZERO)?;
    let accounts = storage().members.of(env, key)?.accounts;
    let Some(last) = accounts.pop(env)? else { return Ok(()) };
    let moved = last.get(env)?;
    last.set(env, Address::ZERO)?;
    for index in 0..accounts.len(env)? {
        if let Some(place) = accounts.item(env, index)?
            && place.get(env)? == account
        {
            place.set(env, moved)?;
        }
    }
    Ok(())
}

/// Accounts of a member that is no more act for nobody.
pub(super) fn drop_accounts(env: &mut Env<'_>, key: B256) -> Res<()> {
    let accounts = storage().members.of(env, key)?.accounts;
    while let Some(place) = accounts.pop(env)? {
        let account = place.get(env)?;
        place.set(env, Address::ZERO)?;
        let of = storage().accounts.of(env, account)?;
        if of.get(env)? == key {
            of.set(env, B256::ZERO)?;
        }
    }
    Ok(())
}

/// The member that an account acts for, if that is neither revoked nor expired.
pub(super) fn live_member_of(env: &mut Env<'_>, account: Address) -> Res<Option<B256>> {
    let key = storage().accounts.of(env, account)?.get(env)?;
    Ok(if !key.is_zero() && is_live(env, key)? { Some(key) } else { None })
}

/// Whether a member is neither revoked nor expired.
pub(super) fn is_live(env: &mut Env<'_>, key: B256) -> Res<bool> {
    Ok(storage().members.of(env, key)?.live_place.get(env)? != 0)
}

fn require_live(key: B256, state: MemberState) -> Res<()> {
    match state {
        MemberState::Observer | MemberState::Ready | MemberState::Committee => Ok(()),
        MemberState::Revoked => revert(&IAdmission::MemberIsRevoked { nodeKey: key }),
        MemberState::Expired => revert(&IAdmission::MemberIsExpired { nodeKey: key }),
        _ => revert(&IAdmission::UnknownMember { nodeKey: key }),
    }
}

/// The first certificate of a member of genesis may have any subject that is free; later ones keep it.
fn check_subject(env: &mut Env<'_>, member: &Acting, certificate: &Certificate) -> Res<()> {
    let subject = member.place.subject.get(env)?;
    if subject.is_zero() {
        return require_subject_free(env, certificate.subject_hash, member.key);
    }
    let same = subject == certificate.subject_hash;
    require(same, || IAdmission::SubjectIsFixed { subjectHash: subject })
}

/// Refuses a subject that another member has, or asks for.
pub(super) fn require_subject_free(env: &mut Env<'_>, subject: B256, of: B256) -> Res<()> {
    let holder = storage().subjects.of(env, subject)?.get(env)?;
    let pending = storage().pending.subjects.of(env, subject)?.get(env)?;
    let free = pending == 0 && (holder == of || holder.is_zero() || !is_live(env, holder)?);
    require(free, || IAdmission::SubjectInUse { subjectHash: subject })
}

fn require_no_overlap(env: &mut Env<'_>, member: &Acting) -> Res<()> {
    let until = member.place.overlap_until.get(env)?;
    require(until <= env.now(), || IAdmission::OverlapRuns { until })?;
    end_overlap(env, member.key)
}

/// The current certificate becomes the one before, until the overlap or its own time ends.
fn begin_overlap(env: &mut Env<'_>, member: &Acting, seconds: u64) -> Res<u64> {
    let current = member.place.certificate.get(env)?;
    if current.is_zero() {
        return Ok(0);
    }
    let not_after = member.place.not_after.get(env)?;
    let until = env.now().saturating_add(seconds).min(not_after);
    member.place.previous.set(env, current)?;
    member.place.overlap_until.set(env, until)?;
    if until <= env.now() {
        end_overlap(env, member.key)?;
    }
    Ok(until)
}

/// Those of the epoch's committee who are left must be its quorum: they have to end the epoch without the revoked ones.
fn require_enough_left(env: &mut Env<'_>, key: B256) -> Res<()> {
    let (committee, gone) = epochs::gone_from_committee(env)?;
    if !committee.contains(&key) {
        return Ok(());
    }
    let size = committee.len();
    let left = size.saturating_sub(gone).saturating_sub(1);
    let quorum = size.saturating_sub(epochs::may_leave(size));
    let number = |count| u64::try_from(count).unwrap_or(u64::MAX);
    require(left >= quorum, || IAdmission::LastMembers { left: number(left), quorum: number(quorum) })
}
