//! Plays seeds one after another, says what each did, and ends with an error if one was broken. `cargo xtask sim` is this.

use std::process::ExitCode;

use clap::Parser;
use sim::{Faults, Options, simulate};

#[derive(Parser)]
struct Arguments {
    /// how many seeds
    #[arg(long, default_value_t = 50)]
    seeds: u64,
    /// the first one
    #[arg(long, default_value_t = 1)]
    first: u64,
    /// print each step
    #[arg(long)]
    log: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let (mut failed, mut all) = (Vec::new(), Faults::default());
    for seed in arguments.first..arguments.first.saturating_add(arguments.seeds) {
        let report = simulate(seed, Options { log: arguments.log, ..Options::default() });
        println!("{report}");
        all.add_all(&report.faults);
        if report.violation.is_some() {
            failed.push(seed);
        }
    }
    println!("{} seeds: {all}", arguments.seeds);
    if failed.is_empty() {
        return ExitCode::SUCCESS;
    }
    println!("failed: {failed:?}");
    ExitCode::FAILURE
}
