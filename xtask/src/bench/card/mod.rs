//! `cargo xtask bench card`: ciphers, messages, decisions and holds of card payments, beside other implementations where there are any.
//!
//! ```text
//! examples of payments: cipher_speed (beside crates fpe and emv), iso8583 speed  -> ff1_tokenize, arqc_aes, iso8583
//! speed.py: the same message through PyPI's pyiso8583                            -> peer of iso8583
//! counterfoil's example card_speed, alone                                        -> issuer decisions
//! card_speed -> issuer -> node, three processes (street.rs)                      -> authorizations, tap to final hold
//! speed.py -> pcscd -> vpcd -> card insert (judges/pcsc)                         -> APDU
//! ```
//! Both sides of a row with a peer take turns; each figure is the median of some rounds. A run takes about a minute and a half after the
//! programs are built. The bars are shown, never enforced.

mod rows;
mod street;

use std::path::PathBuf;
use std::process::Command;

use clap::Args;
use eyre::{OptionExt, Result, WrapErr, ensure};
use serde::Serialize;
use serde_json::Value;

use super::report::{Run, keep_line, load_average};
use crate::judges::{iso8583, pcsc};
use crate::workspace::{build_node, cargo, output, succeed, target};
use rows::{Row, table};
use street::Street;

#[derive(Args)]
pub(crate) struct CardOptions {
    /// print the line that is kept instead of the table
    #[arg(long)]
    json: bool,
    /// measure only the rows whose name holds this, and keep nothing
    #[arg(long, value_name = "PART")]
    row: Option<String>,
}

#[derive(Serialize)]
struct Record {
    bench: &'static str,
    #[serde(flatten)]
    run: Run,
    load_average: f64,
    rows: Vec<Row>,
}

pub(super) fn run(options: &CardOptions) -> Result<()> {
    let programs = Programs::build()?;
    let mut record = Record { bench: "card", run: Run::now()?, load_average: load_average()?, rows: Vec::new() };
    for (names, measure) in MEASUREMENTS {
        if options.row.as_ref().is_none_or(|part| names.iter().any(|name| name.contains(part.as_str()))) {
            eprintln!("{} (load average {:.2})", names.join(", "), load_average()?);
            record.rows.extend(measure(&programs)?);
        }
    }
    ensure!(!record.rows.is_empty(), "no row has such a name");
    let line = serde_json::to_string(&record)?;
    if options.row.is_none() {
        keep_line(&line)?;
    }
    if options.json {
        println!("{line}");
    } else {
        print!("{}", table(&record.rows));
    }
    Ok(())
}

/// Names of rows, and what measures them.
type Measurement = (&'static [&'static str], fn(&Programs) -> Result<Vec<Row>>);

const MEASUREMENTS: [Measurement; 5] = [
    (&["ff1_tokenize", rows::WHOLE_TOKEN, "arqc_aes"], ciphers),
    (&["iso8583"], messages),
    (&[rows::DECISIONS], decisions),
    (&[rows::AUTHORIZATIONS, rows::TAP], holds),
    (&[rows::APDU], apdus),
];

/// What is measured, built before any clock runs.
struct Programs {
    counterfoil: PathBuf,
    examples: PathBuf,
}

impl Programs {
    fn build() -> Result<Self> {
        let counterfoil = build_node()?;
        let payments = ["--package", "payments", "--example", "cipher_speed", "--example", "iso8583"];
        for examples in [&payments[..], &["--package", "counterfoil", "--example", "card_speed"]] {
            succeed(cargo(&["build", "--release"]).args(examples))?;
        }
        Ok(Self { counterfoil, examples: target().join("release").join("examples") })
    }

    fn example(&self, name: &str) -> Command {
        Command::new(self.examples.join(name))
    }
}

fn ciphers(programs: &Programs) -> Result<Vec<Row>> {
    let printed = output(&mut programs.example("cipher_speed"))?;
    printed.lines().map(Row::parse).collect::<Result<_>>().wrap_err("cipher_speed printed something else")
}

/// Decoding and encoding one message of 18 elements, both together; ours and the peer's in turns.
fn messages(programs: &Programs) -> Result<Vec<Row>> {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let printed = parsed(&output(programs.example("iso8583").arg("speed"))?)?;
        let message = printed["message"].as_str().ok_or_eyre("iso8583 speed names no message")?;
        theirs.push(both(&parsed(&iso8583::speed_of_peer(message)?)?)?);
        ours.push(both(&printed)?);
    }
    Ok(vec![Row::per_s("iso8583", median(ours)?).beside("pyiso8583 4.0.1", median(theirs)?)])
}

/// Messages that are decoded and encoded again in a second.
fn both(rates: &Value) -> Result<f64> {
    Ok((1.0 / (1.0 / figure(rates, "decode_per_s")? + 1.0 / figure(rates, "encode_per_s")?)).round())
}

fn decisions(programs: &Programs) -> Result<Vec<Row>> {
    // On the target folder's disk, so that an fsync costs what it costs.
    let folder = street::scratch_folder()?;
    let printed = parsed(&output(programs.example("card_speed").arg("decisions").arg(folder.path()))?)?;
    Ok(vec![Row::per_s(rows::DECISIONS, figure(&printed, "decisions_per_s")?)])
}

/// A tap first: the others leave thousands of holds behind.
fn holds(programs: &Programs) -> Result<Vec<Row>> {
    let street = Street::open(&programs.counterfoil, TERMINALS + 1)?;
    let (first, others) = street.cards().split_first().ok_or_eyre("a street without cards")?;
    let speed = |verb: &str| {
        let mut command = programs.example("card_speed");
        command.arg(verb).arg(street.issuer()).arg(street.passphrase());
        command
    };
    let tap = parsed(&output(speed("tap").arg(first))?)?;
    let taps = parsed(&output(speed("taps").args(others))?)?;
    street.close()?;
    Ok(vec![
        Row::per_s(rows::AUTHORIZATIONS, figure(&taps, "approvals_per_s")?),
        Row::p50(rows::TAP, figure(&tap, "p50_us")?),
    ])
}

fn apdus(programs: &Programs) -> Result<Vec<Row>> {
    let measured = pcsc::speed(&programs.counterfoil).and_then(|printed| figure(&parsed(&printed)?, "p50_us"));
    Ok(vec![match measured {
        Ok(p50_us) => Row::p50(rows::APDU, p50_us),
        // The last line of what a script complains says what it was.
        Err(error) => Row::not_measured(rows::APDU, format!("{error:#}").lines().last().unwrap_or_default()),
    }])
}

fn parsed(printed: &str) -> Result<Value> {
    serde_json::from_str(printed).wrap_err_with(|| format!("not figures: {printed}"))
}

fn figure(figures: &Value, name: &str) -> Result<f64> {
    figures[name].as_f64().filter(|figure| *figure > 0.0).ok_or_else(|| eyre::eyre!("{name} is missing in {figures}"))
}

fn median(values: Vec<f64>) -> Result<f64> {
    super::report::median(values).ok_or_eyre("nothing was measured")
}

const ROUNDS: usize = 3;
/// That pay at a time.
const TERMINALS: usize = 32;
