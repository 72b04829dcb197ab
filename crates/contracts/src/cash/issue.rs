//! The issuer's verbs: its office, making and destroying money, stopping the currency or an account.

use alloy_primitives::{Address, U256};

use crate::{
    env::{Env, require},
    host::Res,
};

use super::{
    abi::ICash::{self, *},
    accounts::{self, Account, MAX_SUPPLY},
    places,
};

pub(super) fn issuer(env: &mut Env<'_>, _call: issuerCall) -> Res<Address> {
    places().issuer.get(env)
}

pub(super) fn successor(env: &mut Env<'_>, _call: successorCall) -> Res<Address> {
    places().successor.get(env)
}

pub(super) fn offer_issuer(env: &mut Env<'_>, call: offerIssuerCall) -> Res<offerIssuerReturn> {
    let issuer = by_issuer(env)?;
    places().successor.set(env, call.account)?;
    env.emit(&ICash::IssuerOffered { issuer, successor: call.account })?;
    Ok(offerIssuerReturn {})
}

pub(super) fn accept_issuer(env: &mut Env<'_>, _call: acceptIssuerCall) -> Res<acceptIssuerReturn> {
    let caller = env.caller();
    let successor = places().successor.get(env)?;
    require(caller == successor && !caller.is_zero(), || ICash::NotSuccessor { caller })?;
    let previous = places().issuer.get(env)?;
    places().successor.set(env, Address::ZERO)?;
    places().issuer.set(env, caller)?;
    env.emit(&ICash::IssuerChanged { previous, issuer: caller })?;
    Ok(acceptIssuerReturn {})
}

pub(super) fn mint(env: &mut Env<'_>, call: mintCall) -> Res<mintReturn> {
    by_issuer(env)?;
    let mintCall { to, amount, referenceId } = call;
    require(!amount.is_zero(), || ICash::ZeroAmount {})?;
    require(!to.is_zero(), || ICash::ERC20InvalidReceiver { receiver: to })?;
    accounts::running(env)?;
    grow_supply(env, amount)?;
    accounts::credit(env, to, amount)?;
    env.emit(&ICash::Transfer { from: Address::ZERO, to, value: amount })?;
    env.emit(&ICash::Minted { to, referenceId, amount })?;
    Ok(mintReturn {})
}

pub(super) fn burn(env: &mut Env<'_>, call: burnCall) -> Res<burnReturn> {
    let from = by_issuer(env)?;
    let burnCall { amount, referenceId } = call;
    require(!amount.is_zero(), || ICash::ZeroAmount {})?;
    accounts::running(env)?;
    accounts::debit(env, from, amount)?;
    let supply = places().supply.get(env)?;
    // The issuer had it, so it is part of the supply.
    places().supply.set(env, supply.saturating_sub(amount))?;
    env.emit(&ICash::Transfer { from, to: Address::ZERO, value: amount })?;
    env.emit(&ICash::Burned { from, referenceId, amount })?;
    Ok(burnReturn {})
}

pub(super) fn paused(env: &mut Env<'_>, _call: pausedCall) -> Res<bool> {
    places().paused.get(env)
}

pub(super) fn pause(env: &mut Env<'_>, _call: pauseCall) -> Res<pauseReturn> {
    let account = by_issuer(env)?;
    if !places().paused.get(env)? {
        places().paused.set(env, true)?;
        env.emit(&ICash::Paused { account })?;
    }
    Ok(pauseReturn {})
}

pub(super) fn unpause(env: &mut Env<'_>, _call: unpauseCall) -> Res<unpauseReturn> {
    let account = by_issuer(env)?;
    if places().paused.get(env)? {
        places().paused.set(env, false)?;
        env.emit(&ICash::Unpaused { account })?;
    }
    Ok(unpauseReturn {})
}

pub(super) fn frozen(env: &mut Env<'_>, call: frozenCall) -> Res<bool> {
    Ok(accounts::read(env, call.account)?.frozen)
}

pub(super) fn freeze(env: &mut Env<'_>, call: freezeCall) -> Res<freezeReturn> {
    by_issuer(env)?;
    if set_frozen(env, call.account, true)? {
        env.emit(&ICash::Frozen { account: call.account })?;
    }
    Ok(freezeReturn {})
}

pub(super) fn unfreeze(env: &mut Env<'_>, call: unfreezeCall) -> Res<unfreezeReturn> {
    by_issuer(env)?;
    if set_frozen(env, call.account, false)? {
        env.emit(&ICash::Unfrozen { account: call.account })?;
    }
    Ok(unfreezeReturn {})
}

/// The caller, who must be the issuer.
fn by_issuer(env: &mut Env<'_>) -> Res<Address> {
    let caller = env.caller();
    let issuer = places().issuer.get(env)?;
    require(caller == issuer, || ICash::NotIssuer { caller })?;
    Ok(caller)
}

fn grow_supply(env: &mut Env<'_>, amount: U256) -> Res<()> {
    let supply = places().supply.get(env)?;
    let greater = supply.saturating_add(amount);
    require(greater <= MAX_SUPPLY, || ICash::SupplyOverflow { supply, amount })?;
    places().supply.set(env, greater)
}

/// Whether this changed anything.
fn set_frozen(env: &mut Env<'_>, account: Address, frozen: bool) -> Res<bool> {
    let place = places().accounts.of(env, account)?;
    let account = place.get(env)?;
    if account.frozen == frozen {
        return Ok(false);
    }
    place.set(env, Account { frozen, ..account })?;
    Ok(true)
}
