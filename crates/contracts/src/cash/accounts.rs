//! The accounts of a currency: what moves between them and what of it is held. Every verb that moves money ends here, so the
//! rules of pause, freeze and availability are here once.

use alloy_primitives::{Address, U256};

use crate::{
    env::{Env, require, revert},
    host::Res,
    layout,
    storage::{Cell, Word},
};

use super::{abi::ICash, places};

/// Most money of a currency: a balance leaves the highest byte of its slot to the freeze flag.
pub(super) const MAX_SUPPLY: U256 = U256::MAX.wrapping_shr(8);

layout! {
    /// Storage of an account.
    pub struct Account {
        /// Balance and freeze.
        purse: Cell<Purse>,
        /// What is held of the balance.
        held: Cell<U256>,
    }
}

/// One slot, as Solidity packs `uint248 balance; bool frozen;`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purse {
    /// At most [`MAX_SUPPLY`].
    pub balance: U256,
    /// By the issuer.
    pub frozen: bool,
}

impl Word for Purse {
    fn to_word(self) -> U256 {
        self.balance | (U256::from(self.frozen) << 248)
    }

    fn from_word(word: U256) -> Self {
        Self { balance: word & MAX_SUPPLY, frozen: word.byte(31) != 0 }
    }
}

/// Moves available money from one account to another.
pub(super) fn transfer(env: &mut Env<'_>, from: Address, to: Address, amount: U256) -> Res<()> {
    require(!from.is_zero(), || ICash::ERC20InvalidSender { sender: from })?;
    require(!to.is_zero(), || ICash::ERC20InvalidReceiver { receiver: to })?;
    running(env)?;
    debit(env, from, amount)?;
    credit(env, to, amount)?;
    env.emit(&ICash::Transfer { from, to, value: amount })
}

/// Takes available money out of an account that is not frozen.
pub(super) fn debit(env: &mut Env<'_>, from: Address, amount: U256) -> Res<()> {
    let account = places().accounts.of(env, from)?;
    let purse = account.purse.get(env)?;
    require(!purse.frozen, || ICash::AccountFrozen { account: from })?;
    let rest = spend(env, account, purse, from, amount)?;
    account.purse.set(env, Purse { balance: rest, ..purse })
}

/// Puts money into an account that is not frozen. The sum of balances is the supply, so it cannot overflow.
pub(super) fn credit(env: &mut Env<'_>, to: Address, amount: U256) -> Res<()> {
    let place = places().accounts.of(env, to)?.purse;
    let purse = place.get(env)?;
    require(!purse.frozen, || ICash::AccountFrozen { account: to })?;
    place.set(env, Purse { balance: purse.balance.saturating_add(amount), ..purse })
}

/// Holds `more` of what is available.
pub(super) fn pledge(env: &mut Env<'_>, owner: Address, more: U256) -> Res<()> {
    let account = places().accounts.of(env, owner)?;
    let balance = account.purse.get(env)?.balance;
    let held = account.held.get(env)?;
    let Some(greater) = held.checked_add(more).filter(|greater| *greater <= balance) else {
        let available = balance.saturating_sub(held);
        return revert(&ICash::InsufficientAvailable { account: owner, available, needed: more });
    };
    account.held.set(env, greater)
}

/// Holds `less`, of what was pledged before.
pub(super) fn unpledge(env: &mut Env<'_>, owner: Address, less: U256) -> Res<()> {
    if less.is_zero() {
        return Ok(());
    }
    let place = places().accounts.of(env, owner)?.held;
    let held = place.get(env)?;
    place.set(env, held.saturating_sub(less))
}

/// Refuses if the account is frozen.
pub(super) fn thawed(env: &mut Env<'_>, account: Address) -> Res<()> {
    let frozen = places().accounts.of(env, account)?.purse.get(env)?.frozen;
    require(!frozen, || ICash::AccountFrozen { account })
}

/// Refuses while the currency is paused.
pub(super) fn running(env: &mut Env<'_>) -> Res<()> {
    let paused = places().paused.get(env)?;
    require(!paused, || ICash::EnforcedPause {})
}

/// The balance after `amount` of what is available has left it.
fn spend(env: &mut Env<'_>, account: Account, purse: Purse, owner: Address, amount: U256) -> Res<U256> {
    let Some(rest) = purse.balance.checked_sub(amount) else {
        return revert(&ICash::ERC20InsufficientBalance { sender: owner, balance: purse.balance, needed: amount });
    };
    let held = account.held.get(env)?;
    require(rest >= held, || ICash::InsufficientAvailable {
        account: owner,
        available: purse.balance.saturating_sub(held),
        needed: amount,
    })?;
    Ok(rest)
}
