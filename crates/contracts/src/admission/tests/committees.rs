//! Committees by epoch: the handover from one member to several, expiry at the boundary, and what readers of the state see.

use super::*;
use primitives::Committee;

/// What `chain` would read from the state after this block.
fn reader(
    world: &World,
) -> Reader<impl FnMut(Address, alloy_primitives::U256) -> Result<alloy_primitives::U256, String>> {
    let slots = world.memory.slots.clone();
    let read = move |account, slot| Ok(slots.get(&(account, slot)).copied().unwrap_or_default());
    Reader::new(read, world.memory.number, world.memory.now, world.memory.epoch)
}

fn committee_of(nodes: impl IntoIterator<Item = u8>) -> Committee {
    Committee::new(nodes.into_iter().map(|number| Node(number).id()).collect())
}

#[test]
fn the_sole_member_goes_on_until_enough_are_ready_and_then_all_are_the_committee() {
    let mut world = World::new(1);
    for number in 2..=4 {
        world.admit(Node(number), [1]);
        world.ready(Node(number));
        if number < 4 {
            assert_eq!(world.next_committee(), [1]);
            world.next_epoch();
            assert_eq!(world.committee(), [1], "{number} are ready");
            assert_eq!(sole_member(&mut world.memory), Ok(Some(Node(1).id())));
        }
    }
    assert_eq!(world.next_committee(), [1, 2, 3, 4]);
    world.next_epoch();
    assert_eq!(world.committee(), [1, 2, 3, 4]);
    assert_eq!(sole_member(&mut world.memory), Ok(None));
    assert!((2..=4).all(|number| world.member_state(Node(number)) == MemberState::Committee));
}

#[test]
fn a_committee_that_became_smaller_than_the_least_does_not_go_back_to_one() {
    let mut world = World::new(4);
    world.revoke(Node(4), 1..=3);
    world.next_epoch();
    assert_eq!(world.committee(), [1, 2, 3]);
    world.next_epoch();
    assert_eq!(world.committee(), [1, 2, 3]);
}

#[test]
fn a_reader_of_the_state_sees_the_committee_of_every_epoch() {
    let mut world = World::new(4);
    world.admit(Node(9), 1..=3);
    world.ready(Node(9));
    world.next_epoch();
    world.next_epoch();
    world.revoke(Node(2), [1, 3, 4, 9]);
    world.next_epoch();
    let mut host = reader(&world);
    let expected = [vec![1, 2, 3, 4], vec![1, 2, 3, 4, 9], vec![1, 2, 3, 4, 9], vec![1, 3, 4, 9]];
    for (epoch, nodes) in (0..).zip(expected) {
        assert_eq!(committee_of_epoch(&mut host, epoch), Ok(Some(committee_of(nodes))), "epoch {epoch}");
    }
    assert_eq!(committee_of_epoch(&mut host, 99), Ok(Some(committee_of([1, 3, 4, 9]))));
    assert_eq!(next_committee(&mut host), Ok(Some(committee_of([1, 3, 4, 9]))));
    assert_eq!(sole_member(&mut host), Ok(None));
    let rows = peers(&mut host).expect("readable");
    assert_eq!(numbers(&rows.iter().map(|row| row.node_key).collect::<Vec<_>>()), [1, 3, 4, 9]);
    assert!(rows.is_sorted_by_key(|row| row.node_key));
    assert!(rows.iter().all(|row| row.address.as_ref().is_some_and(|address| address.ends_with(".example:30303"))));
    assert!(rows.iter().all(|row| row.state == MemberState::Committee));
}

#[test]
fn before_the_last_block_of_an_epoch_is_over_the_next_committee_is_what_it_would_be() {
    let mut world = World::new(4);
    world.admit(Node(9), 1..=3);
    while !(world.memory.number + 1).is_multiple_of(EPOCH_BLOCKS) {
        world.block();
    }
    world.ready(Node(9));
    let planned = next_committee(&mut reader(&world)).expect("readable").expect("open");
    end_epoch(&mut world.memory).expect("it ends");
    let fixed = committee_of_epoch(&mut reader(&world), world.memory.epoch + 1).expect("readable").expect("open");
    assert_eq!((&planned, &fixed), (&fixed, &committee_of([1, 2, 3, 4, 9])));
    let current = committee_of_epoch(&mut reader(&world), world.memory.epoch).expect("readable").expect("open");
    assert_eq!(current, committee_of(1..=4));
}

#[test]
fn an_epoch_in_which_nothing_happened_writes_nothing_and_leaves_no_log() {
    let mut world = World::new(4);
    let before = (world.memory.slots.clone(), world.memory.logs.clone());
    for _ in 0..3 {
        world.next_epoch();
    }
    assert_eq!((world.memory.slots, world.memory.logs), before);
}

#[test]
fn a_room_that_is_not_open_ends_no_epoch_and_knows_no_committee() {
    let mut bare = Memory::default();
    assert_eq!(end_epoch(&mut bare), Ok(()));
    assert_eq!(bare, Memory::default());
    assert_eq!(committee_of_epoch(&mut bare, 0), Ok(None));
    assert_eq!(next_committee(&mut bare), Ok(None));
    assert_eq!(peers(&mut bare), Ok(vec![]));
}

#[test]
fn a_room_that_opens_later_begins_with_the_committee_of_genesis_in_that_epoch() {
    let mut members: Vec<Founder> = (1..=2).map(|number| Founder::new(Node(number).id())).collect();
    members.sort_by_key(|founder| founder.key);
    let founding = Founding { network: NETWORK, members, ..Founding::default() };
    let mut memory = Memory { founding: founding.into(), number: 128, epoch: 2, ..Memory::default() };
    crate::protocol::begin_epoch(&mut memory, 2).expect("version 2 begins");
    assert_eq!(committee_of_epoch(&mut memory, 1), Ok(None));
    assert_eq!(committee_of_epoch(&mut memory, 2), Ok(Some(committee_of(1..=2))));
}

#[test]
fn expiry_takes_as_many_out_of_the_committee_as_may_leave_and_the_others_can_still_renew() {
    let mut world = World::new(7);
    world.memory.now = NOW + YEAR + 1;
    world.next_epoch();
    assert_eq!(world.committee().len(), 5, "two of seven");
    world.next_epoch();
    assert_eq!(world.committee().len(), 4, "one of five");
    world.next_epoch();
    assert_eq!(world.committee().len(), 3, "one of four");
    world.next_epoch();
    let left = world.committee();
    assert_eq!(left.len(), 3, "none of three");
    let node = Node(left[0]);
    let open = revoke_call(world.member(Node(left[1])).certificate);
    world.refuses(node.account(), &open, &MemberIsExpired { nodeKey: node.id() });
    let new = node.certificate_with(|params| {
        params.serial_number = Some(2_u64.into());
        params.not_after = at!(NOW + 2 * YEAR);
    });
    let possession = world.possession(node, &new, node.account());
    let call = renewCall { certificate: new.into(), possession, nodeSignature: Bytes::new() };
    world.does(node.account(), &call);
    world.does(node.account(), &open);
}

#[test]
fn revoked_and_expired_members_share_what_may_leave() {
    let mut world = World::new(7);
    world.revoke(Node(1), 2..=6);
    world.memory.now = NOW + YEAR + 1;
    world.next_epoch();
    assert_eq!(world.committee().len(), 5);
    assert!(!world.committee().contains(&1));
}

#[test]
fn the_sole_member_never_expires_out_of_its_committee() {
    let mut world = World::new(1);
    world.memory.now = NOW + 2 * YEAR;
    world.next_epoch();
    assert_eq!((world.committee(), world.member_state(Node(1))), (vec![1], MemberState::Committee));
}

#[test]
fn a_network_has_at_most_128_members() {
    let mut world = World::founded(&[1; 128], Policy::default(), 4);
    assert_eq!(world.committee().len(), 128);
    let call = world.link_call(Node(200), Node(200).certificate());
    world.refuses(Node(200).account(), &call, &TooManyMembers { most: 128 });
    world.next_epoch();
    assert_eq!(world.committee().len(), 128);
}

#[test]
fn members_beyond_the_most_wait_until_one_leaves() {
    let mut world = World::founded(&[1; 127], Policy::default(), 4);
    let (first, second) = (world.link(Node(200)), world.link(Node(201)));
    world.approve(first, 1..=85);
    for voter in 1..=84 {
        world.votes(Node(voter), second, Ballot::Approve);
    }
    let call = world.vote_call(second, Ballot::Approve);
    world.refuses(Node(85).account(), &call, &TooManyMembers { most: 128 });
    let id = world.revocation(Node(1), Node(200));
    world.approve(id, 1..=85);
    world.does(Node(85).account(), &call);
}
