//! From a certificate of one's own to a seat in the committee, and everybody who is turned away.

use super::*;

#[test]
fn an_applicant_is_admitted_by_vote_gets_ready_and_is_in_the_next_committee() {
    let mut world = World::new(4);
    let (node, der) = (Node(9), Node(9).certificate());
    let id = world.link(node);
    assert_eq!((world.member_state(node), world.status(&der)), (MemberState::Requested, Status::Pending));
    assert_eq!(world.asks(&openRequestsCall { start: 0, count: 9 }).page, [id]);
    world.approve(id, 1..=3);
    assert_eq!((world.member_state(node), world.status(&der)), (MemberState::Observer, Status::Valid));
    assert_eq!(world.asks(&certificateCall { fingerprint: fingerprint(&der) }).der, der, "byte for byte");
    assert_eq!(world.asks(&memberOfCall { account: node.account() }), node.id());
    world.next_epoch();
    assert_eq!(world.committee(), [1, 2, 3, 4], "an observer waits");
    world.ready(node);
    assert_eq!((world.committee(), world.next_committee()), (vec![1, 2, 3, 4], vec![1, 2, 3, 4, 9]));
    world.next_epoch();
    assert_eq!(world.committee(), [1, 2, 3, 4, 9]);
    assert_eq!(world.member(node).committeeFrom, world.memory.epoch);
    assert_eq!(world.asks(&openRequestsCall { start: 0, count: 9 }).total, 0);
}

#[test]
fn the_logs_say_what_a_proof_needs() {
    let mut world = World::new(4);
    let (node, der) = (Node(9), Node(9).certificate());
    let id = world.link(node);
    world.approve(id, 1..=3);
    world.ready(node);
    let [asked] = &world.logs::<LinkRequested>()[..] else { panic!("one request") };
    assert_eq!((asked.id, asked.certificate, asked.nodeKey), (id, fingerprint(&der), node.id()));
    assert_eq!((asked.voters, asked.votersWeight, asked.deadline), (4, 4, NOW + VOTING));
    assert_eq!(asked.nodeAddress, "node-9.bank.example:30303");
    let [admitted] = &world.logs::<MemberAdmitted>()[..] else { panic!("one admission") };
    assert_eq!((admitted.request, admitted.notBefore, admitted.notAfter), (id, NOW - DAY, NOW + YEAR));
    assert_eq!((admitted.voters, admitted.votes, admitted.approvals), (4, 3, 3));
    assert_eq!(world.logs::<Voted>().len(), 3);
    assert_eq!(world.logs::<RequestClosed>()[0].state, RequestState::Approved);
    assert_eq!(world.logs::<MemberReady>()[0].nodeKey, node.id());
}

#[test]
fn a_p256_certificate_names_its_node_key_and_both_keys_sign() {
    let mut world = World::new(4);
    let (node, der) = (Node(9), Node(9).p256_certificate());
    let message = world.message(&der, node.account());
    let good = requestLinkCall {
        certificate: der.into(),
        weight: 1,
        possession: node.p256().sign_raw(&message),
        nodeSignature: node.sign(&message),
    };
    let without = requestLinkCall { nodeSignature: Bytes::new(), ..good.clone() };
    world.refuses(node.account(), &without, &InvalidNodeSignature {});
    let stranger = requestLinkCall { nodeSignature: Node(8).sign(&message), ..good.clone() };
    world.refuses(node.account(), &stranger, &InvalidNodeSignature {});
    let swapped = requestLinkCall { possession: node.sign(&message), ..good.clone() };
    world.refuses(node.account(), &swapped, &InvalidPossession {});
    let id = world.does(node.account(), &good);
    world.approve(id, 1..=3);
    assert_eq!(world.member_state(node), MemberState::Observer);
}

#[test]
fn an_ed25519_certificate_needs_no_second_signature_and_takes_none() {
    let mut world = World::new(4);
    let mut call = world.link_call(Node(9), Node(9).certificate());
    call.nodeSignature = call.possession.clone();
    world.refuses(Node(9).account(), &call, &InvalidNodeSignature {});
}

#[test]
fn who_has_seen_a_certificate_cannot_use_it() {
    let mut world = World::new(4);
    let (owner, thief) = (Node(9), Node(8));
    let der = owner.certificate();
    let mut call = world.link_call(owner, der.clone());
    world.refuses(thief.account(), &call, &InvalidPossession {});
    call.possession = world.possession(thief, &der, thief.account());
    world.refuses(thief.account(), &call, &InvalidPossession {});
    call.possession = Bytes::new();
    world.refuses(thief.account(), &call, &InvalidPossession {});
}

#[test]
fn a_proof_of_possession_counts_for_one_network_account_certificate_and_time() {
    let node = Node(9);
    let der = node.certificate();
    let (account, print) = (node.account(), fingerprint(&der));
    let other_chain = Network { chain_id: 1, ..network() };
    let other_genesis = Network { hash: B256::ZERO, ..network() };
    let messages = [
        other_chain.possession(account, print, 0),
        other_genesis.possession(account, print, 0),
        network().possession(Node(8).account(), print, 0),
        network().possession(account, B256::ZERO, 0),
        network().possession(account, print, 1),
        network().authorization(node.id(), account, true, 0),
    ];
    let mut world = World::new(4);
    let good = world.link_call(node, der);
    for message in messages {
        let call = requestLinkCall { possession: node.sign(&message), ..good.clone() };
        world.refuses(account, &call, &InvalidPossession {});
    }
    let id = world.does(account, &good);
    for voter in 1..=2 {
        world.votes(Node(voter), id, Ballot::Deny);
    }
    world.votes(Node(3), id, Ballot::Deny);
    world.refuses(account, &good, &InvalidPossession {});
    let fresh = world.link_call(node, node.certificate());
    world.does(account, &fresh);
}

#[test]
fn one_identity_has_one_request_at_a_time() {
    let mut world = World::new(4);
    world.link(Node(9));
    let der = Node(9).certificate();
    // The same account.
    let call = world.link_call(Node(9), der.clone());
    world.refuses(Node(9).account(), &call, &AccountInUse { account: Node(9).account() });
    // The same certificate from another account.
    let account = Address::repeat_byte(0x99);
    let possession = world.possession(Node(9), &der, account);
    let call = requestLinkCall { possession, ..call };
    let known = CertificateKnown { certificate: fingerprint(&der), status: Status::Pending };
    world.refuses(account, &call, &known);
    // The same key in another certificate, under another name.
    let renamed = Node(9).certificate_with(|params| params.distinguished_name.push(DnType::CommonName, "other"));
    let possession = world.possession(Node(9), &renamed, account);
    let call = requestLinkCall { certificate: renamed.into(), possession, weight: 1, nodeSignature: Bytes::new() };
    world.refuses(account, &call, &KeyInUse { keyHash: keccak256(Node(9).id()) });
    // The same name with another key.
    let name = |params: &mut CertificateParams| params.distinguished_name = Node(9).params(|_| {}).distinguished_name;
    let call = world.link_call(Node(8), Node(8).certificate_with(name));
    let subject_hash = parse(&der).expect("good").subject_hash;
    world.refuses(Node(8).account(), &call, &SubjectInUse { subjectHash: subject_hash });
}

#[test]
fn a_member_is_not_linked_again() {
    let mut world = World::new(4);
    world.admit(Node(9), 1..=3);
    let again = Node(9).certificate_with(|params| params.serial_number = Some(2_u64.into()));
    let call = world.link_call(Node(9), again.clone());
    world.refuses(Node(9).account(), &call, &AlreadyMember { nodeKey: Node(9).id() });
    let account = Address::repeat_byte(0x99);
    let possession = world.possession(Node(9), &again, account);
    world.refuses(account, &requestLinkCall { possession, ..call }, &AlreadyMember { nodeKey: Node(9).id() });
    // A member's account for another node; a member's name, or its P-256 key's node, for another key.
    let call = requestLinkCall { possession: Bytes::new(), ..world.link_call(Node(8), Node(8).certificate()) };
    world.refuses(Node(9).account(), &call, &AlreadyMember { nodeKey: Node(9).id() });
    let name = |params: &mut CertificateParams| params.distinguished_name = Node(9).params(|_| {}).distinguished_name;
    let call = world.link_call(Node(8), Node(8).certificate_with(name));
    let subject_hash = parse(&Node(9).certificate()).expect("good").subject_hash;
    world.refuses(Node(8).account(), &call, &SubjectInUse { subjectHash: subject_hash });
}

#[test]
fn a_p256_key_belongs_to_one_node() {
    let mut world = World::new(4);
    let link = |world: &mut World, node: Node, der: Vec<u8>| {
        let message = world.message(&der, node.account());
        let possession = Node(9).p256().sign_raw(&message);
        requestLinkCall { certificate: der.into(), weight: 1, possession, nodeSignature: node.sign(&message) }
    };
    let call = link(&mut world, Node(9), Node(9).p256_certificate());
    let id = world.does(Node(9).account(), &call);
    world.approve(id, 1..=3);
    let der = made(Node(8).params(|_| {}), &Node(9).p256());
    let call = link(&mut world, Node(8), der);
    world.refuses(Node(8).account(), &call, &KeyInUse { keyHash: keccak256(Node(9).p256().der_bytes()) });
}

#[test]
fn a_denied_applicant_may_ask_again_and_its_certificate_is_unknown() {
    let mut world = World::new(4);
    let der = Node(9).certificate();
    let id = world.link(Node(9));
    world.votes(Node(1), id, Ballot::Deny);
    world.votes(Node(2), id, Ballot::Deny);
    assert_eq!(world.state(id), RequestState::Open, "two votes are not more than half");
    world.votes(Node(3), id, Ballot::Approve);
    assert_eq!((world.state(id), world.status(&der)), (RequestState::Denied, Status::Unknown));
    assert_eq!(world.member_state(Node(9)), MemberState::None);
    world.admit(Node(9), 1..=3);
}

#[test]
fn a_request_whose_deadline_passed_is_not_approved() {
    let mut world = World::new(4);
    let id = world.link(Node(9));
    world.votes(Node(1), id, Ballot::Approve);
    world.votes(Node(2), id, Ballot::Approve);
    world.refuses(Address::ZERO, &closeCall { id }, &DeadlineAhead { deadline: NOW + VOTING });
    world.memory.now = NOW + VOTING;
    let late = world.vote_call(id, Ballot::Approve);
    world.refuses(Node(3).account(), &late, &DeadlinePassed { deadline: NOW + VOTING });
    let mut other = World { memory: world.memory.clone() };
    world.does(Address::ZERO, &closeCall { id });
    other.next_epoch();
    for world in [&mut world, &mut other] {
        assert_eq!((world.state(id), world.status(&Node(9).certificate())), (RequestState::Lapsed, Status::Unknown));
        world.refuses(Address::ZERO, &closeCall { id }, &RequestIsClosed { id, state: RequestState::Lapsed });
        world.link(Node(9));
    }
}

#[test]
fn no_request_outlives_its_certificate() {
    let mut world = World::new(4);
    let end = NOW + 100;
    let call = world.link_call(Node(9), Node(9).certificate_with(|params| params.not_after = at!(end)));
    let id = world.does(Node(9).account(), &call);
    assert_eq!(world.asks(&requestCall { id }).deadline, end);
    world.memory.now = end;
    let late = world.vote_call(id, Ballot::Approve);
    world.refuses(Node(1).account(), &late, &DeadlinePassed { deadline: end });
}

#[test]
fn so_many_requests_and_no_more_are_open() {
    let mut world = World::new(1);
    for number in 0..OPEN_LINKS_MOST {
        world.link(Node(u8::try_from(number + 2).expect("64 at most")));
    }
    let call = world.link_call(Node(200), Node(200).certificate());
    world.refuses(Node(200).account(), &call, &TooManyRequests { most: OPEN_LINKS_MOST });
    world.votes(Node(1), 7, Ballot::Deny);
    world.link(Node(200));
    world.memory.now += VOTING;
    world.next_epoch();
    assert_eq!(world.asks(&openRequestsCall { start: 0, count: PAGE_MOST }).total, 0);
}

#[test]
fn weight_is_the_applicants_to_name_and_never_zero() {
    let mut world = World::new(4);
    let call = world.link_call(Node(9), Node(9).certificate());
    world.refuses(Node(9).account(), &requestLinkCall { weight: 0, ..call.clone() }, &ZeroWeight {});
    let id = world.does(Node(9).account(), &requestLinkCall { weight: u32::MAX, ..call });
    world.approve(id, 1..=3);
    assert_eq!(world.member(Node(9)).weight, u32::MAX);
}

#[test]
fn ready_is_said_once_by_a_new_member_about_a_block_that_is_there() {
    let mut world = World::new(4);
    let call = ready_call(0);
    world.refuses(Node(9).account(), &call, &NotMember { caller: Node(9).account() });
    world.refuses(Node(1).account(), &call, &NotObserver { state: MemberState::Committee });
    world.admit(Node(9), 1..=3);
    for number in [1, 2, u64::MAX] {
        let readyCall { height, blockHash } = ready_call(number);
        world.refuses(Node(9).account(), &readyCall { height, blockHash }, &UnknownBlock { height, blockHash });
    }
    let wrong = readyCall { height: 0, blockHash: B256::ZERO };
    world.refuses(Node(9).account(), &wrong, &UnknownBlock { height: 0, blockHash: B256::ZERO });
    world.memory.number = 257;
    let readyCall { height, blockHash } = call;
    world.refuses(Node(9).account(), &call, &UnknownBlock { height, blockHash });
    world.ready(Node(9));
    let twice = ready_call(256);
    world.refuses(Node(9).account(), &twice, &NotObserver { state: MemberState::Ready });
}

#[test]
fn a_member_that_never_starts_stays_an_observer() {
    let mut world = World::new(4);
    world.admit(Node(9), 1..=3);
    for _ in 0..5 {
        world.next_epoch();
    }
    assert_eq!((world.member_state(Node(9)), world.committee()), (MemberState::Observer, vec![1, 2, 3, 4]));
    world.memory.now = NOW + YEAR + 1;
    world.next_epoch();
    assert_eq!(world.member_state(Node(9)), MemberState::Expired);
}
