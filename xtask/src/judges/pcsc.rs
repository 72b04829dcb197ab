//! Judge PC/SC: our card in a virtual reader, as `pcsc_scan`, `opensc-tool` and crate `emv`'s terminal see it, over T=1 and T=0.
//!
//! `xtask/judges/pcsc/drive.py` does it: it makes an issuer and a card with our program's commands, inserts the card, and is the host that
//! the terminal asks, with `cryptography`'s AES in place of ours. Only when named: it needs Linux with Debian's packages and leave to
//! make namespaces.

use eyre::{Result, ensure};

use super::install::{self, Python};
use super::{Verdict, scripts, workshop};
use crate::workspace::{build_node, output};

pub(super) fn run() -> Result<Verdict> {
    let python = Python::prepare()?;
    install::smart_card_tools()?;
    let terminal = install::emv_test_transaction()?;
    let program = build_node()?;
    let mut drive = python.command();
    drive.arg(scripts().join("pcsc").join("drive.py")).arg(program).arg(terminal);
    drive.arg("--logs").arg(workshop().join("logs"));
    let printed = output(&mut drive)?;
    let mut verdict = Verdict::default();
    let checks = verdict.record_lines(&printed)?;
    ensure!(checks > 0, "the judge checked nothing: {printed}");
    Ok(verdict)
}
