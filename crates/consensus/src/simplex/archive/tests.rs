//! The arithmetic of gaps, against the definition of the trait.

use super::*;

fn heights(heights: &[u64]) -> BTreeSet<u64> {
    heights.iter().copied().collect()
}

#[test]
fn gaps_are_found_above_the_tip_only() {
    let tip_and_waiting = heights(&[10, 11, 14, 15, 19]);
    let cases = [
        (0, (Some(11), Some(14))),
        (10, (Some(11), Some(14))),
        (11, (Some(11), Some(14))),
        (12, (None, Some(14))),
        (14, (Some(15), Some(19))),
        (17, (None, Some(19))),
        (19, (Some(19), None)),
        (20, (None, None)),
    ];
    for (value, expected) in cases {
        assert_eq!(next_gap(&tip_and_waiting, value), expected, "{value}");
    }
}

#[test]
fn missing_heights_lie_between_what_is_here() {
    let tip_and_waiting = heights(&[10, 11, 14, 15, 19]);
    let missing = |start, max| missing_between(&tip_and_waiting, start, max).collect::<Vec<_>>();
    assert_eq!(missing(0, 9), [12, 13, 16, 17, 18]);
    assert_eq!(missing(13, 2), [13, 16]);
    assert_eq!(missing(19, 9), [0; 0]);
    assert_eq!(missing_between(&heights(&[10]), 0, 9).count(), 0);
}
