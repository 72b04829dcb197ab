//! Taking a member out: who may ask, what it does at once and at the boundary, and how many may go.

use super::*;

#[test]
fn a_member_is_revoked_by_vote_at_once_and_leaves_the_committee_at_the_boundary() {
    let mut world = World::new(5);
    let der = Node(5).certificate();
    world.revoke(Node(5), 1..=4);
    assert_eq!((world.member_state(Node(5)), world.status(&der)), (MemberState::Revoked, Status::Revoked));
    assert!(!world.asks(&isValidCall { certificate: fingerprint(&der) }));
    assert!(peers(&mut world.memory).expect("readable").iter().all(|peer| peer.node_key != Node(5).id()));
    assert_eq!((world.committee(), world.next_committee()), (vec![1, 2, 3, 4, 5], vec![1, 2, 3, 4]));
    world.next_epoch();
    assert_eq!(world.committee(), [1, 2, 3, 4]);
    let [revoked] = &world.logs::<MemberRevoked>()[..] else { panic!("one revocation") };
    assert_eq!((revoked.certificate, revoked.reason, revoked.evidence), (fingerprint(&der), KEY_COMPROMISE, EVIDENCE));
    assert_eq!((revoked.voters, revoked.votes, revoked.approvals), (5, 4, 4));
}

#[test]
fn a_revoked_member_has_no_vote_from_then_on() {
    let mut world = World::new(5);
    let open = world.link(Node(9));
    world.revoke(Node(5), 1..=4);
    let call = world.vote_call(open, Ballot::Approve);
    let revoked = MemberIsRevoked { nodeKey: Node(5).id() };
    world.refuses(Node(5).account(), &call, &revoked);
    world.refuses(Node(5).account(), &ready_call(0), &revoked);
    let certificate = fingerprint(&Node(1).certificate());
    world.refuses(Node(5).account(), &revoke_call(certificate), &revoked);
    let renewal = renewCall { certificate: Bytes::new(), possession: Bytes::new(), nodeSignature: Bytes::new() };
    world.refuses(Node(5).account(), &renewal, &revoked);
}

#[test]
fn votes_that_were_cast_before_the_revocation_stay() {
    let mut world = World::new(5);
    let open = world.link(Node(9));
    world.votes(Node(5), open, Ballot::Approve);
    world.revoke(Node(5), 1..=4);
    let Request { votes, approvals, voters, .. } = world.asks(&requestCall { id: open });
    assert_eq!((votes, approvals, voters), (1, 1, 5));
    world.approve(open, 1..=3);
}

#[test]
fn requester_and_target_may_ask_for_each_other_and_only_one_goes() {
    let mut world = World::new(4);
    let (one, other) = (world.revocation(Node(1), Node(2)), world.revocation(Node(2), Node(1)));
    for voter in [1, 3] {
        world.votes(Node(voter), one, Ballot::Approve);
        world.votes(Node(voter), other, Ballot::Approve);
    }
    world.votes(Node(4), one, Ballot::Approve);
    assert_eq!(world.member_state(Node(2)), MemberState::Revoked);
    let call = world.vote_call(other, Ballot::Approve);
    world.refuses(Node(2).account(), &call, &MemberIsRevoked { nodeKey: Node(2).id() });
    world.refuses(Node(4).account(), &call, &LastMembers { left: 2, quorum: 3 });
    assert_eq!(world.member_state(Node(1)), MemberState::Committee);
}

#[test]
fn those_who_stay_are_a_quorum_of_the_epochs_committee() {
    // Committee, how many can be revoked in one epoch.
    for (founders, most) in [(1_u8, 0_u8), (2, 0), (3, 0), (4, 1), (6, 1), (7, 2), (10, 3)] {
        let mut world = World::founded(&vec![1; usize::from(founders)], few_decide(), 1);
        for target in 0..most {
            world.revoke(Node(founders - target), [1]);
        }
        let id = world.revocation(Node(1), Node(founders - most));
        let call = world.vote_call(id, Ballot::Approve);
        let left = u64::from(founders - most - 1);
        world.refuses(Node(1).account(), &call, &LastMembers { left, quorum: left + 1 });
    }
}

#[test]
fn a_revocation_that_had_to_wait_can_be_decided_in_the_next_epoch() {
    let mut world = World::founded(&[1; 8], few_decide(), 1);
    world.revoke(Node(8), [1]);
    world.revoke(Node(7), [1]);
    let id = world.revocation(Node(1), Node(6));
    let call = world.vote_call(id, Ballot::Approve);
    world.refuses(Node(1).account(), &call, &LastMembers { left: 5, quorum: 6 });
    world.next_epoch();
    world.does(Node(1).account(), &call);
    assert_eq!(world.member_state(Node(6)), MemberState::Revoked);
}

#[test]
fn an_observer_can_go_whatever_the_size_of_the_committee() {
    let mut world = World::new(1);
    world.admit(Node(9), [1]);
    world.revoke(Node(9), [1]);
    assert_eq!(world.member_state(Node(9)), MemberState::Revoked);
    world.next_epoch();
    assert_eq!(world.committee(), [1]);
}

#[test]
fn a_member_may_ask_for_its_own_revocation() {
    let mut world = World::new(5);
    let id = world.revocation(Node(5), Node(5));
    world.votes(Node(5), id, Ballot::Approve);
    world.approve(id, 1..=3);
    assert_eq!(world.member_state(Node(5)), MemberState::Revoked);
}

#[test]
fn every_reason_that_ends_a_certificate_comes_back_and_the_others_are_refused() {
    for reason in 0..=11 {
        let mut world = World::new(5);
        let certificate = fingerprint(&Node(5).certificate());
        let call = requestRevocationCall { reason, ..revoke_call(certificate) };
        if matches!(reason, 6 | 7 | 8 | 11) {
            world.refuses(Node(1).account(), &call, &InvalidReason { reason });
            continue;
        }
        let id = world.does(Node(1).account(), &call);
        world.approve(id, 1..=4);
        assert_eq!(world.member(Node(5)).reason, reason);
        assert_eq!(world.logs::<MemberRevoked>()[0].reason, reason);
    }
}

#[test]
fn only_members_ask_about_members_and_one_at_a_time() {
    let mut world = World::new(5);
    let of = |node: Node| revoke_call(fingerprint(&node.certificate()));
    world.refuses(Node(9).account(), &of(Node(1)), &NotMember { caller: Node(9).account() });
    let certificate = fingerprint(&Node(9).certificate());
    world.refuses(Node(1).account(), &of(Node(9)), &UnknownCertificate { certificate });
    world.link(Node(9));
    world.refuses(Node(1).account(), &of(Node(9)), &UnknownCertificate { certificate });
    let id = world.revocation(Node(1), Node(5));
    world.refuses(Node(2).account(), &of(Node(5)), &RevocationOpen { id });
    world.refuses(Node(1).account(), &of(Node(4)), &RevocationOpen { id });
    world.approve(id, 1..=4);
    world.refuses(
        Node(1).account(),
        &of(Node(5)),
        &UnknownCertificate { certificate: fingerprint(&Node(5).certificate()) },
    );
    world.revocation(Node(1), Node(4));
}

#[test]
fn what_was_revoked_does_not_come_back() {
    let mut world = World::new(5);
    world.revoke(Node(5), 1..=4);
    let (node, old) = (Node(5), Node(5).certificate());
    let revoked = MemberIsRevoked { nodeKey: node.id() };
    let call = world.link_call(node, old);
    world.refuses(node.account(), &call, &revoked);
    let new = node.certificate_with(|params| params.serial_number = Some(2_u64.into()));
    let call = world.link_call(node, new);
    world.refuses(node.account(), &call, &revoked);
    // The same bank with another key is another node.
    let name = |params: &mut CertificateParams| params.distinguished_name = node.params(|_| {}).distinguished_name;
    let call = world.link_call(Node(9), Node(9).certificate_with(name));
    world.does(Node(9).account(), &call);
}

#[test]
fn a_revoked_p256_key_does_not_come_back_under_another_node() {
    let mut world = World::new(5);
    let der = Node(9).p256_certificate();
    let message = world.message(&der, Node(9).account());
    let (possession, node_signature) = (Node(9).p256().sign_raw(&message), Node(9).sign(&message));
    let call = requestLinkCall { certificate: der.into(), weight: 1, possession, nodeSignature: node_signature };
    let id = world.does(Node(9).account(), &call);
    world.approve(id, 1..=4);
    world.revoke(Node(9), 1..=4);
    let der = made(Node(10).params(|_| {}), &Node(9).p256());
    let message = world.message(&der, Node(10).account());
    let (possession, node_signature) = (Node(9).p256().sign_raw(&message), Node(10).sign(&message));
    let call = requestLinkCall { certificate: der.into(), weight: 1, possession, nodeSignature: node_signature };
    world.refuses(Node(10).account(), &call, &KeyInUse { keyHash: keccak256(Node(9).p256().der_bytes()) });
}

#[test]
fn a_node_that_is_revoked_while_it_asks_to_come_back_stays_out() {
    let mut world = World::new(4);
    let end = NOW + 30 * DAY;
    let short = Node(9).certificate_with(|params| params.not_after = at!(end));
    let call = world.link_call(Node(9), short.clone());
    let id = world.does(Node(9).account(), &call);
    world.approve(id, 1..=3);
    world.memory.now = end + 1;
    world.next_epoch();
    assert_eq!(world.member_state(Node(9)), MemberState::Expired);
    let again = world.link(Node(9));
    world.votes(Node(1), again, Ballot::Approve);
    let revocation = world.does(Node(1).account(), &revoke_call(fingerprint(&short)));
    world.approve(revocation, 1..=3);
    assert_eq!(world.state(again), RequestState::Denied);
    let late = world.vote_call(again, Ballot::Approve);
    world.refuses(Node(2).account(), &late, &RequestIsClosed { id: again, state: RequestState::Denied });
    assert_eq!((world.member_state(Node(9)), world.status(&short)), (MemberState::Revoked, Status::Revoked));
    assert_eq!(world.status(&Node(9).certificate()), Status::Unknown);
    assert_eq!(world.asks(&openRequestsCall { start: 0, count: 9 }).total, 0);
    let call = world.link_call(Node(9), Node(9).certificate());
    world.refuses(Node(9).account(), &call, &MemberIsRevoked { nodeKey: Node(9).id() });
}

#[test]
fn a_member_of_genesis_that_never_brought_a_certificate_is_revoked_by_its_node_key() {
    let mut members = [1, 2, 3, 4, 5]
        .map(|number| Founder { accounts: vec![Node(number).account()], ..Founder::new(Node(number).id()) });
    members.sort_by_key(|founder| founder.key);
    let members = members.to_vec();
    let mut world = World::of(Founding { network: NETWORK, members, ..Founding::default() });
    let unknown = |certificate| UnknownCertificate { certificate };
    world.refuses(Node(1).account(), &revoke_call(B256::ZERO), &unknown(B256::ZERO));
    world.refuses(Node(1).account(), &revoke_call(Node(9).id()), &unknown(Node(9).id()));
    let id = world.does(Node(1).account(), &revoke_call(Node(5).id()));
    world.approve(id, 1..=4);
    assert_eq!(world.member_state(Node(5)), MemberState::Revoked);
    world.refuses(Node(1).account(), &revoke_call(Node(5).id()), &unknown(Node(5).id()));
    world.next_epoch();
    assert_eq!(world.committee(), [1, 2, 3, 4]);
}

#[test]
fn a_member_with_a_certificate_is_named_by_it_and_not_by_its_key() {
    let mut world = World::new(5);
    let certificate = Node(5).id();
    world.refuses(Node(1).account(), &revoke_call(certificate), &UnknownCertificate { certificate });
}

/// One approval is enough: unsafe, and good for counting who may leave.
fn few_decide() -> Policy {
    let one = Threshold { measure: Measure::Count, comparison: Comparison::AtLeast, numerator: 1, denominator: 1 };
    Policy { votes: one, approvals: one, ..Policy::default() }
}
