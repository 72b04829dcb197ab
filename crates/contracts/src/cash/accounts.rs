//! The accounts of a currency: what moves between them and what of it is held. Every verb that moves money ends here, so the
//! rules of pause, freeze and availability are here once.

use alloy_primitives::{Address, U256};

use crate::{
    env::{Env, require, revert},
    host::Res,
    storage::Word,
};

use super::{abi::ICash, places};

/// Most money of a currency, so that what a transfer asks of an account is one slot: 2^120 - 1.
pub(super) const MAX_SUPPLY: U256 = U256::MAX.wrapping_shr(136);

/// Where the sum of holds begins, and the freeze flag.
const HELD_BIT: usize = 120;
const FROZEN_BIT: usize = 240;

/// An account in its slot, as Solidity packs `uint120 balance; uint120 held; bool frozen;`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// At most [`MAX_SUPPLY`].
    pub balance: U256,
    /// What is held of it.
    pub held: U256,
    /// By the issuer.
    pub frozen: bool,
}

impl Account {
    /// What can be spent.
    pub fn available(self) -> U256 {
        self.balance.saturating_sub(self.held)
    }
}

impl Word for Account {
    fn to_word(self) -> U256 {
        self.balance | (self.held << HELD_BIT) | (U256::from(self.frozen) << FROZEN_BIT)
    }

    fn from_word(word: U256) -> Self {
        let part = |bit: usize| (word >> bit) & MAX_SUPPLY;
        Self { balance: part(0), held: part(HELD_BIT), frozen: word.byte(30) != 0 }
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
    let place = places().accounts.of(env, from)?;
    let account = place.get(env)?;
    require(!account.frozen, || ICash::AccountFrozen { account: from })?;
    let balance = spend(account, from, amount)?;
    place.set(env, Account { balance, ..account })
}

/// Puts money into an account that is not frozen. The sum of balances is the supply, so it cannot overflow.
pub(super) fn credit(env: &mut Env<'_>, to: Address, amount: U256) -> Res<()> {
    let place = places().accounts.of(env, to)?;
    let account = place.get(env)?;
    require(!account.frozen, || ICash::AccountFrozen { account: to })?;
    place.set(env, Account { balance: account.balance.saturating_add(amount), ..account })
}

/// Holds `more` of what is available.
pub(super) fn pledge(env: &mut Env<'_>, owner: Address, more: U256) -> Res<()> {
    let place = places().accounts.of(env, owner)?;
    let account = place.get(env)?;
    let Some(held) = account.held.checked_add(more).filter(|held| *held <= account.balance) else {
        let available = account.available();
        return revert(&ICash::InsufficientAvailable { account: owner, available, needed: more });
    };
    place.set(env, Account { held, ..account })
}

/// Holds `less`, of what was pledged before.
pub(super) fn unpledge(env: &mut Env<'_>, owner: Address, less: U256) -> Res<()> {
    if less.is_zero() {
        return Ok(());
    }
    let place = places().accounts.of(env, owner)?;
    let account = place.get(env)?;
    place.set(env, Account { held: account.held.saturating_sub(less), ..account })
}

/// Refuses if the account is frozen.
pub(super) fn thawed(env: &mut Env<'_>, account: Address) -> Res<()> {
    let frozen = read(env, account)?.frozen;
    require(!frozen, || ICash::AccountFrozen { account })
}

/// Refuses while the currency is paused.
pub(super) fn running(env: &mut Env<'_>) -> Res<()> {
    let paused = places().paused.get(env)?;
    require(!paused, || ICash::EnforcedPause {})
}

/// What an account has.
pub(super) fn read(env: &mut Env<'_>, account: Address) -> Res<Account> {
    places().accounts.of(env, account)?.get(env)
}

/// The balance after `amount` of what is available has left it.
fn spend(account: Account, owner: Address, amount: U256) -> Res<U256> {
    let Account { balance, held, .. } = account;
    let Some(rest) = balance.checked_sub(amount) else {
        return revert(&ICash::ERC20InsufficientBalance { sender: owner, balance, needed: amount });
    };
    let available = account.available();
    require(rest >= held, || ICash::InsufficientAvailable { account: owner, available, needed: amount })?;
    Ok(rest)
}
