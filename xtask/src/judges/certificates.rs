//! Judge certificates: commonware's own verifier and `proof` give the same verdict on thousands of finality certificates.
//!
//! `xtask/judges/certificates` is a workspace of its own, because commonware takes minutes to build; it is built below the judges'
//! folder, once.

use eyre::Result;

use super::{Verdict, scripts, workshop};
use crate::workspace::cargo;

pub(super) fn run() -> Result<Verdict> {
    let mut judge = cargo(&["run", "--quiet", "--locked"]);
    judge.current_dir(scripts().join("certificates")).env("CARGO_TARGET_DIR", workshop().join("certificates"));
    Verdict::of_script(&mut judge)
}
