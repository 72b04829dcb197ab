//! `counterfoil terminal …`: a payment terminal on the command line. `pay` and `balance` tap a card; `increase`, `capture`, `reverse`, `refund` and
//! `balance --rrn` follow a payment by its reference; `send` gives raw messages to the issuer. The machine is `payments::terminal`; here are its card, its wire and its disk.
//!
//! ```text
//! pay -> state: lock -> owed: what the issuer must still be told -> counter: numbers -> tap: card and issuer -> record kept -> said
//! ```
//!
//! Exit code 0: approved; 10: declined; 11: the issuer did not answer; 2: the command is not one that can be carried out; 1: all else.

mod arguments;
mod beside;
mod follow;
mod owed;
mod pay;
mod reader;
mod said;
mod state;
mod tap;
mod wire;

use std::process::ExitCode;

pub(crate) use arguments::TerminalCommand;
pub(crate) use beside::TerminalBeside;
pub(crate) use follow::capture_payment;
pub(crate) use reader::Reader;
pub(crate) use state::State;
pub(crate) use tap::{Passing, take};
pub(crate) use wire::Wire;

/// The command cannot be meant: it names no amount, no currency, no issuer.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Usage(String);

pub(crate) fn run(command: TerminalCommand) -> eyre::Result<ExitCode> {
    // It opens card files.
    crate::process::refuse_core_dumps()?;
    let done = match command {
        TerminalCommand::Pay(arguments) => pay::pay(&arguments),
        TerminalCommand::Balance(arguments) => balance(&arguments),
        TerminalCommand::Increase(arguments) => follow::increase(&arguments),
        TerminalCommand::Capture(arguments) => follow::capture(&arguments),
        TerminalCommand::Reverse(arguments) => follow::reverse(&arguments),
        TerminalCommand::Refund(arguments) => follow::refund(&arguments),
        TerminalCommand::Send(arguments) => follow::send(&arguments),
    };
    match done {
        Err(error) if error.is::<Usage>() => {
            eprintln!("error: {error}");
            Ok(ExitCode::from(USAGE))
        }
        done => done.map(ExitCode::from),
    }
}

fn usage(what: impl Into<String>) -> eyre::Report {
    Usage(what.into()).into()
}

/// Of the card that is tapped, or behind an earlier payment.
fn balance(arguments: &arguments::BalanceArguments) -> eyre::Result<u8> {
    match (&arguments.rrn, &arguments.tap.0) {
        (Some(rrn), None) => follow::balance(rrn, &arguments.issuer),
        (None, Some(tap)) => pay::balance(tap, &arguments.issuer),
        _ => Err(usage("give --rrn for the account behind a payment, or a card and where it is tapped")),
    }
}

const APPROVED: u8 = 0;
const CARD_ERROR: u8 = 1;
const USAGE: u8 = 2;
const DECLINED: u8 = 10;
const NO_HOST: u8 = 11;

#[cfg(test)]
mod tests;
