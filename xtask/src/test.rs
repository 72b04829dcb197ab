//! `cargo xtask test`: format, lints, tests, then the judges one by one; a table; one line that says how it went.
//!
//! A step that cannot run is a failed step with the reason. `--no-judges` leaves out what needs more than cargo.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use eyre::Result;

use crate::judges::{self, Judge, Verdict};
use crate::workspace::{cargo, output, succeed};

#[derive(Args)]
pub(crate) struct Test {
    /// only what needs nothing but cargo: format, lints, tests
    #[arg(long)]
    no_judges: bool,
    /// only this judge, and nothing else; may be given more than once
    #[arg(long, value_name = "JUDGE", conflicts_with = "no_judges")]
    only: Vec<Judge>,
    /// let the judges look at another node than ours, to test the judges
    #[arg(long, hide = true, value_enum, default_value_t = Subject::Ours)]
    against: Subject,
}

/// The node under test.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Subject {
    Ours,
    Anvil,
}

/// Runs the steps, prints the table, and ends the process with 1 when any failed.
pub(crate) fn run(test: &Test) -> Result<ExitCode> {
    let mut rows = Vec::new();
    if test.only.is_empty() {
        rows.push(timed("format", || cargo_step(&["fmt", "--all", "--check"])));
        rows.push(timed("lints", || cargo_step(&LINTS)));
        rows.push(timed("tests", || cargo_step(test_command())));
    }
    for judge in chosen(test) {
        rows.push(timed(judge.name(), || judges::run(judge, test.against)));
    }
    print_table(&rows);
    let (passed, failed) = totals(&rows);
    println!("{passed} passed, {failed} failed");
    Ok(if failed == 0 && passed > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// One line of the table.
struct Row {
    name: &'static str,
    verdict: Verdict,
    took: Duration,
}

fn chosen(test: &Test) -> Vec<Judge> {
    match (test.no_judges, test.only.as_slice()) {
        (true, _) => Vec::new(),
        (false, []) => Judge::value_variants().to_vec(),
        (false, only) => only.to_vec(),
    }
}

fn timed(name: &'static str, step: impl FnOnce() -> Result<Verdict>) -> Row {
    println!("== {name}");
    let start = Instant::now();
    let verdict = step().unwrap_or_else(|error| Verdict::failure("it runs at all", &format!("{error:#}")));
    for check in verdict.failures() {
        println!("FAILED {name}: {}: {}", check.name, check.reason);
    }
    Row { name, verdict, took: start.elapsed() }
}

fn cargo_step(arguments: &[&str]) -> Result<Verdict> {
    succeed(&mut cargo(arguments))?;
    Ok(Verdict::pass(&format!("cargo {}", arguments[0])))
}

/// nextest where it is installed, because it runs the tests of all crates at once; cargo's own runner elsewhere.
fn test_command() -> &'static [&'static str] {
    match output(&mut cargo(&["nextest", "--version"])) {
        Ok(_) => &["nextest", "run", "--workspace", "--no-fail-fast"],
        Err(_) => &["test", "--workspace", "--no-fail-fast"],
    }
}

fn totals(rows: &[Row]) -> (usize, usize) {
    let failed = rows.iter().map(|row| row.verdict.failures().count()).sum();
    let all: usize = rows.iter().map(|row| row.verdict.len()).sum();
    (all - failed, failed)
}

fn print_table(rows: &[Row]) {
    println!("\n{:<12} {:>7} {:>7} {:>9}", "step", "passed", "failed", "seconds");
    for row in rows {
        let failed = row.verdict.failures().count();
        let passed = row.verdict.len() - failed;
        println!("{:<12} {passed:>7} {failed:>7} {:>9.1}", row.name, row.took.as_secs_f64());
    }
    println!();
}

const LINTS: [&str; 6] = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
