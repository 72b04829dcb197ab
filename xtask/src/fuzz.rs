//! `cargo xtask fuzz`: long runs of the fuzz targets under libFuzzer, which wants a nightly toolchain and cargo-fuzz.
//! The tests replay the corpora on the stable toolchain without either; this is for finding inputs worth adding to them.

use std::process::Command;

use clap::Args;
use eyre::{Context, Result, bail, ensure};

use crate::workspace::root;

/// Flags of `cargo xtask fuzz`.
#[derive(Args)]
pub(crate) struct Fuzz {
    /// the targets to run; all of them if none is named
    targets: Vec<String>,
    /// how long each target runs
    #[arg(long, default_value_t = 300)]
    seconds: u64,
}

/// Runs each target for its time; the first input that breaks one ends the run and stays in `fuzz/artifacts`.
pub(crate) fn run(fuzz: &Fuzz) -> Result<()> {
    let known = targets()?;
    if let Some(unknown) = fuzz.targets.iter().find(|target| !known.contains(target)) {
        bail!("there is no fuzz target {unknown}: choose among {}", known.join(", "));
    }
    let chosen = if fuzz.targets.is_empty() { &known } else { &fuzz.targets };
    for target in chosen {
        let time = format!("-max_total_time={}", fuzz.seconds);
        let status = Command::new("cargo")
            .args(["+nightly", "fuzz", "run", target, "--", &time])
            .current_dir(root())
            .status()
            .wrap_err("cargo could not be started")?;
        ensure!(
            status.success(),
            "{target} stopped with {status}; it needs `rustup toolchain install nightly` and `cargo install cargo-fuzz`, \
             and an input that broke it is in fuzz/artifacts/{target}"
        );
    }
    println!("{} targets ran for {} s each, nothing broke", chosen.len(), fuzz.seconds);
    Ok(())
}

/// Every file in `fuzz/fuzz_targets`.
fn targets() -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(root().join("fuzz/fuzz_targets"))? {
        let path = entry?.path();
        names.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
    }
    names.sort();
    Ok(names)
}
