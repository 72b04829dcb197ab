//! Writes blocks for a second opinion: seeded random transactions over small random programs, executed by `execute_block`,
//! with the roots that `store` computes. `xtask/judges/eels/replay.py` runs each line through EELS, the Python reference of
//! the execution layer, and compares; the format of a line is described there.
//!
//! `cargo run --release -p evm --example eels_cases -- OUT.jsonl [--cases 240] [--seed 1]`

use std::{
    fs::File,
    io::{BufWriter, Write},
    process::ExitCode,
};

mod assembler;
mod case;
#[path = "../../tests/world/people.rs"]
mod people;
mod program;
mod transactions;
mod vectors;
#[path = "../../tests/world/mod.rs"]
mod world;

fn main() -> ExitCode {
    match arguments(std::env::args().skip(1)).and_then(|arguments| write_cases(&arguments)) {
        Ok(summary) => {
            println!("{summary}");
            ExitCode::SUCCESS
        }
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::FAILURE
        }
    }
}

struct Arguments {
    out: String,
    cases: u64,
    seed: u64,
}

fn arguments(mut given: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let mut arguments = Arguments { out: String::new(), cases: 240, seed: 1 };
    while let Some(word) = given.next() {
        let mut number = |name: &str| {
            let value = given.next().ok_or_else(|| format!("{name} needs a number"))?;
            value.parse::<u64>().map_err(|_| format!("{name} {value} is not a number"))
        };
        match word.as_str() {
            "--cases" => arguments.cases = number("--cases")?,
            "--seed" => arguments.seed = number("--seed")?,
            flag if flag.starts_with('-') => return Err(format!("unknown flag {flag}")),
            _ => arguments.out = word,
        }
    }
    if arguments.out.is_empty() { Err("name the file to write".into()) } else { Ok(arguments) }
}

fn write_cases(arguments: &Arguments) -> Result<String, String> {
    let file = File::create(&arguments.out).map_err(|error| format!("{}: {error}", arguments.out))?;
    let mut out = BufWriter::new(file);
    let mut tally = case::Tally::default();
    for index in 0..arguments.cases {
        let line = case::case(arguments.seed, index, &mut tally);
        writeln!(out, "{line}").map_err(|error| format!("{}: {error}", arguments.out))?;
    }
    out.flush().map_err(|error| format!("{}: {error}", arguments.out))?;
    Ok(tally.to_string())
}
