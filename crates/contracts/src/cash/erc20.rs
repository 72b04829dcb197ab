//! Taking what was allowed (EIP-20).

use alloy_primitives::{Address, U256};

use crate::{
    env::{Env, require, revert},
    host::Res,
};

use super::{abi::ICash, accounts, places};

/// `transferFrom` by the caller.
pub(super) fn take(env: &mut Env<'_>, from: Address, to: Address, amount: U256) -> Res<()> {
    spend_allowance(env, from, amount)?;
    accounts::transfer(env, from, to, amount)
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
    require(!owner.is_zero(), || ICash::ERC20InvalidApprover { approver: owner })?;
    require(!spender.is_zero(), || ICash::ERC20InvalidSpender { spender })?;
    place.set(env, rest)
}
