//! The window of a card's counter: each number once, in any order, within 256 of the newest.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

fn after(atcs: &[u16]) -> AtcWindow {
    atcs.iter().fold(AtcWindow::default(), |window, atc| window.with(*atc))
}

#[test]
fn a_new_card_starts_at_one() {
    assert_eq!(after(&[]).judge(0), Freshness::TooOld);
    assert_eq!(after(&[]).judge(1), Freshness::Fresh);
    assert_eq!(after(&[1]).judge(1), Freshness::Seen);
}

#[test]
fn counters_inside_the_window_come_in_any_order() {
    let window = after(&[300, 45, 299, 100]);
    for atc in [300, 45, 299, 100] {
        assert_eq!(window.judge(atc), Freshness::Seen, "{atc}");
    }
    for atc in [46, 101, 298, 301] {
        assert_eq!(window.judge(atc), Freshness::Fresh, "{atc}");
    }
    assert_eq!(window.judge(44), Freshness::TooOld);
}

#[test]
fn a_leap_forgets_what_is_too_far_back() {
    let window = after(&[1, 2, 3, 60_000]);
    assert_eq!(window.judge(3), Freshness::TooOld);
    assert_eq!(window.judge(59_745), Freshness::Fresh);
    assert_eq!(window.judge(59_744), Freshness::TooOld);
    assert_eq!(window.judge(u16::MAX), Freshness::Fresh);
}

proptest! {
    /// The bitmap says what a plain set says.
    #[test]
    fn the_window_is_a_set_of_the_newest(atcs in proptest::collection::vec(1_u16..2_000, 1..200), asked in 1_u16..2_000) {
        let (mut window, mut seen, mut high) = (AtcWindow::default(), BTreeSet::new(), 0);
        for atc in atcs {
            if window.judge(atc) == Freshness::Fresh {
                window = window.with(atc);
                seen.insert(atc);
                high = high.max(atc);
            }
        }
        let expected = match high.checked_sub(asked) {
            Some(back) if back >= WINDOW => Freshness::TooOld,
            Some(_) if seen.contains(&asked) => Freshness::Seen,
            _ => Freshness::Fresh,
        };
        prop_assert_eq!(window.judge(asked), expected);
    }
}
