//! One form for one set of inputs (T-22, T-23).

use super::*;
use crate::{
    cryptogram::Aes128Key,
    profile::{Input, Profile},
};

/// Values of the profile "credentials" and of those that have less.
fn value(input: Input) -> Option<&'static [u8]> {
    Some(match input {
        Input::MerchantId => b"MERCHANT0000001",
        Input::MerchantCategory => &[0x54, 0x11],
        Input::Amount => &[0, 0, 0, 0, 0x12, 0x50],
        Input::OtherAmount => &[0; 6],
        Input::Date => &[0x28, 0x02, 0x29],
        Input::Time => &[0; 3],
        Input::Location => b"Corner Shop",
        Input::TerminalId => b"TERM0001",
        Input::UnpredictableNumber => &[1, 2, 3, 4],
        Input::Currency => &[0x09, 0x78],
        Input::Type => &[0],
        Input::Expiry => &[0x29, 0x12, 0x31],
        Input::SecurityCode => b"123",
        Input::Name => b"DOE/JANE",
        Input::PostalCode => b"12",
        Input::AddressLine => b"3",
        Input::Seed => &[7; 16],
    })
}

fn tweak_of(profile: &Profile, atc: u16, changed: Option<(Input, &'static [u8])>) -> Tweak {
    let find =
        |input| changed.filter(|(known, _)| *known == input).map_or_else(|| value(input), |(_, value)| Some(value));
    tweak(&Mac::new(&Aes128Key::new([7; 16])), &profile.values(find).unwrap(), atc)
}

#[test]
fn what_is_signed_is_written_out_with_lengths() {
    let values = Profile::named("listed-two").unwrap().values(value).unwrap();
    let message = message(&values, 0x0102);
    assert_eq!(hex::encode(&message), "010a6c69737465642d74776f9f02060000000012509a032802299f36020102");
    let key = Mac::new(&Aes128Key::new([7; 16]));
    assert_eq!(tweak(&key, &values, 0x0102), key.sign(&[&message])[..12]);
}

/// T-23: "12" and "3" are not "1" and "23".
#[test]
fn neighbours_do_not_flow_into_each_other() {
    let profile = Profile::named("credentials").unwrap();
    assert!(profile.inputs.ends_with(&[Input::PostalCode, Input::AddressLine]));
    let find = |input| match input {
        Input::PostalCode => Some(b"1".as_slice()),
        Input::AddressLine => Some(b"23".as_slice()),
        other => value(other),
    };
    let (one, other) = (profile.values(value).unwrap(), profile.values(find).unwrap());
    let glued = |values: &Values<'_>| values.inputs.iter().flat_map(|(_, value)| value.to_vec()).collect::<Vec<_>>();
    assert_eq!(glued(&one), glued(&other), "one behind the other they are the same bytes");
    let key = Mac::new(&Aes128Key::new([7; 16]));
    assert_ne!(tweak(&key, &one, 1), tweak(&key, &other, 1));
}

#[test]
fn every_input_counts() {
    let all = |input: &Input| -> &'static [u8] {
        match input {
            Input::MerchantId => b"MERCHANT0000002",
            Input::MerchantCategory => &[0x54, 0x12],
            Input::Amount | Input::OtherAmount => &[0, 0, 0, 0, 0x12, 0x51],
            Input::Date => &[0x28, 0x03, 0x01],
            Input::Time => &[0, 0, 1],
            Input::Location => b"Corner Shoq",
            Input::TerminalId => b"TERM0002",
            Input::UnpredictableNumber => &[1, 2, 3, 5],
            Input::Currency => &[0x08, 0x40],
            Input::Type => &[1],
            Input::Expiry => &[0x30, 0x12, 0x31],
            Input::SecurityCode => b"124",
            Input::Name => b"DOE/JOHN",
            Input::PostalCode => b"13",
            Input::AddressLine => b"4",
            Input::Seed => &[8; 16],
        }
    };
    for name in crate::profile::NAMES {
        let profile = Profile::named(name).unwrap();
        let before = tweak_of(&profile, 1, None);
        for input in &profile.inputs {
            assert_ne!(tweak_of(&profile, 1, Some((*input, all(input)))), before, "{name}: {}", input.name());
        }
        let others = Input::all().filter(|input| !profile.inputs.contains(input));
        for input in others {
            assert_eq!(tweak_of(&profile, 1, Some((input, all(&input)))), before, "{name}: {}", input.name());
        }
    }
}

/// T-10, T-11.
#[test]
fn the_counter_counts_where_the_token_changes() {
    for name in crate::profile::NAMES {
        let profile = Profile::named(name).unwrap();
        let is_same = tweak_of(&profile, 1, None) == tweak_of(&profile, 2, None);
        assert_eq!(is_same, !profile.changes(), "{name}");
    }
}

#[test]
fn profiles_of_equal_inputs_give_different_tweaks() {
    let (one, other) = (Profile::named("combined").unwrap(), Profile::named("issuer-wide").unwrap());
    assert_eq!(one.inputs, other.inputs);
    assert_ne!(tweak_of(&one, 1, None), tweak_of(&other, 1, None));
}

#[test]
fn order_and_key_count() {
    let profile = Profile::named("combined").unwrap();
    let mut turned = profile.clone();
    turned.inputs.reverse();
    assert_ne!(tweak_of(&profile, 1, None), tweak_of(&turned, 1, None));
    let values = profile.values(value).unwrap();
    let with = |byte| tweak(&Mac::new(&Aes128Key::new([byte; 16])), &values, 1);
    assert_ne!(with(7), with(8));
}
