//! Percentiles of tips.

use super::*;

fn check(tips: &[(u128, u64)], percentile: f64, expected: u128) {
    assert_eq!(reward_at(tips, percentile), expected, "{percentile} of {tips:?}");
}

#[test]
fn a_reward_is_the_tip_reached_when_gas_is_counted_cheapest_first() {
    let tips = [(1, 100), (5, 300), (9, 600)];
    check(&tips, 0.0, 1);
    check(&tips, 10.0, 1);
    check(&tips, 10.05, 1);
    check(&tips, 10.1, 5);
    check(&tips, 40.0, 5);
    check(&tips, 41.0, 9);
    check(&tips, 100.0, 9);
}

#[test]
fn an_empty_block_rewards_nothing() {
    check(&[], 0.0, 0);
    check(&[], 100.0, 0);
}

#[test]
fn percentiles_must_rise_from_zero_to_a_hundred() {
    for (percentiles, message) in [
        (vec![-1.0], Some("invalid reward percentile: -1")),
        (vec![100.5], Some("invalid reward percentile: 100.5")),
        (vec![f64::NAN], Some("invalid reward percentile: NaN")),
        (vec![20.0, 10.0], Some("invalid reward percentile: #0:20 >= #1:10")),
        (vec![20.0, 20.0], Some("invalid reward percentile: #0:20 >= #1:20")),
        (vec![0.0; 101], Some("over the query limit 100")),
        (vec![], None),
        (vec![0.0, 50.0, 100.0], None),
    ] {
        let error = check_percentiles(&percentiles).err().map(|error| error.message.into_owned());
        assert_eq!(error.as_deref(), message);
    }
}
