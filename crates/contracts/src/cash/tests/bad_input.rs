//! Bytes that are no call: each a named error, nothing changed.

use alloy_primitives::U256;
use alloy_sol_types::{SolCall, SolError};

use super::fixture::*;
use crate::{Call, Stop, cash::abi::ICash::*, dispatch::INative, registry, testing::Memory};

#[track_caller]
fn refused(world: &mut World, data: &[u8], error: impl SolError) {
    let before = world.memory.clone();
    for target in [world.currency, ROOM] {
        let answer = world.memory.call(ALICE, target, data);
        assert!(matches!(answer, Err(Stop::Revert(_))), "{target} took {data:02x?}");
    }
    let answer = world.memory.call(ALICE, world.currency, data);
    assert_eq!(answer, Err(Stop::Revert(error.abi_encode().into())));
    assert_eq!(world.memory, before);
}

#[test]
fn unknown_selectors_are_named() {
    let mut world = World::new();
    for data in [&[] as &[u8], &[0xa9], &[0xa9, 0x05, 0x9c]] {
        refused(&mut world, data, INative::UnknownSelector { selector: [0; 4].into() });
    }
    refused(&mut world, &[1, 2, 3, 4, 5], INative::UnknownSelector { selector: [1, 2, 3, 4].into() });
}

#[test]
fn short_long_and_dirty_calldata_is_named() {
    let mut world = World::new();
    let good = transferCall { to: BOB, value: U256::from(1) }.abi_encode();
    for length in 4..good.len() {
        refused(&mut world, &good[..length], INative::InvalidCalldata {});
    }
    refused(&mut world, &[good.as_slice(), &[0]].concat(), INative::InvalidCalldata {});
    refused(&mut world, &[good.as_slice(), &[0; 32]].concat(), INative::InvalidCalldata {});
    for byte in 4..16 {
        let mut dirty = good.clone();
        dirty[byte] = 1;
        refused(&mut world, &dirty, INative::InvalidCalldata {});
    }
    // A bool of two, and an expiry of more than 64 bits.
    let mut capture = captureCall { id: ID, referenceId: ORDER, amount: U256::from(1), isFinal: true }.abi_encode();
    *capture.last_mut().unwrap() = 2;
    refused(&mut world, &capture, INative::InvalidCalldata {});
    let hold = holdCall { id: ID, from: ALICE, to: BOB, amount: U256::from(1), expiry: 9, referenceId: ORDER };
    let mut hold = hold.abi_encode();
    hold[4 + 4 * 32 + 23] = 1;
    refused(&mut world, &hold, INative::InvalidCalldata {});
}

#[test]
fn sums_beyond_256_bits_are_refused_and_never_wrap() {
    let mut world = World::new();
    let hold = |number, value| holdCall {
        id: reference(number),
        from: ALICE,
        to: BOB,
        amount: value,
        expiry: u64::MAX,
        referenceId: ORDER,
    };
    world.done(ALICE, approveOperatorCall { operator: CARD, cap: U256::MAX });
    world.done(ALICE, hold(1, amount(1)));
    world.done(CARD, hold(2, amount(1)));
    let balance = amount(100_000);
    let short = |value| InsufficientAvailable { account: ALICE, available: balance - amount(2), needed: value };
    world.refused(ALICE, hold(3, U256::MAX), short(U256::MAX));
    let adjust = adjustCall { id: reference(1), referenceId: ORDER, newAmount: U256::MAX };
    world.refused(ALICE, adjust, short(U256::MAX - amount(1)));
    let (owner, operator, used) = (ALICE, CARD, amount(1));
    let capped = OperatorCapExceeded { owner, operator, cap: U256::MAX, used, needed: U256::MAX };
    world.refused(CARD, hold(3, U256::MAX), capped);
    let broke = ERC20InsufficientBalance { sender: ALICE, balance, needed: U256::MAX };
    world.refused(ALICE, transferCall { to: BOB, value: U256::MAX }, broke);
}

#[test]
fn static_delegated_and_paid_calls_are_named() {
    let mut world = World::new();
    let data = transferCall { to: BOB, value: U256::from(1) }.abi_encode();
    let view = totalSupplyCall {}.abi_encode();
    let (target, code) = (world.currency, world.currency);
    let call = Call { target, code, caller: ALICE, value: U256::ZERO, is_static: false, data: &data };
    let table = [
        (Call { is_static: true, ..call }, INative::StaticCall {}.abi_encode()),
        (Call { value: U256::from(1), ..call }, INative::NotPayable {}.abi_encode()),
        (Call { value: U256::from(1), data: &view, ..call }, INative::NotPayable {}.abi_encode()),
        (Call { target: BOB, ..call }, INative::DelegateCall {}.abi_encode()),
    ];
    let before = world.memory.clone();
    for (call, error) in table {
        assert_eq!(registry::run(&mut world.memory, &call), Err(Stop::Revert(error.into())));
        assert_eq!(world.memory, before);
    }
    let call = Call { is_static: true, data: &view, ..call };
    assert!(registry::run(&mut world.memory, &call).is_ok());
}

#[test]
fn a_currency_that_was_not_created_is_an_empty_account() {
    let mut memory = Memory::new();
    let dollar = registry::address_of(2, *b"\0\0\0\0USD");
    let data = totalSupplyCall {}.abi_encode();
    let call = Call { target: dollar, code: dollar, caller: ALICE, value: U256::ZERO, is_static: false, data: &data };
    assert_eq!(registry::run(&mut memory, &call), Ok(None));
}
