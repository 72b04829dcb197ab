//! Redemption: an owner hands tokens in, they are frozen, and the item's issuer delivers and burns them, or gives them back.
//! Rules: TK-13 (the ledger is asked with token id and caller), TK-18 (delivery details now, and only their hash), TK-22 and
//! TK-23 (existence and window), TK-42 (once, idempotent, final only on proof of delivery).

use alloy_primitives::{Address, B256, U256};

use super::{
    RedemptionPlace,
    abi::IToken::{self, Lock, RedemptionState},
    items, storage,
    units::{self, Known},
};
use crate::{
    Env, Res,
    env::{require, revert},
};

/// `requestRedemption`.
pub(super) fn request_redemption(env: &mut Env<'_>, call: IToken::requestRedemptionCall) -> Res<()> {
    let place = storage().redemptions.of(env, call.redemption)?;
    if place.state.get(env)? != RedemptionState::None as u8 {
        return require_same(env, place, &call);
    }
    let (redeemer, token) = (env.caller(), units::known(env, call.id)?);
    require(!call.deliveryHash.is_zero(), || IToken::HashIsZero {})?;
    require_open(env, &token)?;
    units::lock(env, &token, redeemer, call.amount, Lock::RedemptionRequested)?;
    write(env, place, &call)?;
    token.terms.redemptions.push(env)?.set(env, call.redemption)?;
    let units = token.terms.units_per_token.get(env)?;
    let IToken::requestRedemptionCall { redemption, id, amount, deliveryHash } = call;
    env.emit(&IToken::RedemptionRequested { redemption, id, redeemer, item: token.item, amount, units, deliveryHash })
}

/// `fulfilRedemption`.
pub(super) fn fulfil_redemption(env: &mut Env<'_>, call: IToken::fulfilRedemptionCall) -> Res<()> {
    let (place, token) = of_issuer(env, call.redemption)?;
    if is_done(env, place, call.redemption, RedemptionState::Fulfilled, call.proofHash)? {
        return Ok(());
    }
    end(env, place, RedemptionState::Fulfilled, call.proofHash)?;
    let (redeemer, amount) = (place.redeemer.get(env)?, place.amount.get(env)?);
    units::unlock(env, &token, redeemer, amount)?;
    units::take(env, &token, redeemer, amount)?;
    units::mark(env, &token, Lock::Redeemed)?;
    deliver(env, &token, amount)?;
    units::announce(env, redeemer, Address::ZERO, token.id, amount)?;
    log_redeemed(env, &token, place, call)
}

/// `failRedemption`.
pub(super) fn fail_redemption(env: &mut Env<'_>, call: IToken::failRedemptionCall) -> Res<()> {
    let (place, token) = of_issuer(env, call.redemption)?;
    if is_done(env, place, call.redemption, RedemptionState::Failed, call.reasonHash)? {
        return Ok(());
    }
    end(env, place, RedemptionState::Failed, call.reasonHash)?;
    let (redeemer, amount) = (place.redeemer.get(env)?, place.amount.get(env)?);
    units::unlock(env, &token, redeemer, amount)?;
    let IToken::failRedemptionCall { redemption, reasonHash } = call;
    env.emit(&IToken::RedemptionFailed { redemption, id: token.id, redeemer, amount, reasonHash })
}

fn require_same(env: &mut Env<'_>, place: RedemptionPlace, call: &IToken::requestRedemptionCall) -> Res<()> {
    let same = place.redeemer.get(env)? == env.caller()
        && place.id.get(env)? == call.id
        && place.amount.get(env)? == call.amount
        && place.delivery_hash.get(env)? == call.deliveryHash;
    require(same, || IToken::RedemptionIdSpent { redemption: call.redemption })
}

fn require_open(env: &mut Env<'_>, token: &Known) -> Res<()> {
    let redeemable = token.terms.redeemable.get(env)?;
    require(redeemable, || IToken::NotRedeemable { id: token.id })?;
    items::require_existing(env, token.terms, token.item)?;
    let (from, until) = (token.terms.redeem_from.get(env)?, token.terms.redeem_until.get(env)?);
    require(env.now() >= from, || IToken::TooEarly { redeemFrom: from })?;
    require(until == 0 || env.now() < until, || IToken::TooLate { redeemUntil: until })
}

fn write(env: &mut Env<'_>, place: RedemptionPlace, call: &IToken::requestRedemptionCall) -> Res<()> {
    let (redeemer, now) = (env.caller(), env.now());
    place.redeemer.set(env, redeemer)?;
    place.id.set(env, call.id)?;
    place.amount.set(env, call.amount)?;
    place.delivery_hash.set(env, call.deliveryHash)?;
    place.requested_at.set(env, now)?;
    place.state.set(env, RedemptionState::Requested as u8)
}

fn of_issuer(env: &mut Env<'_>, redemption: B256) -> Res<(RedemptionPlace, Known)> {
    let place = storage().redemptions.of(env, redemption)?;
    let known = place.state.get(env)? != RedemptionState::None as u8;
    require(known, || IToken::UnknownRedemption { redemption })?;
    let id = place.id.get(env)?;
    let token = units::known(env, id)?;
    token.require_issuer(env)?;
    Ok((place, token))
}

/// Whether it ended so already; refuses if it ended otherwise.
fn is_done(
    env: &mut Env<'_>,
    place: RedemptionPlace,
    redemption: B256,
    wanted: RedemptionState,
    outcome: B256,
) -> Res<bool> {
    require(!outcome.is_zero(), || IToken::HashIsZero {})?;
    let state = place.state.get(env)?;
    if state == RedemptionState::Requested as u8 {
        return Ok(false);
    }
    if state == wanted as u8 && place.outcome_hash.get(env)? == outcome {
        return Ok(true);
    }
    let state = RedemptionState::try_from(state).unwrap_or(RedemptionState::None);
    revert(&IToken::RedemptionIsFinal { redemption, state })
}

fn end(env: &mut Env<'_>, place: RedemptionPlace, state: RedemptionState, outcome: B256) -> Res<()> {
    let now = env.now();
    place.ended_at.set(env, now)?;
    place.outcome_hash.set(env, outcome)?;
    place.state.set(env, state as u8)
}

/// Tokens and units leave the books together.
fn deliver(env: &mut Env<'_>, token: &Known, amount: U256) -> Res<()> {
    // An amount that was minted, and units of it: both fit 64 bits.
    let tokens: u64 = amount.saturating_to();
    let delivered = tokens.saturating_mul(token.terms.units_per_token.get(env)?);
    let redeemed = token.terms.redeemed.get(env)?.saturating_add(tokens);
    token.terms.redeemed.set(env, redeemed)?;
    // A custodian may have reported less than is delivered now.
    let held = token.terms.units_held.get(env)?.saturating_sub(delivered);
    token.terms.units_held.set(env, held)
}

fn log_redeemed(
    env: &mut Env<'_>,
    token: &Known,
    place: RedemptionPlace,
    call: IToken::fulfilRedemptionCall,
) -> Res<()> {
    let facts = token.facts(env)?;
    let event = IToken::Redeemed {
        redemption: call.redemption,
        id: token.id,
        redeemer: place.redeemer.get(env)?,
        item: token.item,
        instance: token.instance,
        amount: place.amount.get(env)?,
        units: facts.units,
        deliveryHash: place.delivery_hash.get(env)?,
        proofHash: call.proofHash,
        attributesHash: facts.attributes_hash,
        link: facts.link,
    };
    env.emit(&event)
}
