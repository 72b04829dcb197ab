//! What a judge found: named checks, each passed or failed with the reason.

use std::process::Command;

use eyre::{Context, Result, ensure};
use serde::Deserialize;

use crate::workspace::output;

/// One named assertion.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Check {
    pub(crate) name: String,
    pub(crate) ok: bool,
    pub(crate) reason: String,
}

/// All that one step asserted.
#[derive(Debug, Default)]
pub(crate) struct Verdict(Vec<Check>);

impl Verdict {
    pub(crate) fn pass(name: &str) -> Self {
        Self(vec![Check::of(name, Ok(()))])
    }

    pub(crate) fn failure(name: &str, reason: &str) -> Self {
        Self(vec![Check::of(name, Err(reason.to_owned()))])
    }

    /// What a script printed. One that checked nothing did not judge.
    pub(crate) fn of_script(script: &mut Command) -> Result<Self> {
        let printed = output(script)?;
        let mut verdict = Self::default();
        let checks = verdict.record_lines(&printed)?;
        ensure!(checks > 0, "the judge checked nothing: {printed}");
        Ok(verdict)
    }

    /// Adds a check by how it went.
    pub(crate) fn record(&mut self, name: &str, result: Result<()>) {
        self.0.push(Check::of(name, result.map_err(|error| format!("{error:#}"))));
    }

    /// Adds what a flow printed: one line of JSON a check, other lines between are the flow's own noise.
    pub(crate) fn record_lines(&mut self, printed: &str) -> Result<usize> {
        let checks: Vec<Check> = printed
            .lines()
            .filter(|line| line.starts_with('{'))
            .map(serde_json::from_str)
            .collect::<Result<_, _>>()
            .wrap_err("a flow printed something else than checks")?;
        let count = checks.len();
        self.0.extend(checks);
        Ok(count)
    }

    pub(crate) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    pub(crate) fn failures(&self) -> impl Iterator<Item = &Check> {
        self.0.iter().filter(|check| !check.ok)
    }

    pub(crate) const fn len(&self) -> usize {
        self.0.len()
    }
}

impl Check {
    fn of(name: &str, result: std::result::Result<(), String>) -> Self {
        Self { name: name.to_owned(), ok: result.is_ok(), reason: result.err().unwrap_or_default() }
    }
}
