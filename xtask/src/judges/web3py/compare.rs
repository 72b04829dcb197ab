//! What the outcomes of web3.py's tests on two nodes must be to each other.
//!
//! 1. A test that the peer passes, we pass. That it is listed as failing excuses nothing here.
//! 2. A test that we fail is listed, with the reason.
//! 3. A listed test fails: what has come right is taken off the list.
//!    Only a listed race may end either way, on either node: the load of the machine decides it.
//! 4. A listed test exists, and both nodes ran the same tests.
//! 5. The peer passes about as many as it did when this was written: otherwise it was the fixtures that failed.

use std::collections::{BTreeMap, BTreeSet};

use eyre::{Result, ensure, eyre};
use serde::Deserialize;

use crate::judges::Verdict;

/// Checks each test of each side against the rules above.
pub(super) fn compare(ours: &Outcomes, theirs: &Outcomes, known: &Known) -> Verdict {
    let mut verdict = Verdict::default();
    let names: BTreeSet<_> = ours.0.keys().chain(theirs.0.keys()).chain(known.names()).collect();
    for name in names {
        verdict.record(name, agree(name, ours.0.get(name), theirs.0.get(name), known));
    }
    verdict.record("the peer passes as many tests as it can", enough(theirs.passed()));
    verdict
}

fn agree(name: &str, ours: Option<&Outcome>, theirs: Option<&Outcome>, known: &Known) -> Result<()> {
    let (Some(ours), Some(theirs)) = (ours, theirs) else {
        return Err(eyre!("it is listed, or one node ran it, but not both did"));
    };
    let failed = matches!(ours.result, TestResult::Failed | TestResult::Error);
    match known.listed(name) {
        Some(Listed::Races) => Ok(()),
        _ if failed && theirs.result == TestResult::Passed => {
            Err(eyre!("the peer passes it, we fail it: {}", ours.reason))
        }
        None if failed => Err(eyre!("we fail it and it is not in known.toml: {}", ours.reason)),
        Some(Listed::Fails) if ours.result == TestResult::Passed => Err(eyre!("we pass it: take it out of known.toml")),
        _ => Ok(()),
    }
}

fn enough(passed: usize) -> Result<()> {
    ensure!(passed >= PEER_PASSED_MIN, "it passes {passed}, at least {PEER_PASSED_MIN} are asked for");
    Ok(())
}

/// How each test ended on one node.
pub(super) struct Outcomes(BTreeMap<String, Outcome>);

#[derive(Deserialize)]
struct Outcome {
    name: String,
    #[serde(rename = "outcome")]
    result: TestResult,
    reason: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum TestResult {
    Passed,
    Failed,
    /// A fixture failed, so the test did not begin.
    Error,
    /// web3.py itself expects that it may fail.
    Skipped,
}

impl Outcomes {
    /// One line of JSON a test.
    pub(super) fn parse(lines: &str) -> Result<Self> {
        let outcomes = lines.lines().map(serde_json::from_str::<Outcome>);
        let named = outcomes.map(|outcome| outcome.map(|outcome| (outcome.name.clone(), outcome)));
        Ok(Self(named.collect::<Result<_, _>>()?))
    }

    fn passed(&self) -> usize {
        self.0.values().filter(|outcome| outcome.result == TestResult::Passed).count()
    }
}

/// The committed list of what we fail.
pub(super) struct Known(BTreeMap<String, Listed>);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Listed {
    Fails,
    /// Who is faster decides: web3.py asks for a transaction that is not yet in a block.
    Races,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KnownFile {
    #[serde(default)]
    fails: Vec<Group>,
    #[serde(default)]
    races: Vec<Group>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    reason: String,
    tests: Vec<String>,
}

impl Known {
    pub(super) fn parse(text: &str) -> Result<Self> {
        let file: KnownFile = toml::from_str(text)?;
        let mut known = BTreeMap::new();
        let groups = file.fails.into_iter().map(|group| (group, Listed::Fails));
        for (group, listed) in groups.chain(file.races.into_iter().map(|group| (group, Listed::Races))) {
            ensure!(!group.reason.trim().is_empty(), "{:?} are listed without a reason", group.tests);
            for test in group.tests {
                ensure!(known.insert(test.clone(), listed).is_none(), "{test} is listed twice");
            }
        }
        Ok(Self(known))
    }

    fn listed(&self, name: &str) -> Option<Listed> {
        self.0.get(name).copied()
    }

    fn names(&self) -> impl Iterator<Item = &String> {
        self.0.keys()
    }
}

/// anvil 1.7.1 passes 529 of the 610 tests of web3.py 8.0.0.
pub(super) const PEER_PASSED_MIN: usize = 520;
