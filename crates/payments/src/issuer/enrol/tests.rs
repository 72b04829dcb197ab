//! Ranges and cards keep out of each other's way (T-24), and profiles out of ways back that they do not allow (T-21).

use super::*;
use crate::{
    issuer::{
        Issuer, Settings,
        tests::world::{PAN_BIN, TOKEN_BIN, World, number, range},
        vault::VaultError,
    },
    profile::{Profile, Scope, Strategy},
};

fn refused(range: &RangeRecord, others: &[RangeRecord], why: &str) {
    let error = check_range(range, others).unwrap_err().to_string();
    assert!(error.contains(why), "{error}");
}

#[test]
fn ranges_keep_out_of_each_others_way() {
    let first = range("combined", Strategy::Reverse);
    assert_eq!(check_range(&first, &[]), Ok(()));
    let other = |token_bin: &str, pan_bin: &str, key_set: u8| RangeRecord {
        token_bin: token_bin.into(),
        pan_bin: pan_bin.into(),
        key_set,
        ..first.clone()
    };
    let others = &[first.clone()][..];
    assert_eq!(check_range(&other("999998", PAN_BIN, 2), others), Ok(()));
    refused(&other("99999", "12345", 1), &[], "6 to 8 digits");
    refused(&other("9999990", "123457", 1), &[], "equally many");
    refused(&other("99999x", "123457", 1), &[], "equally many");
    refused(&other(TOKEN_BIN, "123457", 1), others, "the same numbers");
    refused(&other("99999900", "12345700", 1), others, "the same numbers");
    refused(&other("999998", PAN_BIN, 1), others, "the same numbers");
    refused(&other(PAN_BIN, "123457", 1), others, "could be numbers of PAN BIN 123456");
    refused(&other("999998", TOKEN_BIN, 1), others, "the same numbers");
    refused(&other(PAN_BIN, PAN_BIN, 1), &[], "could be numbers");
}

#[test]
fn a_number_that_is_opened_first_has_no_credentials_in_its_tokens() {
    let profile = Profile { scope: Scope::IssuerWide, ..Profile::named("credentials").unwrap() };
    let first = RangeRecord { profile, ..range("credentials", Strategy::Reverse) };
    refused(&first, &[], "credential");
    assert_eq!(check_range(&RangeRecord { strategy: Strategy::Rederive, ..first }, &[]), Ok(()));
}

#[test]
fn an_issuer_without_ranges_does_not_open() {
    let mut world = World::new();
    world.vault.ranges.clear();
    let settings = Settings::new(1, alloy_primitives::Address::ZERO);
    let opened = Issuer::open(settings, &mut world.vault, &world.keys, &mut |_| ());
    assert!(matches!(opened, Err(IssuerError::Configuration(_))));
}

#[test]
fn cards_that_cannot_be_are_refused() {
    let mut world = World::new();
    let first = world.card(1);
    let check = |world: &mut World, number: &Pan, range: &RangeRecord| {
        let expiry = Expiry::parse("2912").unwrap();
        let card = Enrolment { range, number, sequence: 1, expiry, token_expiry: expiry, credentials: &[], now_ms: 0 };
        enrol(&mut world.vault, &world.keys, &card, &mut |bytes| bytes.fill(3)).map(|_| ())
    };
    let combined = first.range.clone();
    let stranger = Pan::parse("4111111111111111").unwrap();
    assert!(matches!(check(&mut world, &stranger, &combined), Err(IssuerError::Configuration(_))));
    let credentials = RangeRecord { profile: Profile::named("credentials").unwrap(), ..combined.clone() };
    let missing = check(&mut world, &number(2), &credentials).unwrap_err();
    assert_eq!(missing.to_string(), "the profile needs security-code");
    assert_eq!(check(&mut world, &number(1), &combined), Err(VaultError::Conflict("the number").into()));
    assert_eq!(check(&mut world, &number(2), &combined), Ok(()));
    assert!(check(&mut world, &number(3), &combined).is_err(), "the same reference again");
}
