//! A card is tapped: the machine of `payments::terminal` says what to do, and here it is done. Called by `terminal pay` and `balance`, and by
//! whoever else has a terminal in this program.
//!
//! ```text
//! what is owed -> card and issuer, step by step; what would undo it is kept before the request leaves -> record kept -> undone if need be
//! ```

use eyre::Context;
use payments::{
    message::{Request, Response},
    terminal::{Config, HostAnswer, Outcome, Pending, Purchase, Record, Session, Step, Verdict},
};
use rand::{RngCore, rngs::OsRng};

use super::{owed, pay::now, reader::Reader, state::State, wire::Wire};

/// What passes the terminal, as it passes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Passing<'a> {
    /// To the card.
    Command(&'a [u8]),
    /// From the card.
    Answer(&'a [u8]),
    /// To the issuer, ISO 8583.
    Request(&'a [u8]),
    /// From the issuer, ISO 8583.
    Response(&'a [u8]),
}

/// Takes a card through a transaction. Its record is on the disk when this returns.
pub(crate) fn take(
    (state, wire): (&State, &Wire),
    config: &Config,
    purchase: &Purchase,
    mut reader: Reader,
    told: &mut dyn FnMut(Passing<'_>),
) -> eyre::Result<(Record, Verdict)> {
    owed::tell_all(state, wire)?;
    let (outcome, kept) = play((state, wire), config, purchase, &mut reader, told)?;
    // The card can go, also from a reader that others wait for.
    drop(reader);
    let record = settle(state, wire, &outcome, kept)?;
    Ok((record, outcome.verdict))
}

/// The transaction, and what was kept before its request went out.
fn play(
    (state, wire): (&State, &Wire),
    config: &Config,
    purchase: &Purchase,
    reader: &mut Reader,
    told: &mut dyn FnMut(Passing<'_>),
) -> eyre::Result<(Outcome, Option<Pending>)> {
    let mut kept = None;
    let mut unpredictable = [0; 4];
    OsRng.try_fill_bytes(&mut unpredictable).wrap_err("the system gives no random numbers")?;
    let (mut session, mut step) = Session::start(config, purchase, unpredictable, now()?);
    loop {
        step = match step {
            Step::Card(command) => {
                told(Passing::Command(&command));
                match reader.transmit(&command) {
                    Ok(answer) => {
                        told(Passing::Answer(&answer));
                        session.card(&answer)
                    }
                    Err(gone) => {
                        eprintln!("{gone}");
                        session.card_gone()
                    }
                }
            }
            Step::Keep(pending) => {
                state.keep_owed(&pending)?;
                kept = Some(*pending);
                session.kept()
            }
            Step::Host(request) => session.host(&answer(wire, &request, told)),
            Step::Done(outcome) => return Ok((*outcome, kept)),
        };
    }
}

fn answer(wire: &Wire, request: &Request, told: &mut dyn FnMut(Passing<'_>)) -> HostAnswer {
    match ask(wire, request, told) {
        Ok(response) => HostAnswer::Response(Box::new(response)),
        Err(error) => {
            eprintln!("{error}");
            HostAnswer::NoAnswer
        }
    }
}

/// One request and what could be read of its answer.
pub(super) fn ask(wire: &Wire, request: &Request, told: &mut dyn FnMut(Passing<'_>)) -> eyre::Result<Response> {
    let request = request.encode()?;
    told(Passing::Request(&request));
    let response = wire.ask(&request)?;
    told(Passing::Response(&response));
    Ok(Response::parse(&response)?)
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
