//! Cards that cannot be are refused when they are made, with the reason.

use super::*;
use crate::profile::{InvalidValue, ProfileError, Reason};

#[track_caller]
fn check(change: impl FnOnce(&mut Face, &mut Secrets), expected: PersonalizationError) {
    let (mut face, mut secrets) = (face("combined"), secrets(PAN));
    change(&mut face, &mut secrets);
    assert_eq!(Personalization::new(face, secrets).unwrap_err(), expected);
}

#[test]
fn each_thing_that_is_wrong_has_its_name() {
    use PersonalizationError as E;
    check(|face, _| face.label = String::new(), E::Label);
    check(|face, _| face.label = "COUNTERFOIL CARDS".into(), E::Label);
    check(|face, _| face.label = "CAF\u{c9}".into(), E::Label);
    check(|face, _| face.token_bin = "99900x".into(), E::TokenBin);
    check(|face, _| face.token_bin = "541333".into(), E::SameBin);
    check(|face, _| face.sequence = 100, E::Sequence(100));
    check(|face, _| face.service_code = "22".into(), E::ServiceCode);
    check(|face, _| face.service_code = "22x".into(), E::ServiceCode);
    check(|face, _| face.country = 0, E::Country(0));
    check(|face, _| face.country = 1000, E::Country(1000));
    check(|face, _| face.currency = 1, E::Currency(1));
    check(|face, _| face.token_bin = "99900".into(), E::Profile(ProfileError::BinLength(5)));
    check(|face, _| face.token_bin = "999001234".into(), E::Profile(ProfileError::BinLength(9)));
    check(|face, _| face.profile.inputs.clear(), E::Profile(ProfileError::NoMerchantCode));
}

/// T-25: the sizes that systems/card.md calls too small.
#[test]
fn too_small_a_domain_is_refused_before_there_is_a_card() {
    for (pan, bin, free) in [("5413330089608", "99900112", 4), ("54133300890203", "99900112", 5)] {
        let pan = Pan::parse(pan).unwrap();
        let (face, secrets) = (Face { token_bin: bin.into(), ..face("combined") }, Secrets { pan, ..secrets(PAN) });
        let refused = Personalization::new(face, secrets).unwrap_err();
        assert_eq!(refused, ProfileError::TooSmall { free }.into());
    }
}

#[test]
fn a_profile_gets_its_credentials_or_no_card() {
    let without = |missing: Input| Secrets {
        credentials: {
            let mut kept = Credentials::default();
            let all = [(Input::SecurityCode, "123"), (Input::Name, "DOE/JANE"), (Input::PostalCode, "75001")];
            for (input, value) in all.into_iter().chain([(Input::AddressLine, "1 rue de la Paix")]) {
                if input != missing {
                    kept.set(input, value.as_bytes()).unwrap();
                }
            }
            kept
        },
        ..secrets(PAN)
    };
    Personalization::new(face("credentials"), without(Input::Seed)).unwrap();
    for input in [Input::SecurityCode, Input::Name, Input::PostalCode, Input::AddressLine] {
        let refused = Personalization::new(face("credentials"), without(input)).unwrap_err();
        assert_eq!(refused, InvalidValue { input, reason: Reason::Missing }.into());
    }
    let refused = Personalization::new(face("merchant-seed"), without(Input::Seed)).unwrap_err();
    assert_eq!(refused, InvalidValue { input: Input::Seed, reason: Reason::Missing }.into());
}

#[test]
fn a_credential_is_none_that_the_terminal_or_the_face_supplies() {
    let mut credentials = Credentials::default();
    for input in [Input::Amount, Input::MerchantId, Input::Expiry] {
        assert_eq!(credentials.set(input, b"x").unwrap_err(), PersonalizationError::NoCredential(input));
    }
    let long = credentials.set(Input::AddressLine, &[b'x'; 128]).unwrap_err();
    assert_eq!(long, PersonalizationError::LongCredential(Input::AddressLine));
}

#[test]
fn application_names_have_5_to_16_bytes() {
    for (text, holds) in
        [("F043", false), ("F0434F554E", true), ("0x", false), (&"F0".repeat(16), true), (&"F0".repeat(17), false)]
    {
        assert_eq!(Aid::parse(text).is_ok(), holds, "{text}");
    }
    assert_eq!(Aid::default().to_string(), "F0434F554E54455201");
}
