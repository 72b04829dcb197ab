//! The ERC-20 verbs, and the same with a memo (EIP-20, ERC-6093). Order of checks: OpenZeppelin's, after freeze of the caller.

use alloy_primitives::{Address, B256, U256};

use crate::{
    env::{Env, require, revert},
    host::Res,
};

use super::{
    abi::ICash::{self, *},
    accounts, at,
    iso4217::Currency,
    places,
};

pub(super) fn name(env: &mut Env<'_>, _call: nameCall) -> Res<String> {
    Ok(currency(env)?.name.into())
}

pub(super) fn symbol(env: &mut Env<'_>, _call: symbolCall) -> Res<String> {
    Ok(currency(env)?.symbol())
}

pub(super) fn decimals(env: &mut Env<'_>, _call: decimalsCall) -> Res<u8> {
    Ok(currency(env)?.exponent)
}

pub(super) fn total_supply(env: &mut Env<'_>, _call: totalSupplyCall) -> Res<U256> {
    places().supply.get(env)
}

pub(super) fn balance_of(env: &mut Env<'_>, call: balanceOfCall) -> Res<U256> {
    Ok(accounts::read(env, call.account)?.balance)
}

pub(super) fn transfer(env: &mut Env<'_>, call: transferCall) -> Res<bool> {
    let from = env.caller();
    accounts::transfer(env, from, call.to, call.value)?;
    Ok(true)
}

pub(super) fn allowance(env: &mut Env<'_>, call: allowanceCall) -> Res<U256> {
    places().allowances.of(env, call.owner)?.of(env, call.spender)?.get(env)
}

pub(super) fn approve(env: &mut Env<'_>, call: approveCall) -> Res<bool> {
    let owner = env.caller();
    allow(env, owner, call.spender, call.value)?;
    Ok(true)
}

pub(super) fn transfer_from(env: &mut Env<'_>, call: transferFromCall) -> Res<bool> {
    take(env, call.from, call.to, call.value)?;
    Ok(true)
}

pub(super) fn transfer_with_memo(env: &mut Env<'_>, call: transferWithMemoCall) -> Res<bool> {
    let from = env.caller();
    accounts::transfer(env, from, call.to, call.value)?;
    remember(env, from, call.to, call.value, call.memo)
}

pub(super) fn transfer_from_with_memo(env: &mut Env<'_>, call: transferFromWithMemoCall) -> Res<bool> {
    take(env, call.from, call.to, call.value)?;
    remember(env, call.from, call.to, call.value, call.memo)
}

/// The row of the currency that runs.
pub(super) fn currency(env: &Env<'_>) -> Res<&'static Currency> {
    // The factory gives code to such addresses only; a genesis file or a code override could give it to others.
    at(env.me()).map_or_else(|| revert(&ICash::NotCurrency { account: env.me() }), Ok)
}

/// `transferFrom` by the caller.
pub(super) fn take(env: &mut Env<'_>, from: Address, to: Address, amount: U256) -> Res<()> {
    accounts::thawed(env, env.caller())?;
    spend_allowance(env, from, amount)?;
    accounts::transfer(env, from, to, amount)
}

/// Sets what `spender` may take from `owner`.
pub(super) fn allow(env: &mut Env<'_>, owner: Address, spender: Address, value: U256) -> Res<()> {
    allowable(owner, spender)?;
    places().allowances.of(env, owner)?.of(env, spender)?.set(env, value)?;
    env.emit(&ICash::Approval { owner, spender, value })
}

/// Takes `amount` off what `owner` allows the caller, unless that has no limit.
fn spend_allowance(env: &mut Env<'_>, owner: Address, amount: U256) -> Res<()> {
    let spender = env.caller();
    let place = places().allowances.of(env, owner)?.of(env, spender)?;
    let allowance = place.get(env)?;
    if allowance == U256::MAX {
        return Ok(());
    }
    let Some(rest) = allowance.checked_sub(amount) else {
        return revert(&ICash::ERC20InsufficientAllowance { spender, allowance, needed: amount });
    };
    allowable(owner, spender)?;
    place.set(env, rest)
}

fn allowable(owner: Address, spender: Address) -> Res<()> {
    require(!owner.is_zero(), || ICash::ERC20InvalidApprover { approver: owner })?;
    require(!spender.is_zero(), || ICash::ERC20InvalidSpender { spender })
}

fn remember(env: &mut Env<'_>, from: Address, to: Address, value: U256, memo: B256) -> Res<bool> {
    env.emit(&ICash::Memo { from, to, memo, value })?;
    Ok(true)
}
