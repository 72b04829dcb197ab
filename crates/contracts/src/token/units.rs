//! Balances and locks: the one place where tokens move. Used by every operation that moves, locks, makes or burns them.
//! Rules: ERC-1155 for balances and their errors, TK-08 for who may pass tokens on, TK-42 for locks, TK-44 for the first sale.

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolValue;

use super::{
    ItemPlace, TokenPlace,
    abi::IToken::{self, Lock},
    storage,
};
use crate::{
    CodeKind, Env, Res,
    env::{require, revert},
};

/// A token id that exists, and what its events say.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    pub(super) id: U256,
    pub(super) item: B256,
    pub(super) instance: u64,
    pub(super) token: TokenPlace,
    pub(super) terms: ItemPlace,
}

/// What a token stands for, as events and proofs state it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    pub(super) first_unit: u64,
    pub(super) units: u64,
    pub(super) attributes_hash: B256,
    pub(super) link: B256,
}

/// The token, or a refusal.
pub(super) fn known(env: &mut Env<'_>, id: U256) -> Res<Known> {
    match look_up(env, id)? {
        Some(known) => Ok(known),
        None => revert(&IToken::UnknownToken { id }),
    }
}

impl Known {
    /// Refuses an owner who may not pass it on (TK-08): the issuer always may.
    pub(super) fn require_passable(&self, env: &mut Env<'_>, owner: Address) -> Res<()> {
        let passable = self.terms.transferable.get(env)? || self.terms.issuer.get(env)? == owner;
        require(passable, || IToken::NotTransferable { id: self.id })
    }

    /// Refuses anyone but the issuer.
    pub(super) fn require_issuer(&self, env: &mut Env<'_>) -> Res<()> {
        let (caller, issuer) = (env.caller(), self.terms.issuer.get(env)?);
        require(caller == issuer, || IToken::NotIssuer { caller, issuer })
    }

    /// What the token stands for now.
    pub(super) fn facts(&self, env: &mut Env<'_>) -> Res<Facts> {
        let units = self.terms.units_per_token.get(env)?;
        let attributes_hash = self.terms.attributes_hash.get(env)?;
        let first_unit = first_unit(self.instance, units);
        let contents = link_contents(env, self, first_unit, units, attributes_hash);
        let link = env.keccak256(&contents)?;
        Ok(Facts { first_unit, units, attributes_hash, link })
    }
}

/// What the domain of links hashes to: keccak256("counterfoil.token.link").
pub(super) const LINK_DOMAIN: &[u8] = b"counterfoil.token.link";

/// Units are counted from 1; an instance never stands for units past N, which fits.
fn first_unit(instance: u64, units: u64) -> u64 {
    instance.checked_sub(1).map_or(0, |before| before.saturating_mul(units).saturating_add(1))
}

fn link_contents(env: &Env<'_>, token: &Known, first_unit: u64, units: u64, attributes_hash: B256) -> Vec<u8> {
    let domain = alloy_primitives::keccak256(LINK_DOMAIN);
    let place = (domain, U256::from(env.chain_id()), env.me());
    (place.0, place.1, place.2, token.id, token.item, token.instance, first_unit, units, attributes_hash).abi_encode()
}

/// Tokens of an id in an account.
pub(super) fn balance(env: &mut Env<'_>, account: Address, id: U256) -> Res<U256> {
    storage().balances.of(env, id)?.of(env, account)?.get(env)
}

/// Of them, what cannot move.
pub(super) fn locked(env: &mut Env<'_>, account: Address, id: U256) -> Res<U256> {
    storage().locked.of(env, id)?.of(env, account)?.get(env)
}

/// Locks tokens of the owner.
pub(super) fn lock(env: &mut Env<'_>, token: &Known, owner: Address, amount: U256, why: Lock) -> Res<()> {
    require(!amount.is_zero(), || IToken::ZeroAmount {})?;
    require_free(env, owner, token.id, amount)?;
    let place = storage().locked.of(env, token.id)?.of(env, owner)?;
    let before = place.get(env)?;
    // At most the balance, which was just compared.
    place.set(env, before.wrapping_add(amount))?;
    mark(env, token, why)
}

/// Unlocks them.
pub(super) fn unlock(env: &mut Env<'_>, token: &Known, owner: Address, amount: U256) -> Res<()> {
    let place = storage().locked.of(env, token.id)?.of(env, owner)?;
    let before = place.get(env)?;
    // Whoever unlocks has locked as much.
    place.set(env, before.saturating_sub(amount))?;
    mark(env, token, Lock::Free)
}

/// Says why a token of its own is locked.
pub(super) fn mark(env: &mut Env<'_>, token: &Known, why: Lock) -> Res<()> {
    if token.instance == 0 { Ok(()) } else { token.token.lock.set(env, why as u8) }
}

/// Moves unlocked tokens of one id by order of the caller, to an account that takes them.
pub(super) fn transfer(env: &mut Env<'_>, from: Address, to: Address, id: U256, amount: U256) -> Res<()> {
    shift(env, from, to, id, amount)?;
    announce(env, from, to, id, amount)?;
    require_accepts(env, to)
}

/// Moves unlocked tokens, without a log and without asking the receiver.
pub(super) fn shift(env: &mut Env<'_>, from: Address, to: Address, id: U256, amount: U256) -> Res<()> {
    require_free(env, from, id, amount)?;
    if amount.is_zero() {
        return Ok(());
    }
    // Nobody has a balance of an unknown token.
    let token = known(env, id)?;
    token.require_passable(env, from)?;
    if from == to {
        return Ok(());
    }
    note_first_sale(env, &token, from)?;
    take(env, &token, from, amount)?;
    put(env, &token, to, amount)
}

/// Adds tokens to an account; the sum of an id's balances is at most 2^64.
pub(super) fn put(env: &mut Env<'_>, token: &Known, to: Address, amount: U256) -> Res<()> {
    let place = storage().balances.of(env, token.id)?.of(env, to)?;
    let before = place.get(env)?;
    place.set(env, before.wrapping_add(amount))?;
    if token.instance != 0 {
        token.token.holder.set(env, to)?;
    }
    if before.is_zero() { begin_holding(env, to, token.id) } else { Ok(()) }
}

/// Takes tokens from an account that has them.
pub(super) fn take(env: &mut Env<'_>, token: &Known, from: Address, amount: U256) -> Res<()> {
    let place = storage().balances.of(env, token.id)?.of(env, from)?;
    let before = place.get(env)?;
    let after = before.saturating_sub(amount);
    place.set(env, after)?;
    if token.instance != 0 {
        token.token.holder.set(env, Address::ZERO)?;
    }
    if after.is_zero() { end_holding(env, from, token.id) } else { Ok(()) }
}

/// The first token that the issuer passes on or leases makes the attributes final.
pub(super) fn note_first_sale(env: &mut Env<'_>, token: &Known, from: Address) -> Res<()> {
    if token.terms.issuer.get(env)? != from || token.terms.first_sale_at.get(env)? != 0 {
        return Ok(());
    }
    let now = env.now();
    token.terms.first_sale_at.set(env, now)
}

/// Leaves ERC-1155's log of one id.
pub(super) fn announce(env: &mut Env<'_>, from: Address, to: Address, id: U256, value: U256) -> Res<()> {
    env.emit(&IToken::TransferSingle { operator: env.caller(), from, to, id, value })
}

/// The receiver rule: who has bytecode must have said that it takes tokens.
pub(super) fn require_accepts(env: &mut Env<'_>, to: Address) -> Res<()> {
    let accepts = accepts(env, to)?;
    require(accepts, || IToken::ERC1155InvalidReceiver { receiver: to })
}

/// Whether an account takes tokens.
pub(super) fn accepts(env: &mut Env<'_>, account: Address) -> Res<bool> {
    Ok(env.code_kind(account)? != CodeKind::Bytecode || storage().accepting.of(env, account)?.get(env)?)
}

/// Stops a sale of what is not covered by units in custody (TK-43).
pub(super) fn require_solvent(env: &mut Env<'_>, token: &Known) -> Res<()> {
    let (live, held) = (live_units(env, token.terms)?, token.terms.units_held.get(env)?);
    let error = || IToken::Insolvent { item: token.item, unitsHeld: held, unitsLive: U256::from(live) };
    require(live <= held, error)
}

/// Units that tokens stand for and that are not delivered.
pub(super) fn live_units(env: &mut Env<'_>, terms: ItemPlace) -> Res<u64> {
    let tokens = terms.minted.get(env)?.saturating_sub(terms.redeemed.get(env)?);
    // At most N, which `mint` sees to.
    Ok(tokens.saturating_mul(terms.units_per_token.get(env)?))
}

/// A number for a listing, gift or lease.
pub(super) fn next_offer(env: &mut Env<'_>) -> Res<u64> {
    // 2^64 offers cannot be paid for.
    let number = storage().last_offer.get(env)?.wrapping_add(1);
    storage().last_offer.set(env, number)?;
    Ok(number)
}

fn look_up(env: &mut Env<'_>, id: U256) -> Res<Option<Known>> {
    let token = storage().tokens.of(env, id)?;
    let item = token.item.get(env)?;
    if item.is_zero() {
        return Ok(None);
    }
    let terms = storage().items.of(env, item)?;
    Ok(Some(Known { id, item, instance: token.instance.get(env)?, token, terms }))
}

fn require_free(env: &mut Env<'_>, owner: Address, id: U256, needed: U256) -> Res<()> {
    let balance = balance(env, owner, id)?;
    let short = || IToken::ERC1155InsufficientBalance { sender: owner, balance, needed, tokenId: id };
    require(balance >= needed, short)?;
    let unlocked = balance.saturating_sub(locked(env, owner, id)?);
    require(unlocked >= needed, || IToken::TokensLocked { owner, unlocked, needed, id })
}

fn begin_holding(env: &mut Env<'_>, account: Address, id: U256) -> Res<()> {
    let holdings = storage().holdings.of(env, account)?;
    holdings.push(env)?.set(env, id)?;
    let place = holdings.len(env)?;
    storage().holding_places.of(env, account)?.of(env, id)?.set(env, place)
}

/// The last of the list takes the place of the one that leaves.
fn end_holding(env: &mut Env<'_>, account: Address, id: U256) -> Res<()> {
    let holdings = storage().holdings.of(env, account)?;
    let places = storage().holding_places.of(env, account)?;
    let place = places.of(env, id)?;
    let position = place.get(env)?;
    place.set(env, 0)?;
    let Some(last) = holdings.pop(env)? else { return Ok(()) };
    let moved = last.get(env)?;
    last.set(env, U256::ZERO)?;
    match holdings.item(env, position.saturating_sub(1))? {
        Some(hole) => {
            hole.set(env, moved)?;
            places.of(env, moved)?.set(env, position)
        }
        None => Ok(()),
    }
}
