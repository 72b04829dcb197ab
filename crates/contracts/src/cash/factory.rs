//! The factory of currencies.
//!
//! **Who governs.** Slot 0 of the room. When the room opens on chain 31337, the first development account, whose key everybody
//! knows: a chain of worth has a chain id of its own. On any other chain nobody, until the members appoint one
//! in the protocol room. "Who comes first" is no rule here: on an open chain it would give each currency to a stranger.
//!
//! A governor may hand the office on. It has no power over a currency once that is created.

use alloy_primitives::{Address, U256, address};

use crate::{
    env::{Env, require, revert},
    host::{CodeKind, Res},
    layout, registry,
    storage::{Cell, List, Place},
};

use super::{
    abi::ICashFactory::{self, *},
    address_of,
    iso4217::Currency,
    places as cash,
};

/// The chain id of development networks.
const DEVELOPMENT_CHAIN: u64 = 31_337;
/// The first account of the mnemonic that every Ethereum development node has.
const DEVELOPMENT_GOVERNOR: Address = address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266");

layout! {
    /// Storage of the factory.
    pub struct FactoryLayout {
        /// Who creates currencies.
        governor: Cell<Address>,
        /// All currencies; at most one for each code.
        currencies: List<Cell<Address>>,
    }
}

/// Runs when the room opens.
pub fn construct(env: &mut Env<'_>) -> Res<()> {
    if env.chain_id() == DEVELOPMENT_CHAIN {
        places().governor.set(env, DEVELOPMENT_GOVERNOR)?;
    }
    Ok(())
}

pub(super) fn create(env: &mut Env<'_>, call: createCall) -> Res<Address> {
    let createCall { code, issuer } = call;
    let caller = env.caller();
    let governor = places().governor.get(env)?;
    require(caller == governor && !governor.is_zero(), || ICashFactory::NotGovernor { caller })?;
    officer(issuer)?;
    let row = row(&code)?;
    let currency = address_of(row);
    require(!exists(env, currency)?, || ICashFactory::CurrencyExists { currency })?;
    env.create_native(currency)?;
    cash().issuer.set(&mut env.inside(currency), issuer)?;
    places().currencies.push(env)?.set(env, currency)?;
    env.emit(&ICashFactory::Created { code, currency, issuer, decimals: row.exponent })?;
    Ok(currency)
}

pub(super) fn appoint(env: &mut Env<'_>, call: appointCall) -> Res<appointReturn> {
    let caller = env.caller();
    let previous = places().governor.get(env)?;
    require(caller == previous && !previous.is_zero(), || ICashFactory::NotGovernor { caller })?;
    appoint_governor(env, call.governor)?;
    Ok(appointReturn {})
}

/// For the protocol room, which has asked the members.
pub fn appoint_governor(env: &mut Env<'_>, governor: Address) -> Res<()> {
    officer(governor)?;
    let previous = places().governor.get(env)?;
    places().governor.set(env, governor)?;
    env.emit(&ICashFactory::GovernorChanged { previous, governor })
}

pub(super) fn governor(env: &mut Env<'_>, _call: governorCall) -> Res<Address> {
    places().governor.get(env)
}

pub(super) fn currency_of(env: &mut Env<'_>, call: currencyOfCall) -> Res<Address> {
    let currency = address_of(row(&call.code)?);
    Ok(if exists(env, currency)? { currency } else { Address::ZERO })
}

pub(super) fn currencies(env: &mut Env<'_>, _call: currenciesCall) -> Res<Vec<Address>> {
    let count = places().currencies.len(env)?;
    let mut list = Vec::new();
    for index in 0..count {
        if let Some(place) = places().currencies.item(env, index)? {
            list.push(place.get(env)?);
        }
    }
    Ok(list)
}

fn row(code: &str) -> Res<&'static Currency> {
    Currency::by_code(code.as_bytes()).map_or_else(|| revert(&ICashFactory::UnknownCode { code: code.into() }), Ok)
}

fn exists(env: &mut Env<'_>, currency: Address) -> Res<bool> {
    Ok(env.code_kind(currency)? != CodeKind::None)
}

/// Whether this account can hold an office: somebody must be able to call for it.
fn officer(account: Address) -> Res<()> {
    let able = !account.is_zero() && !registry::is_reserved(account);
    require(able, || ICashFactory::InvalidOfficer { account })
}

fn places() -> FactoryLayout {
    FactoryLayout::at(U256::ZERO)
}
