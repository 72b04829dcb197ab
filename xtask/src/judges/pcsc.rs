//! Judge PC/SC: our card in a virtual reader, as `pcsc_scan`, `opensc-tool`, crate `emv`'s terminal and our own see it, over T=1 and T=0.
//!
//! `xtask/judges/pcsc/drive.py` does it: it makes an issuer and a card with our program's commands, inserts the card, and is the host that
//! the terminals ask, with `cryptography`'s AES in place of ours. It needs Linux with Debian's packages and leave to make namespaces; where it
//! does not get them, it fails with the reason. It ends itself after five minutes.

use std::path::Path;

use eyre::{Result, ensure};

use super::install::{self, Python};
use super::{Verdict, scripts, workshop};
use crate::workspace::{build_as_tested_with, output};

pub(super) fn run() -> Result<Verdict> {
    let python = Python::prepare()?;
    install::smart_card_tools()?;
    let terminal = install::emv_test_transaction()?;
    // The library that the terminal's readers need is among the tools.
    let program = build_as_tested_with(&["counterfoil/pcsc"])?.join("counterfoil");
    let mut drive = python.command();
    drive.arg(scripts().join("pcsc").join("drive.py")).arg(program).arg(terminal);
    drive.arg("--logs").arg(workshop().join("logs"));
    Verdict::of_script(&mut drive)
}

/// How long a command takes from a program to our card and back, as one line of JSON. Installs nothing but Python's packages.
pub(crate) fn speed(counterfoil: &Path) -> Result<String> {
    let missing = install::missing_smart_card_tools();
    ensure!(missing.is_empty(), "{} not installed", missing.join(", "));
    let mut speed = Python::prepare()?.command();
    speed.arg(scripts().join("pcsc").join("speed.py")).arg(counterfoil);
    output(speed.arg("--logs").arg(workshop().join("logs")))
}
