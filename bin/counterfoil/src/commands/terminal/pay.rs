//! `terminal pay` and `terminal balance`: what was typed becomes a purchase, and a card is tapped ([`super::tap`]).

use std::{
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use contracts::cash::iso4217::Currency;
use eyre::Context;
use payments::terminal::{Config, DateTime, Moment, Place, Purchase, PurchaseError, Trace, Verdict};

use super::{
    APPROVED, CARD_ERROR, DECLINED, NO_HOST,
    arguments::{IssuerArguments, PayArguments, TapArguments},
    reader::Reader,
    said,
    state::State,
    tap::take,
    usage,
    wire::{self, Wire},
};
use crate::money::parse_amount;

pub(super) fn pay(arguments: &PayArguments) -> eyre::Result<u8> {
    let currency = currency(&arguments.tap.currency)?;
    let amount_minor = amount(&arguments.amount, currency.exponent)?;
    let of = if arguments.purchase { Purchase::sale } else { Purchase::new };
    tap(&arguments.tap, &arguments.issuer, |trace| of(amount_minor, currency, trace))
}

pub(super) fn balance(arguments: &TapArguments, issuer: &IssuerArguments) -> eyre::Result<u8> {
    let currency = currency(&arguments.currency)?;
    tap(arguments, issuer, |trace| Purchase::balance(currency, trace))
}

/// The terminal's folder, and its issuer.
pub(super) fn open(issuer: &IssuerArguments) -> eyre::Result<(State, Wire)> {
    let wire = Wire::of(issuer)?;
    Ok((State::open(issuer.state.as_deref())?, wire))
}

/// `12.50` in the smallest unit.
pub(super) fn amount(text: &str, exponent: u8) -> eyre::Result<u64> {
    let units = parse_amount(text, exponent).map_err(|error| usage(error.to_string()))?;
    u64::try_from(units).map_err(|_| usage(format!("{text} is too large")))
}

/// Here and in Greenwich.
pub(super) fn now() -> eyre::Result<Moment> {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).wrap_err("the clock stands before 1970")?.as_secs();
    let offset = chrono::Local::now().offset().local_minus_utc();
    let local = seconds.saturating_add_signed(offset.into());
    Ok(Moment { local: DateTime::from_unix_s(local)?, universal: DateTime::from_unix_s(seconds)? })
}

fn currency(code: &str) -> eyre::Result<Currency> {
    Currency::by_code(code.as_bytes()).copied().ok_or_else(|| usage(format!("{code} is no currency of ISO 4217")))
}

fn tap(
    arguments: &TapArguments,
    issuer: &IssuerArguments,
    purchase: impl FnOnce(Trace) -> Result<Purchase, PurchaseError>,
) -> eyre::Result<u8> {
    let config = config(arguments, issuer)?;
    let (state, wire) = open(issuer)?;
    let purchase = purchase(state.trace()?).map_err(|error| usage(error.to_string()))?;
    let reader = Reader::open(&arguments.card, &arguments.passphrase)?;
    let (record, verdict) = take((&state, &wire), &config, &purchase, reader, &mut |_| {})?;
    said::say_record(&record, issuer.json)?;
    Ok(exit_code(&verdict))
}

fn config(arguments: &TapArguments, issuer: &IssuerArguments) -> eyre::Result<Config> {
    let acquirer = acquirer(arguments.acquirer.as_deref(), issuer.tls_cert.as_deref())?;
    let place = Place {
        acquirer: &acquirer,
        merchant_id: &arguments.merchant,
        terminal_id: arguments.terminal.as_deref().unwrap_or(TERMINAL_ID),
        category: &arguments.mcc,
        name_and_location: arguments.name.as_deref().unwrap_or(&arguments.merchant),
        country: arguments.country,
    };
    Config::new(&place).map_err(|error| usage(error.to_string()))
}

/// DE 32: what was typed, or whom the certificate names; without one, the acquirer of the examples.
pub(super) fn acquirer(typed: Option<&str>, certificate: Option<&Path>) -> eyre::Result<String> {
    match (typed, certificate) {
        (Some(typed), _) => Ok(typed.to_owned()),
        (None, Some(certificate)) => wire::acquirer_of(certificate),
        (None, None) => Ok(ACQUIRER.to_owned()),
    }
}

const fn exit_code(verdict: &Verdict) -> u8 {
    match verdict {
        Verdict::Approved | Verdict::PartiallyApproved { .. } => APPROVED,
        Verdict::Declined(_) => DECLINED,
        Verdict::NoHost => NO_HOST,
        Verdict::CardError(_) => CARD_ERROR,
    }
}

/// DE 41 where none was typed.
const TERMINAL_ID: &str = "TERM0001";
/// DE 32 on a development line where none was typed: the one of docs/systems/card.md.
const ACQUIRER: &str = "123456";
