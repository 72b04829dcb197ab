//! Amounts of the currencies of `cash`: what an account has in each, and how much an amount is in words.

use contracts::{
    cash::abi::{ICash, ICashFactory},
    registry,
};
use primitives::{Address, U256};

use super::{Problem, reader::Reader, words};

/// The money of one currency.
pub(super) struct Holding {
    /// The currency's contract.
    pub(super) currency: Address,
    pub(super) balance: String,
    /// The part of it that is promised to somebody.
    pub(super) held: String,
}

/// A currency that can be paid with.
pub(super) struct Currency {
    pub(super) address: Address,
    /// ISO 4217.
    pub(super) code: String,
    /// After the point.
    pub(super) digits: u8,
}

impl Currency {
    /// Such as `12.50 EUR`.
    pub(super) fn shown(&self, amount: U256) -> String {
        format!("{}\u{a0}{}", words::money(amount, self.digits), words::shortened(&self.code))
    }
}

/// What `owner` has, currency by currency, in the order of their creation; nothing where there is no money yet.
pub(super) fn of(reader: &Reader<'_>, owner: Address) -> Result<Vec<Holding>, Problem> {
    let holdings = addresses(reader)?.into_iter().map(|currency| holding(reader, currency, owner));
    holdings.filter_map(Result::transpose).collect()
}

/// All currencies, in the order of their creation.
pub(super) fn currencies(reader: &Reader<'_>) -> Result<Vec<Currency>, Problem> {
    addresses(reader)?.into_iter().map(|address| currency(reader, address)).filter_map(Result::transpose).collect()
}

/// The currency at an address, if there is one.
pub(super) fn currency(reader: &Reader<'_>, address: Address) -> Result<Option<Currency>, Problem> {
    let digits = reader.ask(address, &ICash::decimalsCall {})?;
    let code = reader.ask(address, &ICash::symbolCall {})?;
    Ok(code.zip(digits).map(|(code, digits)| Currency { address, code, digits }))
}

fn addresses(reader: &Reader<'_>) -> Result<Vec<Address>, Problem> {
    let Some(factory) = registry::by_word("cash").map(registry::Room::address) else { return Ok(Vec::new()) };
    let listed = reader.ask(factory, &ICashFactory::currenciesCall {})?.unwrap_or_default();
    Ok(listed.into_iter().take(CURRENCIES).collect())
}

/// `None` where there is nothing to show.
fn holding(reader: &Reader<'_>, currency: Address, owner: Address) -> Result<Option<Holding>, Problem> {
    let balance = reader.ask(currency, &ICash::balanceOfCall { account: owner })?.unwrap_or_default();
    if balance.is_zero() {
        return Ok(None);
    }
    let held = reader.ask(currency, &ICash::heldCall { account: owner })?.unwrap_or_default();
    let digits = reader.ask(currency, &ICash::decimalsCall {})?.unwrap_or_default();
    let shown = |amount| words::money(amount, digits);
    Ok(Some(Holding { currency, balance: shown(balance), held: shown(held) }))
}

/// Currencies on one page; ISO 4217 has fewer than 200.
const CURRENCIES: usize = 200;
