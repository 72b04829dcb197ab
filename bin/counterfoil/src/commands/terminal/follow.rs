//! What follows a payment, by its reference and without its card: `terminal increase`, `capture`, `reverse`, `refund` and `balance --rrn`. And `terminal send`, which gives the
//! issuer any message.

use payments::{
    message::{Request, Response, ResponseCode},
    terminal::{FollowUpError, Pending, Record, Refund, Stamp},
};

use super::{
    APPROVED, DECLINED, NO_HOST,
    arguments::{
        CaptureArguments, FollowArguments, IncreaseArguments, IssuerArguments, ReverseArguments, SendArguments,
    },
    owed,
    pay::{amount, now, open},
    said,
    state::State,
    tap::ask,
    usage,
    wire::Wire,
};

pub(super) fn increase(arguments: &IncreaseArguments) -> eyre::Result<u8> {
    let (state, wire) = open(&arguments.issuer)?;
    let mut record = state.record(&arguments.rrn)?;
    let more_minor = amount(&arguments.amount, record.exponent)?;
    let pending = record.increase(more_minor, stamp(&state)?.0).map_err(unfit)?;
    tell_and_say(&state, &wire, &record, &pending, arguments.issuer.json)
}

/// What the holder of an earlier payment has.
pub(super) fn balance(rrn: &str, issuer: &IssuerArguments) -> eyre::Result<u8> {
    let (state, wire) = open(issuer)?;
    let request = state.record(rrn)?.inquire(stamp(&state)?.0).map_err(unfit)?;
    owed::tell_all(&state, &wire)?;
    match ask_for(&wire, &request) {
        Ok(response) => {
            said::say_balance(rrn, &response, issuer.json);
            Ok(exit_code(&response))
        }
        Err(error) => {
            eprintln!("{error}");
            Ok(NO_HOST)
        }
    }
}

pub(super) fn capture(arguments: &CaptureArguments) -> eyre::Result<u8> {
    let CaptureArguments { follow: arguments, more } = arguments;
    let (state, wire) = open(&arguments.issuer)?;
    let amount_minor = minor(&state.record(&arguments.rrn)?, arguments)?;
    let (record, stan) = capture_payment((&state, &wire), &arguments.rrn, amount_minor, *more)?;
    said::say_record(&record, arguments.issuer.json)?;
    Ok(answered(&record, stan))
}

/// Captures a payment, or a part of it, with `more` to come. Gives its record and the number of the message, which may still be owed.
pub(crate) fn capture_payment(
    (state, wire): (&State, &Wire),
    rrn: &str,
    amount_minor: Option<u64>,
    more: bool,
) -> eyre::Result<(Record, u32)> {
    let mut record = state.record(rrn)?;
    let pending = record.capture(amount_minor, more, stamp(state)?.0).map_err(unfit)?;
    owe_and_tell(state, wire, &record, &pending)
}

pub(super) fn reverse(arguments: &ReverseArguments) -> eyre::Result<u8> {
    let (state, wire) = open(&arguments.issuer)?;
    if let Some(rrn) = &arguments.rrn {
        state.record(rrn)?.owed().iter().try_for_each(|pending| state.restore_owed(pending))?;
    }
    let left = owed::tell_all(&state, &wire)?;
    let Some(rrn) = &arguments.rrn else {
        said::say_owed(left, arguments.issuer.json);
        return Ok(if left == 0 { APPROVED } else { NO_HOST });
    };
    let mut record = state.record(rrn)?;
    if let Some(less) = &arguments.amount {
        let less_minor = amount(less, record.exponent)?;
        let pending = record.reverse_part(less_minor, stamp(&state)?.0).map_err(unfit)?;
        return tell_and_say(&state, &wire, &record, &pending, arguments.issuer.json);
    }
    // It may just have been told, or be owed still.
    if let Some(reversal) = record.reversal() {
        let code = reversal.response_code.clone();
        said::say_record(&record, arguments.issuer.json)?;
        return Ok(code.map_or(NO_HOST, |_| APPROVED));
    }
    let pending = record.reverse(stamp(&state)?.0).map_err(unfit)?;
    tell_and_say(&state, &wire, &record, &pending, arguments.issuer.json)
}

pub(super) fn refund(arguments: &FollowArguments) -> eyre::Result<u8> {
    let (state, wire) = open(&arguments.issuer)?;
    let mut record = state.record(&arguments.rrn)?;
    let amount_minor = minor(&record, arguments)?;
    let (stamp, reversal_stan) = stamp(&state)?;
    let Refund { request, reversal } = record.refund(amount_minor, stamp, reversal_stan).map_err(unfit)?;
    // What undoes it first: the record knows by then that the refund is open.
    state.keep_record(&record)?;
    state.keep_owed(&reversal)?;
    match ask_for(&wire, &request) {
        Ok(response) => {
            record.answer(stamp.stan, &response);
            state.keep_record(&record)?;
            state.forget_owed(&reversal)?;
            said::say_record(&record, arguments.issuer.json)?;
            Ok(exit_code(&response))
        }
        Err(error) => {
            eprintln!("{error}");
            record.give_up(&reversal);
            state.keep_record(&record)?;
            owed::tell(&state, &wire, reversal)?;
            said::say_record(&state.record(&record.rrn)?, arguments.issuer.json)?;
            Ok(NO_HOST)
        }
    }
}

pub(super) fn send(arguments: &SendArguments) -> eyre::Result<u8> {
    let message = alloy_primitives::hex::decode(&arguments.hex).map_err(|_| usage("--hex is no hex"))?;
    match Wire::of(&arguments.issuer)?.ask(&message) {
        Ok(answer) => {
            said::say_bytes(&answer, arguments.issuer.json);
            Ok(APPROVED)
        }
        Err(error) => {
            eprintln!("{error}");
            Ok(NO_HOST)
        }
    }
}

/// One request and its own answer.
fn ask_for(wire: &Wire, request: &Request) -> eyre::Result<Response> {
    let response = ask(wire, request, &mut |_| {})?;
    if response.answers(request) { Ok(response) } else { Err(eyre::eyre!("the issuer answered another request")) }
}

/// Number and time of a message, and the number of what would undo it.
fn stamp(state: &State) -> eyre::Result<(Stamp, u32)> {
    let trace = state.trace()?;
    Ok((Stamp { stan: trace.stan, moment: now()? }, trace.reversal_stan))
}

fn minor(record: &Record, arguments: &FollowArguments) -> eyre::Result<Option<u64>> {
    arguments.amount.as_ref().map(|text| amount(text, record.exponent)).transpose()
}

fn unfit(error: FollowUpError) -> eyre::Report {
    usage(error.to_string())
}

/// The record first: it can make anew what is lost between these two.
fn owe_and_tell(state: &State, wire: &Wire, record: &Record, pending: &Pending) -> eyre::Result<(Record, u32)> {
    state.keep_record(record)?;
    state.keep_owed(pending)?;
    owed::tell_all(state, wire)?;
    Ok((state.record(&record.rrn)?, pending.stan))
}

fn tell_and_say(state: &State, wire: &Wire, record: &Record, pending: &Pending, json: bool) -> eyre::Result<u8> {
    let (record, stan) = owe_and_tell(state, wire, record, pending)?;
    said::say_record(&record, json)?;
    Ok(answered(&record, stan))
}

fn answered(record: &Record, stan: u32) -> u8 {
    let follow_up = record.follow_ups.iter().find(|follow_up| follow_up.stan == stan);
    let code = follow_up.and_then(|follow_up| follow_up.response_code.as_deref());
    code.map_or(NO_HOST, |code| if code == ResponseCode::Approved.as_str() { APPROVED } else { DECLINED })
}

const fn exit_code(response: &Response) -> u8 {
    if response.response_code.approves() { APPROVED } else { DECLINED }
}
