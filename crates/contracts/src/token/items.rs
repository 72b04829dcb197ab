//! Items: made by anyone under his own address, described by the hash of their attributes, minted up to their units.
//! Rules: TK-01, 02, 06, 07, 08, 12 (mint past N refused), 22 and 23 (windows), 43 (reserve), 44 (attributes, conditions).

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolValue;

use super::{
    ItemPlace, MINT_MOST,
    abi::IToken::{self, Kind, Terms},
    storage,
    units::{self, Known},
};
use crate::{
    Env, Res,
    env::{require, revert},
};

/// `createItem`.
pub(super) fn create_item(env: &mut Env<'_>, call: IToken::createItemCall) -> Res<B256> {
    let (issuer, mut terms) = (env.caller(), call.terms);
    check_terms(env, &terms)?;
    if terms.custodian.is_zero() {
        terms.custodian = issuer;
    }
    let item = key(env, issuer, call.identifier)?;
    let place = storage().items.of(env, item)?;
    require(place.issuer.get(env)?.is_zero(), || IToken::ItemAlreadyExists { item })?;
    place.issuer.set(env, issuer)?;
    place.identifier.set(env, call.identifier)?;
    write_terms(env, place, &terms)?;
    storage().item_keys.push(env)?.set(env, item)?;
    env.emit(&IToken::ItemCreated { item, issuer, identifier: call.identifier, terms })?;
    Ok(item)
}

/// `changeAttributes`.
pub(super) fn change_attributes(env: &mut Env<'_>, call: IToken::changeAttributesCall) -> Res<()> {
    let place = of_issuer(env, call.item)?;
    require(!call.attributesHash.is_zero(), || IToken::AttributesHashIsZero {})?;
    let sold = place.first_sale_at.get(env)?;
    require(sold == 0, || IToken::AttributesAreFinal { item: call.item, firstSaleAt: sold })?;
    let before = place.attributes_hash.get(env)?;
    place.attributes_hash.set(env, call.attributesHash)?;
    env.emit(&IToken::AttributesChanged { item: call.item, before, attributesHash: call.attributesHash })
}

/// `declareExistence`.
pub(super) fn declare_existence(env: &mut Env<'_>, call: IToken::declareExistenceCall) -> Res<()> {
    let place = of_issuer(env, call.item)?;
    require(!place.exists.get(env)?, || IToken::AlreadyInExistence { item: call.item })?;
    require_attributes(env, place, call.attributesHash)?;
    place.exists.set(env, true)?;
    env.emit(&IToken::ItemExists { item: call.item, attributesHash: call.attributesHash })
}

/// `reportReserve`.
pub(super) fn report_reserve(env: &mut Env<'_>, call: IToken::reportReserveCall) -> Res<()> {
    let (place, caller) = (found(env, call.item)?, env.caller());
    let custodian = place.custodian.get(env)?;
    require(caller == custodian, || IToken::NotCustodian { caller, custodian })?;
    require(!call.reportHash.is_zero(), || IToken::HashIsZero {})?;
    require_existing(env, place, call.item)?;
    let most = units_left(env, place)?;
    require(call.unitsHeld <= most, || IToken::TooManyUnitsHeld { unitsHeld: call.unitsHeld, most })?;
    place.units_held.set(env, call.unitsHeld)?;
    let units_live = units::live_units(env, place)?;
    let IToken::reportReserveCall { item, unitsHeld, reportHash } = call;
    env.emit(&IToken::ReserveReported { item, custodian, unitsHeld, unitsLive: units_live, reportHash })
}

/// `reportCondition`.
pub(super) fn report_condition(env: &mut Env<'_>, call: IToken::reportConditionCall) -> Res<()> {
    let (token, reporter) = (units::known(env, call.id)?, env.caller());
    let custodian = token.terms.custodian.get(env)?;
    if reporter != custodian {
        token.require_issuer(env)?;
    }
    require(!call.reportHash.is_zero(), || IToken::HashIsZero {})?;
    let index = token.token.conditions.len(env)?;
    token.token.conditions.push(env)?.set(env, call.reportHash)?;
    let IToken::reportConditionCall { id, reportHash } = call;
    env.emit(&IToken::ConditionReported { id, item: token.item, reporter, index, reportHash })
}

/// `mint`.
pub(super) fn mint(env: &mut Env<'_>, call: IToken::mintCall) -> Res<U256> {
    let place = of_issuer(env, call.item)?;
    require(call.tokens != 0, || IToken::ZeroAmount {})?;
    let minted = require_units(env, place, &call)?;
    place.minted.set(env, minted)?;
    let interchangeable = place.interchangeable.get(env)?;
    let issuer = env.caller();
    let first =
        if interchangeable { mint_interchangeable(env, place, &call)? } else { mint_each(env, place, &call, minted)? };
    units::require_accepts(env, issuer)?;
    Ok(first)
}

/// `itemKey`.
pub(super) fn item_key(env: &mut Env<'_>, call: IToken::itemKeyCall) -> Res<B256> {
    key(env, call.issuer, call.identifier)
}

/// `tokenId`.
pub(super) fn token_id(env: &mut Env<'_>, call: IToken::tokenIdCall) -> Res<U256> {
    id_of(env, call.item, call.instance)
}

/// The item, or a refusal.
pub(super) fn found(env: &mut Env<'_>, item: B256) -> Res<ItemPlace> {
    let place = storage().items.of(env, item)?;
    require(!place.issuer.get(env)?.is_zero(), || IToken::UnknownItem { item })?;
    Ok(place)
}

/// Instance zero stands for all interchangeable tokens of the item.
pub(super) fn id_of(env: &mut Env<'_>, item: B256, instance: u64) -> Res<U256> {
    match instance {
        0 => Ok(item.into()),
        _ => Ok(env.keccak256(&(item, instance).abi_encode())?.into()),
    }
}

/// Refuses who thinks of other attributes.
pub(super) fn require_attributes(env: &mut Env<'_>, place: ItemPlace, expected: B256) -> Res<()> {
    let actual = place.attributes_hash.get(env)?;
    require(expected == actual, || IToken::WrongAttributes { expected, attributesHash: actual })
}

/// Refuses while the units are only promised.
pub(super) fn require_existing(env: &mut Env<'_>, place: ItemPlace, item: B256) -> Res<()> {
    let (exists, opening) = (place.exists.get(env)?, place.redeem_from.get(env)?);
    require(exists, || IToken::NotYetInExistence { item, redeemFrom: opening })
}

fn key(env: &mut Env<'_>, issuer: Address, identifier: B256) -> Res<B256> {
    env.keccak256(&(issuer, identifier).abi_encode())
}

fn of_issuer(env: &mut Env<'_>, item: B256) -> Res<ItemPlace> {
    let (place, caller) = (found(env, item)?, env.caller());
    let issuer = place.issuer.get(env)?;
    require(caller == issuer, || IToken::NotIssuer { caller, issuer })?;
    Ok(place)
}

fn check_terms(env: &Env<'_>, terms: &Terms) -> Res<()> {
    require(terms.kind != Kind::__Invalid, || IToken::UnknownKind {})?;
    require(!terms.attributesHash.is_zero(), || IToken::AttributesHashIsZero {})?;
    let (units, per_token) = (terms.units, terms.unitsPerToken);
    let divides = units != 0 && units.checked_rem(per_token) == Some(0);
    require(divides, || IToken::InvalidUnits { units, unitsPerToken: per_token })?;
    check_window(env, terms.presaleFrom, terms.presaleUntil)?;
    check_window(env, terms.redeemFrom, terms.redeemUntil)
}

fn check_window(env: &Env<'_>, from: u64, until: u64) -> Res<()> {
    let sound = until == 0 || (from < until && env.now() < until);
    require(sound, || IToken::InvalidWindow { from, until })
}

fn write_terms(env: &mut Env<'_>, place: ItemPlace, terms: &Terms) -> Res<()> {
    place.kind.set(env, terms.kind as u8)?;
    place.attributes_hash.set(env, terms.attributesHash)?;
    place.units.set(env, terms.units)?;
    place.units_per_token.set(env, terms.unitsPerToken)?;
    place.interchangeable.set(env, terms.interchangeable)?;
    place.redeemable.set(env, terms.redeemable)?;
    place.possession_is_ownership.set(env, terms.possessionIsOwnership)?;
    place.transferable.set(env, terms.transferable)?;
    place.exists.set(env, terms.exists)?;
    place.presale_from.set(env, terms.presaleFrom)?;
    place.presale_until.set(env, terms.presaleUntil)?;
    place.redeem_from.set(env, terms.redeemFrom)?;
    place.redeem_until.set(env, terms.redeemUntil)?;
    place.custodian.set(env, terms.custodian)?;
    place.units_held.set(env, terms.units)
}

/// N less what is delivered.
fn units_left(env: &mut Env<'_>, place: ItemPlace) -> Res<u64> {
    let delivered = place.redeemed.get(env)?.saturating_mul(place.units_per_token.get(env)?);
    Ok(place.units.get(env)?.saturating_sub(delivered))
}

/// Tokens made after this mint, which neither N nor the units held forbid.
fn require_units(env: &mut Env<'_>, place: ItemPlace, call: &IToken::mintCall) -> Res<u64> {
    let (units, per_token) = (place.units.get(env)?, U256::from(place.units_per_token.get(env)?));
    let minted = U256::from(place.minted.get(env)?) + U256::from(call.tokens);
    // Below 2^65 and 2^64: the product is far from 2^256.
    let needed = minted * per_token;
    require(needed <= U256::from(units), || IToken::UnitsExhausted { item: call.item, units, needed })?;
    let held = place.units_held.get(env)?;
    let live = U256::from(units::live_units(env, place)?) + U256::from(call.tokens) * per_token;
    let error = || IToken::Insolvent { item: call.item, unitsHeld: held, unitsLive: live };
    require(live <= U256::from(held), error)?;
    Ok(minted.saturating_to())
}

fn mint_interchangeable(env: &mut Env<'_>, place: ItemPlace, call: &IToken::mintCall) -> Res<U256> {
    let (issuer, amount) = (env.caller(), U256::from(call.tokens));
    let token = new_token(env, place, call.item, 0)?;
    units::put(env, &token, issuer, amount)?;
    units::announce(env, Address::ZERO, issuer, token.id, amount)?;
    log_minted(env, &token, amount)?;
    Ok(token.id)
}

fn mint_each(env: &mut Env<'_>, place: ItemPlace, call: &IToken::mintCall, minted: u64) -> Res<U256> {
    let most = U256::from(MINT_MOST);
    require(call.tokens <= MINT_MOST, || IToken::TooManyAtOnce { length: U256::from(call.tokens), most })?;
    let before = minted.saturating_sub(call.tokens);
    let mut tokens = Vec::new();
    for instance in before.saturating_add(1)..=minted {
        let token = new_token(env, place, call.item, instance)?;
        let issuer = env.caller();
        units::put(env, &token, issuer, U256::from(1))?;
        tokens.push(token);
    }
    announce_mint(env, &tokens)?;
    tokens.iter().try_for_each(|token| log_minted(env, token, U256::from(1)))?;
    match tokens.first() {
        Some(first) => Ok(first.id),
        None => revert(&IToken::ZeroAmount {}),
    }
}

fn new_token(env: &mut Env<'_>, terms: ItemPlace, item: B256, instance: u64) -> Res<Known> {
    let id = id_of(env, item, instance)?;
    let token = storage().tokens.of(env, id)?;
    token.item.set(env, item)?;
    token.instance.set(env, instance)?;
    Ok(Known { id, item, instance, token, terms })
}

fn announce_mint(env: &mut Env<'_>, tokens: &[Known]) -> Res<()> {
    let (operator, from, to) = (env.caller(), Address::ZERO, env.caller());
    if let [token] = tokens {
        return units::announce(env, from, to, token.id, U256::from(1));
    }
    let ids = tokens.iter().map(|token| token.id).collect();
    env.emit(&IToken::TransferBatch { operator, from, to, ids, values: vec![U256::from(1); tokens.len()] })
}

fn log_minted(env: &mut Env<'_>, token: &Known, amount: U256) -> Res<()> {
    let facts = token.facts(env)?;
    env.emit(&IToken::Minted {
        item: token.item,
        id: token.id,
        to: env.caller(),
        instance: token.instance,
        firstUnit: facts.first_unit,
        units: facts.units,
        amount,
        attributesHash: facts.attributes_hash,
        link: facts.link,
    })
}
