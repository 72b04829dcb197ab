//! What members do for themselves: renew, name accounts; and what time does to them.

use super::*;

fn second_certificate(node: Node) -> Vec<u8> {
    node.certificate_with(|params| params.serial_number = Some(2_u64.into()))
}

fn renew_call(world: &mut World, node: Node, der: Vec<u8>) -> renewCall {
    let possession = world.possession(node, &der, node.account());
    renewCall { certificate: der.into(), possession, nodeSignature: Bytes::new() }
}

#[test]
fn a_renewed_certificate_overlaps_and_then_takes_the_place_of_the_old_one() {
    let mut world = World::new(4);
    let (old, new) = (Node(1).certificate(), second_certificate(Node(1)));
    let call = renew_call(&mut world, Node(1), new.clone());
    world.does(Node(1).account(), &call);
    let valid = |world: &mut World| [&old, &new].map(|der| world.asks(&isValidCall { certificate: fingerprint(der) }));
    assert_eq!(valid(&mut world), [true, true]);
    assert_eq!([&old, &new].map(|der| world.status(der)), [Status::Valid, Status::Valid]);
    let until = world.member(Node(1)).overlapUntil;
    assert_eq!(until, NOW + Policy::default().overlap_seconds);
    world.memory.now = until - 1;
    world.next_epoch();
    assert_eq!(valid(&mut world), [true, true]);
    world.memory.now = until;
    assert_eq!(valid(&mut world), [false, true], "at once");
    world.next_epoch();
    assert_eq!([&old, &new].map(|der| world.status(der)), [Status::Superseded, Status::Valid], "written down");
    assert_eq!(world.member(Node(1)).previousCertificate, B256::ZERO);
    assert_eq!(world.committee(), [1, 2, 3, 4]);
    let call = renew_call(&mut world, Node(1), old.clone());
    let error = CertificateKnown { certificate: fingerprint(&old), status: Status::Superseded };
    world.refuses(Node(1).account(), &call, &error);
}

#[test]
fn the_overlap_ends_with_the_old_certificate() {
    let mut world = World::new(4);
    let call = world.link_call(Node(9), Node(9).certificate_with(|params| params.not_after = at!(NOW + DAY)));
    let id = world.does(Node(9).account(), &call);
    world.approve(id, 1..=3);
    let call = renew_call(&mut world, Node(9), second_certificate(Node(9)));
    world.does(Node(9).account(), &call);
    assert_eq!(world.member(Node(9)).overlapUntil, NOW + DAY);
}

#[test]
fn one_overlap_at_a_time() {
    let mut world = World::new(4);
    let call = renew_call(&mut world, Node(1), second_certificate(Node(1)));
    world.does(Node(1).account(), &call);
    let third = Node(1).certificate_with(|params| params.serial_number = Some(3_u64.into()));
    let call = renew_call(&mut world, Node(1), third);
    let until = NOW + Policy::default().overlap_seconds;
    world.refuses(Node(1).account(), &call, &OverlapRuns { until });
    world.memory.now = until;
    world.does(Node(1).account(), &call);
    assert_eq!(world.status(&Node(1).certificate()), Status::Superseded);
}

#[test]
fn a_renewal_keeps_node_and_name_and_may_change_the_key_that_is_not_the_nodes() {
    let mut world = World::new(4);
    let mut other = renew_call(&mut world, Node(1), Node(9).certificate());
    other.possession = world.possession(Node(9), &Node(9).certificate(), Node(1).account());
    world.refuses(Node(1).account(), &other, &NodeKeyIsFixed { nodeKey: Node(1).id() });
    let renamed = Node(1).certificate_with(|params| params.distinguished_name.push(DnType::CommonName, "new"));
    let call = renew_call(&mut world, Node(1), renamed);
    let subject_hash = parse(&Node(1).certificate()).expect("good").subject_hash;
    world.refuses(Node(1).account(), &call, &SubjectIsFixed { subjectHash: subject_hash });
    let der = Node(1).p256_certificate();
    let message = world.message(&der, Node(1).account());
    let (possession, node_signature) = (Node(1).p256().sign_raw(&message), Node(1).sign(&message));
    world.does(Node(1).account(), &renewCall { certificate: der.into(), possession, nodeSignature: node_signature });
}

#[test]
fn a_renewal_does_not_wait_for_votes_and_needs_possession() {
    let mut world = World::new(4);
    let mut call = renew_call(&mut world, Node(1), second_certificate(Node(1)));
    world.refuses(Node(9).account(), &call, &NotMember { caller: Node(9).account() });
    call.possession = Node(2).sign(b"something");
    world.refuses(Node(1).account(), &call, &InvalidPossession {});
}

#[test]
fn a_member_of_genesis_without_certificate_brings_one() {
    let founders = [1, 2, 3, 4]
        .map(|number| Founder { accounts: vec![Node(number).account()], ..Founder::new(Node(number).id()) });
    let mut members = founders.to_vec();
    members.sort_by_key(|founder| founder.key);
    let mut world = World::of(Founding { network: NETWORK, members, ..Founding::default() });
    assert_eq!(world.member(Node(1)).certificate, B256::ZERO);
    let other = peers(&mut world.memory).expect("readable");
    assert!(other.iter().all(|peer| peer.address.is_none()));
    world.admit(Node(9), 1..=3);
    let name = |params: &mut CertificateParams| params.distinguished_name = Node(9).params(|_| {}).distinguished_name;
    let call = renew_call(&mut world, Node(1), Node(1).certificate_with(name));
    let subject_hash = parse(&Node(9).certificate()).expect("good").subject_hash;
    world.refuses(Node(1).account(), &call, &SubjectInUse { subjectHash: subject_hash });
    let call = renew_call(&mut world, Node(1), Node(1).certificate());
    world.does(Node(1).account(), &call);
    assert_eq!(world.member(Node(1)).overlapUntil, 0);
    assert_eq!(world.status(&Node(1).certificate()), Status::Valid);
}

#[test]
fn a_node_key_names_accounts_and_takes_them_back() {
    let mut world = World::new(4);
    let (node, account) = (Node(1), Address::repeat_byte(0x77));
    let call = |acts, sequence| {
        let signature = node.sign(&network().authorization(node.id(), account, acts, sequence));
        authorizeCall { nodeKey: node.id(), account, acts, signature }
    };
    world.refuses(account, &call(true, 1), &InvalidNodeSignature {});
    world.refuses(account, &authorizeCall { acts: false, ..call(true, 0) }, &InvalidNodeSignature {});
    world.refuses(account, &call(false, 0), &UnknownAccount { account });
    world.does(account, &call(true, 0));
    assert_eq!(world.asks(&memberOfCall { account }), node.id());
    world.refuses(account, &call(true, 0), &InvalidNodeSignature {});
    world.refuses(account, &call(true, 1), &AccountInUse { account });
    world.does(Address::ZERO, &call(false, 1));
    assert_eq!(world.asks(&memberOfCall { account }), B256::ZERO);
    assert_eq!(world.member(node).accounts, [node.account()]);
    let message = world.asks(&authorizationMessageCall { nodeKey: node.id(), account, acts: true });
    assert_eq!(message, network().authorization(node.id(), account, true, 2));
}

#[test]
fn a_member_has_so_many_accounts_and_shares_none() {
    let mut world = World::new(4);
    let mut authorize = |node: Node, account: Address| {
        let sequence = world.member(node).sequence;
        let signature = node.sign(&network().authorization(node.id(), account, true, sequence));
        let call = authorizeCall { nodeKey: node.id(), account, acts: true, signature };
        world.calls(account, &call)
    };
    for last in 1..=3 {
        authorize(Node(1), Address::with_last_byte(last)).expect("four at most");
    }
    let refused = authorize(Node(1), Address::with_last_byte(4)).expect_err("the fifth");
    assert_eq!(refused, Stop::Revert(TooManyAccounts { most: 4 }.abi_encode().into()));
    let account = Address::with_last_byte(1);
    let refused = authorize(Node(2), account).expect_err("shared");
    assert_eq!(refused, Stop::Revert(AccountInUse { account }.abi_encode().into()));
    let refused = authorize(Node(9), account).expect_err("no member");
    assert_eq!(refused, Stop::Revert(UnknownMember { nodeKey: Node(9).id() }.abi_encode().into()));
}

#[test]
fn an_expired_observer_is_out_and_may_ask_again_with_a_new_certificate() {
    let mut world = World::new(4);
    let end = NOW + 30 * DAY;
    let short = Node(9).certificate_with(|params| params.not_after = at!(end));
    let call = world.link_call(Node(9), short.clone());
    let id = world.does(Node(9).account(), &call);
    world.approve(id, 1..=3);
    world.memory.now = end;
    world.next_epoch();
    assert_eq!(world.member_state(Node(9)), MemberState::Observer, "its last second");
    world.memory.now = end + 1;
    assert!(!world.asks(&isValidCall { certificate: fingerprint(&short) }), "at once");
    let call = ready_call(world.memory.number - 1);
    world.refuses(Node(9).account(), &call, &MemberIsExpired { nodeKey: Node(9).id() });
    world.next_epoch();
    assert_eq!((world.member_state(Node(9)), world.status(&short)), (MemberState::Expired, Status::Expired));
    world.refuses(Node(9).account(), &call, &MemberIsExpired { nodeKey: Node(9).id() });
    let call = world.link_call(Node(9), short.clone());
    let flaw = InvalidCertificate { flaw: Flaw::Expired };
    world.refuses(Node(9).account(), &call, &flaw);
    world.admit(Node(9), 1..=3);
    assert_eq!(world.member_state(Node(9)), MemberState::Observer);
    assert_eq!(world.asks(&membersCall { start: 0, count: 9 }).total, 5, "listed once");
    assert_eq!(world.status(&short), Status::Expired);
}

#[test]
fn the_status_of_a_certificate_is_what_it_was_at_any_height() {
    let mut world = World::new(4);
    let (node, der) = (Node(9), Node(9).certificate());
    let certificate = fingerprint(&der);
    let mut heights = Vec::new();
    let mut at = |world: &mut World| {
        heights.push(world.memory.number);
        world.block();
        world.block();
    };
    at(&mut world);
    let denied = world.link(node);
    at(&mut world);
    for voter in 1..=3 {
        world.votes(Node(voter), denied, Ballot::Deny);
    }
    at(&mut world);
    let id = world.link(node);
    at(&mut world);
    world.approve(id, 1..=3);
    at(&mut world);
    world.revoke(node, 1..=3);
    at(&mut world);
    use Status::*;
    let expected = [Unknown, Pending, Unknown, Pending, Valid, Revoked];
    for (height, status) in heights.iter().zip(expected) {
        for height in [*height, height + 1] {
            assert_eq!(world.asks(&statusCall { certificate, height }), status, "height {height}");
        }
    }
    assert_eq!(world.asks(&statusCall { certificate, height: 0 }), Unknown);
    assert_eq!(world.asks(&statusCall { certificate, height: u64::MAX }), Revoked);
    let history = world.asks(&historyCall { certificate, start: 0, count: 9 });
    let changes: Vec<_> = history.page.iter().map(|change| (change.height, change.status)).collect();
    assert_eq!(changes, heights.into_iter().zip(expected).skip(1).collect::<Vec<_>>());
}

#[test]
fn pages_are_bounded_and_end() {
    let mut world = World::new(4);
    let page = world.asks(&membersCall { start: 1, count: 2 });
    assert_eq!((page.page.len(), page.total), (2, 4));
    assert_eq!(world.asks(&membersCall { start: u64::MAX, count: PAGE_MOST }).page.len(), 0);
    let call = membersCall { start: 0, count: PAGE_MOST + 1 };
    world.refuses(Address::ZERO, &call, &PageTooLarge { count: PAGE_MOST + 1, most: PAGE_MOST });
}
