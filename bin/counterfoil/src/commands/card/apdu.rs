//! `counterfoil card apdu`: a conversation with a card, for scripts and for people who want to see the bytes.

use std::io::{BufRead, Write, stdin, stdout};

use alloy_primitives::hex;
use eyre::Context;
use payments::card::{Card, Counter};

use super::InsertedCard;

pub(super) fn run(arguments: &InsertedCard) -> eyre::Result<()> {
    let (mut card, mut counter) = arguments.power_on()?;
    converse(&mut card, &mut counter, stdin().lock(), stdout().lock())
}

/// One line out for each line in; why the card refused goes to standard error, since the reader of a card would not learn it.
fn converse(card: &mut Card, counter: &mut dyn Counter, input: impl BufRead, mut out: impl Write) -> eyre::Result<()> {
    for (number, line) in input.lines().enumerate() {
        let line = line.wrap_err("standard input")?;
        let Some(response) = answer(card, counter, line.trim()).wrap_err_with(|| format!("line {}", number + 1))?
        else {
            continue;
        };
        if let Some(refusal) = card.refusal() {
            eprintln!("refused: {refusal}");
        }
        writeln!(out, "{}", hex::encode_upper(response))?;
        out.flush()?;
    }
    Ok(())
}

/// None for an empty line.
fn answer(card: &mut Card, counter: &mut dyn Counter, line: &str) -> eyre::Result<Option<Vec<u8>>> {
    Ok(match line {
        "" => None,
        "reset" => Some(card.reset()),
        command => Some(card.exchange(&hex::decode(command).wrap_err("this is no hex")?, counter)),
    })
}
