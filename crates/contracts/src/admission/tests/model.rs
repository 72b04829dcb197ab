//! Random sequences of everything that anybody can do, and what must hold after each step: one open request for an identity,
//! one vote for a voter, a committee that never loses its quorum, histories that only grow, lists that agree with records.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

/// Nodes 1 to 5 begin; 6 to 12 may come.
const NODES: u8 = 12;

#[derive(Clone, Debug)]
enum Step {
    Link(u8, bool),
    Vote(u8, u8, bool),
    Revoke(u8, u8),
    Ready(u8),
    Renew(u8),
    Close(u8),
    Wait(u64),
    Epoch,
}

fn step() -> impl Strategy<Value = Step> {
    let node = 1..=NODES;
    prop_oneof![
        3 => (node.clone(), any::<bool>()).prop_map(|(node, fresh)| Step::Link(node, fresh)),
        12 => (node.clone(), 0..6_u8, prop::bool::weighted(0.8)).prop_map(|(node, back, yes)| Step::Vote(node, back, yes)),
        2 => (node.clone(), node.clone()).prop_map(|(one, other)| Step::Revoke(one, other)),
        3 => node.clone().prop_map(Step::Ready),
        1 => node.prop_map(Step::Renew),
        1 => (0..6_u8).prop_map(Step::Close),
        1 => (0..200 * DAY).prop_map(Step::Wait),
        2 => Just(Step::Epoch),
    ]
}

/// What was seen before, which must not change.
#[derive(Default)]
struct Seen {
    committees: BTreeMap<u64, Vec<B256>>,
    statuses: BTreeMap<(B256, u64), Status>,
    serial: u64,
    certificates: BTreeSet<B256>,
    revoked: BTreeSet<u8>,
}

/// A certificate of half a year from now on, never the same twice.
fn fresh(world: &World, seen: &mut Seen, node: Node) -> Vec<u8> {
    seen.serial += 1;
    let (serial, end) = (seen.serial + 1, world.memory.now + YEAR / 2);
    let der = node.certificate_with(|params| {
        params.serial_number = Some(serial.into());
        params.not_after = at!(end);
    });
    seen.certificates.insert(fingerprint(&der));
    der
}

/// Refusals are as good as anything: only panics and broken rules count.
fn take(world: &mut World, seen: &mut Seen, step: &Step) {
    let last = world.asks(&lastRequestCall {});
    let back = |back: u8| last.saturating_sub(u64::from(back));
    match *step {
        Step::Link(node, new) => {
            let der = if new { fresh(world, seen, Node(node)) } else { Node(node).certificate() };
            let call = world.link_call(Node(node), der);
            let _ = world.calls(Node(node).account(), &call);
        }
        Step::Vote(node, age, yes) => {
            let id = back(age);
            if id > 0 {
                let call = world.vote_call(id, if yes { Ballot::Approve } else { Ballot::Deny });
                let _ = world.calls(Node(node).account(), &call);
            }
        }
        Step::Revoke(one, other) => {
            let certificate = world.member(Node(other)).certificate;
            let _ = world.calls(Node(one).account(), &revoke_call(certificate));
        }
        Step::Ready(node) => {
            let call = ready_call(world.memory.number - 1);
            let _ = world.calls(Node(node).account(), &call);
        }
        Step::Renew(node) => {
            let der = fresh(world, seen, Node(node));
            let possession = world.possession(Node(node), &der, Node(node).account());
            let call = renewCall { certificate: der.into(), possession, nodeSignature: Bytes::new() };
            let _ = world.calls(Node(node).account(), &call);
        }
        Step::Close(age) => {
            let _ = world.calls(Address::ZERO, &closeCall { id: back(age) });
        }
        Step::Wait(seconds) => {
            world.memory.now += seconds;
            world.block();
        }
        Step::Epoch => world.next_epoch(),
    }
}

fn check(world: &mut World, seen: &mut Seen) {
    check_requests(world);
    check_members(world);
    check_revoked(world, seen);
    check_committees(world, seen);
    check_history(world, seen);
}

fn check_requests(world: &mut World) {
    let listed: BTreeSet<u64> = world.asks(&openRequestsCall { start: 0, count: PAGE_MOST }).page.into_iter().collect();
    let (mut open, mut links, mut targets, mut requesters) =
        (BTreeSet::new(), BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for id in 1..=world.asks(&lastRequestCall {}) {
        let request = world.asks(&requestCall { id });
        let votes = world.asks(&votesCall { id, start: 0, count: PAGE_MOST }).page;
        let voters: BTreeSet<B256> = votes.iter().map(|vote| vote.voter).collect();
        assert_eq!(voters.len(), votes.len(), "one vote for a voter in {id}");
        let approvals = votes.iter().filter(|vote| vote.ballot == Ballot::Approve).count() as u64;
        assert_eq!((request.votes, request.approvals), (votes.len() as u64, approvals));
        assert!(request.votes <= request.voters);
        if request.state == RequestState::Open {
            open.insert(id);
            match request.kind {
                RequestKind::Link => assert!(links.insert(request.nodeKey), "two open requests of one node"),
                _ => {
                    assert!(targets.insert(request.nodeKey), "two revocations of one member");
                    assert!(requesters.insert(request.requester), "two revocations by one member");
                }
            }
        } else {
            assert!(request.decidedAt >= request.madeAt);
        }
    }
    assert_eq!(open, listed);
}

fn check_members(world: &mut World) {
    let connected: BTreeSet<B256> =
        peers(&mut world.memory).expect("readable").into_iter().map(|peer| peer.node_key).collect();
    for node in (1..=NODES).map(Node) {
        let member = world.member(node);
        let live = matches!(member.state, MemberState::Observer | MemberState::Ready | MemberState::Committee);
        assert_eq!(live, connected.contains(&node.id()), "{node:?} {:?}", member.state);
        let status = world.asks(&certificateCall { fingerprint: member.certificate }).current;
        match member.state {
            MemberState::Revoked => assert_eq!(status, Status::Revoked),
            MemberState::Expired => assert_eq!(status, Status::Expired),
            _ if live => assert_eq!(status, Status::Valid),
            _ => {}
        }
    }
}

fn check_revoked(world: &mut World, seen: &mut Seen) {
    for number in 1..=NODES {
        let is_revoked = world.member_state(Node(number)) == MemberState::Revoked;
        assert!(is_revoked || !seen.revoked.contains(&number), "{number} came back after its revocation");
        if is_revoked {
            seen.revoked.insert(number);
        }
    }
}

fn check_committees(world: &mut World, seen: &mut Seen) {
    let epoch = world.memory.epoch;
    let committee = world.asks(&committeeCall { epoch });
    let before = epoch.checked_sub(1).and_then(|epoch| seen.committees.get(&epoch)).cloned();
    if let Some(before) = before.filter(|before| before.len() > 1) {
        let stayed = before.iter().filter(|key| committee.contains(key)).count();
        assert!(stayed >= before.len() - (before.len() - 1) / 3, "a quorum of the last committee stays");
    }
    let there = committee.iter().filter(|key| {
        let member = world.calls(Address::ZERO, &memberCall { nodeKey: **key }).expect("a view answers");
        member.state == MemberState::Committee
    });
    assert!(there.count() >= committee.len() - (committee.len() - 1) / 3, "who is not revoked can end the epoch");
    assert!(committee.len() == 1 || committee.len() >= 3);
    assert_eq!(seen.committees.entry(epoch).or_insert_with(|| committee.clone()), &committee, "fixed for the epoch");
    for (epoch, committee) in &seen.committees {
        assert_eq!(&world.calls(Address::ZERO, &committeeCall { epoch: *epoch }).expect("a view answers"), committee);
    }
}

fn check_history(world: &mut World, seen: &mut Seen) {
    let height = world.memory.number.saturating_sub(1);
    for certificate in seen.certificates.clone() {
        let now = world.asks(&statusCall { certificate, height });
        seen.statuses.insert((certificate, height), now);
        let page = world.asks(&historyCall { certificate, start: 0, count: PAGE_MOST }).page;
        assert!(page.is_sorted_by(|one, next| one.height < next.height), "heights rise");
        let revoked = page.iter().position(|change| change.status == Status::Revoked);
        assert!(revoked.is_none_or(|position| position + 1 == page.len()), "nothing comes after revocation");
    }
    for ((certificate, height), status) in &seen.statuses {
        let call = statusCall { certificate: *certificate, height: *height };
        assert_eq!(&world.calls(Address::ZERO, &call).expect("a view answers"), status, "history is stable");
    }
}

/// Some networks begin with five members, some with one.
fn run(founders: u8, steps: &[Step]) {
    let mut world = World::new(founders);
    let mut seen = Seen::default();
    seen.certificates.extend((1..=NODES).map(|number| fingerprint(&Node(number).certificate())));
    for step in steps {
        take(&mut world, &mut seen, step);
        check(&mut world, &mut seen);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn whatever_anybody_does_the_rules_hold(
        founders in prop_oneof![Just(1_u8), Just(4), Just(5)],
        steps in prop::collection::vec(step(), 1..60),
    ) {
        run(founders, &steps);
    }
}
