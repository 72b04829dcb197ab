//! Votes: who has one, what it is about, and both gates at, below and above the line.

use super::*;

/// What each of four members says, in order.
type Ballots = &'static [Ballot];
const YES: Ballot = Ballot::Approve;
const NO: Ballot = Ballot::Deny;

/// The state after these votes of members 1, 2, ... of weights 1, 1, 1, ...
fn after(policy: Policy, weights: &[u32], ballots: Ballots) -> RequestState {
    let mut world = World::founded(weights, policy, 1);
    let id = world.link(Node(99));
    for (number, ballot) in (1..).zip(ballots) {
        world.votes(Node(number), id, *ballot);
    }
    world.state(id)
}

fn count(comparison: Comparison, numerator: u32) -> Threshold {
    Threshold { measure: Measure::Count, comparison, numerator, denominator: 1 }
}

fn weight(comparison: Comparison, numerator: u32, denominator: u32) -> Threshold {
    Threshold { measure: Measure::Weight, comparison, numerator, denominator }
}

#[test]
fn both_gates_at_below_and_above_their_thresholds() {
    use {Comparison::*, RequestState::*};
    let table: &[(Threshold, Threshold, Ballots, RequestState)] = &[
        // First gate: more than two votes, at least three votes, more than half of six, at least half of six.
        (count(Above, 2), count(AtLeast, 1), &[YES, YES], Open),
        (count(Above, 2), count(AtLeast, 1), &[YES, YES, NO], Approved),
        (count(AtLeast, 3), count(AtLeast, 1), &[YES, YES], Open),
        (count(AtLeast, 3), count(AtLeast, 1), &[YES, YES, NO], Approved),
        (share(Above, 1, 2), count(AtLeast, 1), &[YES, NO, NO], Open),
        (share(Above, 1, 2), count(AtLeast, 1), &[YES, NO, NO, NO], Approved),
        (share(AtLeast, 1, 2), count(AtLeast, 1), &[YES, NO], Open),
        (share(AtLeast, 1, 2), count(AtLeast, 1), &[YES, NO, NO], Approved),
        // Second gate, once a vote is in: approvals counted, over all members, by weight.
        (count(AtLeast, 1), count(Above, 2), &[YES, YES], Open),
        (count(AtLeast, 1), count(Above, 2), &[YES, YES, YES], Approved),
        (count(AtLeast, 1), count(AtLeast, 2), &[YES], Open),
        (count(AtLeast, 1), count(AtLeast, 2), &[YES, YES], Approved),
        (count(AtLeast, 1), share(Above, 2, 3), &[YES, YES, YES, YES], Open),
        (count(AtLeast, 1), share(Above, 2, 3), &[YES, YES, YES, YES, YES], Approved),
        (count(AtLeast, 1), share(AtLeast, 2, 3), &[YES, YES, YES], Open),
        (count(AtLeast, 1), share(AtLeast, 2, 3), &[YES, YES, YES, YES], Approved),
        (count(AtLeast, 1), weight(AtLeast, 1, 2), &[YES, YES, YES], Approved),
        (count(AtLeast, 1), weight(Above, 1, 2), &[YES, YES, YES], Open),
        // Denied when those who are silent cannot change it: two of six against more than two thirds.
        (count(AtLeast, 1), share(Above, 2, 3), &[NO], Open),
        (count(AtLeast, 1), share(Above, 2, 3), &[NO, NO], Denied),
        (count(AtLeast, 1), share(AtLeast, 2, 3), &[NO, NO], Open),
        (count(AtLeast, 1), share(AtLeast, 2, 3), &[NO, NO, NO], Denied),
        // But not before the first gate.
        (count(Above, 2), share(Above, 2, 3), &[NO, NO], Open),
        (count(Above, 2), share(Above, 2, 3), &[NO, NO, YES], Denied),
    ];
    for (votes, approvals, ballots, expected) in table {
        let policy = Policy { votes: *votes, approvals: *approvals, ..Policy::default() };
        assert_eq!(after(policy, &[1; 6], ballots), *expected, "{votes:?} {approvals:?} {ballots:?}");
    }
}

#[test]
fn weights_count_where_the_policy_says_so() {
    use {Comparison::*, RequestState::*};
    let table: &[(Threshold, &[u32], Ballots, RequestState)] = &[
        (weight(Above, 2, 3), &[2, 3, 1], &[YES, YES], Approved),
        (weight(Above, 2, 3), &[2, 2, 2], &[YES, YES], Open),
        (weight(AtLeast, 2, 3), &[2, 2, 2], &[YES, YES], Approved),
        (weight(Above, 2, 3), &[1, 1, 5], &[YES, YES], Open),
        (weight(Above, 2, 3), &[u32::MAX, u32::MAX, u32::MAX], &[YES, YES, YES], Approved),
        (weight(Above, 1, 2), &[5, 1, 1], &[YES], Approved),
        (weight(Above, 1, 2), &[5, 1, 1], &[NO], Denied),
        (share(Above, 2, 3), &[5, 1, 1], &[YES, YES], Open),
    ];
    for (approvals, weights, ballots, expected) in table {
        let policy = Policy { votes: count(AtLeast, 1), approvals: *approvals, ..Policy::default() };
        assert_eq!(after(policy, weights, ballots), *expected, "{approvals:?} {weights:?} {ballots:?}");
    }
}

#[test]
fn a_member_votes_once() {
    let mut world = World::new(4);
    let id = world.link(Node(9));
    world.votes(Node(1), id, YES);
    for ballot in [YES, NO] {
        let again = world.vote_call(id, ballot);
        world.refuses(Node(1).account(), &again, &AlreadyVoted { id, voter: Node(1).id() });
    }
    let second = Address::repeat_byte(0x51);
    let signature = Node(1).sign(&network().authorization(Node(1).id(), second, true, 0));
    world.does(second, &authorizeCall { nodeKey: Node(1).id(), account: second, acts: true, signature });
    let again = world.vote_call(id, YES);
    world.refuses(second, &again, &AlreadyVoted { id, voter: Node(1).id() });
}

#[test]
fn only_approval_and_denial_are_votes() {
    let mut world = World::new(4);
    let id = world.link(Node(9));
    let abstains = world.vote_call(id, Ballot::None);
    world.refuses(Node(1).account(), &abstains, &NoBallot {});
    let mut garbage = world.vote_call(id, YES).abi_encode();
    garbage[4 + 5 * 32 - 1] = 3;
    let stop = world.memory.call(Node(1).account(), ADDRESS, &garbage).expect_err("no such ballot");
    let invalid = [NoBallot {}.abi_encode(), INative::InvalidCalldata {}.abi_encode()];
    assert!(invalid.iter().any(|error| stop == Stop::Revert(error.clone().into())), "{}", words(&stop));
    assert_eq!(world.asks(&votesCall { id, start: 0, count: 9 }).total, 0);
}

#[test]
fn a_vote_names_what_it_is_about() {
    let mut world = World::new(4);
    let id = world.link(Node(9));
    let good = world.vote_call(id, YES);
    let error = VoteDiffers { certificate: good.certificate, policy: good.policy, epoch: good.epoch };
    let wrong = [
        voteCall { certificate: B256::ZERO, ..good.clone() },
        voteCall { policy: B256::ZERO, ..good.clone() },
        voteCall { epoch: good.epoch + 1, ..good.clone() },
    ];
    for call in wrong {
        world.refuses(Node(1).account(), &call, &error);
    }
    world.refuses(Node(1).account(), &voteCall { id: 99, ..good }, &UnknownRequest { id: 99 });
}

#[test]
fn members_of_the_requests_epoch_vote_and_nobody_else() {
    let mut world = World::new(4);
    world.admit(Node(8), 1..=3);
    let id = world.link(Node(9));
    let call = world.vote_call(id, YES);
    let epoch = call.epoch;
    world.refuses(Node(9).account(), &call, &NotMember { caller: Node(9).account() });
    world.refuses(Node(8).account(), &call, &NotVoter { nodeKey: Node(8).id(), epoch });
    world.ready(Node(8));
    world.next_epoch();
    assert_eq!(world.committee(), [1, 2, 3, 4, 8]);
    world.refuses(Node(8).account(), &call, &NotVoter { nodeKey: Node(8).id(), epoch });
    assert_eq!(world.asks(&requestCall { id }).voters, 4, "later changes change nothing");
    world.approve(id, 1..=3);
    let id = world.link(Node(10));
    world.votes(Node(8), id, YES);
    assert_eq!(world.asks(&requestCall { id }).voters, 5);
}

#[test]
fn a_closed_request_takes_no_votes() {
    let mut world = World::new(4);
    let id = world.link(Node(9));
    world.approve(id, 1..=3);
    let late = world.vote_call(id, NO);
    world.refuses(Node(4).account(), &late, &RequestIsClosed { id, state: RequestState::Approved });
}

#[test]
fn votes_can_be_read_with_their_reasons() {
    let mut world = World::new(4);
    let id = world.link(Node(9));
    let call = voteCall { reasonCode: 7, reasonHash: EVIDENCE, ..world.vote_call(id, NO) };
    world.does(Node(2).account(), &call);
    let votes = world.asks(&votesCall { id, start: 0, count: 9 });
    let expected = Vote {
        voter: Node(2).id(),
        weight: 1,
        ballot: NO,
        reasonCode: 7,
        reasonHash: EVIDENCE,
        height: world.memory.number,
    };
    assert_eq!((votes.page, votes.total), (vec![expected], 1));
}
