//! Money of the room `cash` as people write it: `12.50` of a currency, or `12.50 EUR`. Called by the commands of the systems
//! that take or show prices. Rules: docs/systems/cash.md (amounts count the smallest unit of ISO 4217).

use std::str::FromStr;

use alloy_primitives::{Address, U256, utils};
use contracts::{
    cash::{
        abi::{ICash, ICashFactory},
        iso4217,
    },
    registry,
};
use eyre::{OptionExt, ensure, eyre};

use crate::native::Reader;

/// An amount and the code of its currency, still as they were written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Money {
    pub(crate) amount: String,
    pub(crate) code: String,
}

/// What must be known of a currency to show its amounts.
pub(crate) struct Currency {
    pub(crate) address: Address,
    pub(crate) code: String,
    pub(crate) decimals: u8,
}

impl FromStr for Money {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (amount, code) = text.split_once(' ').ok_or("write an amount and its currency, like \"12.50 EUR\"")?;
        Ok(Self { amount: amount.into(), code: code.trim().into() })
    }
}

impl Money {
    /// The currency, and the amount in its smallest unit.
    pub(crate) fn counted(&self, reader: &Reader) -> eyre::Result<(Currency, U256)> {
        let currency = Currency::named(reader, &self.code)?;
        let units = parse_amount(&self.amount, currency.decimals)?;
        Ok((currency, units))
    }
}

impl Currency {
    /// By its ISO 4217 code.
    pub(crate) fn named(reader: &Reader, code: &str) -> eyre::Result<Self> {
        let address = reader.read(factory()?, &ICashFactory::currencyOfCall { code: code.into() })?;
        ensure!(address != Address::ZERO, "there is no currency {code} yet: see `counterfoil cash list`");
        Self::read(reader, address)
    }

    /// By its address.
    pub(crate) fn read(reader: &Reader, address: Address) -> eyre::Result<Self> {
        let code = reader.read(address, &ICash::symbolCall {})?;
        Ok(Self { address, code, decimals: reader.read(address, &ICash::decimalsCall {})? })
    }

    /// `12.50`.
    pub(crate) fn shown(&self, units: U256) -> String {
        // An exponent of 0 to 3 is one that the library knows.
        utils::format_units(units, self.decimals).unwrap_or_else(|_| units.to_string())
    }

    /// `12.50 EUR`.
    pub(crate) fn priced(&self, units: U256) -> String {
        format!("{} {}", self.shown(units), self.code)
    }
}

/// A row of ISO 4217 by its code, whether or not the ledger has the currency.
pub(crate) fn listed(code: &str) -> eyre::Result<&'static iso4217::Currency> {
    iso4217::Currency::by_code(code.as_bytes()).ok_or_else(|| eyre!("{code} is no code of ISO 4217 that is known here"))
}

/// An amount of such a currency: `12.50`.
pub(crate) fn shown_minor(minor: u64, currency: &iso4217::Currency) -> String {
    // An exponent of 0 to 3 is one that the library knows.
    utils::format_units(U256::from(minor), currency.exponent).unwrap_or_else(|_| minor.to_string())
}

/// Where currencies are made.
pub(crate) fn factory() -> eyre::Result<Address> {
    Ok(registry::by_word("cash").ok_or_eyre("this program has no room `cash`")?.address())
}

/// More digits than the currency has are refused, not rounded: nobody means them.
pub(crate) fn parse_amount(text: &str, decimals: u8) -> eyre::Result<U256> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let sound = !whole.is_empty() && digits(whole) && digits(fraction) && !text.ends_with('.');
    ensure!(sound, "{text} is no amount: write it like 12.50");
    let places = usize::from(decimals);
    ensure!(fraction.len() <= places, "{text} has more than the {places} decimal places of this currency");
    let units = format!("{whole}{fraction:0<places$}");
    U256::from_str_radix(&units, 10).map_err(|_| eyre!("{text} is too large"))
}

#[cfg(test)]
mod tests;
