//! The judges: programs that others wrote, which say whether our node is an Ethereum node.
//!
//! Called by `cargo xtask test`. Each installs what it needs below `target/judges` (install.rs), starts the nodes it
//! compares (crate::node), and returns a verdict of named checks. A judge never asks our own code what is right.
//!
//! ```text
//! certificates  commonware's verifier | proof -> the same verdict on thousands of certificates
//! eels          evm's example writes blocks and our roots -> eels/replay.py -> the Python reference agrees, or names the block
//! web3py        web3.py's module tests -> our node | anvil -> compared with each other and with web3py/known.toml
//! flows         viem, ethers, cast -> our node and its rooms
//! console       Chromium -> the pages of our node
//! iso8583       pyiso8583 <-> payments' example: the same messages, element by element and byte by byte
//! libffx        libffx | our program's FF1 -> the same numbers, there and back
//! pyemv         pyemv (Triple DES), cryptography (AES) | payments' example: the same keys, cryptograms and answers
//! pcsc          pcscd and vpcd <- our card; pcsc_scan, opensc-tool, crate emv's terminal and ours look at it and pay with it
//! ```

mod cast;
mod cast_rooms;
mod certificates;
mod console;
mod eels;
mod flows;
mod install;
pub(crate) mod iso8583;
mod libffx;
pub(crate) mod pcsc;
mod pyemv;
mod verdict;
mod web3py;

use std::path::PathBuf;

use clap::ValueEnum;
use eyre::Result;

pub(crate) use self::verdict::Verdict;
use crate::node::Program;
use crate::test::Subject;
use crate::workspace::{build_as_tested, root, target};

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Judge {
    Certificates,
    Eels,
    #[value(name = "web3py")]
    Web3Py,
    Flows,
    Console,
    #[value(name = "iso8583")]
    Iso8583,
    Libffx,
    Pyemv,
    Pcsc,
}

impl Judge {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Certificates => "certificates",
            Self::Eels => "eels",
            Self::Web3Py => "web3py",
            Self::Flows => "flows",
            Self::Console => "console",
            Self::Iso8583 => "iso8583",
            Self::Libffx => "libffx",
            Self::Pyemv => "pyemv",
            Self::Pcsc => "pcsc",
        }
    }
}

/// Installs a judge and lets it look at `subject`.
pub(crate) fn run(judge: Judge, subject: Subject) -> Result<Verdict> {
    match judge {
        Judge::Certificates => certificates::run(),
        Judge::Eels => eels::run(),
        Judge::Web3Py => web3py::run(subject),
        Judge::Flows => flows::run(subject),
        Judge::Console => console::run(subject),
        Judge::Iso8583 => iso8583::run(),
        Judge::Libffx => libffx::run(),
        Judge::Pyemv => pyemv::run(),
        Judge::Pcsc => pcsc::run(),
    }
}

/// The node under test, built or installed.
fn subject_program(subject: Subject) -> Result<Program> {
    match subject {
        Subject::Ours => Ok(Program::Ours(build_as_tested()?.join("counterfoil"))),
        Subject::Anvil => Ok(Program::Anvil(install::Node::prepare()?.anvil()?)),
    }
}

/// The judges' own scripts, as committed.
fn scripts() -> PathBuf {
    root().join("xtask").join("judges")
}

/// Where the judges, their logs and their results are.
fn workshop() -> PathBuf {
    target().join("judges")
}
