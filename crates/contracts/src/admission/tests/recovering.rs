//! A network that lost its quorum for good: members are taken out without a vote, and who is left decides from the next epoch on.

use super::*;

fn recovers(world: &mut World, gone: &[u8]) {
    let keys: Vec<B256> = gone.iter().map(|number| Node(*number).id()).collect();
    recover(&mut world.memory, &keys).expect("it never refuses");
}

fn was_recovered_at(world: &mut World, gone: &[u8], height: u64) -> bool {
    let keys: Vec<B256> = gone.iter().map(|number| Node(*number).id()).collect();
    were_removed_at(&mut world.memory, &keys, height).expect("readable")
}

#[test]
fn members_are_taken_out_however_few_are_left() {
    let mut world = World::new(4);
    world.block();
    let height = world.memory.number;
    recovers(&mut world, &[3, 4]);
    for gone in [Node(3), Node(4)] {
        let member = world.member(gone);
        assert_eq!((member.state, member.revokedAt, member.reason), (MemberState::Revoked, height, 5));
        assert_eq!(world.status(&gone.certificate()), Status::Revoked);
        world.refuses(gone.account(), &ready_call(0), &MemberIsRevoked { nodeKey: gone.id() });
    }
    let connected: Vec<B256> = peers(&mut world.memory).expect("readable").iter().map(|peer| peer.node_key).collect();
    assert_eq!(numbers(&connected), [1, 2]);
    assert_eq!((world.committee(), world.next_committee()), (vec![1, 2, 3, 4], vec![1, 2]));
    world.next_epoch();
    assert_eq!(world.committee(), [1, 2]);
    assert!(was_recovered_at(&mut world, &[3, 4], height));
    assert!(!was_recovered_at(&mut world, &[3, 4], height + 1) && !was_recovered_at(&mut world, &[2, 3], height));
    // They never come back.
    let back = world.link_call(Node(3), Node(3).certificate_with(|params| params.serial_number = Some(2_u64.into())));
    world.refuses(Node(3).account(), &back, &MemberIsRevoked { nodeKey: Node(3).id() });
}

#[test]
fn one_may_be_left_and_decides_alone_until_there_are_enough_again() {
    let mut world = World::new(4);
    recovers(&mut world, &[1, 2, 4]);
    world.next_epoch();
    assert_eq!(world.committee(), [3]);
    assert_eq!(sole_member(&mut world.memory).expect("readable"), Some(Node(3).id()));
    world.admit(Node(9), [3]);
    world.ready(Node(9));
    world.next_epoch();
    assert_eq!(world.committee(), [3], "fewer than minCommittee");
}

#[test]
fn requests_about_those_who_are_gone_are_closed() {
    let mut world = World::new(4);
    let revocation = world.revocation(Node(1), Node(4));
    world.votes(Node(1), revocation, Ballot::Approve);
    recovers(&mut world, &[3, 4]);
    assert_eq!(world.state(revocation), RequestState::Lapsed);
    let height = world.memory.number;
    world.block();
    let call = voteCall {
        id: revocation,
        certificate: fingerprint(&Node(4).certificate()),
        policy: world.asks(&requestCall { id: revocation }).policy,
        epoch: 0,
        ballot: Ballot::Approve,
        reasonCode: 0,
        reasonHash: B256::ZERO,
    };
    world.refuses(Node(2).account(), &call, &RequestIsClosed { id: revocation, state: RequestState::Lapsed });
    assert!(was_recovered_at(&mut world, &[3, 4], height));
    // Whoever asked may ask again, about others.
    world.revocation(Node(1), Node(2));
}

#[test]
fn whoever_is_no_member_is_passed_over() {
    let mut world = World::new(4);
    let before = world.memory.clone();
    recovers(&mut world, &[7]);
    assert_eq!(world.memory, before);
    let height = world.memory.number;
    recovers(&mut world, &[4]);
    world.block();
    recovers(&mut world, &[4]);
    assert_eq!(world.member(Node(4)).revokedAt, height, "once");
}

#[test]
fn nobody_else_leaves_in_the_epoch_of_a_recovery() {
    let mut world = World::new(4);
    recovers(&mut world, &[3, 4]);
    // The certificates of both who are left have had their time.
    world.memory.now = NOW + 2 * YEAR;
    world.next_epoch();
    assert_eq!(world.committee(), [1, 2]);
}
