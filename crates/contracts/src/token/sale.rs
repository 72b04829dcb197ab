//! Sale at a fixed price for `cash`: money and tokens change hands in one call or not at all.
//! Rules: TK-14, TK-15 (each kind of transfer has its own conditions), TK-18 (no delivery details at purchase), TK-22 (presale).

use alloy_primitives::U256;

use super::{
    ListingPlace,
    abi::IToken::{self, Lock},
    items, storage,
    units::{self, Known},
};
use crate::{
    Env, Res, cash,
    env::{require, revert},
};

/// `list`.
pub(super) fn list(env: &mut Env<'_>, call: IToken::listCall) -> Res<u64> {
    let (seller, token) = (env.caller(), units::known(env, call.id)?);
    require(!call.price.is_zero(), || IToken::PriceIsZero {})?;
    require(call.until == 0 || env.now() < call.until, || IToken::ListingExpired { until: call.until })?;
    token.require_passable(env, seller)?;
    units::require_solvent(env, &token)?;
    units::lock(env, &token, seller, call.amount, Lock::Listed)?;
    let listing = units::next_offer(env)?;
    write(env, listing, &call)?;
    log_listed(env, &token, listing, call)?;
    Ok(listing)
}

/// `unlist`.
pub(super) fn unlist(env: &mut Env<'_>, call: IToken::unlistCall) -> Res<()> {
    let (place, caller) = (open(env, call.listing)?, env.caller());
    let (seller, amount) = (place.seller.get(env)?, place.amount.get(env)?);
    let expired = is_expired(env, place)?;
    require(caller == seller || expired, || IToken::NotParty { caller })?;
    let id = place.id.get(env)?;
    let token = units::known(env, id)?;
    units::unlock(env, &token, seller, amount)?;
    place.amount.set(env, U256::ZERO)?;
    env.emit(&IToken::Unlisted { id, seller, listing: call.listing, amount })
}

/// `buy`.
pub(super) fn buy(env: &mut Env<'_>, call: IToken::buyCall) -> Res<()> {
    let place = open(env, call.listing)?;
    let id = place.id.get(env)?;
    let token = units::known(env, id)?;
    require_terms(env, place, &token, &call)?;
    let (seller, buyer) = (place.seller.get(env)?, env.caller());
    let left = require_left(env, place, &call)?;
    place.amount.set(env, left)?;
    let paid = pay(env, place, call.amount)?;
    units::unlock(env, &token, seller, call.amount)?;
    units::transfer(env, seller, buyer, id, call.amount)?;
    log_sold(env, &token, place, &call, paid)
}

fn write(env: &mut Env<'_>, listing: u64, call: &IToken::listCall) -> Res<()> {
    let place = storage().listings.of(env, listing)?;
    let seller = env.caller();
    place.seller.set(env, seller)?;
    place.id.set(env, call.id)?;
    place.amount.set(env, call.amount)?;
    place.currency.set(env, call.currency)?;
    place.price.set(env, call.price)?;
    place.until.set(env, call.until)
}

/// A listing that is not over.
fn open(env: &mut Env<'_>, listing: u64) -> Res<ListingPlace> {
    let place = storage().listings.of(env, listing)?;
    let left = place.amount.get(env)?;
    require(!left.is_zero(), || IToken::UnknownListing { listing })?;
    Ok(place)
}

fn is_expired(env: &mut Env<'_>, place: ListingPlace) -> Res<bool> {
    let until = place.until.get(env)?;
    Ok(until != 0 && env.now() >= until)
}

fn require_terms(env: &mut Env<'_>, place: ListingPlace, token: &Known, call: &IToken::buyCall) -> Res<()> {
    let (until, expired) = (place.until.get(env)?, is_expired(env, place)?);
    require(!expired, || IToken::ListingExpired { until })?;
    let (seller, buyer) = (place.seller.get(env)?, env.caller());
    require(seller != buyer, || IToken::SameParty { party: buyer })?;
    items::require_attributes(env, token.terms, call.attributesHash)?;
    units::require_solvent(env, token)?;
    if token.terms.issuer.get(env)? == seller { require_presale(env, token) } else { Ok(()) }
}

/// While the units are only promised, their issuer sells in his presale window only.
fn require_presale(env: &mut Env<'_>, token: &Known) -> Res<()> {
    if token.terms.exists.get(env)? {
        return Ok(());
    }
    let (from, until) = (token.terms.presale_from.get(env)?, token.terms.presale_until.get(env)?);
    require(env.now() >= from, || IToken::PresaleNotOpen { presaleFrom: from })?;
    require(until == 0 || env.now() < until, || IToken::PresaleOver { presaleUntil: until })
}

/// What remains for sale afterwards.
fn require_left(env: &mut Env<'_>, place: ListingPlace, call: &IToken::buyCall) -> Res<U256> {
    require(!call.amount.is_zero(), || IToken::ZeroAmount {})?;
    let amount = place.amount.get(env)?;
    let short = || IToken::NotEnoughListed { listing: call.listing, amount, needed: call.amount };
    require(call.amount <= amount, short)?;
    Ok(amount.saturating_sub(call.amount))
}

fn pay(env: &mut Env<'_>, place: ListingPlace, amount: U256) -> Res<U256> {
    let (currency, seller, buyer) = (place.currency.get(env)?, place.seller.get(env)?, env.caller());
    let Some(paid) = place.price.get(env)?.checked_mul(amount) else { return revert(&IToken::AmountOverflow {}) };
    cash::pay(env, currency, buyer, seller, paid)?;
    Ok(paid)
}

fn log_listed(env: &mut Env<'_>, token: &Known, listing: u64, call: IToken::listCall) -> Res<()> {
    let IToken::listCall { id, amount, currency, price, until } = call;
    let (hash, seller, item) = (token.terms.attributes_hash.get(env)?, env.caller(), token.item);
    env.emit(&IToken::Listed { id, seller, listing, item, amount, currency, price, until, attributesHash: hash })
}

fn log_sold(env: &mut Env<'_>, token: &Known, place: ListingPlace, call: &IToken::buyCall, paid: U256) -> Res<()> {
    let facts = token.facts(env)?;
    let event = IToken::Sold {
        id: token.id,
        seller: place.seller.get(env)?,
        buyer: env.caller(),
        listing: call.listing,
        item: token.item,
        amount: call.amount,
        units: facts.units,
        currency: place.currency.get(env)?,
        paid,
        attributesHash: facts.attributes_hash,
        link: facts.link,
    };
    env.emit(&event)
}
