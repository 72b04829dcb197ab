//! Accounts of cards and the rest of the pool: what all have together is what the pool has.

use super::*;
use crate::issuer::tests::{
    ledger::POOL_MINOR,
    world::{BALANCE_MINOR, EUR, World},
};

fn unallocated(world: &World) -> u64 {
    world.vault.pools.get(&EUR).unwrap().unallocated_minor
}

#[test]
fn the_pool_is_what_all_have_together() {
    let mut world = World::new();
    let card = world.card(1);
    assert_eq!(unallocated(&world), POOL_MINOR - BALANCE_MINOR);
    allot(&mut world.vault, card.account_key(), 500).unwrap();
    take_back(&mut world.vault, card.account_key(), 200).unwrap();
    assert_eq!((world.money(&card).0, unallocated(&world)), (BALANCE_MINOR + 300, POOL_MINOR - BALANCE_MINOR - 300));
    world.assert_reconciled();
    set_pool(&mut world.vault, EUR, POOL_MINOR + 1).unwrap();
    assert_eq!(unallocated(&world), POOL_MINOR - BALANCE_MINOR - 299);
}

#[test]
fn nobody_is_given_what_is_not_there() {
    let mut world = World::new();
    let card = world.card(1);
    let key = card.account_key();
    let left = unallocated(&world);
    assert!(allot(&mut world.vault, key, left + 1).is_err());
    assert!(allot(&mut world.vault, AccountKey { currency: 392, ..key }, 1).is_err(), "no pool of yen");
    assert!(take_back(&mut world.vault, key, BALANCE_MINOR + 1).is_err());
    assert!(set_pool(&mut world.vault, EUR, BALANCE_MINOR - 1).is_err());
    assert!(set_pool(&mut world.vault, 0, 1).is_err());
    assert!(set_limits(&mut world.vault, AccountKey { currency: 392, ..key }, Limits::default()).is_err());
    world.assert_reconciled();
}

#[test]
fn what_is_held_is_not_taken_back() {
    let mut world = World::new();
    let mut card = world.card(1);
    world.ask(&card.tap(&crate::issuer::tests::tap::Tap::of(BALANCE_MINOR - 10)));
    assert!(take_back(&mut world.vault, card.account_key(), 11).is_err());
    assert!(take_back(&mut world.vault, card.account_key(), 10).is_ok());
    world.assert_reconciled();
}
