//! `cargo xtask bench proof`: how large counterfoils are, and how long it takes to verify one.
//!
//! The example `sizes` of `proof` makes and measures them; here they are set beside their bars (DESIGN section 6). The bars are shown,
//! never enforced.

use clap::Args;
use eyre::{Result, WrapErr, ensure};
use serde::Deserialize;

use crate::workspace::{cargo, output};

#[derive(Args)]
pub(crate) struct ProofOptions {
    /// print the measured lines instead of the table
    #[arg(long)]
    json: bool,
}

/// One line of the example.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    name: String,
    bytes: u64,
    bytes_a_handover: Option<u64>,
    verify_us: u64,
}

pub(super) fn run(options: &ProofOptions) -> Result<()> {
    let printed = output(&mut cargo(&["run", "--quiet", "--release", "--package", "proof", "--example", "sizes"]))?;
    if options.json {
        println!("{printed}");
        return Ok(());
    }
    let files: Vec<File> = printed
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()
        .wrap_err("the example printed something else than files")?;
    ensure!(!files.is_empty(), "the example measured nothing");
    print!("{}", table(&files));
    Ok(())
}

fn table(files: &[File]) -> String {
    let mut out = format!("{:<26} {:>8} {:>16} {:>10}  bars\n", "counterfoil", "bytes", "per hand-over", "verify us");
    for file in files {
        let handover = file.bytes_a_handover.map_or_else(|| "-".into(), |bytes| bytes.to_string());
        let File { name, bytes, verify_us, .. } = file;
        out += &format!("{name:<26} {bytes:>8} {handover:>16} {verify_us:>10}  {}\n", verdict(file));
    }
    out + &format!(
        "bars: under {BYTES_BAR} bytes, at most {HANDOVER_BYTES_BAR} more per hand-over of four, verified in under {VERIFY_US_BAR} us\n"
    )
}

fn verdict(file: &File) -> &'static str {
    let handovers_met = file.bytes_a_handover.is_none_or(|bytes| bytes <= HANDOVER_BYTES_BAR);
    let met = file.bytes < BYTES_BAR && handovers_met && file.verify_us < VERIFY_US_BAR;
    if met { "met" } else { "MISSED" }
}

const BYTES_BAR: u64 = 10_000;
const HANDOVER_BYTES_BAR: u64 = 1_200;
const VERIFY_US_BAR: u64 = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bar_can_be_missed() {
        let file = |bytes, bytes_a_handover, verify_us| File { name: "x".into(), bytes, bytes_a_handover, verify_us };
        assert_eq!(verdict(&file(9_999, Some(1_200), 999)), "met");
        for missed in [file(10_000, None, 1), file(1, Some(1_201), 1), file(1, None, 1_000)] {
            assert_eq!(verdict(&missed), "MISSED");
        }
    }
}
