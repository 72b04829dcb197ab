//! Recovery of a network that lost its quorum for good: members that are gone are taken out without a vote, and whether that was
//! done in a state. Called by `evm` before the transactions of the first block of a recovery, and by `chain` when it opens.
//! Rules: docs/adr/0014-recovery.md; RFC 5280 for the reason.

use alloy_primitives::B256;

use super::{
    ADDRESS,
    abi::IAdmission::{MemberState, RequestState},
    members, requests,
    status::member_state,
    storage,
};
use crate::{CodeKind, Env, Host, Res};

/// CRLReason cessationOfOperation, RFC 5280.
const CESSATION: u8 = 5;

/// Takes these members out, whoever is left: the guard of the last members does not hold. One that is no member is passed over.
/// Does nothing while the room is not open.
pub fn recover(host: &mut dyn Host, removed: &[B256]) -> Res<()> {
    if host.code_kind(ADDRESS)? != CodeKind::Native {
        return Ok(());
    }
    let mut env = Env::new(host, ADDRESS, ADDRESS);
    for key in removed {
        if members::is_live(&mut env, *key)? {
            members::take_out(&mut env, *key, CESSATION)?;
            requests::deny_link_of(&mut env, *key)?;
            close_revocation_of(&mut env, *key)?;
        }
    }
    Ok(())
}

/// Whether these members were taken out in the block of this height.
pub fn were_removed_at(host: &mut dyn Host, removed: &[B256], height: u64) -> Res<bool> {
    let mut env = Env::new(host, ADDRESS, ADDRESS);
    for key in removed {
        let place = storage().members.of(&mut env, *key)?;
        let state = member_state(place.state.get(&mut env)?);
        if state != MemberState::Revoked || place.revoked_at.get(&mut env)? != height {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What members were asked for has happened without them.
fn close_revocation_of(env: &mut Env<'_>, key: B256) -> Res<()> {
    let id = storage().pending.targets.of(env, key)?.get(env)?;
    if id == 0 {
        return Ok(());
    }
    let place = storage().requests.of(env, id)?;
    requests::finish(env, id, place, RequestState::Lapsed)
}
