//! Native contracts in blocks: what they write, what a revert undoes, how a protocol version comes into force.

use super::*;
use contracts::registry::{NEWEST_VERSION, ROOMS};

#[test]
fn a_scheduled_version_begins_with_the_first_block_of_its_epoch_and_opens_the_rooms() {
    let mut world = world();
    let outcome = world.advance(&[call_of(0, ADDRESS, 0, schedule(1, 0), 1_000_000)]);
    assert!(outcome.receipts[0].success);
    let log = IProtocol::UpgradeScheduled::decode_log(&outcome.receipts[0].logs[0]).expect("the event");
    assert_eq!((log.address, log.version, log.epoch), (ADDRESS, 1, 1));
    assert_eq!(world.code(ADDRESS), Bytes::from(NATIVE_CODE));
    assert_eq!([0, 1, 2, 3].map(|slot| world.slot(slot).to::<u64>()), [0, 1, 1, 1]);
    world.header.number = 62;
    assert_eq!(world.advance(&[]).diff, Default::default());
    world.advance(&[]);
    assert_eq!(world.header.number, 64);
    assert_eq!([0, 1, 2, 3].map(|slot| world.slot(slot).to::<u64>()), [1, 0, 0, 1]);
    for room in ROOMS.iter().filter(|room| room.since <= 1) {
        assert_eq!(world.code(room.address()), Bytes::from(NATIVE_CODE), "{}", room.word);
    }
}

#[test]
fn a_version_of_genesis_begins_with_its_epoch_and_proposing_verifying_and_replaying_agree() {
    let mut world = world();
    world.rules.upgrades = vec![primitives::genesis::Upgrade { version: NEWEST_VERSION, epoch: 1 }];
    world.header.number = 63;
    let frame = world.rules.next_header(B256::ZERO, &world.header, TimeMs(1_800_000_000_000), B256::ZERO);
    let pay = [call_of(0, PROXY, 1, Vec::new(), 21_000)];
    let run = |mode| execute_block(&world.rules, &frame, pay.iter().cloned(), &world.db, mode).expect("valid");
    let (proposed, verified) = (run(Mode::Propose { max_transactions: 9 }), run(Mode::Verify));
    assert_eq!(proposed.diff, verified.diff);
    assert!(proposed.diff.accounts.iter().any(|account| account.address == ADDRESS && !account.storage.is_empty()));
    assert_eq!(proposed.diff.codes, [Bytes::from_static(&NATIVE_CODE)]);
    world.advance(&pay);
    assert_eq!(world.slot(0), U256::from(NEWEST_VERSION));
}

#[test]
fn a_version_that_this_program_does_not_know_makes_no_block() {
    let mut world = world();
    world.rules.upgrades = vec![primitives::genesis::Upgrade { version: NEWEST_VERSION + 1, epoch: 1 }];
    world.header.number = 63;
    let frame = world.rules.next_header(B256::ZERO, &world.header, TimeMs(1_800_000_000_000), B256::ZERO);
    let error = execute_block(&world.rules, &frame, [], &world.db, Mode::Verify).expect_err("unknown version");
    assert!(error.to_string().contains("a newer program is needed"), "{error}");
}

#[test]
fn a_signature_counts_once_and_only_for_its_terms() {
    let mut world = world();
    let refused = |world: &World, input: Vec<u8>| {
        let outcome = world.execute(&[call_of(world_nonce(world), ADDRESS, 0, input, 1_000_000)]);
        !outcome.receipts[0].success && outcome.diff.accounts.iter().all(|account| account.address == RICH)
    };
    let mut other_epoch = schedule(1, 0);
    other_epoch[4 + 63] = 2;
    assert!(refused(&world, other_epoch));
    assert!(refused(&world, schedule(1, 1)));
    world.advance(&[call_of(0, ADDRESS, 0, schedule(1, 0), 1_000_000)]);
    assert!(refused(&world, schedule(1, 0)), "used");
    assert!(!refused(&world, schedule(2, 1)), "the next one changes the plan");
    world.rules.committee = Committee::new(vec![B256::repeat_byte(1), B256::repeat_byte(2)]);
    assert!(refused(&world, schedule(2, 1)), "several members vote");
}

#[test]
fn the_sole_member_appoints_the_governor_of_cash_once_the_room_is_open() {
    let mut world = world();
    let governor = Address::repeat_byte(0x60);
    let appoint = |governor, signed, sequence| {
        let signature = key().sign(&governor_message(31_337, signed, sequence)).to_bytes().to_vec().into();
        IProtocol::appointGovernorCall { governor, signature }.abi_encode()
    };
    let done = |world: &World, input: Vec<u8>| {
        world.execute(&[call_of(world_nonce(world), ADDRESS, 0, input, 1_000_000)]).receipts[0].success
    };
    assert!(!done(&world, appoint(governor, governor, 0)), "no version has opened the room");
    world.rules.upgrades = vec![primitives::genesis::Upgrade { version: 1, epoch: 1 }];
    world.header.number = 63;
    world.advance(&[]);
    assert!(!done(&world, appoint(governor, RICH, 0)), "signed for another");
    assert!(!done(&world, appoint(governor, governor, 1)), "signed for another place in the sequence");
    assert!(!done(&world, appoint(Address::ZERO, Address::ZERO, 0)), "nobody can hold no office");
    let input = appoint(governor, governor, 0);
    let outcome = world.advance(&[call_of(0, ADDRESS, 0, input.clone(), 1_000_000)]);
    let log = ICashFactory::GovernorChanged::decode_log(&outcome.receipts[0].logs[0]).expect("the event");
    assert_eq!((log.address, log.governor), (contracts::cash::ADDRESS, governor));
    let slot = world.db.storage_ref(contracts::cash::ADDRESS, U256::ZERO).expect("infallible");
    assert_eq!(slot, U256::from_be_bytes(governor.into_word().0));
    assert!(!done(&world, input), "used");
    world.rules.committee = Committee::new(vec![B256::repeat_byte(1), B256::repeat_byte(2)]);
    assert!(!done(&world, appoint(RICH, RICH, 1)), "several members vote");
}

fn world_nonce(world: &World) -> u64 {
    world.db.basic_ref(RICH).expect("infallible").unwrap_or_default().nonce
}

#[test]
fn a_caller_that_reverts_undoes_slots_code_and_logs() {
    let mut world = world();
    world.put(PROXY, U256::ZERO, &reverting_proxy());
    let outcome = world.advance(&[call_of(0, PROXY, 0, schedule(1, 0), 1_000_000)]);
    assert!(!outcome.receipts[0].success);
    assert_eq!(outcome.receipts[0].logs, []);
    assert!(outcome.diff.accounts.iter().all(|account| account.address == RICH));
}

#[test]
fn with_too_little_gas_nothing_happens_and_with_enough_everything() {
    let world = world();
    let input = schedule(1, 0);
    let run = |gas| {
        let outcome = world.execute(&[call_of(0, ADDRESS, 0, input.clone(), gas)]);
        let changed = outcome.diff.accounts.iter().any(|account| account.address == ADDRESS);
        assert_eq!(outcome.receipts[0].success, changed, "gas {gas}");
        assert!(changed || outcome.gas_used == gas, "out of gas takes all, gas {gas}");
        (changed, outcome.gas_used)
    };
    let used = run(1_000_000).1;
    let limits = (25_200..used - 3_000).step_by(61).chain(used - 3_000..used + 10);
    for gas in limits {
        assert_eq!(run(gas).0, gas >= used, "gas {gas} of {used}");
    }
}

#[test]
fn a_reserved_address_without_code_is_an_account_like_any_other() {
    let mut world = world();
    let empty = contracts::registry::address_of(0xee, [9; 7]);
    let outcome = world.advance(&[call_of(0, empty, 5, vec![1, 2, 3, 4], 40_000)]);
    assert!(outcome.receipts[0].success);
    assert_eq!(world.db.basic_ref(empty).expect("infallible").unwrap_or_default().balance, U256::from(5));
    let elsewhere = world.execute(&[call_of(1, Address::repeat_byte(0xee), 5, vec![1, 2, 3, 4], 40_000)]);
    assert_eq!(outcome.gas_used, elsewhere.gas_used);
}

#[test]
fn value_sent_to_what_takes_none_goes_back() {
    let world = world();
    let outcome = world.execute(&[call_of(0, ADDRESS, 5, schedule(1, 0), 1_000_000)]);
    assert!(!outcome.receipts[0].success);
    let [sender] = &outcome.diff.accounts[..] else { panic!("only the sender changes: {:?}", outcome.diff) };
    assert_eq!(sender.balance, U256::from(1_000_000_000));
}

#[test]
fn an_account_that_delegates_to_a_native_contract_burns_its_gas() {
    use crate::people::Signer;
    use alloy_eips::eip7702::Authorization;
    let mut world = world();
    world.advance(&[call_of(0, ADDRESS, 0, schedule(1, 0), 1_000_000)]);
    let (sender, delegator) = (Signer::new(1), Signer::new(2));
    world.put(sender.address, U256::from(1), &[]);
    let authorization = Authorization { chain_id: U256::from(31_337), address: ADDRESS, nonce: 0 };
    let signature = delegator.sign_hash(authorization.signature_hash());
    let tx = sender.sign(TxEip7702 {
        chain_id: 31_337,
        gas_limit: 100_000,
        to: delegator.address,
        input: IProtocol::versionCall {}.abi_encode().into(),
        authorization_list: vec![authorization.into_signed(signature)],
        ..Default::default()
    });
    let outcome = world.advance(&[tx]);
    assert_eq!((outcome.receipts[0].success, outcome.gas_used), (false, 100_000));
    let again = world.execute(&[call_of(1, delegator.address, 0, Vec::new(), 50_000)]);
    assert_eq!((again.receipts[0].success, again.gas_used), (false, 50_000));
}
