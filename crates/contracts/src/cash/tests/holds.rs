//! Two-step money, verb by verb.

use alloy_primitives::{Address, B256, U256};

use super::fixture::*;
use crate::cash::abi::ICash::*;

const MINUTE: u64 = 60;

fn hold(world: &World, value: u64) -> holdCall {
    let expiry = world.memory.now + MINUTE;
    holdCall { id: ID, from: ALICE, to: SHOP, amount: amount(value), expiry, referenceId: ORDER }
}

fn capture(number: u64, value: u64, is_final: bool) -> captureCall {
    captureCall { id: ID, referenceId: reference(number), amount: amount(value), isFinal: is_final }
}

fn adjust(number: u64, value: u64) -> adjustCall {
    adjustCall { id: ID, referenceId: reference(number), newAmount: amount(value) }
}

/// Alice gave the card a cap of 1,000, and it holds 100 for the shop.
fn tapped() -> (World, holdCall) {
    let mut world = World::new();
    world.done(ALICE, approveOperatorCall { operator: CARD, cap: amount(1_000) });
    let call = hold(&world, 100);
    world.done(CARD, call.clone());
    (world, call)
}

fn used(world: &mut World) -> U256 {
    world.done(BOB, operatorCapCall { owner: ALICE, operator: CARD }).used
}

#[test]
fn a_payment_is_held_raised_captured_twice_and_the_rest_returns() {
    let (mut world, call) = tapped();
    let holdCall { id, from, to, expiry, .. } = call;
    world.logged(&Held { id, from, to, operator: CARD, amount: amount(100), expiry, referenceId: ORDER });
    assert_eq!((world.balance(ALICE), world.held(ALICE)), (amount(100_000), amount(100)));

    world.done(CARD, adjust(1, 150));
    world.logged(&Adjusted {
        id,
        from,
        to,
        referenceId: reference(1),
        previousAmount: amount(100),
        amount: amount(150),
        holdReferenceId: ORDER,
    });
    assert_eq!((world.held(ALICE), used(&mut world)), (amount(150), amount(150)));

    world.done(CARD, capture(2, 60, false));
    assert_eq!((world.balance(SHOP), world.held(ALICE)), (amount(60), amount(90)));
    world.done(CARD, capture(3, 70, true));
    world.logged(&Captured {
        id,
        from,
        to,
        referenceId: reference(3),
        amount: amount(70),
        captured: amount(130),
        released: amount(20),
        isFinal: true,
        holdReferenceId: ORDER,
    });
    let [transfer, _] = world.memory.logs.last_chunk::<2>().cloned().unwrap();
    let moved = Transfer { from, to, value: amount(70) };
    assert_eq!(transfer.data, alloy_sol_types::SolEvent::encode_log_data(&moved));
    let balances = [world.balance(ALICE), world.held(ALICE), world.balance(SHOP), used(&mut world)];
    assert_eq!(balances, [99_870, 0, 130, 130].map(amount));
    let expected = Hold {
        state: HoldState::Captured,
        operator: CARD,
        from,
        to,
        firstAmount: amount(100),
        amount: amount(150),
        captured: amount(130),
        released: amount(20),
        expiry,
        referenceId: ORDER,
    };
    assert_eq!(world.found(ID), expected);
}

#[test]
fn every_verb_again_is_answered_as_before_and_does_nothing() {
    let (mut world, call) = tapped();
    world.again(CARD, call.clone());
    world.done(CARD, adjust(1, 150));
    world.again(CARD, adjust(1, 150));
    world.done(CARD, adjust(2, 120));
    world.again(CARD, adjust(1, 150));
    world.done(CARD, capture(3, 60, false));
    world.again(CARD, capture(3, 60, false));
    world.again(CARD, call.clone());
    world.done(CARD, releaseCall { id: ID });
    world.memory.now += MINUTE;
    for caller in [CARD, SHOP, BOB] {
        world.again(caller, releaseCall { id: ID });
    }
    world.again(CARD, adjust(2, 120));
    world.again(CARD, capture(3, 60, false));
    world.again(CARD, call);
    assert!(world.done(BOB, isSpentCall { id: ID, referenceId: reference(3) }));
    assert!(!world.done(BOB, isSpentCall { id: ID, referenceId: reference(4) }));
    world.done(CARD, voidCall { id: reference(5) });
    world.again(CARD, voidCall { id: reference(5) });
}

#[test]
fn an_id_with_other_terms_is_refused() {
    let (mut world, call) = tapped();
    let one = U256::from(1);
    let others = [
        (ALICE, call.clone()),
        (CARD, holdCall { from: BOB, ..call.clone() }),
        (CARD, holdCall { to: BOB, ..call.clone() }),
        (CARD, holdCall { amount: call.amount + one, ..call.clone() }),
        (CARD, holdCall { expiry: call.expiry + 1, ..call.clone() }),
        (CARD, holdCall { referenceId: B256::ZERO, ..call.clone() }),
    ];
    for (caller, other) in others.clone() {
        world.refused(caller, other, HoldSpent { id: ID });
    }
    world.refused(CARD, voidCall { id: ID }, HoldSpent { id: ID });
    world.done(CARD, releaseCall { id: ID });
    for (caller, other) in others {
        world.refused(caller, other, HoldSpent { id: ID });
    }
    world.refused(CARD, voidCall { id: ID }, HoldSpent { id: ID });
}

#[test]
fn a_reference_with_other_terms_is_refused() {
    let (mut world, _) = tapped();
    world.done(CARD, adjust(1, 150));
    world.done(CARD, capture(2, 50, false));
    let error = |number| ReferenceSpent { id: ID, referenceId: reference(number) };
    world.refused(CARD, adjust(1, 151), error(1));
    world.refused(CARD, capture(1, 150, false), error(1));
    world.refused(CARD, capture(2, 51, false), error(2));
    world.refused(CARD, capture(2, 50, true), error(2));
    world.refused(CARD, adjust(2, 50), error(2));
}

#[test]
fn a_void_that_overtakes_its_hold_stops_it_for_ever() {
    let mut world = World::new();
    world.done(ALICE, voidCall { id: ID });
    world.logged(&Voided { id: ID, operator: ALICE });
    assert_eq!(world.found(ID).state, HoldState::Voided);
    let late = hold(&world, 100);
    world.refused(ALICE, late, HoldSpent { id: ID });
    world.refused(BOB, voidCall { id: ID }, HoldSpent { id: ID });
    let closed = || HoldClosed { id: ID, state: HoldState::Voided };
    world.refused(ALICE, releaseCall { id: ID }, closed());
    world.refused(ALICE, capture(1, 1, false), closed());
    world.refused(ALICE, adjust(1, 1), closed());
    assert_eq!(world.held(ALICE), U256::ZERO);
}

#[test]
fn an_operator_holds_up_to_its_cap_and_what_returns_counts_no_more() {
    let (mut world, _) = tapped();
    let error = |used: u64, needed: u64, cap: u64| OperatorCapExceeded {
        owner: ALICE,
        operator: CARD,
        cap: amount(cap),
        used: amount(used),
        needed: amount(needed),
    };
    let second = |value| {
        let id = reference(8);
        move |world: &World| holdCall { id, ..hold(world, value) }
    };
    let call = second(901)(&world);
    world.refused(CARD, call, error(100, 901, 1_000));
    let call = second(900)(&world);
    world.done(CARD, call);
    world.refused(CARD, adjust(1, 101), error(1_000, 1, 1_000));
    world.done(CARD, adjust(2, 40));
    assert_eq!(used(&mut world), amount(940));
    world.done(CARD, capture(3, 30, true));
    assert_eq!(used(&mut world), amount(930));
    // The owner ends it: what is held stays promised, what returns does not come back to life.
    world.done(ALICE, approveOperatorCall { operator: CARD, cap: U256::ZERO });
    world.done(CARD, releaseCall { id: reference(8) });
    assert_eq!(used(&mut world), amount(30));
    let third = holdCall { id: reference(9), ..hold(&world, 1) };
    world.refused(CARD, third, error(30, 1, 0));
    let stranger = holdCall { id: reference(9), ..hold(&world, 1) };
    let none =
        OperatorCapExceeded { owner: ALICE, operator: BOB, cap: U256::ZERO, used: U256::ZERO, needed: amount(1) };
    world.refused(BOB, stranger, none);
}

#[test]
fn a_cap_without_limit_is_one() {
    let mut world = World::new();
    world.done(ALICE, approveOperatorCall { operator: CARD, cap: U256::MAX });
    world.logged(&OperatorApproval { owner: ALICE, operator: CARD, cap: U256::MAX });
    let all = hold(&world, 100_000);
    world.done(CARD, all);
    assert_eq!(world.available(ALICE), U256::ZERO);
    for operator in [ALICE, Address::ZERO] {
        let call = approveOperatorCall { operator, cap: amount(1) };
        world.refused(ALICE, call, InvalidOperator { operator });
    }
}

#[test]
fn what_a_hold_cannot_be_is_refused() {
    let mut world = World::new();
    let good = hold(&world, 100);
    let time = world.memory.now;
    world.refused(ALICE, holdCall { amount: U256::ZERO, ..good.clone() }, ZeroAmount {});
    world.refused(ALICE, holdCall { to: ALICE, ..good.clone() }, HoldToSelf { account: ALICE });
    let zero = Address::ZERO;
    world.refused(ALICE, holdCall { to: zero, ..good.clone() }, ERC20InvalidReceiver { receiver: zero });
    world.refused(ALICE, holdCall { from: zero, ..good.clone() }, ERC20InvalidSender { sender: zero });
    for expiry in [0, time - 1, time] {
        world.refused(ALICE, holdCall { expiry, ..good.clone() }, ExpiryPassed { expiry, time });
    }
    for needed in [amount(100_001), U256::MAX] {
        let error = InsufficientAvailable { account: ALICE, available: amount(100_000), needed };
        world.refused(ALICE, holdCall { amount: needed, ..good.clone() }, error);
    }
    world.done(ALICE, good.clone());
    let error = InsufficientAvailable { account: ALICE, available: amount(99_900), needed: U256::MAX };
    world.refused(ALICE, holdCall { id: reference(7), amount: U256::MAX, ..good }, error);
}

#[test]
fn a_capture_stays_within_the_hold_and_an_adjustment_above_what_was_captured() {
    let (mut world, _) = tapped();
    let error = |remaining, value| CaptureExceedsHold { id: ID, remaining: amount(remaining), amount: value };
    world.refused(CARD, capture(1, 101, false), error(100, amount(101)));
    let huge = captureCall { amount: U256::MAX, ..capture(1, 0, true) };
    world.refused(CARD, huge, error(100, U256::MAX));
    world.refused(CARD, capture(1, 0, true), ZeroAmount {});
    world.refused(CARD, adjust(1, 0), ZeroAmount {});
    world.done(CARD, capture(1, 60, false));
    world.refused(CARD, capture(2, 41, false), error(40, amount(41)));
    let below = AdjustBelowCaptured { id: ID, captured: amount(60), newAmount: amount(59) };
    world.refused(CARD, adjust(2, 59), below);
    world.done(CARD, adjust(2, 60));
    assert_eq!(world.held(ALICE), U256::ZERO);
    world.refused(CARD, capture(3, 1, true), error(0, amount(1)));
    world.done(CARD, adjust(3, 61));
    world.done(CARD, capture(4, 1, true));
    assert_eq!(world.balance(SHOP), amount(61));
}

#[test]
fn at_its_expiry_a_hold_is_no_more_captured_and_anyone_gives_it_back() {
    let (mut world, call) = tapped();
    world.memory.now = call.expiry - 1;
    world.refused(BOB, releaseCall { id: ID }, NotHoldOperator { id: ID, caller: BOB });
    world.done(CARD, capture(1, 10, false));
    for time in [call.expiry, call.expiry + 1] {
        world.memory.now = time;
        let error = || HoldExpired { id: ID, expiry: call.expiry, time };
        world.refused(CARD, capture(2, 10, false), error());
        world.refused(CARD, adjust(2, 50), error());
    }
    world.done(BOB, releaseCall { id: ID });
    world.logged(&Released {
        id: ID,
        from: ALICE,
        to: SHOP,
        by: BOB,
        amount: amount(90),
        captured: amount(10),
        holdReferenceId: ORDER,
    });
    assert_eq!((world.held(ALICE), world.balance(SHOP)), (U256::ZERO, amount(10)));
    let found = world.found(ID);
    assert_eq!((found.state, found.released), (HoldState::Released, amount(90)));
}

#[test]
fn only_the_operator_steps_and_only_it_or_the_receiver_releases() {
    let (mut world, _) = tapped();
    let error = |caller| NotHoldOperator { id: ID, caller };
    for caller in [ALICE, SHOP, BOB, ISSUER] {
        world.refused(caller, capture(1, 1, false), error(caller));
        world.refused(caller, adjust(1, 1), error(caller));
    }
    for caller in [ALICE, BOB, ISSUER] {
        world.refused(caller, releaseCall { id: ID }, error(caller));
    }
    world.done(SHOP, releaseCall { id: ID });
    let closed = || HoldClosed { id: ID, state: HoldState::Released };
    world.refused(CARD, capture(1, 1, false), closed());
    world.refused(CARD, adjust(1, 200), closed());
}

#[test]
fn a_final_capture_closes_and_an_unknown_id_is_unknown() {
    let (mut world, _) = tapped();
    world.done(CARD, capture(1, 100, true));
    let closed = || HoldClosed { id: ID, state: HoldState::Captured };
    world.refused(CARD, releaseCall { id: ID }, closed());
    world.refused(CARD, capture(2, 1, true), closed());
    let id = reference(77);
    world.refused(CARD, releaseCall { id }, UnknownHold { id });
    world.refused(CARD, adjustCall { id, ..adjust(1, 1) }, UnknownHold { id });
    world.refused(CARD, captureCall { id, ..capture(1, 1, true) }, UnknownHold { id });
    assert_eq!(world.found(id).state, HoldState::Unknown);
}
