//! ERC-20 and memos.

use alloy_primitives::{Address, B256, U256};

use super::fixture::*;
use crate::cash::abi::ICash::*;

#[test]
fn money_moves_with_a_log_and_a_memo() {
    let mut world = World::new();
    assert!(world.done(ALICE, transferCall { to: BOB, value: amount(250) }));
    world.logged(&Transfer { from: ALICE, to: BOB, value: amount(250) });
    let memo = B256::repeat_byte(7);
    assert!(world.done(BOB, transferWithMemoCall { to: SHOP, value: amount(50), memo }));
    world.logged(&Memo { from: BOB, to: SHOP, memo, value: amount(50) });
    let balances = [ALICE, BOB, SHOP].map(|account| world.balance(account));
    assert_eq!(balances, [99_750, 200, 50].map(amount));
    assert_eq!(world.done(BOB, totalSupplyCall {}), amount(100_000));
}

#[test]
fn a_spender_takes_what_it_was_allowed() {
    let mut world = World::new();
    assert!(world.done(ALICE, approveCall { spender: SHOP, value: amount(100) }));
    world.logged(&Approval { owner: ALICE, spender: SHOP, value: amount(100) });
    assert!(world.done(SHOP, transferFromCall { from: ALICE, to: BOB, value: amount(60) }));
    world.logged(&Transfer { from: ALICE, to: BOB, value: amount(60) });
    assert_eq!(world.done(BOB, allowanceCall { owner: ALICE, spender: SHOP }), amount(40));
    let call = transferFromWithMemoCall { from: ALICE, to: BOB, value: amount(41), memo: B256::ZERO };
    world.refused(SHOP, call, ERC20InsufficientAllowance { spender: SHOP, allowance: amount(40), needed: amount(41) });
    assert!(world.done(SHOP, transferFromWithMemoCall { from: ALICE, to: SHOP, value: amount(40), memo: B256::ZERO }));
    assert_eq!(world.done(BOB, allowanceCall { owner: ALICE, spender: SHOP }), U256::ZERO);
}

#[test]
fn an_allowance_without_limit_stays() {
    let mut world = World::new();
    world.done(ALICE, approveCall { spender: SHOP, value: U256::MAX });
    world.done(SHOP, transferFromCall { from: ALICE, to: BOB, value: amount(60) });
    assert_eq!(world.done(BOB, allowanceCall { owner: ALICE, spender: SHOP }), U256::MAX);
}

#[test]
fn nothing_to_anyone_and_anything_to_oneself_are_ordinary_transfers() {
    let mut world = World::new();
    let before = world.memory.slots.clone();
    assert!(world.done(BOB, transferCall { to: SHOP, value: U256::ZERO }));
    world.logged(&Transfer { from: BOB, to: SHOP, value: U256::ZERO });
    assert!(world.done(ALICE, transferCall { to: ALICE, value: amount(100_000) }));
    world.logged(&Transfer { from: ALICE, to: ALICE, value: amount(100_000) });
    assert_eq!(world.memory.slots, before);
    let error = ERC20InsufficientBalance { sender: ALICE, balance: amount(100_000), needed: amount(100_001) };
    world.refused(ALICE, transferCall { to: ALICE, value: amount(100_001) }, error);
}

#[test]
fn the_zero_address_and_poor_senders_are_refused_as_openzeppelin_does() {
    let mut world = World::new();
    let zero = Address::ZERO;
    let one = amount(1);
    world.refused(ALICE, transferCall { to: zero, value: one }, ERC20InvalidReceiver { receiver: zero });
    world.refused(zero, transferCall { to: BOB, value: U256::ZERO }, ERC20InvalidSender { sender: zero });
    world.refused(ALICE, approveCall { spender: zero, value: one }, ERC20InvalidSpender { spender: zero });
    world.refused(zero, approveCall { spender: BOB, value: one }, ERC20InvalidApprover { approver: zero });
    let nothing = transferFromCall { from: zero, to: BOB, value: U256::ZERO };
    world.refused(ALICE, nothing, ERC20InvalidApprover { approver: zero });
    let error = ERC20InsufficientBalance { sender: BOB, balance: U256::ZERO, needed: U256::MAX };
    world.refused(BOB, transferCall { to: ALICE, value: U256::MAX }, error);
}

#[test]
fn held_money_is_owned_but_not_spent() {
    let mut world = World::new();
    let expiry = world.memory.now + 60;
    world.done(ALICE, holdCall { id: ID, from: ALICE, to: SHOP, amount: amount(99_000), expiry, referenceId: ORDER });
    assert_eq!((world.balance(ALICE), world.held(ALICE)), (amount(100_000), amount(99_000)));
    let error = InsufficientAvailable { account: ALICE, available: amount(1_000), needed: amount(1_001) };
    world.refused(ALICE, transferCall { to: BOB, value: amount(1_001) }, error);
    world.done(ALICE, transferCall { to: BOB, value: amount(1_000) });
    assert_eq!((world.balance(ALICE), world.available(ALICE)), (amount(99_000), U256::ZERO));
}
