//! Judge EELS: the Python reference of the execution layer replays blocks that our executor made.
//!
//! `crates/evm/examples/eels_cases.rs` writes the blocks with our roots, `xtask/judges/eels/replay.py` compares. The
//! driver's own tests run first: a driver that cannot say no would agree with anything.

use std::process::Command;

use eyre::Result;

use super::install::Python;
use super::{Verdict, scripts, workshop};
use crate::workspace::{build_as_tested, succeed};

pub(super) fn run() -> Result<Verdict> {
    let python = Python::prepare()?;
    let folder = scripts().join("eels");
    let cases = workshop().join("eels-cases.jsonl");
    let results = workshop().join("eels-results.jsonl");
    let mut verdict = Verdict::default();
    let driver_tests = succeed(python.command().args(PYTEST).current_dir(&folder));
    verdict.record("the driver finds what is wrong", driver_tests);
    succeed(Command::new(build_as_tested()?.join("examples").join("eels_cases")).arg(&cases))?;
    let replay = succeed(python.command().arg(folder.join("replay.py")).arg(&cases).arg("--results").arg(&results));
    verdict.record("every block has the reference's roots and receipts, and the blocks reach enough", replay);
    Ok(verdict)
}

const PYTEST: [&str; 7] = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:asyncio"];
