//! `cargo xtask fuzz`: long runs of the fuzz targets under libFuzzer, with the address sanitizer, which wants cargo-fuzz.
//! The tests replay the corpora without it; this is for finding inputs worth adding to them.
//!
//! Sanitizers are flags of a nightly compiler. With RUSTC_BOOTSTRAP the project's own takes them as well, so what is fuzzed is built by the
//! compiler that builds the program, from the same versions of everything.

use std::{fs, process::Command};

use clap::Args;
use eyre::{Context, Result, bail, ensure};

use crate::workspace::{cargo, output, root};

/// Flags of `cargo xtask fuzz`.
#[derive(Args)]
pub(crate) struct Fuzz {
    /// the targets to run; all of them if none is named
    targets: Vec<String>,
    /// how long each target runs
    #[arg(long, default_value_t = 300)]
    seconds: u64,
}

/// Runs each target for its time; the first input that breaks one ends the run and stays in `fuzz/artifacts`. Inputs that reach something
/// new are left in `fuzz/found`: the corpus is what somebody chose of them.
pub(crate) fn run(fuzz: &Fuzz) -> Result<()> {
    let known = targets()?;
    if let Some(unknown) = fuzz.targets.iter().find(|target| !known.contains(target)) {
        bail!("there is no fuzz target {unknown}: choose among {}", known.join(", "));
    }
    output(&mut cargo(&["fuzz", "--version"])).wrap_err("it needs `cargo install cargo-fuzz`")?;
    fs::copy(root().join("Cargo.lock"), root().join("fuzz/Cargo.lock"))?;
    build()?;
    let chosen = if fuzz.targets.is_empty() { &known } else { &fuzz.targets };
    for target in chosen {
        run_one(target, fuzz.seconds)?;
    }
    println!("{} targets ran for {} s each, nothing broke", chosen.len(), fuzz.seconds);
    Ok(())
}

/// All targets, so that what does not build is not taken for what broke.
fn build() -> Result<()> {
    let status = bootstrapped(&["fuzz", "build"]).status().wrap_err("cargo could not be started")?;
    ensure!(status.success(), "the fuzz targets do not build");
    Ok(())
}

fn run_one(target: &str, seconds: u64) -> Result<()> {
    let [found, corpus] = ["found", "corpus"].map(|folder| format!("fuzz/{folder}/{target}"));
    fs::create_dir_all(root().join(&found))?;
    let time = format!("-max_total_time={seconds}");
    // New inputs go to the first folder.
    let mut run = bootstrapped(&["fuzz", "run", target, &found, &corpus, "--", &time]);
    let status = run.status().wrap_err("cargo could not be started")?;
    ensure!(status.success(), "{target} stopped with {status}; an input that broke it is in fuzz/artifacts/{target}");
    Ok(())
}

/// Cargo with a compiler that takes a nightly's flags.
fn bootstrapped(arguments: &[&str]) -> Command {
    let mut cargo = cargo(arguments);
    cargo.env("RUSTC_BOOTSTRAP", "1");
    cargo
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
