//! The operations, in the order of the ABI.

use alloy_primitives::B256;

use super::{IProtocol, ensure_code, governor_message, storage, upgrade_message};
use crate::{
    admission, cash,
    env::{Env, require, revert},
    host::{CodeKind, Res},
    registry::NEWEST_VERSION,
};

pub(super) fn version(env: &mut Env<'_>, _: IProtocol::versionCall) -> Res<u32> {
    storage().version.get(env)
}

pub(super) fn scheduled(env: &mut Env<'_>, _: IProtocol::scheduledCall) -> Res<IProtocol::scheduledReturn> {
    let (version, epoch) = (storage().scheduled_version.get(env)?, storage().scheduled_epoch.get(env)?);
    Ok(IProtocol::scheduledReturn { version, epoch })
}

pub(super) fn sequence(env: &mut Env<'_>, _: IProtocol::sequenceCall) -> Res<u64> {
    storage().sequence.get(env)
}

pub(super) fn epoch(env: &mut Env<'_>, _: IProtocol::epochCall) -> Res<u64> {
    Ok(env.epoch())
}

pub(super) fn schedule(env: &mut Env<'_>, call: IProtocol::scheduleCall) -> Res<IProtocol::scheduleReturn> {
    let IProtocol::scheduleCall { version, epoch, signature } = call;
    let in_force = check_terms(env, version, epoch)?;
    let sequence = storage().sequence.get(env)?;
    check_signature(env, in_force, &upgrade_message(env.chain_id(), version, epoch, sequence), &signature)?;
    ensure_code(env)?;
    storage().scheduled_version.set(env, version)?;
    storage().scheduled_epoch.set(env, epoch)?;
    count(env, sequence)?;
    env.emit(&IProtocol::UpgradeScheduled { version, epoch })?;
    Ok(IProtocol::scheduleReturn {})
}

pub(super) fn appoint_governor(
    env: &mut Env<'_>,
    call: IProtocol::appointGovernorCall,
) -> Res<IProtocol::appointGovernorReturn> {
    let IProtocol::appointGovernorCall { governor, signature } = call;
    let open = env.code_kind(cash::ADDRESS)? == CodeKind::Native;
    require(open, || IProtocol::RoomNotOpen { room: cash::ROOM.word.into() })?;
    let sequence = storage().sequence.get(env)?;
    let in_force = storage().version.get(env)?;
    check_signature(env, in_force, &governor_message(env.chain_id(), governor, sequence), &signature)?;
    count(env, sequence)?;
    cash::appoint_governor(&mut env.inside(cash::ADDRESS), governor)?;
    Ok(IProtocol::appointGovernorReturn {})
}

/// The next signature is for another place in the sequence. One more than was ever paid for: never the end of 64 bits.
fn count(env: &mut Env<'_>, sequence: u64) -> Res<()> {
    storage().sequence.set(env, sequence.wrapping_add(1))
}

/// Answers which version is in force.
fn check_terms(env: &mut Env<'_>, version: u32, epoch: u64) -> Res<u32> {
    require(version <= NEWEST_VERSION, || IProtocol::UnknownVersion { version, newest: NEWEST_VERSION })?;
    let in_force = storage().version.get(env)?;
    require(version > in_force, || IProtocol::VersionNotRising { version, inForce: in_force })?;
    let current = env.epoch();
    require(epoch > current, || IProtocol::EpochNotAhead { epoch, current })?;
    Ok(in_force)
}

fn check_signature(env: &mut Env<'_>, in_force: u32, message: &[u8], signature: &[u8]) -> Res<()> {
    let Some(member) = sole_member(env, in_force)? else { return revert(&IProtocol::SeveralMembers {}) };
    let Ok(signature) = signature.try_into() else { return revert(&IProtocol::InvalidSignature {}) };
    let valid = env.verify_ed25519(member, message, signature)?;
    require(valid, || IProtocol::InvalidSignature {})
}

/// The committee of genesis, until members can be admitted.
fn sole_member(env: &mut Env<'_>, in_force: u32) -> Res<Option<B256>> {
    if in_force < admission::SINCE { Ok(env.sole_member()) } else { admission::sole_member(env.host()) }
}
