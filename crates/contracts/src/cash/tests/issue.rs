//! The issuer's verbs, and the table of pause and freeze.

use alloy_primitives::{Address, U256};

use super::fixture::*;
use crate::cash::{abi::ICash::*, accounts::MAX_SUPPLY};

#[test]
fn the_issuer_makes_and_destroys_money_with_a_reference() {
    let mut world = World::empty();
    world.done(ISSUER, mintCall { to: ISSUER, amount: amount(500), referenceId: ORDER });
    world.logged(&Minted { to: ISSUER, referenceId: ORDER, amount: amount(500) });
    let [transfer, _] = world.memory.logs.last_chunk::<2>().cloned().unwrap();
    assert_eq!(transfer.data, encoded(&Transfer { from: Address::ZERO, to: ISSUER, value: amount(500) }));
    world.done(ISSUER, burnCall { amount: amount(200), referenceId: reference(9) });
    world.logged(&Burned { from: ISSUER, referenceId: reference(9), amount: amount(200) });
    let [transfer, _] = world.memory.logs.last_chunk::<2>().cloned().unwrap();
    assert_eq!(transfer.data, encoded(&Transfer { from: ISSUER, to: Address::ZERO, value: amount(200) }));
    assert_eq!(world.balance(ISSUER), amount(300));
    assert_eq!(world.done(BOB, totalSupplyCall {}), amount(300));
}

#[test]
fn only_the_issuer_has_the_issuers_verbs() {
    let mut world = World::new();
    let error = || NotIssuer { caller: ALICE };
    world.refused(ALICE, mintCall { to: ALICE, amount: amount(1), referenceId: ORDER }, error());
    world.refused(ALICE, burnCall { amount: amount(1), referenceId: ORDER }, error());
    world.refused(ALICE, pauseCall {}, error());
    world.refused(ALICE, unpauseCall {}, error());
    world.refused(ALICE, freezeCall { account: BOB }, error());
    world.refused(ALICE, unfreezeCall { account: ALICE }, error());
    world.refused(ALICE, offerIssuerCall { account: ALICE }, error());
    world.refused(GOVERNOR, pauseCall {}, NotIssuer { caller: GOVERNOR });
}

#[test]
fn impossible_amounts_of_new_money_are_refused() {
    let mut world = World::new();
    let mint = |to, amount| mintCall { to, amount, referenceId: ORDER };
    world.refused(ISSUER, mint(BOB, U256::ZERO), ZeroAmount {});
    world.refused(ISSUER, mint(Address::ZERO, amount(1)), ERC20InvalidReceiver { receiver: Address::ZERO });
    for much in [U256::MAX, MAX_SUPPLY, MAX_SUPPLY - amount(99_999)] {
        world.refused(ISSUER, mint(BOB, much), SupplyOverflow { supply: amount(100_000), amount: much });
    }
    world.done(ISSUER, mint(BOB, MAX_SUPPLY - amount(100_000)));
    world.done(ALICE, transferCall { to: BOB, value: amount(100_000) });
    assert_eq!(world.balance(BOB), MAX_SUPPLY);
    world.refused(ISSUER, burnCall { amount: U256::ZERO, referenceId: ORDER }, ZeroAmount {});
    let error = ERC20InsufficientBalance { sender: ISSUER, balance: U256::ZERO, needed: amount(1) };
    world.refused(ISSUER, burnCall { amount: amount(1), referenceId: ORDER }, error);
}

#[test]
fn held_money_of_the_issuer_is_not_burned() {
    let mut world = World::new();
    world.done(ALICE, transferCall { to: ISSUER, value: amount(100) });
    let expiry = world.memory.now + 60;
    world.done(ISSUER, holdCall { id: ID, from: ISSUER, to: SHOP, amount: amount(80), expiry, referenceId: ORDER });
    let error = InsufficientAvailable { account: ISSUER, available: amount(20), needed: amount(21) };
    world.refused(ISSUER, burnCall { amount: amount(21), referenceId: ORDER }, error);
}

#[test]
fn the_office_changes_hands_in_two_steps() {
    let mut world = World::new();
    world.refused(BOB, acceptIssuerCall {}, NotSuccessor { caller: BOB });
    world.refused(Address::ZERO, acceptIssuerCall {}, NotSuccessor { caller: Address::ZERO });
    world.done(ISSUER, offerIssuerCall { account: BOB });
    world.logged(&IssuerOffered { issuer: ISSUER, successor: BOB });
    assert_eq!((world.done(BOB, issuerCall {}), world.done(BOB, successorCall {})), (ISSUER, BOB));
    world.done(ISSUER, offerIssuerCall { account: Address::ZERO });
    world.refused(BOB, acceptIssuerCall {}, NotSuccessor { caller: BOB });
    world.done(ISSUER, offerIssuerCall { account: BOB });
    world.refused(ALICE, acceptIssuerCall {}, NotSuccessor { caller: ALICE });
    world.done(BOB, acceptIssuerCall {});
    world.logged(&IssuerChanged { previous: ISSUER, issuer: BOB });
    world.refused(ISSUER, pauseCall {}, NotIssuer { caller: ISSUER });
    world.refused(BOB, acceptIssuerCall {}, NotSuccessor { caller: BOB });
    world.done(BOB, pauseCall {});
}

#[test]
fn switches_that_are_where_they_should_be_stay_without_a_log() {
    let mut world = World::new();
    world.again(ISSUER, unpauseCall {});
    world.again(ISSUER, unfreezeCall { account: ALICE });
    world.done(ISSUER, pauseCall {});
    world.logged(&Paused { account: ISSUER });
    world.again(ISSUER, pauseCall {});
    world.done(ISSUER, freezeCall { account: ALICE });
    world.logged(&Frozen { account: ALICE });
    world.again(ISSUER, freezeCall { account: ALICE });
    assert!(world.done(BOB, pausedCall {}) && world.done(BOB, frozenCall { account: ALICE }));
    assert_eq!(world.balance(ALICE), amount(100_000));
    world.done(ISSUER, unpauseCall {});
    world.logged(&Unpaused { account: ISSUER });
    world.done(ISSUER, unfreezeCall { account: ALICE });
    world.logged(&Unfrozen { account: ALICE });
    assert_eq!(world.balance(ALICE), amount(100_000));
}

/// The world of the table: Alice allowed the card money and a cap, and the card holds some for the shop.
fn table_world() -> World {
    let mut world = World::new();
    let expiry = world.memory.now + 60;
    world.done(ISSUER, mintCall { to: ISSUER, amount: amount(100), referenceId: ORDER });
    world.done(ALICE, approveCall { spender: CARD, value: amount(1_000) });
    world.done(ALICE, approveOperatorCall { operator: CARD, cap: amount(1_000) });
    world.done(CARD, holdCall { id: ID, from: ALICE, to: SHOP, amount: amount(100), expiry, referenceId: ORDER });
    world
}

type Verb = (&'static str, fn(&mut World) -> crate::Res<()>);

/// Verbs that move or pledge Alice's money for the shop, by the card.
const MOVING: [Verb; 5] = [
    ("transferFrom", |world| world.ask(CARD, transferFromCall { from: ALICE, to: SHOP, value: amount(1) }).map(drop)),
    ("transferFromWithMemo", |world| {
        let call = transferFromWithMemoCall { from: ALICE, to: SHOP, value: amount(1), memo: ORDER };
        world.ask(CARD, call).map(drop)
    }),
    ("hold", |world| {
        let expiry = world.memory.now + 1;
        let id = reference(1);
        let call = holdCall { id, from: ALICE, to: SHOP, amount: amount(1), expiry, referenceId: ORDER };
        world.ask(CARD, call).map(drop)
    }),
    ("adjust to more", |world| {
        world.ask(CARD, adjustCall { id: ID, referenceId: reference(1), newAmount: amount(101) }).map(drop)
    }),
    ("capture", |world| {
        let call = captureCall { id: ID, referenceId: reference(1), amount: amount(1), isFinal: false };
        world.ask(CARD, call).map(drop)
    }),
];

/// Verbs that give back or only promise.
const OTHERS: [Verb; 5] = [
    ("adjust to less", |world| {
        world.ask(CARD, adjustCall { id: ID, referenceId: reference(2), newAmount: amount(99) }).map(drop)
    }),
    ("release", |world| world.ask(CARD, releaseCall { id: ID }).map(drop)),
    ("void", |world| world.ask(CARD, voidCall { id: reference(2) }).map(drop)),
    ("approve", |world| world.ask(ALICE, approveCall { spender: BOB, value: amount(1) }).map(drop)),
    ("approveOperator", |world| world.ask(ALICE, approveOperatorCall { operator: BOB, cap: amount(1) }).map(drop)),
];

#[test]
fn pause_and_freeze_do_what_the_table_says() {
    let freeze: [(&str, Option<Address>); 5] =
        [("nothing", Some(BOB)), ("pause", None), ("from", Some(ALICE)), ("to", Some(SHOP)), ("caller", Some(CARD))];
    for (what, account) in freeze {
        for (list, works) in [(&MOVING, what == "nothing"), (&OTHERS, true)] {
            for (verb, act) in list {
                let mut world = table_world();
                stop(&mut world, account);
                let expected = if works { Ok(()) } else { Err(refusal(account)) };
                assert_eq!(act(&mut world), expected, "{verb} with {what} stopped");
            }
        }
    }
}

#[test]
fn pause_and_freeze_stop_new_and_burned_money_too() {
    let mint = |to| mintCall { to, amount: amount(1), referenceId: ORDER };
    let burn = || burnCall { amount: amount(1), referenceId: ORDER };
    let mut world = table_world();
    stop(&mut world, None);
    world.refused(ISSUER, mint(BOB), EnforcedPause {});
    world.refused(ISSUER, burn(), EnforcedPause {});
    world.refused(ALICE, transferCall { to: BOB, value: U256::ZERO }, EnforcedPause {});
    world.done(ISSUER, unpauseCall {});
    for account in [BOB, ISSUER] {
        stop(&mut world, Some(account));
    }
    world.refused(ISSUER, mint(BOB), AccountFrozen { account: BOB });
    world.refused(ISSUER, burn(), AccountFrozen { account: ISSUER });
    world.refused(ALICE, transferCall { to: BOB, value: amount(1) }, AccountFrozen { account: BOB });
    world.done(ISSUER, mint(SHOP));
}

#[test]
fn what_was_done_before_is_answered_in_pause_and_freeze_too() {
    let mut world = table_world();
    let hold = world.found(ID);
    let again = holdCall {
        id: ID,
        from: ALICE,
        to: SHOP,
        amount: hold.amount,
        expiry: hold.expiry,
        referenceId: hold.referenceId,
    };
    let capture = captureCall { id: ID, referenceId: reference(1), amount: amount(10), isFinal: true };
    world.done(CARD, capture.clone());
    for account in [None, Some(ALICE), Some(SHOP), Some(CARD)] {
        stop(&mut world, account);
    }
    world.again(CARD, again);
    world.again(CARD, capture);
}

fn stop(world: &mut World, account: Option<Address>) {
    match account {
        None => drop(world.done(ISSUER, pauseCall {})),
        Some(account) => drop(world.done(ISSUER, freezeCall { account })),
    }
}

fn refusal(account: Option<Address>) -> crate::Stop {
    use alloy_sol_types::SolError;
    crate::Stop::Revert(match account {
        None => EnforcedPause {}.abi_encode().into(),
        Some(account) => AccountFrozen { account }.abi_encode().into(),
    })
}

fn encoded(event: &impl alloy_sol_types::SolEvent) -> alloy_primitives::LogData {
    event.encode_log_data()
}
