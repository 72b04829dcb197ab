//! Judge client flows: viem, ethers, web3.py and cast use the node as their users do.
//!
//! The flows in JavaScript and Python are in `xtask/judges/flows` and print one line of JSON a check; those of cast are in
//! cast.rs and cast_rooms.rs. They run one after the other on one development chain, each with accounts of its own; what only our
//! node has, its rooms, is asked of our node only.

use std::process::Command;
use std::time::Duration;

use eyre::{Result, eyre};

use super::install::{Node, Python};
use super::{Verdict, cast, cast_rooms, scripts, subject_program, workshop};
use crate::node::Program;
use crate::test::Subject;
use crate::workspace::{run_within, shortened};

pub(super) fn run(subject: Subject) -> Result<Verdict> {
    let packages = Node::prepare()?;
    let python = Python::prepare()?;
    let program = subject_program(subject)?;
    let node = program.start(arguments(&program), &workshop().join("logs"), "flows")?;
    let mut verdict = Verdict::default();
    for name in scripts_for(&program) {
        let finding = flow(&mut packages.flow(name), node.url(), &program);
        collect(&mut verdict, name, finding);
    }
    let mut headers = python.command();
    headers.arg(scripts().join("flows").join("headers.py"));
    collect(&mut verdict, "headers.py", flow(&mut headers, node.url(), &program));
    let session = cast::Session { cast: &packages.cast()?, url: node.url(), program: &program };
    verdict.extend(cast::run(&session)?);
    if let Program::Ours(path) = &program {
        verdict.extend(cast_rooms::run(&session, path)?);
    }
    verdict.record("the node ends well on SIGTERM", node.stop());
    Ok(verdict)
}

/// The headers are recomputed last, over what the others made.
const fn scripts_for(program: &Program) -> &'static [&'static str] {
    match program {
        Program::Ours(_) => &["viem.mjs", "ethers.mjs", "rooms.mjs", "headers.mjs"],
        Program::Anvil(_) => &["viem.mjs", "ethers.mjs", "headers.mjs"],
    }
}

/// anvil keeps the steps of a trace only when told to.
const fn arguments(program: &Program) -> &'static [&'static str] {
    match program {
        Program::Ours(_) => &[],
        Program::Anvil(_) => &["--steps-tracing"],
    }
}

fn collect(verdict: &mut Verdict, name: &str, finding: Result<Verdict>) {
    match finding {
        Ok(checks) => verdict.extend(checks),
        Err(error) => verdict.record(name, Err(error)),
    }
}

/// Runs one flow to its end. A flow that ends badly must have printed which check failed; otherwise it broke.
pub(super) fn flow(command: &mut Command, url: &str, program: &Program) -> Result<Verdict> {
    command.env("NODE_URL", url).env("NODE_KIND", program.kind());
    let printed = run_within(command, FLOW_LIMIT)?;
    let mut verdict = Verdict::default();
    let checks = verdict.record_lines(&printed.stdout)?;
    let expected_code = match verdict.failures().count() {
        0 => 0,
        _ => CHECKS_FAILED,
    };
    // A flow that broke in between keeps what it found, with the break as one more failure.
    if checks == 0 || printed.status.code() != Some(expected_code) {
        let reason = eyre!("{} after {checks} checks: {}", printed.status, shortened(&printed.stderr));
        verdict.record("the flow comes to its end", Err(reason));
    }
    Ok(verdict)
}

const FLOW_LIMIT: Duration = Duration::from_secs(10 * 60);
/// How a flow ends that came to its end, when checks failed; no interpreter ends so by itself.
const CHECKS_FAILED: i32 = 3;
