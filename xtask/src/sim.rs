//! `cargo xtask sim`: plays seeds of the simulator, which is the example `simulate` of the crate `sim`. A seed that fails is printed with
//! what broke, what was done to the network until then, and the line that plays it again.

use clap::Args;
use eyre::{Result, ensure};

use crate::workspace::{cargo, succeed};

/// Flags of `cargo xtask sim`.
#[derive(Args)]
pub(crate) struct Sim {
    /// how many seeds
    #[arg(long, default_value_t = 50)]
    seeds: u64,
    /// the first one
    #[arg(long, default_value_t = 1)]
    first: u64,
    /// print each step
    #[arg(long)]
    log: bool,
}

pub(crate) fn run(options: &Sim) -> Result<()> {
    ensure!(options.seeds > 0, "--seeds must be 1 or more");
    let mut play = cargo(&["run", "--quiet", "--package", "sim", "--example", "simulate", "--"]);
    play.args(["--seeds", &options.seeds.to_string(), "--first", &options.first.to_string()]);
    if options.log {
        play.arg("--log");
    }
    succeed(&mut play)
}
