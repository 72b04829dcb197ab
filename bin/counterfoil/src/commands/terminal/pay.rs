//! `terminal pay` and `terminal balance`: a card is tapped. The machine says what to do; here it is done.

use std::time::{SystemTime, UNIX_EPOCH};

use contracts::cash::iso4217::Currency;
use eyre::Context;
use payments::{
    message::{Request, Response},
    terminal::{
        Config, DateTime, HostAnswer, Moment, Outcome, Pending, Place, Purchase, PurchaseError, Record, Session, Step,
        Trace, Verdict,
    },
};
use rand::{RngCore, rngs::OsRng};

use super::{
    APPROVED, CARD_ERROR, DECLINED, NO_HOST,
    arguments::{IssuerArguments, PayArguments, TapArguments},
    owed,
    reader::Reader,
    said,
    state::State,
    usage,
    wire::Wire,
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
    let config = config(arguments)?;
    let (state, wire) = open(issuer)?;
    let purchase = purchase(state.trace()?).map_err(|error| usage(error.to_string()))?;
    let mut reader = Reader::open(&arguments.card, &arguments.passphrase)?;
    owed::tell_all(&state, &wire)?;
    let (outcome, kept) = play(&config, &purchase, &mut reader, &wire, &state)?;
    // The card can go, also from a reader that others wait for.
    drop(reader);
    let record = settle(&state, &wire, &outcome, kept)?;
    said::say_record(&record, issuer.json)?;
    Ok(exit_code(&outcome.verdict))
}

fn config(arguments: &TapArguments) -> eyre::Result<Config> {
    let place = Place {
        acquirer: &arguments.acquirer,
        merchant_id: &arguments.merchant,
        terminal_id: &arguments.terminal,
        category: &arguments.mcc,
        name_and_location: arguments.name.as_deref().unwrap_or(&arguments.merchant),
        country: arguments.country,
    };
    Config::new(&place).map_err(|error| usage(error.to_string()))
}

/// The transaction, and what was kept before its request went out.
fn play(
    config: &Config,
    purchase: &Purchase,
    reader: &mut Reader,
    wire: &Wire,
    state: &State,
) -> eyre::Result<(Outcome, Option<Pending>)> {
    let mut kept = None;
    let mut unpredictable = [0; 4];
    OsRng.try_fill_bytes(&mut unpredictable).wrap_err("the system gives no random numbers")?;
    let (mut session, mut step) = Session::start(config, purchase, unpredictable, now()?);
    loop {
        step = match step {
            Step::Card(command) => match reader.transmit(&command) {
                Ok(answer) => session.card(&answer),
                Err(gone) => {
                    eprintln!("{gone}");
                    session.card_gone()
                }
            },
            Step::Keep(pending) => {
                state.keep_owed(&pending)?;
                kept = Some(*pending);
                session.kept()
            }
            Step::Host(request) => session.host(&answer(wire, &request)),
            Step::Done(outcome) => return Ok((*outcome, kept)),
        };
    }
}

fn answer(wire: &Wire, request: &Request) -> HostAnswer {
    match ask(wire, request) {
        Ok(response) => HostAnswer::Response(Box::new(response)),
        Err(error) => {
            eprintln!("{error}");
            HostAnswer::NoAnswer
        }
    }
}

/// One request and what could be read of its answer.
pub(super) fn ask(wire: &Wire, request: &Request) -> eyre::Result<Response> {
    Ok(Response::parse(&wire.ask(&request.encode()?)?)?)
}

/// The record first: from then on it says whether what was kept before the request is still to be sent.
fn settle(state: &State, wire: &Wire, outcome: &Outcome, kept: Option<Pending>) -> eyre::Result<Record> {
    state.keep_record(&outcome.record)?;
    match (&outcome.reversal, kept) {
        (Some(reversal), _) => {
            owed::tell(state, wire, reversal.clone())?;
        }
        (None, Some(kept)) => state.forget_owed(&kept)?,
        (None, None) => {}
    }
    state.record(&outcome.record.rrn)
}

const fn exit_code(verdict: &Verdict) -> u8 {
    match verdict {
        Verdict::Approved | Verdict::PartiallyApproved { .. } => APPROVED,
        Verdict::Declined(_) => DECLINED,
        Verdict::NoHost => NO_HOST,
        Verdict::CardError(_) => CARD_ERROR,
    }
}
