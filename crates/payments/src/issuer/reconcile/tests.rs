//! Each way in which vault and ledger can differ is found.

use alloy_primitives::U256;
use contracts::cash::abi::ICash;

use super::*;
use crate::issuer::tests::{
    ledger::{POOL, SHOP},
    tap::{Tap, completion},
    world::{EUR, World},
};

#[test]
fn money_that_moved_without_the_vault_is_found() {
    let mut world = World::new();
    let _ = world.ledger.call(POOL, "EUR", ICash::transferCall { to: SHOP, value: U256::from(5) });
    let found = world.differences();
    assert!(
        matches!(found[..], [Difference::Balance { currency: EUR, vault_minor, ledger_minor }] if vault_minor == ledger_minor + 5)
    );
}

#[test]
fn a_hold_that_is_gone_is_found() {
    let mut world = World::new();
    let message = world.card(1).tap(&Tap::of(1000));
    world.ask(&message);
    let payment = world.payment(&message);
    let id = payment.hold.unwrap().id;
    let _ = world.ledger.call(SHOP, "EUR", ICash::releaseCall { id });
    let found = world.differences();
    assert!(found.iter().any(|one| matches!(one, Difference::Held { vault_minor: 1000, ledger_minor: 0, .. })));
    assert!(
        found
            .iter()
            .any(|one| matches!(one, Difference::Hold { payment, .. } if *payment == world.payment(&message).id))
    );
    assert_eq!(found.len(), 2);
    let json = serde_json::to_string(&found).unwrap();
    assert!(json.contains("\"what\":\"hold\""), "{json}");
}

#[test]
fn what_is_under_way_is_a_difference() {
    let mut world = World::new();
    let message = world.card(1).tap(&Tap::of(1000));
    world.send(&message);
    let found = world.differences();
    let unfinished = Difference::Unfinished { payment: world.payment(&message).id, state: PaymentState::Holding };
    assert!(found.contains(&unfinished) && found.contains(&Difference::Open { nonce: 0 }), "{found:?}");
    world.ledger_works();
    world.ask(&completion(&message, 2, 1000));
    world.assert_reconciled();
}

#[test]
fn a_vault_that_forgot_a_capture_is_found() {
    let mut world = World::new();
    let message = world.card(1).tap(&Tap::of(1000));
    world.ask(&message);
    let before = world.vault.clone();
    world.ask(&completion(&message, 2, 1000));
    world.vault = before;
    assert_eq!(world.differences().len(), 3, "balance, held, and the hold itself");
}
