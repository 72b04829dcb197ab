//! What no operation takes, and founders that make no network.

use super::*;

#[test]
fn views_answer_in_a_static_call_and_the_others_do_not() {
    let mut world = World::new(4);
    let mut run = |data: &[u8]| {
        let call = Call {
            target: ADDRESS,
            code: ADDRESS,
            caller: Address::ZERO,
            value: Default::default(),
            is_static: true,
            data,
        };
        registry::run(&mut world.memory, &call)
    };
    assert!(run(&networkCall {}.abi_encode()).is_ok());
    let call = closeCall { id: 1 }.abi_encode();
    assert_eq!(run(&call), Err(Stop::Revert(INative::StaticCall {}.abi_encode().into())));
}

#[test]
fn what_is_not_there_is_said_or_empty() {
    let mut world = World::new(4);
    world.refuses(Address::ZERO, &closeCall { id: 1 }, &UnknownRequest { id: 1 });
    world.refuses(Address::ZERO, &requestCall { id: 0 }, &UnknownRequest { id: 0 });
    assert_eq!(world.asks(&memberCall { nodeKey: B256::ZERO }).state, MemberState::None);
    let nothing = world.asks(&certificateCall { fingerprint: B256::ZERO });
    assert_eq!((nothing.der.len(), nothing.current), (0, Status::Unknown));
    assert!(!world.asks(&isValidCall { certificate: B256::ZERO }));
    assert_eq!(world.asks(&policyOfCall { hash: B256::ZERO }).votingSeconds, 0);
}

#[test]
fn the_policy_of_genesis_is_in_force_and_has_its_hash() {
    use alloy_sol_types::SolValue;
    let weight = Threshold { measure: Measure::Weight, comparison: Comparison::AtLeast, numerator: 7, denominator: 9 };
    let mut world = World::with(4, Policy { approvals: weight, overlap_seconds: 11, ..Policy::default() });
    let policy = world.asks(&policyCall {});
    assert_eq!(policy.hash, keccak256(policy.terms.abi_encode()));
    assert_eq!(world.asks(&policyOfCall { hash: policy.hash }), policy.terms);
    let approvals = &policy.terms.approvals;
    assert_eq!((approvals.measure, approvals.orEqual), (IAdmission::Measure::Weight, true));
    assert_eq!((approvals.numerator, approvals.denominator, policy.terms.overlapSeconds), (7, 9, 11));
    assert_eq!(world.asks(&networkCall {}), NETWORK);
    assert_eq!(world.asks(&minCommitteeCall {}), 4);
}

#[test]
fn messages_are_what_the_views_say() {
    let mut world = World::new(4);
    let (account, certificate) = (Node(9).account(), EVIDENCE);
    let message = world.asks(&possessionMessageCall { account, certificate });
    assert_eq!(message, network().possession(account, certificate, 0));
    assert!(message.starts_with(b"counterfoil_POSSESSION"));
}

/// Opens the room with these founders.
fn opening(members: Vec<Founder>) -> Result<(), String> {
    let founding = Founding { network: NETWORK, members, ..Founding::default() };
    let mut memory = Memory { founding: founding.into(), now: NOW, ..Memory::default() };
    match crate::protocol::begin_epoch(&mut memory, 2) {
        Ok(_) => Ok(()),
        Err(Stop::Revert(data)) => {
            Err(super::super::error_in_words(&data).unwrap_or_else(|| words(&Stop::Revert(data))))
        }
        Err(stop) => Err(words(&stop)),
    }
}

#[test]
fn founders_whose_certificates_are_not_theirs_make_no_network() {
    let with = |node: Node, der: Vec<u8>| Founder { certificate: Some(der.into()), ..Founder::new(node.id()) };
    let name = |params: &mut CertificateParams| params.distinguished_name = Node(1).params(|_| {}).distinguished_name;
    assert_eq!(opening(vec![with(Node(1), Node(1).certificate()), with(Node(2), Node(2).p256_certificate())]), Ok(()));
    let shared = made(Node(1).params(|_| {}), &Node(2).p256());
    let table = [
        (vec![with(Node(1), Node(2).certificate())], "names another node key"),
        (vec![with(Node(1), vec![1, 2, 3])], "Unreadable"),
        (vec![with(Node(1), Node(1).certificate()), with(Node(2), Node(2).certificate_with(name))], "one subject"),
        (vec![with(Node(1), shared), with(Node(2), Node(2).p256_certificate())], "one key"),
    ];
    for (founders, reason) in table {
        let error = opening(founders).expect_err(reason);
        assert!(error.contains(reason), "{error}");
    }
}
