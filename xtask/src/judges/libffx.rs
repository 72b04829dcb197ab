//! Judge FF1: libffx encrypts and decrypts what `counterfoil card ff1` does, 10,000 random numbers each way.
//!
//! `xtask/judges/libffx/compare.py` compares. libffx 2 is FF1 of NIST SP 800-38G, byte for byte the function that tokens are made with;
//! what each side does not take is said there.

use eyre::Result;

use super::install::Python;
use super::{Verdict, scripts};
use crate::workspace::build_as_tested;

pub(super) fn run() -> Result<Verdict> {
    let python = Python::prepare()?;
    let program = build_as_tested()?.join("counterfoil");
    let mut compare = python.command();
    compare.arg(scripts().join("libffx").join("compare.py")).arg(program);
    Verdict::of_script(&mut compare)
}
