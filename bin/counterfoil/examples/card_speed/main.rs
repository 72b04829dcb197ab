//! How fast card payments are decided and held, for `cargo xtask bench card`. Prints one line of JSON.
//!
//! ```text
//! card_speed decisions FOLDER                  requests of 64 callers -> issuer -> vault in FOLDER, durable; no ledger
//! card_speed taps ISSUER PASSPHRASE CARD..     a terminal for each card, all at once -> approvals a second
//! card_speed tap ISSUER PASSPHRASE CARD        one card, one tap after the other -> from its first command to its final hold
//! ```
//! ISSUER is the address of a running issuer's door for ISO 8583 without TLS, PASSPHRASE a file, CARD a card file. Each figure is the median
//! of [`ROUNDS`].

mod decisions;
mod shop;
mod taps;

use std::path::Path;

use eyre::{Context, bail, ensure};

/// How often each is measured.
const ROUNDS: usize = 3;

fn main() -> eyre::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let figures = match words.as_slice() {
        ["decisions", folder] => decisions::measure(Path::new(folder))?,
        ["taps", issuer, passphrase, cards @ ..] if !cards.is_empty() => {
            taps::many(issuer.parse()?, &first_line(passphrase)?, cards)?
        }
        ["tap", issuer, passphrase, card] => taps::one(issuer.parse()?, &first_line(passphrase)?, Path::new(card))?,
        _ => bail!("usage: card_speed decisions FOLDER | taps ISSUER PASSPHRASE CARD.. | tap ISSUER PASSPHRASE CARD"),
    };
    println!("{figures}");
    Ok(())
}

fn first_line(file: &str) -> eyre::Result<String> {
    let text = std::fs::read_to_string(file).wrap_err_with(|| file.to_owned())?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

/// The middle one.
fn median<T: PartialOrd + Copy>(mut values: Vec<T>) -> eyre::Result<T> {
    ensure!(!values.is_empty(), "nothing was measured");
    values.sort_by(|one, other| one.partial_cmp(other).unwrap_or(std::cmp::Ordering::Equal));
    Ok(values[values.len() / 2])
}
