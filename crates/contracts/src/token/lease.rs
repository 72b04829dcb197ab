//! Lease: the use of tokens until a time, for a rent in `cash` or for none. The lessor stays owner and the tokens are locked
//! with him, so that they come back whatever the lessee does. Rules: TK-14, TK-15.

use alloy_primitives::U256;

use super::{
    LeasePlace,
    abi::IToken::{self, LeaseState, Lock},
    items, storage,
    units::{self, Known},
};
use crate::{Env, Res, cash, env::require};

/// `offerLease`.
pub(super) fn offer_lease(env: &mut Env<'_>, call: IToken::offerLeaseCall) -> Res<u64> {
    let (lessor, token) = (env.caller(), units::known(env, call.id)?);
    require(!call.lessee.is_zero(), || IToken::ZeroAddress {})?;
    require(call.lessee != lessor, || IToken::SameParty { party: lessor })?;
    require(env.now() < call.until, || IToken::LeaseExpired { until: call.until })?;
    token.require_passable(env, lessor)?;
    units::lock(env, &token, lessor, call.amount, Lock::LeaseOffered)?;
    let lease = units::next_offer(env)?;
    write(env, lease, &call)?;
    let IToken::offerLeaseCall { id, amount, lessee, until, currency, rent } = call;
    let item = token.item;
    env.emit(&IToken::LeaseOffered { id, lessor, lessee, lease, item, amount, currency, rent, until })?;
    Ok(lease)
}

/// `takeLease`.
pub(super) fn take_lease(env: &mut Env<'_>, call: IToken::takeLeaseCall) -> Res<()> {
    let (place, caller) = (found(env, call.number)?, env.caller());
    let offered = place.state.get(env)? == LeaseState::Offered as u8;
    require(offered, || IToken::LeaseNotOffered { lease: call.number })?;
    let (lessee, until) = (place.lessee.get(env)?, place.until.get(env)?);
    require(caller == lessee, || IToken::NotParty { caller })?;
    require(env.now() < until, || IToken::LeaseExpired { until })?;
    let (id, lessor) = (place.id.get(env)?, place.lessor.get(env)?);
    let token = units::known(env, id)?;
    items::require_attributes(env, token.terms, call.attributesHash)?;
    place.state.set(env, LeaseState::Taken as u8)?;
    pay_rent(env, place)?;
    units::note_first_sale(env, &token, lessor)?;
    units::mark(env, &token, Lock::Leased)?;
    log_leased(env, &token, place, call.number)
}

/// `endLease`.
pub(super) fn end_lease(env: &mut Env<'_>, call: IToken::endLeaseCall) -> Res<()> {
    let place = found(env, call.number)?;
    let state = place.state.get(env)?;
    require(state != LeaseState::Ended as u8, || IToken::LeaseIsOver { lease: call.number })?;
    let taken = state == LeaseState::Taken as u8;
    require_may_end(env, place, taken)?;
    place.state.set(env, LeaseState::Ended as u8)?;
    let (id, amount, lessor) = (place.id.get(env)?, place.amount.get(env)?, place.lessor.get(env)?);
    let token = units::known(env, id)?;
    units::unlock(env, &token, lessor, amount)?;
    let lessee = place.lessee.get(env)?;
    env.emit(&IToken::LeaseEnded { id, lessor, lessee, lease: call.number, amount, taken })
}

fn write(env: &mut Env<'_>, lease: u64, call: &IToken::offerLeaseCall) -> Res<()> {
    let place = storage().leases.of(env, lease)?;
    let lessor = env.caller();
    place.lessor.set(env, lessor)?;
    place.lessee.set(env, call.lessee)?;
    place.id.set(env, call.id)?;
    place.amount.set(env, call.amount)?;
    place.currency.set(env, call.currency)?;
    place.rent.set(env, call.rent)?;
    place.until.set(env, call.until)?;
    place.state.set(env, LeaseState::Offered as u8)
}

fn found(env: &mut Env<'_>, lease: u64) -> Res<LeasePlace> {
    let place = storage().leases.of(env, lease)?;
    let state = place.state.get(env)?;
    require(state != LeaseState::None as u8, || IToken::UnknownLease { lease })?;
    Ok(place)
}

fn pay_rent(env: &mut Env<'_>, place: LeasePlace) -> Res<()> {
    let rent = place.rent.get(env)?;
    if rent == U256::ZERO {
        return Ok(());
    }
    let (currency, lessee, lessor) = (place.currency.get(env)?, place.lessee.get(env)?, place.lessor.get(env)?);
    cash::pay(env, currency, lessee, lessor, rent)
}

/// A lease that runs ends early only by its lessee; the lessor can take back an offer.
fn require_may_end(env: &mut Env<'_>, place: LeasePlace, taken: bool) -> Res<()> {
    let (caller, until) = (env.caller(), place.until.get(env)?);
    if env.now() >= until {
        return Ok(());
    }
    let (lessor, lessee) = (place.lessor.get(env)?, place.lessee.get(env)?);
    require(caller == lessor || caller == lessee, || IToken::NotParty { caller })?;
    require(!taken || caller == lessee, || IToken::LeaseRuns { until })
}

fn log_leased(env: &mut Env<'_>, token: &Known, place: LeasePlace, lease: u64) -> Res<()> {
    let facts = token.facts(env)?;
    let event = IToken::Leased {
        id: token.id,
        lessor: place.lessor.get(env)?,
        lessee: place.lessee.get(env)?,
        lease,
        item: token.item,
        amount: place.amount.get(env)?,
        units: facts.units,
        currency: place.currency.get(env)?,
        rent: place.rent.get(env)?,
        until: place.until.get(env)?,
        attributesHash: facts.attributes_hash,
        link: facts.link,
    };
    env.emit(&event)
}
