//! Which profiles may be, and which values may go into a token.

use contracts::cash::iso4217::{CURRENCIES, Currency};
use serde_json::{Value, json};

use super::*;

/// A profile that keeps the rules, with some members changed.
fn changed(name: &str, changes: Value) -> Result<Profile, ProfileError> {
    let mut profile = serde_json::to_value(Profile::named(name).unwrap()).unwrap();
    for (member, value) in changes.as_object().unwrap() {
        profile[member] = value.clone();
    }
    Profile::parse(&profile.to_string())
}

#[track_caller]
fn refused(name: &str, changes: Value, error: ProfileError) {
    assert_eq!(changed(name, changes), Err(error));
}

#[test]
fn built_in_profiles_keep_the_rules() {
    for name in NAMES {
        let profile = Profile::named(name).unwrap();
        assert_eq!(profile.name, name);
        profile.check(6, 16).unwrap();
        let json = serde_json::to_string(&profile).unwrap();
        assert_eq!(Profile::parse(&json), Ok(profile));
    }
    assert_eq!(Profile::named("plain"), None, "there is no mode without a token");
}

#[test]
fn the_default_is_combined_under_the_cards_own_key() {
    let profile = Profile::default();
    assert_eq!(Profile::named(NAMES[0]), Some(profile.clone()));
    assert_eq!((profile.mode, profile.scope, profile.index), (Mode::Combined, Scope::PerCard, IndexKind::PerMerchant));
    assert_eq!((profile.reuse_window_s, profile.warnings()), (0, vec![]));
}

#[test]
fn what_weakens_a_profile_is_said() {
    for (name, warning) in [
        ("issuer-wide", ISSUER_WIDE_WARNING),
        ("single", ISSUER_WIDE_WARNING),
        ("static-index", STATIC_INDEX_WARNING),
        ("combined-window", REUSE_WARNING),
    ] {
        assert_eq!(Profile::named(name).unwrap().warnings(), [warning], "{name}");
    }
}

/// T-02, abuse case 4.
#[test]
fn one_input_of_the_terminal_is_too_few() {
    refused("any-two", json!({"inputs": []}), ProfileError::TooFewInputs(0));
    refused("any-two", json!({"inputs": ["amount"]}), ProfileError::TooFewInputs(1));
    refused("any-two", json!({"inputs": ["amount", "expiry", "seed"]}), ProfileError::TooFewInputs(1));
    // Category and id say the same thing.
    refused("any-two", json!({"inputs": ["merchant-id", "merchant-category"]}), ProfileError::TooFewInputs(1));
    refused("listed-two", json!({"inputs": ["date"]}), ProfileError::TooFewInputs(1));
}

/// T-03, abuse case 4.
#[test]
fn two_inputs_off_the_list_are_refused() {
    let none = ProfileError::NotListed { wanted: 1, found: 0 };
    refused("any-two", json!({"inputs": ["unpredictable-number", "type"]}), none);
    changed("any-two", json!({"inputs": ["unpredictable-number", "time"]})).unwrap();
    let one = ProfileError::NotListed { wanted: 2, found: 1 };
    refused("listed-two", json!({"inputs": ["unpredictable-number", "time"]}), one.clone());
    refused("listed-two", json!({"inputs": ["amount", "other-amount"]}), one);
    for pair in [["merchant-id", "amount"], ["merchant-category", "time"], ["location", "date"]] {
        changed("listed-two", json!({"inputs": pair})).unwrap();
    }
}

/// T-04.
#[test]
fn a_merchant_code_wants_something_beside_it() {
    refused("single", json!({"inputs": ["amount", "date"]}), ProfileError::NoMerchantCode);
    refused("merchant", json!({"inputs": ["merchant-id"]}), ProfileError::MerchantCodeAlone);
    refused("merchant", json!({"inputs": ["merchant-id", "merchant-category"]}), ProfileError::MerchantCodeAlone);
    for other in ["expiry", "security-code", "name", "postal-code", "address-line", "seed", "terminal-id", "currency"] {
        changed("merchant", json!({"inputs": ["merchant-category", other]})).unwrap();
    }
}

/// T-05.
#[test]
fn the_pin_is_refused_by_name() {
    assert_eq!(Input::parse("pin"), Err(ProfileError::Pin));
    assert_eq!(Input::parse("PIN"), Err(ProfileError::Pin));
    let Err(ProfileError::Json(text)) = changed("merchant", json!({"inputs": ["merchant-id", "pin"]})) else {
        panic!("a profile with a PIN");
    };
    assert!(text.contains("the PIN is never an input"), "{text}");
}

#[test]
fn an_input_is_there_once() {
    refused("merchant", json!({"inputs": ["merchant-id", "seed", "seed"]}), ProfileError::Repeated(Input::Seed));
}

/// T-10 and T-11.
#[test]
fn what_changes_goes_with_the_mode() {
    for input in Input::all().filter(|input| input.changes()) {
        refused("merchant", json!({"inputs": ["merchant-id", "expiry", input]}), ProfileError::Changing(input));
        changed("combined", json!({"inputs": ["merchant-id", "expiry", input]})).unwrap();
    }
    for name in ["combined", "single"] {
        refused(name, json!({"inputs": ["merchant-id", "expiry"]}), ProfileError::NothingChanges);
    }
    assert!(Profile::named("combined").unwrap().changes() && Profile::named("single").unwrap().changes());
    assert!(!Profile::named("merchant").unwrap().changes());
}

/// T-12.
#[test]
fn a_reuse_window_is_bounded() {
    refused("merchant", json!({"reuse_window_s": 1}), ProfileError::WindowOfMultiUse);
    changed("combined", json!({"reuse_window_s": 31 * 24 * 60 * 60})).unwrap();
    refused("single", json!({"reuse_window_s": 2_678_401}), ProfileError::LongWindow(2_678_401));
    assert!(matches!(changed("single", json!({"reuse_window_s": 1_u64 << 32})), Err(ProfileError::Json(_))));
}

/// T-14, T-15, T-20.
#[test]
fn the_issuer_must_find_the_key() {
    refused("combined", json!({"index": "none"}), ProfileError::CombinedWithoutIndex);
    refused("issuer-wide", json!({"index": "none"}), ProfileError::CombinedWithoutIndex);
    refused("single", json!({"index": "per-merchant"}), ProfileError::SingleUseWithIndex);
    refused("single", json!({"scope": "per-card"}), ProfileError::NoWayBack);
    refused("merchant", json!({"index": "none"}), ProfileError::NoWayBack);
    refused("combined", json!({"basis": "listed-two", "inputs": ["amount", "date"]}), ProfileError::NoMerchantCode);
    changed("merchant", json!({"index": "none", "scope": "issuer-wide"})).unwrap();
}

#[test]
fn a_name_can_stand_in_a_tweak() {
    for name in ["", "A", "with space", "\u{e4}", "a23456789012345678901234567890123"] {
        refused("combined", json!({"name": name}), ProfileError::Name);
    }
}

#[test]
fn other_json_is_no_profile() {
    for text in ["", "{}", "[]", "null", "{\"name\":1}"] {
        assert!(matches!(Profile::parse(text), Err(ProfileError::Json(_))), "{text}");
    }
    for changes in [json!({"plain": true}), json!({"mode": "plain"}), json!({"inputs": ["pan"]}), json!({"scope": 1})] {
        assert!(matches!(changed("combined", changes), Err(ProfileError::Json(_))));
    }
}

/// T-25: the table of systems/card.md. Numbers of 13 to 19 digits under BINs of 6 and 8.
#[test]
fn too_small_domains_are_refused() {
    let profile = Profile::default();
    for (pan_len, free_6, free_8) in
        [(13, 6, 4), (14, 7, 5), (15, 8, 6), (16, 9, 7), (17, 10, 8), (18, 11, 9), (19, 12, 10)]
    {
        for (bin_len, free) in [(6, free_6), (8, free_8)] {
            let expected = if free < 6 { Err(ProfileError::TooSmall { free }) } else { Ok(()) };
            assert_eq!(profile.check(bin_len, pan_len), expected, "{pan_len} digits, BIN of {bin_len}");
        }
    }
    for pan_len in [0, 12, 20, usize::MAX] {
        assert_eq!(profile.check(6, pan_len), Err(ProfileError::NumberLength(pan_len)));
    }
    for bin_len in [0, 5, 9, usize::MAX] {
        assert_eq!(profile.check(bin_len, 16), Err(ProfileError::BinLength(bin_len)));
    }
    let broken = Profile { inputs: vec![], ..profile };
    assert_eq!(broken.check(6, 16), Err(ProfileError::NoMerchantCode), "the other rules are checked as well");
}

/// T-21: what the docs print is what is refused.
#[test]
fn the_docs_have_the_table_of_strategies() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/systems/card.md");
    let docs = std::fs::read_to_string(path).unwrap();
    assert!(docs.contains(&matrix()), "docs/systems/card.md must have this table:\n{}", matrix());
    for name in NAMES {
        assert!(docs.contains(&format!("| `{name}` |")), "docs/systems/card.md must tell of profile {name}");
    }
}

#[test]
fn a_strategy_goes_with_a_profile_or_says_why_not() {
    let supported = |name: &str| {
        let profile = Profile::named(name).unwrap();
        Strategy::ALL.map(|strategy| supports(&profile, strategy).is_ok())
    };
    for name in NAMES {
        let expected = match name {
            "merchant" | "merchant-seed" | "location" => [true, true, true],
            "single" | "single-window" | "any-two" | "listed-two" => [true, false, false],
            _ => [true, true, false],
        };
        assert_eq!(supported(name), expected, "{name}");
    }
    let refusal = supports(&Profile::default(), Strategy::Vault).unwrap_err();
    assert_eq!(refusal.to_string(), "strategy vault does not go with profile combined: another token each time");
}

#[test]
fn inputs_are_known_by_name_and_tag() {
    for input in Input::all() {
        assert_eq!(Input::parse(input.name()), Ok(input));
        assert_eq!(Input::all().filter(|other| other.tag() == input.tag()).count(), 1);
    }
    assert_eq!(Input::Seed.name(), "seed", "rows stand in the order of the variants");
    assert_eq!(Input::parse("pan"), Err(ProfileError::UnknownInput("pan".to_owned())));
    assert_eq!(Input::all().filter(|input| input.is_from_terminal()).count(), 11);
    // What the terminal supplies is what the card asks for.
    let asked = crate::layout::pdol();
    for input in Input::all() {
        let is_asked = asked.entries().iter().any(|(tag, _)| *tag == input.tag());
        assert_eq!(is_asked, input.is_from_terminal(), "{}", input.name());
    }
}

#[track_caller]
fn check(input: Input, value: &[u8], expected: Result<(), Reason>) {
    // An index that needs no merchant id, so that this input alone decides.
    let profile = Profile { inputs: vec![input], index: IndexKind::Static, ..Profile::default() };
    let collected = profile.values(|asked| (asked == input).then_some(value));
    assert_eq!(collected.map(|_| ()), expected.map_err(|reason| InvalidValue { input, reason }), "{value:02x?}");
}

#[track_caller]
fn valid(input: Input, value: &str) {
    check(input, &hex::decode(value).unwrap(), Ok(()));
}

#[track_caller]
fn invalid(input: Input, value: &str, reason: Reason) {
    check(input, &hex::decode(value).unwrap(), Err(reason));
}

#[test]
fn amounts_are_decimal_and_not_zero() {
    valid(Input::Amount, "000000000001");
    valid(Input::Amount, "999999999999");
    invalid(Input::Amount, "000000000000", Reason::Blank);
    invalid(Input::Amount, "00000000001a", Reason::NotDecimal);
    invalid(Input::Amount, "a00000000001", Reason::NotDecimal);
    invalid(Input::Amount, "0000000001", Reason::Length);
    invalid(Input::Amount, "00000000000001", Reason::Length);
    invalid(Input::Amount, "", Reason::Length);
    valid(Input::OtherAmount, "000000000000");
    invalid(Input::OtherAmount, "00000000000f", Reason::NotDecimal);
}

#[test]
fn dates_are_of_the_calendar() {
    for date in ["280229", "000229", "270228", "991231", "260430"] {
        valid(Input::Date, date);
        valid(Input::Expiry, date);
    }
    for date in ["000000", "270229", "260431", "261301", "260001", "260100", "260132", "269999"] {
        invalid(Input::Date, date, Reason::NoDate);
    }
    invalid(Input::Date, "2a0101", Reason::NotDecimal);
    invalid(Input::Date, "2602", Reason::Length);
}

#[test]
fn midnight_is_a_time() {
    for time in ["000000", "235959", "120000"] {
        valid(Input::Time, time);
    }
    for time in ["240000", "236000", "235960", "999999"] {
        invalid(Input::Time, time, Reason::NoTime);
    }
    invalid(Input::Time, "1f0000", Reason::NotDecimal);
}

#[test]
fn currencies_are_known() {
    for row in &CURRENCIES {
        assert_eq!(Currency::by_number(row.number), Some(row), "a number is of one currency");
        valid(Input::Currency, &format!("{:04}", row.number));
    }
    valid(Input::Currency, "0978");
    valid(Input::Currency, "0008");
    invalid(Input::Currency, "0000", Reason::NoCurrency);
    invalid(Input::Currency, "0999", Reason::NoCurrency);
    invalid(Input::Currency, "9978", Reason::NoCurrency);
    invalid(Input::Currency, "097a", Reason::NotDecimal);
}

#[test]
fn texts_can_be_printed_and_say_something() {
    check(Input::MerchantId, b"MERCHANT0000001", Ok(()));
    check(Input::MerchantId, b"ABC            ", Ok(()));
    check(Input::MerchantId, b"ABC\0\0\0\0\0\0\0\0\0\0\0\0", Ok(()));
    check(Input::MerchantId, b"A\0C            ", Err(Reason::NotPrintable));
    check(Input::MerchantId, b"ABC\x7f           ", Err(Reason::NotPrintable));
    check(Input::MerchantId, b"ABC\xe4           ", Err(Reason::NotPrintable));
    check(Input::MerchantId, b"\0BC            ", Err(Reason::NotPrintable));
    check(Input::MerchantId, &[0; 15], Err(Reason::Blank));
    check(Input::MerchantId, &[b' '; 15], Err(Reason::Blank));
    check(Input::MerchantId, &[b'0'; 15], Err(Reason::Blank));
    check(Input::MerchantId, b"SHORT", Err(Reason::Length));
    check(Input::TerminalId, b"TERM0001", Ok(()));
    check(Input::TerminalId, &[0; 8], Err(Reason::Blank));
    check(Input::Location, b"Corner Shop, Some Town\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", Ok(()));
    check(Input::Location, &[0; 40], Err(Reason::Blank));
    check(Input::Location, &[b'x'; 41], Err(Reason::Length));
}

#[test]
fn codes_numbers_and_seeds_are_not_blank() {
    valid(Input::MerchantCategory, "5411");
    invalid(Input::MerchantCategory, "0000", Reason::Blank);
    invalid(Input::MerchantCategory, "54f1", Reason::NotDecimal);
    valid(Input::UnpredictableNumber, "00000001");
    invalid(Input::UnpredictableNumber, "00000000", Reason::Blank);
    valid(Input::Type, "00");
    valid(Input::Type, "31");
    invalid(Input::Type, "0a", Reason::NotDecimal);
    check(Input::Seed, &[1; 16], Ok(()));
    check(Input::Seed, &[0; 16], Err(Reason::Blank));
    check(Input::Seed, &[1; 8], Err(Reason::Length));
    check(Input::SecurityCode, b"123", Ok(()));
    check(Input::SecurityCode, b"12", Err(Reason::Length));
    check(Input::PostalCode, b"SW1A 1AA", Ok(()));
    check(Input::AddressLine, b"", Err(Reason::Length));
    check(Input::Name, b"DOE/JANE", Ok(()));
}

/// T-28: the merchant id makes the index, so it must be valid even where it is no input.
#[test]
fn the_index_wants_a_merchant_id() {
    let profile = Profile { inputs: vec![Input::MerchantCategory, Input::Date], ..Profile::default() };
    let with_id = |id: Option<&'static [u8]>| {
        profile
            .values(|input| match input {
                Input::MerchantCategory => Some([0x54, 0x11].as_slice()),
                Input::Date => Some([0x28, 0x02, 0x29].as_slice()),
                Input::MerchantId => id,
                _ => None,
            })
            .map(|values| values.index_tweak())
    };
    let refused = |reason| Err(InvalidValue { input: Input::MerchantId, reason });
    assert_eq!(with_id(Some(b"MERCHANT0000001")), Ok(Some(b"MERCHANT0000001".as_slice())));
    assert_eq!(with_id(None), refused(Reason::Missing));
    assert_eq!(with_id(Some(&[0; 15])), refused(Reason::Blank));
}

#[test]
fn secret_inputs_are_not_printed() {
    let profile = Profile { inputs: vec![Input::SecurityCode], index: IndexKind::None, ..Profile::default() };
    let values = profile.values(|_| Some(b"987")).unwrap();
    assert_eq!(format!("{values:?}"), "Values(combined: [\"security-code\"])");
    assert_eq!(values.index_tweak(), None);
}
