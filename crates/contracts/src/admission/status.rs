//! What a certificate was, and when (DC-33): each change is written down with its height and never removed.

use alloy_primitives::{B256, U256};

use super::{
    CertificatePlace,
    abi::IAdmission::{Change, MemberState, Status},
    storage,
};
use crate::{Cell, Env, Res};

/// Writes a change down. A later one in the same block takes its place.
pub(super) fn record(env: &mut Env<'_>, fingerprint: B256, status: Status) -> Res<()> {
    let history = storage().certificates.of(env, fingerprint)?.history;
    let height = env.number();
    let word = (U256::from(height) << 8_usize) | U256::from(status as u8);
    if let Some(last) = history.len(env)?.checked_sub(1)
        && let Some(place) = history.item(env, last)?
        && read(env, place)?.height == height
    {
        return place.set(env, word);
    }
    history.push(env)?.set(env, word)
}

/// The last change.
pub(super) fn current(env: &mut Env<'_>, place: CertificatePlace) -> Res<Status> {
    let Some(last) = place.history.len(env)?.checked_sub(1) else { return Ok(Status::Unknown) };
    at_index(env, place, last)
}

/// After the block of this height: the last change up to it.
pub(super) fn at_height(env: &mut Env<'_>, place: CertificatePlace, height: u64) -> Res<Status> {
    let (mut low, mut high) = (0, place.history.len(env)?);
    while low < high {
        let middle = low.midpoint(high);
        let later = match place.history.item(env, middle)? {
            Some(item) => read(env, item)?.height > height,
            None => true,
        };
        if later { high = middle } else { low = middle.saturating_add(1) }
    }
    match low.checked_sub(1) {
        Some(index) => at_index(env, place, index),
        None => Ok(Status::Unknown),
    }
}

/// A change as it was written.
pub(super) fn read(env: &mut Env<'_>, place: Cell<U256>) -> Res<Change> {
    let word = place.get(env)?;
    let status = Status::try_from(word.byte(0)).unwrap_or(Status::Unknown);
    Ok(Change { height: (word >> 8_usize).saturating_to(), status })
}

/// Of a stored number.
pub(super) fn member_state(stored: u8) -> MemberState {
    MemberState::try_from(stored).unwrap_or(MemberState::None)
}

fn at_index(env: &mut Env<'_>, place: CertificatePlace, index: u64) -> Res<Status> {
    match place.history.item(env, index)? {
        Some(item) => Ok(read(env, item)?.status),
        None => Ok(Status::Unknown),
    }
}
