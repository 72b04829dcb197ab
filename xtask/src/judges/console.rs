//! Judge console: a headless Chromium uses the pages of a development node as people do, with and without JavaScript.
//!
//! The scripts are `xtask/judges/console/console.mjs`, `members.mjs` over a network of four, and `cards.mjs` over a node with an issuer of cards;
//! each prints one line of JSON a check, as the flows do, and leaves a picture of each page in `target/judges/console`, which somebody should
//! look at after a change of templates or styles.

use std::fs;
use std::process::Command;

use eyre::{Result, ensure};
use tempfile::TempDir;

use super::install::{self, Node};
use super::{Verdict, flows, subject_program, workshop};
use crate::node::Program;
use crate::test::Subject;
use crate::workspace::output;

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
    verdict.extend(cards(&packages, &program, chromium)?);
    Ok(verdict)
}

/// The pages of card payments, over a node with an issuer in a folder of its own.
fn cards(packages: &Node, program: &Program, chromium: &str) -> Result<Verdict> {
    let folder = TempDir::new()?;
    let (issuer, passphrase) = (folder.path().join("issuer"), folder.path().join("passphrase"));
    fs::write(&passphrase, "for trying only\n")?;
    let mut init = Command::new(program.path());
    init.args(["issuer", "init", "--json", "--dir"]).arg(&issuer).arg("--passphrase-file").arg(&passphrase);
    let made = output(&mut init)?;
    let (dir, opens) = (issuer.display().to_string(), passphrase.display().to_string());
    let doors = ["--issuer-iso", "127.0.0.1:0", "--issuer-http", "127.0.0.1:0"];
    let arguments = [&["--issuer", &dir, "--issuer-passphrase-file", &opens][..], &doors].concat();
    let node = program.start(&arguments, &workshop().join("logs"), "console-issuer")?;
    let mut script = packages.script("console", "cards.mjs");
    script.env("CHROMIUM", chromium).env("PICTURES", workshop().join("console")).env("MADE", made);
    script.env("PROGRAM", program.path()).env("ISSUER", issuer).env("PASSPHRASE", passphrase);
    let mut verdict = flows::flow(&mut script, node.url(), program)?;
    verdict.record("the node with an issuer ends well on SIGTERM", node.stop());
    Ok(verdict)
}
