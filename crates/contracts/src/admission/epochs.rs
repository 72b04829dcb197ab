//! Committees: whose signatures make the blocks of an epoch final, fixed at the end of the epoch before.
//! Rules: DC-15 (expiry by block time), DC-23 (a revoked member's vote ends at the boundary), DC-30; DESIGN section 5.
//!
//! The committee of an epoch is needed for `extraData` of the last block before it, so it cannot be left to the first block
//! of the epoch, whose time nobody knows yet: the end of that last block is when it is fixed. Where it does not change, nothing
//! is written.

use std::collections::BTreeMap;

use alloy_primitives::B256;
use primitives::Committee;

use super::{
    ADDRESS, MemberPlace, SeatPlace, TenurePlace,
    abi::IAdmission::{self, MemberState, Status},
    members, requests,
    status::{member_state, record},
    storage,
};
use crate::{Cell, CodeKind, Env, Host, List, Res};

/// Ends an epoch, after all transactions of its last block: requests whose deadline passed are closed, certificates whose time
/// passed expire, and the committee of the next epoch is fixed. Does nothing while the room is not open. The work is bounded
/// by the members and the open requests that there may be.
pub fn end_epoch(host: &mut dyn Host) -> Res<()> {
    if host.code_kind(ADDRESS)? != CodeKind::Native {
        return Ok(());
    }
    let mut env = Env::new(host, ADDRESS, ADDRESS);
    requests::close_lapsed(&mut env)?;
    let plan = Plan::make(&mut env)?;
    plan.carry_out(&mut env)
}

/// The committee of an epoch, as far as it is fixed in this state; `None` before the room opened. For an epoch that is not
/// fixed yet it is that of the last one that is.
pub fn committee_of_epoch(host: &mut dyn Host, epoch: u64) -> Res<Option<Committee>> {
    let mut env = Env::new(host, ADDRESS, ADDRESS);
    let Some(index) = tenure_index(&mut env, epoch)? else { return Ok(None) };
    Ok(Some(Committee::new(keys_of(&mut env, index)?)))
}

/// The committee of the next epoch, if this one ended with this state and at this time; `None` while the room is not open.
/// It differs from the current one exactly if a change is pending.
pub fn next_committee(host: &mut dyn Host) -> Res<Option<Committee>> {
    let mut env = Env::new(host, ADDRESS, ADDRESS);
    if storage().tenures.is_empty(&mut env)? {
        return Ok(None);
    }
    Ok(Some(Committee::new(Plan::make(&mut env)?.next_keys())))
}

/// The epochs from which on another committee decided than in the epoch before, rising.
pub fn changes(host: &mut dyn Host) -> Res<Vec<u64>> {
    let mut env = Env::new(host, ADDRESS, ADDRESS);
    let mut epochs = Vec::new();
    // The first committee is the one that the room found when it opened.
    for index in 1..storage().tenures.len(&mut env)? {
        if let Some(tenure) = storage().tenures.item(&mut env, index)? {
            epochs.push(tenure.from_epoch.get(&mut env)?);
        }
    }
    Ok(epochs)
}

/// The only member of this epoch's committee; `None` where several decide together.
pub fn sole_member(host: &mut dyn Host) -> Res<Option<B256>> {
    let epoch = host.epoch();
    let committee = committee_of_epoch(host, epoch)?;
    Ok(committee.and_then(|committee| match committee.members() {
        [member] => Some(*member),
        _ => None,
    }))
}

/// `nextCommittee`.
pub(super) fn next_committee_view(env: &mut Env<'_>, _: IAdmission::nextCommitteeCall) -> Res<Vec<B256>> {
    Ok(Plan::make(env)?.next_keys())
}

/// The epoch's committee: its place in `tenures`.
pub(super) fn tenure_index(env: &mut Env<'_>, epoch: u64) -> Res<Option<u64>> {
    let (mut low, mut high) = (0, storage().tenures.len(env)?);
    while low < high {
        let middle = low.midpoint(high);
        let later = match storage().tenures.item(env, middle)? {
            Some(tenure) => tenure.from_epoch.get(env)? > epoch,
            None => true,
        };
        if later { high = middle } else { low = middle.saturating_add(1) }
    }
    Ok(low.checked_sub(1))
}

/// The weight that a member had in a committee, if it was in it.
pub(super) fn weight_in(env: &mut Env<'_>, tenure: u64, key: B256) -> Res<Option<u32>> {
    let Some(tenure) = storage().tenures.item(env, tenure)? else { return Ok(None) };
    let (mut low, mut high) = (0, tenure.seats.len(env)?);
    while low < high {
        let middle = low.midpoint(high);
        let Some(seat) = tenure.seats.item(env, middle)? else { return Ok(None) };
        match seat.key.get(env)?.cmp(&key) {
            std::cmp::Ordering::Equal => return seat.weight.get(env).map(Some),
            std::cmp::Ordering::Less => low = middle.saturating_add(1),
            std::cmp::Ordering::Greater => high = middle,
        }
    }
    Ok(None)
}

/// Keys of a committee, rising.
pub(super) fn keys_of(env: &mut Env<'_>, tenure: u64) -> Res<Vec<B256>> {
    let Some(tenure) = storage().tenures.item(env, tenure)? else { return Ok(Vec::new()) };
    let mut keys = Vec::new();
    for index in 0..tenure.seats.len(env)? {
        if let Some(seat) = tenure.seats.item(env, index)? {
            keys.push(seat.key.get(env)?);
        }
    }
    Ok(keys)
}

/// Writes down who is the committee from an epoch on. The seats are in rising order of key.
pub(super) fn push_tenure(env: &mut Env<'_>, from_epoch: u64, seats: &BTreeMap<B256, u32>) -> Res<()> {
    let tenure: TenurePlace = storage().tenures.push(env)?;
    tenure.from_epoch.set(env, from_epoch)?;
    // At most 128 weights of 32 bits.
    tenure.weight.set(env, seats.values().map(|weight| u64::from(*weight)).sum())?;
    for (key, weight) in seats {
        let seat: SeatPlace = tenure.seats.push(env)?;
        seat.key.set(env, *key)?;
        seat.weight.set(env, *weight)?;
    }
    Ok(())
}

/// How many of a committee of `size` may leave it within an epoch, so that those who stay are its quorum.
pub(super) const fn may_leave(size: usize) -> usize {
    size.saturating_sub(1) / 3
}

/// The current committee, and those of its members that were revoked since the epoch began.
pub(super) fn gone_from_committee(env: &mut Env<'_>) -> Res<(Vec<B256>, usize)> {
    let epoch = env.epoch();
    let keys = match tenure_index(env, epoch)? {
        Some(index) => keys_of(env, index)?,
        None => Vec::new(),
    };
    let mut gone: usize = 0;
    for key in &keys {
        let state = storage().members.of(env, *key)?.state.get(env)?;
        gone = gone.saturating_add(usize::from(member_state(state) == MemberState::Revoked));
    }
    Ok((keys, gone))
}

/// What the end of the epoch changes.
struct Plan {
    current: Vec<B256>,
    next: BTreeMap<B256, u32>,
    expired: Vec<B256>,
    superseded: Vec<B256>,
}

/// A member that is neither revoked nor expired.
struct Live {
    key: B256,
    place: MemberPlace,
    state: MemberState,
}

impl Plan {
    fn make(env: &mut Env<'_>) -> Res<Self> {
        let (current, gone) = gone_from_committee(env)?;
        let live = live_members(env)?;
        let may_leave = may_leave(current.len()).saturating_sub(gone);
        let expired = expired(env, &live, may_leave)?;
        let superseded = superseded(env, &live)?;
        let mut next = BTreeMap::new();
        for member in live.iter().filter(|member| !expired.contains(&member.key)) {
            if matches!(member.state, MemberState::Ready | MemberState::Committee) {
                next.insert(member.key, member.place.weight.get(env)?);
            }
        }
        if current.len() == 1 && next.len() < usize::try_from(storage().min_committee.get(env)?).unwrap_or(usize::MAX) {
            next.retain(|key, _| current.contains(key));
        }
        Ok(Self { current, next, expired, superseded })
    }

    fn next_keys(&self) -> Vec<B256> {
        self.next.keys().copied().collect()
    }

    fn carry_out(&self, env: &mut Env<'_>) -> Res<()> {
        for key in &self.superseded {
            members::end_overlap(env, *key)?;
        }
        for key in &self.expired {
            expire(env, *key)?;
        }
        if self.next_keys() == self.current {
            return Ok(());
        }
        // Epochs are counted by blocks: never the end of 64 bits.
        let from_epoch = env.epoch().saturating_add(1);
        for key in self.next.keys().filter(|key| !self.current.contains(key)) {
            let place = storage().members.of(env, *key)?;
            place.state.set(env, MemberState::Committee as u8)?;
            place.committee_from.set(env, from_epoch)?;
        }
        push_tenure(env, from_epoch, &self.next)
    }
}

fn live_members(env: &mut Env<'_>) -> Res<Vec<Live>> {
    let list: List<Cell<B256>> = storage().live;
    let mut live = Vec::new();
    for index in 0..list.len(env)? {
        if let Some(item) = list.item(env, index)? {
            let key = item.get(env)?;
            let place = storage().members.of(env, key)?;
            let state = member_state(place.state.get(env)?);
            live.push(Live { key, place, state });
        }
    }
    live.sort_unstable_by_key(|member| member.key);
    Ok(live)
}

/// Those whose certificate's time passed. Of the committee only as many as may leave, the longest expired first; the others
/// go on until they renew, or until it is their turn.
fn expired(env: &mut Env<'_>, live: &[Live], may_leave: usize) -> Res<Vec<B256>> {
    let (mut outside, mut within) = (Vec::new(), Vec::new());
    for member in live {
        let not_after = member.place.not_after.get(env)?;
        if not_after == 0 || env.now() <= not_after {
            continue;
        }
        match member.state {
            MemberState::Committee => within.push((not_after, member.key)),
            _ => outside.push(member.key),
        }
    }
    within.sort_unstable();
    outside.extend(within.into_iter().take(may_leave).map(|(_, key)| key));
    Ok(outside)
}

/// Those whose certificate before the current one has had its time.
fn superseded(env: &mut Env<'_>, live: &[Live]) -> Res<Vec<B256>> {
    let mut found = Vec::new();
    for member in live {
        let until = member.place.overlap_until.get(env)?;
        if until != 0 && until <= env.now() {
            found.push(member.key);
        }
    }
    Ok(found)
}

fn expire(env: &mut Env<'_>, key: B256) -> Res<()> {
    let place = storage().members.of(env, key)?;
    let certificate = place.certificate.get(env)?;
    record(env, certificate, Status::Expired)?;
    members::end_overlap(env, key)?;
    place.state.set(env, MemberState::Expired as u8)?;
    members::leave(env, key)
}
