//! Judge EMV: keys, cryptograms and answers to them beside PyPI's pyemv, on 2,000 random cards and transactions.
//!
//! pyemv speaks Triple DES only, and what we ship speaks AES only. `crates/payments/examples/cryptogram.rs` therefore puts crate `emv`'s
//! Triple DES (a dev-dependency) in the place of AES, and leaves the rest ours: digits, what a cryptogram covers, tag 91. The AES of the same
//! cases is compared with EMV Book 2 written out over PyPI's `cryptography`. `xtask/judges/pyemv/compare.py` compares.

use eyre::Result;

use super::install::Python;
use super::{Verdict, scripts};
use crate::workspace::build_as_tested;

pub(super) fn run() -> Result<Verdict> {
    let python = Python::prepare()?;
    let program = build_as_tested()?.join("examples").join("cryptogram");
    let mut compare = python.command();
    compare.arg(scripts().join("pyemv").join("compare.py")).arg(program);
    Verdict::of_script(&mut compare)
}
