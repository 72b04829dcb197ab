//! Judge ISO 8583: pyiso8583 reads what our codec wrote and writes what it reads, and the other way round.
//!
//! `crates/payments/examples/iso8583.rs` is our codec on the command line, `xtask/judges/iso8583/compare.py` compares, element by
//! element, with a table of lengths that is not ours.

use eyre::Result;

use super::install::Python;
use super::{Verdict, scripts};
use crate::workspace::{build_as_tested, output};

pub(super) fn run() -> Result<Verdict> {
    let python = Python::prepare()?;
    let program = build_as_tested()?.join("examples").join("iso8583");
    let compare = scripts().join("iso8583").join("compare.py");
    Verdict::of_script(python.command().arg(compare).arg(program))
}

/// How many messages a second pyiso8583 decodes and encodes, as one line of JSON.
pub(crate) fn speed_of_peer(message: &str) -> Result<String> {
    let python = Python::prepare()?;
    output(python.command().arg(scripts().join("iso8583").join("speed.py")).arg(message))
}
