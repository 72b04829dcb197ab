//! Which genesis files a node does not start with by itself.

use primitives::{
    Fork, NodeId,
    genesis::{Admission, Config, Founder, Section},
    policy::{Comparison, Measure, Policy, Threshold},
};

use super::*;

fn genesis(epoch_blocks: u64, min_block_interval_ms: u64, weights: [u32; 4], approvals: Threshold) -> Genesis {
    let keys: Vec<NodeId> = (1..=4).map(NodeId::repeat_byte).collect();
    let founders = keys.iter().zip(weights).map(|(key, weight)| Founder { weight, ..Founder::new(*key) });
    let policy = Policy { approvals, ..Policy::default() };
    let admission = Some(Admission { policy, members: founders.collect(), ..Admission::default() });
    let section = Section::new(Fork::Osaka, keys);
    Genesis {
        config: Config { chain_id: 7001, other: Default::default() },
        timestamp: 0,
        gas_limit: 500_000_000,
        coinbase: Default::default(),
        counterfoil: Section { epoch_blocks, min_block_interval_ms, admission, ..section },
        alloc: Default::default(),
    }
}

const fn share(comparison: Comparison, numerator: u32, denominator: u32) -> Threshold {
    Threshold { measure: Measure::Members, comparison, numerator, denominator }
}

const SAFE: Threshold = share(Comparison::Above, 2, 3);
const EQUAL: [u32; 4] = [1; 4];

fn refused(genesis: &Genesis) -> String {
    assert!(check(genesis, true, true).is_ok(), "what is meant is allowed");
    check(genesis, true, false).expect_err("it is unsafe").to_string()
}

#[test]
fn two_thirds_must_be_passed_and_not_only_reached() {
    assert!(check(&genesis(64, 80, EQUAL, SAFE), true, false).is_ok());
    let reached = genesis(64, 80, EQUAL, share(Comparison::AtLeast, 2, 3));
    assert!(refused(&reached).contains("more than two thirds"));
    assert!(check(&reached, false, false).is_err(), "alone or not: the policy is for who comes");
}

#[test]
fn one_member_does_not_outweigh_all_others() {
    let by_weight = Threshold { measure: Measure::Weight, ..SAFE };
    assert!(refused(&genesis(64, 80, [7, 1, 1, 1], by_weight)).contains("decide alone"));
}

#[test]
fn an_epoch_of_a_network_lasts_five_seconds() {
    assert!(refused(&genesis(64, 78, EQUAL, SAFE)).contains("4992 ms"));
    assert!(check(&genesis(64, 78, EQUAL, SAFE), false, false).is_ok(), "nobody waits for one who decides alone");
    for epoch_blocks in [2, 7, 64, 5_001] {
        let genesis = genesis(epoch_blocks, interval_ms_least(epoch_blocks), EQUAL, SAFE);
        assert!(check(&genesis, true, false).is_ok(), "{epoch_blocks}");
    }
}
