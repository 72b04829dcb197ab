//! Thresholds at, below and above the line, and which policies are refused or called dangerous.

use super::*;

fn threshold(measure: Measure, comparison: Comparison, numerator: u32, denominator: u32) -> Threshold {
    Threshold { measure, comparison, numerator, denominator }
}

fn policy(approvals: Threshold) -> Policy {
    Policy { approvals, ..Policy::default() }
}

#[test]
fn the_line_itself_is_enough_for_at_least_and_not_for_above() {
    use {Comparison::*, Measure::*};
    // measure, numerator, denominator, members and weight of the part, of the whole: below, at or above the line
    let table = [
        (Count, 3, 1, (2, 0), (9, 0), -1),
        (Count, 3, 1, (3, 0), (9, 0), 0),
        (Count, 3, 1, (4, 0), (9, 0), 1),
        (Members, 2, 3, (3, 9), (6, 9), -1),
        (Members, 2, 3, (4, 0), (6, 9), 0),
        (Members, 2, 3, (5, 0), (6, 9), 1),
        (Members, 2, 3, (2, 0), (4, 0), -1),
        (Members, 2, 3, (3, 0), (4, 0), 1),
        (Weight, 2, 3, (1, 19), (6, 30), -1),
        (Weight, 2, 3, (1, 20), (6, 30), 0),
        (Weight, 2, 3, (1, 21), (6, 30), 1),
        (Weight, 1, 2, (6, 0), (6, 1), -1),
        (Weight, u32::MAX, u32::MAX, (1, u64::MAX - 1), (1, u64::MAX), -1),
        (Weight, u32::MAX, u32::MAX, (1, u64::MAX), (1, u64::MAX), 0),
    ];
    for (measure, numerator, denominator, part, whole, line) in table {
        let tally = |(members, weight)| Tally { members, weight };
        let met = |comparison| threshold(measure, comparison, numerator, denominator).met(tally(part), tally(whole));
        let row = format!("{measure:?} {numerator}/{denominator}: {part:?} of {whole:?}");
        assert_eq!(met(Above), line > 0, "above {row}");
        assert_eq!(met(AtLeast), line >= 0, "at least {row}");
    }
}

#[test]
fn what_is_needed_is_the_least_that_is_enough() {
    use {Comparison::*, Measure::*};
    for (numerator, denominator) in [(0, 1), (1, 1), (2, 1), (1, 2), (2, 3), (67, 100), (3, 1)] {
        for (measure, comparison) in [Count, Members, Weight].into_iter().flat_map(|it| [(it, Above), (it, AtLeast)]) {
            let line = threshold(measure, comparison, numerator, denominator);
            for size in 0..=9 {
                let whole = Tally { members: size, weight: size * 3 };
                let met = |amount| line.met(Tally { members: amount, weight: amount }, whole);
                let needed = line.needed(whole);
                assert!(met(needed), "{line:?} of {whole:?}: {needed} is enough");
                assert!(needed == 0 || !met(needed - 1), "{line:?} of {whole:?}: {needed} is the least");
            }
        }
    }
    let all = Tally { members: u64::MAX, weight: u64::MAX };
    assert_eq!(threshold(Members, Above, 1, 1).needed(all), u64::MAX, "out of reach");
    assert_eq!(threshold(Members, Above, 1, 0).needed(all), u64::MAX, "never");
}

#[test]
fn the_default_is_safe_for_every_number_of_members_and_needs_as_many_as_finality() {
    for members in 1..=128_u32 {
        assert_eq!(Policy::default().check(&vec![1; members as usize]), Ok(vec![]), "{members}");
        let all = Tally { members: members.into(), weight: members.into() };
        let needed = (0..=all.members)
            .find(|count| Policy::default().approvals.met(Tally { members: *count, weight: *count }, all));
        assert_eq!(needed, Some(all.members - (all.members - 1) / 3), "{members}");
    }
}

#[test]
fn a_policy_that_a_third_can_pass_is_dangerous() {
    use {Comparison::*, Danger::*, Measure::*};
    let table: [(Threshold, &[u32], &[Danger]); 9] = [
        (threshold(Members, Above, 2, 3), &[1, 1, 1, 1], &[]),
        (threshold(Members, AtLeast, 2, 3), &[1, 1, 1, 1], &[NotAboveTwoThirds]),
        (threshold(Members, AtLeast, 67, 100), &[1, 1, 1, 1], &[]),
        (threshold(Members, Above, 1, 2), &[1, 1, 1, 1], &[NotAboveTwoThirds]),
        (threshold(Count, Above, 2, 1), &[1, 1, 1, 1], &[StaysWhenTheNetworkGrows]),
        (threshold(Count, AtLeast, 1, 1), &[1, 1, 1, 1], &[StaysWhenTheNetworkGrows, OneDecides]),
        (threshold(Weight, Above, 2, 3), &[2, 1, 1], &[]),
        (threshold(Weight, Above, 2, 3), &[5, 1, 1], &[OneDecides]),
        (threshold(Weight, Above, 2, 3), &[5], &[]),
    ];
    for (approvals, weights, dangers) in table {
        assert_eq!(policy(approvals).check(weights).as_deref(), Ok(dangers), "{approvals:?} {weights:?}");
    }
}

#[test]
fn a_policy_that_cannot_work_is_refused_whatever_is_allowed() {
    use {Comparison::*, Measure::*};
    let safe = Policy::default();
    let broken = [
        (policy(threshold(Members, Above, 1, 1)), "out of reach"),
        (policy(threshold(Members, AtLeast, 4, 3)), "out of reach"),
        (policy(threshold(Count, Above, 4, 1)), "out of reach"),
        (Policy { votes: threshold(Count, Above, 4, 1), ..safe }, "out of reach"),
        (policy(threshold(Members, AtLeast, 0, 3)), "nobody needs to approve"),
        (policy(threshold(Members, Above, 2, 0)), "divided by zero"),
        (Policy { votes: threshold(Count, Above, 2, 3), ..safe }, "a count is not divided"),
        (Policy { voting_seconds: 0, ..safe }, "votingSeconds"),
        (Policy { voting_seconds: YEAR_SECONDS + 1, ..safe }, "votingSeconds"),
        (Policy { overlap_seconds: YEAR_SECONDS + 1, ..safe }, "overlapSeconds"),
        (Policy { validity_seconds: 0, ..safe }, "validitySeconds"),
        (Policy { validity_seconds: 10 * YEAR_SECONDS + 1, ..safe }, "validitySeconds"),
    ];
    for (policy, reason) in broken {
        let error = policy.check(&[1, 1, 1, 1]).expect_err(reason).to_string();
        assert!(error.contains(reason), "{error}");
    }
}

/// The members of weight 1 that voted, those of them that approved, of how many.
fn outcome(policy: &Policy, voted: u64, approved: u64, all: u64) -> Outcome {
    let tally = |members| Tally { members, weight: members };
    policy.outcome(tally(voted), tally(approved), tally(all))
}

#[test]
fn nothing_is_decided_before_the_first_gate_and_one_vote_later_everything_may_be() {
    let votes = threshold(Measure::Count, Comparison::Above, 3, 1);
    let policy = Policy { votes, ..Policy::default() };
    assert_eq!(outcome(&policy, 3, 3, 4), Outcome::Open, "three votes are not more than three");
    assert_eq!(outcome(&policy, 4, 3, 4), Outcome::Approved, "the fourth opens the gate, even if it denies");
    assert_eq!(outcome(&policy, 3, 0, 4), Outcome::Open, "lost already, but not computed");
    assert_eq!(outcome(&policy, 4, 2, 4), Outcome::Denied);
}

#[test]
fn a_vote_is_denied_as_soon_as_the_silent_cannot_change_it() {
    let policy = Policy::default();
    let table = [(3, 2, Outcome::Open), (3, 1, Outcome::Denied), (3, 3, Outcome::Approved), (4, 2, Outcome::Denied)];
    for (voted, approved, expected) in table {
        assert_eq!(outcome(&policy, voted, approved, 4), expected, "{approved} of {voted} of 4");
    }
}

#[test]
fn the_silent_count_over_all_members_and_not_in_a_count() {
    let (over_all, count) = ((Measure::Members, 2, 3), (Measure::Count, 2, 1));
    for ((measure, numerator, denominator), expected) in [(over_all, Outcome::Open), (count, Outcome::Approved)] {
        let votes = threshold(Measure::Count, Comparison::AtLeast, 3, 1);
        let approvals = threshold(measure, Comparison::Above, numerator, denominator);
        let policy = Policy { votes, approvals, ..Policy::default() };
        assert_eq!(outcome(&policy, 3, 3, 6), expected, "{measure:?}");
    }
}
