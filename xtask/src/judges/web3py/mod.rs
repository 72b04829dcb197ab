//! Judge web3.py: its own module tests, on our node and on anvil in the same run.
//!
//! The tests are inside the PyPI package; `xtask/judges/web3py` gives them a node, accounts and contracts. Both nodes run
//! under the chain id that the tests expect. What must hold is in compare.rs; what we fail, with the reason, is listed in
//! `xtask/judges/web3py/known.toml`.

mod compare;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use eyre::{Context, Result, ensure};

use self::compare::{Known, Outcomes, compare};
use super::install::{Node, Python};
use super::{Verdict, scripts, subject_program, workshop};
use crate::node::Program;
use crate::test::Subject;
use crate::workspace::{run_within, shortened};

pub(super) fn run(subject: Subject) -> Result<Verdict> {
    let python = Python::prepare()?;
    let peer = Program::Anvil(Node::prepare()?.anvil()?);
    let subject = subject_program(subject)?;
    let known = Known::parse(&fs::read_to_string(folder().join("known.toml"))?)?;
    let mut verdict = Verdict::default();
    let theirs = outcomes(&python, &peer, "peer", &mut verdict)?;
    let ours = outcomes(&python, &subject, "subject", &mut verdict)?;
    verdict.extend(compare(&ours, &theirs, &known));
    Ok(verdict)
}

/// Runs the tests against one fresh node. That tests fail is no failure here: the comparison says which may.
fn outcomes(python: &Python, program: &Program, role: &str, verdict: &mut Verdict) -> Result<Outcomes> {
    let file = workshop().join(format!("web3py-{role}.jsonl"));
    remove(&file)?;
    let logs = workshop().join("logs");
    let node = program.start(&["--chain-id", CHAIN_ID], &logs, &format!("web3py-{role}"))?;
    let mut pytest = python.command();
    pytest.args(["-m", "pytest"]).current_dir(folder());
    pytest.env("NODE_URL", node.url()).env("NODE_OUTCOMES", &file);
    let printed = run_within(&mut pytest, PYTEST_LIMIT)?;
    fs::write(logs.join(format!("web3py-{role}-pytest.log")), &printed.stdout)?;
    let summary = printed.stdout.lines().last().unwrap_or_default();
    println!("{role} ({}): {summary}", program.kind());
    // pytest ends with 1 when tests failed, and with more when it could not run them.
    ensure!(
        printed.status.code().is_some_and(|code| code <= 1) && file.is_file(),
        "pytest broke with {}: {}{}",
        printed.status,
        shortened(&printed.stdout),
        shortened(&printed.stderr)
    );
    verdict.record(&format!("the {role} ends well on SIGTERM"), node.stop());
    Outcomes::parse(&fs::read_to_string(&file)?).wrap_err("pytest's outcomes cannot be read")
}

fn remove(file: &Path) -> Result<()> {
    if file.exists() {
        fs::remove_file(file)?;
    }
    Ok(())
}

fn folder() -> PathBuf {
    scripts().join("web3py")
}

/// What web3.py's tests expect `eth_chainId` to be, from the chain that it keeps for itself.
const CHAIN_ID: &str = "131277322940537";
const PYTEST_LIMIT: Duration = Duration::from_secs(10 * 60);
