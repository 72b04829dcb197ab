//! Judge console: a headless Chromium uses the pages of a development node as people do, with and without JavaScript.
//!
//! The scripts are `xtask/judges/console/console.mjs`, and `members.mjs` over a network of four; each prints one line of JSON a check, as the flows do, and leaves a picture of
//! each page in `target/judges/console`, which somebody should look at after a change of templates or styles.

use eyre::{Result, ensure};

use super::install::{self, Node};
use super::{Verdict, flows, subject_program, workshop};
use crate::test::Subject;

pub(super) fn run(subject: Subject) -> Result<Verdict> {
    ensure!(subject == Subject::Ours, "only our node has a console");
    let chromium = install::chromium()?;
    let packages = Node::prepare()?;
    let program = subject_program(subject)?;
    let node = program.start(&[], &workshop().join("logs"), "console")?;
    let mut script = packages.script("console", "console.mjs");
    script.env("CHROMIUM", chromium).env("PICTURES", workshop().join("console"));
    let mut verdict = flows::flow(&mut script, node.url(), &program)?;
    verdict.record("the node ends well on SIGTERM", node.stop());
    let network = program.start_network(&workshop().join("logs"), "console-network")?;
    let mut script = packages.script("console", "members.mjs");
    script.env("CHROMIUM", chromium).env("PICTURES", workshop().join("console"));
    script.env("PROGRAM", program.path()).env("NETWORK", network.network());
    verdict.extend(flows::flow(&mut script, network.url(), &program)?);
    verdict.record("the network ends well on SIGTERM", network.stop());
    Ok(verdict)
}
