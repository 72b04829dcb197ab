//! Keys in software: what is wrapped opens for its card, each key does its own work.

use super::*;
use crate::{
    issuer::tests::{
        tap::{Tap, unproven},
        world::{number, range},
    },
    profile::Strategy,
};

fn keys(master: u8) -> SoftKeys {
    SoftKeys::new(&Masked::new([master; 32]), [1, 2])
}

fn reference(text: &str) -> CardReference {
    CardReference::parse(text).unwrap()
}

fn personalized(keys: &SoftKeys, profile: &str, random: u8) -> Personalized {
    let (range, number) = (range(profile, Strategy::Rederive), number(7));
    let reference = reference("123456789012");
    let random = Masked::new(std::array::from_fn(|at| random.wrapping_mul(u8::try_from(at).unwrap())));
    let card =
        Personalization { range: &range, reference, number: &number, sequence: 1, credentials: &[], random: &random };
    keys.personalize(&card).unwrap()
}

#[test]
fn what_is_wrapped_opens_for_its_card_only() {
    let keys_of_one = keys(1);
    let Personalized { wrapped, .. } = personalized(&keys_of_one, "combined", 5);
    let (own, other) = (reference("123456789012"), reference("123456789013"));
    assert!(keys_of_one.unwrap_fpe_key(&own, &wrapped).is_ok());
    assert_eq!(keys_of_one.unwrap_fpe_key(&other, &wrapped).err(), Some(KeyError::Wrapped));
    assert_eq!(keys(2).unwrap_fpe_key(&own, &wrapped).err(), Some(KeyError::Wrapped));
    for at in 0..wrapped.0.len() {
        let mut changed = wrapped.clone();
        changed.0[at] ^= 1;
        assert_eq!(keys_of_one.unwrap_fpe_key(&own, &changed).err(), Some(KeyError::Wrapped), "byte {at}");
    }
    assert_eq!(keys_of_one.unwrap_fpe_key(&own, &WrappedKeys(vec![1; 11])).err(), Some(KeyError::Wrapped));
}

#[test]
fn the_keys_of_a_card_are_its_own_unless_the_profile_says_otherwise() {
    let keys = keys(1);
    let of = |profile, random| *personalized(&keys, profile, random).card.fpe.expose();
    assert_ne!(of("combined", 5), of("combined", 6));
    assert_eq!(of("issuer-wide", 5), of("issuer-wide", 6));
    let Personalized { card, .. } = personalized(&keys, "combined", 5);
    let all = [*card.fpe.expose(), *card.tweak.expose(), *card.index.expose(), *card.master.expose()];
    assert!(all.iter().skip(1).all(|key| *key != all[0]));
}

#[test]
fn a_key_set_that_nobody_has_is_an_error() {
    let keys = keys(1);
    assert_eq!(keys.shared_fpe_key(3).err(), Some(KeyError::KeySet(3)));
    assert_eq!(keys.card_of_index(3, &[0; 6], &[]), Err(KeyError::KeySet(3)));
    let data = Tap::of(1).icc_data(&unproven());
    let chip = Chip::read(&data).unwrap();
    let holder = Holder { key_set: 3, number: &number(7), sequence: 1 };
    assert_eq!(keys.verify_arqc(&holder, &unproven().token, &chip), Err(KeyError::KeySet(3)));
}

#[test]
fn hashes_and_salts_depend_on_everything() {
    let keys_of_one = keys(1);
    let hash = |keys: &SoftKeys, account: u32| keys.index_hmac(&number(account)).unwrap();
    assert_eq!(hash(&keys_of_one, 7), hash(&keys(1), 7));
    assert_ne!(hash(&keys_of_one, 7), hash(&keys_of_one, 8));
    assert_ne!(hash(&keys_of_one, 7), hash(&keys(2), 7));
    let salt = |card: &str, atc: u16, used: u32| keys_of_one.payment_salt(&reference(card), atc, used).unwrap();
    let salts = [
        salt("123456789012", 1, 0),
        salt("123456789013", 1, 0),
        salt("123456789012", 2, 0),
        salt("123456789012", 1, 1),
        salt("123456789012", 0x100, 0),
    ];
    let distinct: std::collections::BTreeSet<_> = salts.iter().collect();
    assert_eq!(distinct.len(), salts.len());
}

/// HMAC-SHA-256 of RFC 4231, test case 2, its key followed by zeros as HMAC itself does.
#[test]
fn the_code_is_that_of_the_rfc() {
    let mut key = [0; 32];
    key[..4].copy_from_slice(b"Jefe");
    let expected = alloy_primitives::hex!("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    assert_eq!(hmac(&Masked::new(key), &[b"what do ya want ", b"for nothing?"]), expected);
}

#[test]
fn nothing_shows_a_key() {
    assert_eq!(format!("{:?}", keys(1)), "SoftKeys(2 key sets, ***)");
    assert!(format!("{:?}", personalized(&keys(1), "combined", 5).card).contains("***"));
}
