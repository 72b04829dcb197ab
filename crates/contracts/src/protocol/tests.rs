//! What needs no signature; the rest is tested in `evm`, whose host verifies them.

use alloy_primitives::{Address, B256};
use alloy_sol_types::{SolCall, SolError};

use super::*;
use crate::{Stop, registry, testing::Memory};

fn ask<C: SolCall>(memory: &mut Memory, call: C) -> C::Return {
    let answer = memory.call(Address::ZERO, ADDRESS, &call.abi_encode()).expect("a view answers");
    C::abi_decode_returns(&answer).expect("what the ABI says")
}

/// A chain whose genesis knows nothing of rooms.
fn bare() -> Memory {
    Memory { codes: Default::default(), slots: Default::default(), ..Memory::new() }
}

#[test]
fn a_chain_that_knows_no_rooms_is_at_version_0_and_answers_without_code() {
    let mut memory = Memory { epoch: 7, ..bare() };
    assert_eq!(ask(&mut memory, IProtocol::versionCall {}), 0);
    assert_eq!(ask(&mut memory, IProtocol::epochCall {}), 7);
    assert!(memory.codes.is_empty());
}

#[test]
fn what_genesis_says_comes_into_force_and_opens_the_rooms() {
    let mut memory = bare();
    assert_eq!(begin_epoch(&mut memory, NEWEST_VERSION), Ok(NEWEST_VERSION));
    assert_eq!(ask(&mut memory, IProtocol::versionCall {}), NEWEST_VERSION);
    for room in registry::ROOMS {
        assert_eq!(memory.codes.get(&room.address()), Some(&CodeKind::Native), "{}", room.word);
    }
}

#[test]
fn an_epoch_in_which_nothing_is_due_changes_nothing() {
    let mut memory = bare();
    assert_eq!(begin_epoch(&mut memory, 0), Ok(0));
    assert_eq!((&memory.slots, &memory.codes), (&Default::default(), &Default::default()));
}

#[test]
fn a_scheduled_version_waits_for_its_epoch() {
    let mut memory = Memory { epoch: 3, ..bare() };
    let mut env = Env::new(&mut memory, ADDRESS, Address::ZERO);
    storage().scheduled_version.set(&mut env, 1).expect("memory writes");
    storage().scheduled_epoch.set(&mut env, 4).expect("memory writes");
    assert_eq!(begin_epoch(&mut memory, 0), Ok(0));
    memory.epoch = 4;
    assert_eq!(begin_epoch(&mut memory, 0), Ok(1));
    let left = ask(&mut memory, IProtocol::scheduledCall {});
    assert_eq!((left.version, left.epoch), (0, 0));
}

#[test]
fn a_version_of_a_newer_program_does_not_begin() {
    let stop = begin_epoch(&mut bare(), NEWEST_VERSION + 1).expect_err("unknown");
    let Stop::Revert(data) = stop else { panic!("{stop:?}") };
    assert!(error_in_words(&data).expect("one of ours").contains("a newer program is needed"));
}

#[test]
fn terms_are_checked_before_the_signature() {
    let mut memory = Memory { epoch: 3, sole_member: Some(B256::ZERO), ..bare() };
    let mut refusal = |version, epoch| {
        let call = IProtocol::scheduleCall { version, epoch, signature: Default::default() };
        memory.call(Address::ZERO, ADDRESS, &call.abi_encode()).expect_err("refused")
    };
    let revert = |error: Vec<u8>| Stop::Revert(error.into());
    let newest = NEWEST_VERSION;
    let unknown = IProtocol::UnknownVersion { version: newest + 1, newest };
    assert_eq!(refusal(newest + 1, 4), revert(unknown.abi_encode()));
    assert_eq!(refusal(0, 4), revert(IProtocol::VersionNotRising { version: 0, inForce: 0 }.abi_encode()));
    assert_eq!(refusal(1, 3), revert(IProtocol::EpochNotAhead { epoch: 3, current: 3 }.abi_encode()));
    assert_eq!(refusal(1, 4), revert(IProtocol::InvalidSignature {}.abi_encode()), "no 64 bytes");
    memory.sole_member = None;
    let call = IProtocol::scheduleCall { version: 1, epoch: 4, signature: vec![0; 64].into() };
    let stop = memory.call(Address::ZERO, ADDRESS, &call.abi_encode()).expect_err("refused");
    assert_eq!(stop, revert(IProtocol::SeveralMembers {}.abi_encode()));
}

#[test]
fn the_message_differs_in_every_part() {
    let messages = [(1, 1, 1, 1), (2, 1, 1, 1), (1, 2, 1, 1), (1, 1, 2, 1), (1, 1, 1, 2)]
        .map(|(chain, version, epoch, sequence)| upgrade_message(chain, version, epoch, sequence));
    for (index, message) in messages.iter().enumerate() {
        assert!(!messages[..index].contains(message));
    }
}
