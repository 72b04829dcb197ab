//! What follows a payment, by its reference and without its card: `terminal capture`, `reverse` and `refund`. And `terminal send`, which gives the
//! issuer any message.

use payments::{
    message::{Response, ResponseCode},
    terminal::{FollowUpError, Pending, Record, Refund, Stamp},
};

use super::{
    APPROVED, DECLINED, NO_HOST,
    arguments::{FollowArguments, IssuerArguments, ReverseArguments, SendArguments},
    owed,
    pay::{amount, now},
    said,
    state::State,
    tap::ask,
    usage,
    wire::Wire,
};

pub(super) fn capture(arguments: &FollowArguments) -> eyre::Result<u8> {
    let (state, wire) = open(&arguments.issuer)?;
    let amount_minor = minor(&state.record(&arguments.rrn)?, arguments)?;
    let (record, stan) = capture_payment((&state, &wire), &arguments.rrn, amount_minor)?;
    said::say_record(&record, arguments.issuer.json)?;
    Ok(answered(&record, stan))
}

/// Captures a payment, or a part of it. Gives its record and the number of the message, which may still be owed.
pub(crate) fn capture_payment(
    (state, wire): (&State, &Wire),
    rrn: &str,
    amount_minor: Option<u64>,
) -> eyre::Result<(Record, u32)> {
    let mut record = state.record(rrn)?;
    let pending = record.capture(amount_minor, stamp(state)?.0).map_err(unfit)?;
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
    // It may just have been told, or be owed still.
    if let Some(reversal) = record.reversal() {
        let code = reversal.response_code.clone();
        said::say_record(&record, arguments.issuer.json)?;
        return Ok(code.map_or(NO_HOST, |_| APPROVED));
    }
    let pending = record.reverse(stamp(&state)?.0).map_err(unfit)?;
    let (record, stan) = owe_and_tell(&state, &wire, &record, &pending)?;
    said::say_record(&record, arguments.issuer.json)?;
    Ok(answered(&record, stan))
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
    let response = ask(&wire, &request, &mut |_| {}).and_then(|response| {
        if response.answers(&request) { Ok(response) } else { Err(eyre::eyre!("the issuer answered another request")) }
    });
    match response {
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

fn open(arguments: &IssuerArguments) -> eyre::Result<(State, Wire)> {
    let wire = Wire::of(arguments)?;
    Ok((State::open(arguments.state.as_deref())?, wire))
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

fn answered(record: &Record, stan: u32) -> u8 {
    let follow_up = record.follow_ups.iter().find(|follow_up| follow_up.stan == stan);
    let code = follow_up.and_then(|follow_up| follow_up.response_code.as_deref());
    code.map_or(NO_HOST, |code| if code == ResponseCode::Approved.as_str() { APPROVED } else { DECLINED })
}

const fn exit_code(response: &Response) -> u8 {
    if response.response_code.approves() { APPROVED } else { DECLINED }
}
