//! Whole networks in one thread, from one seed, in virtual time: the node's own code (chain, EVM, admission, pool, gossip, store,
//! simplex) under latency, loss, partitions, stops, power cuts and dishonest members, with members coming and going.
//!
//! ```text
//! seed -> Plan -> Run: troubles, clients, ballots -> Network of Nodes -> consensus's simulator
//!                                                     | each final block of each node, each receipt, each list of peers
//!                                                     v
//!                                                   Witness -> first Violation, Faults that were injected, history
//! ```
//! A byzantine member and a planted [`Bug`] are the real node behind an altered door (`twist`). Called by the tests, which play fixed
//! seeds and the planted bugs, and by the example `simulate`, which is `cargo xtask sim`. See docs/simulation.md.
//! Deliberately absent: real time, real sockets, and code that production runs.

mod ballots;
mod bugs;
mod clients;
mod dishonest;
mod disk;
mod faults;
mod network;
mod node;
mod phases;
mod plan;
mod run;
mod twist;
mod violation;
mod witness;
mod world;

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
};

use primitives::B256;

pub use bugs::Bug;
pub use faults::{Faults, Kind};
pub use violation::Violation;

/// What a run is asked beside its seed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// A bug in every honest node.
    pub bug: Option<Bug>,
    /// Print each step.
    pub log: bool,
}

/// How a run ended.
#[derive(Clone, Debug)]
pub struct Report {
    /// Its seed.
    pub seed: u64,
    /// What was broken first, if anything was.
    pub violation: Option<Violation>,
    /// The newest final height.
    pub height: u64,
    /// Hash over all final blocks and all faults.
    pub history: B256,
    /// What was done to the network until then.
    pub faults: Faults,
}

/// Plays one seed.
pub fn simulate(seed: u64, options: Options) -> Report {
    catch_unwind(AssertUnwindSafe(|| run::run(seed, options))).unwrap_or_else(|panic| {
        let words = panic.downcast_ref::<String>().cloned();
        let words = words.or_else(|| panic.downcast_ref::<&str>().map(|words| (*words).to_owned()));
        let violation = Some(Violation::Panicked(words.unwrap_or_else(|| "without a word".into())));
        Report { seed, violation, height: 0, history: B256::ZERO, faults: Faults::default() }
    })
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, height, faults, violation, .. } = self;
        match violation {
            None => write!(f, "seed {seed}: height {height}; {faults}"),
            Some(violation) => write!(
                f,
                "seed {seed} failed: {violation}\n  faults: {faults}\n  replay: cargo xtask sim --first {seed} --seeds 1 --log"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(violation: Option<Violation>) -> Report {
        let mut faults = Faults::default();
        faults.add(Kind::Stop, 2);
        faults.add(Kind::Admission, 1);
        Report { seed: 17, violation, height: 40, history: B256::ZERO, faults }
    }

    #[test]
    fn a_seed_that_failed_is_named_with_what_was_broken_and_how_to_play_it_again() {
        let failed = report(Some(Violation::Gap { height: 41, node: 3 }));
        let expected = [
            "seed 17 failed: the final block at height 41 of node 3 does not follow the one before it",
            "  faults: stops 2, admissions 1",
            "  replay: cargo xtask sim --first 17 --seeds 1 --log",
        ];
        assert_eq!(failed.to_string(), expected.join("\n"));
    }

    #[test]
    fn a_seed_that_passed_is_one_line() {
        assert_eq!(report(None).to_string(), "seed 17: height 40; stops 2, admissions 1");
    }
}
