//! T-21: the three ways back find the same card, and what a profile does not allow is refused.

use super::{
    ledger::POOL,
    tap::Tap,
    world::{BALANCE_MINOR, World, range},
};
use crate::{
    issuer::{Settings, enrol::add_range, mismatch::Mismatch, records::RangeRecord},
    message::{Payment, Response, ResponseCode, Text},
    profile::{NAMES, Profile, Scope, Strategy, matrix},
};

/// What came of some taps: code, mismatches, and which account paid.
type Came = Vec<(ResponseCode, Vec<Mismatch>, Vec<(u64, u64)>)>;

/// Two cards at two merchants, each tap as it is and with something wrong.
fn story(profile: &Profile, strategy: Strategy) -> Came {
    let range = RangeRecord { profile: profile.clone(), ..range("combined", strategy) };
    let mut world = World::with_range(&range, Settings::new(31_337, POOL));
    let mut cards = [world.card(1), world.card(2)];
    let mut came = Came::new();
    let mut stan = 0;
    for round in 0..3 {
        for card in 0..2 {
            for tap in [Tap::of(1000 + round), Tap::of(2000 + round).at_cafe()] {
                stan += 1;
                let answered = cards[card].answer(&tap);
                let honest = tap.clone().stan(stan).message(&answered);
                let mut forged = answered.clone();
                forged.cryptogram[0] ^= 1;
                let forged = tap.clone().stan(100 + stan).message(&forged);
                let moved = Payment {
                    merchant: Text::new("NOWHERE").unwrap(),
                    ..tap.clone().stan(200 + stan).message(&answered)
                };
                for message in [forged, honest, moved] {
                    let response = world.ask(&message);
                    let money = cards.iter().map(|card| world.money(card)).collect();
                    came.push((response.response_code, world.payment(&message).mismatches, money));
                }
            }
        }
    }
    world.assert_reconciled();
    came
}

#[test]
fn supported_strategies_give_equal_results() {
    for name in NAMES {
        check_equal(&Profile::named(name).unwrap());
    }
}

/// The rows of the matrix that none of the built-in profiles is.
#[test]
fn supported_strategies_give_equal_results_in_profiles_of_ones_own() {
    for [mode, scope, index] in [
        ["multi-use", "per-card", "static"],
        ["multi-use", "issuer-wide", "none"],
        ["multi-use", "issuer-wide", "per-merchant"],
        ["multi-use", "issuer-wide", "static"],
        ["combined", "issuer-wide", "static"],
    ] {
        check_equal(&row(mode, scope, index));
    }
}

#[track_caller]
fn check_equal(profile: &Profile) {
    let allowed: Vec<Strategy> = Strategy::ALL
        .into_iter()
        .filter(|strategy| add_range(&mut World::new().vault, &elsewhere(profile, *strategy)).is_ok())
        .collect();
    let stories: Vec<Came> = allowed.iter().map(|strategy| story(profile, *strategy)).collect();
    let first = stories.first().unwrap_or_else(|| panic!("{profile:?} has no strategy"));
    assert!(first.iter().any(|(code, ..)| code.approves()), "{profile:?}");
    for other in &stories {
        assert_eq!(first, other, "{profile:?}, {allowed:?}");
    }
}

/// The same range under other BINs.
fn elsewhere(profile: &Profile, strategy: Strategy) -> RangeRecord {
    RangeRecord {
        token_bin: "888888".into(),
        pan_bin: "777777".into(),
        profile: profile.clone(),
        ..range("combined", strategy)
    }
}

/// A profile in the words of the matrix; perhaps one that may not be.
fn row(mode: &str, scope: &str, index: &str) -> Profile {
    let more = if mode == "multi-use" { r#""terminal-id""# } else { r#""amount","date""# };
    let json = format!(
        r#"{{"name":"row","mode":"{mode}","basis":"merchant-code","scope":"{scope}","index":"{index}","inputs":["merchant-id",{more}]}}"#
    );
    serde_json::from_str(&json).unwrap()
}

/// Every pair that the published matrix does not allow, and every row that it does not have, is refused when it is configured.
#[test]
fn a_range_is_what_the_matrix_says() {
    let table = matrix();
    let cells =
        |line: &str| -> Vec<String> { line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect() };
    let published: Vec<Vec<String>> = table.lines().skip(2).map(cells).collect();
    assert_eq!(published.len(), 10);
    for mode in ["multi-use", "single-use", "combined"] {
        for scope in ["per-card", "issuer-wide"] {
            for index in ["none", "per-merchant", "static"] {
                let cells = published.iter().find(|cells| cells[..3] == [mode, scope, index]);
                for (at, strategy) in Strategy::ALL.into_iter().enumerate() {
                    let allowed = cells.is_some_and(|cells| cells[3 + at].starts_with("yes"));
                    let added = add_range(&mut World::new().vault, &elsewhere(&row(mode, scope, index), strategy));
                    assert_eq!(added.is_ok(), allowed, "{mode} {scope} {index} {strategy:?}: {added:?}");
                }
            }
        }
    }
}

/// What the matrix says behind a yes: a credential or the seed is on record with its card, which is not known yet.
#[test]
fn a_token_that_is_opened_first_is_made_of_nothing_that_the_card_knows_alone() {
    for scope in [Scope::PerCard, Scope::IssuerWide] {
        for name in ["merchant", "merchant-seed", "credentials"] {
            let profile = Profile { scope, ..Profile::named(name).unwrap() };
            let added = |strategy| add_range(&mut World::new().vault, &elsewhere(&profile, strategy)).is_ok();
            assert_eq!(added(Strategy::Reverse), scope == Scope::PerCard, "{name} {scope:?}");
            assert!(added(Strategy::Rederive), "{name} {scope:?}");
        }
    }
}

/// The first tap of a multi-use token registers it; from then on it is looked up.
#[test]
fn a_multi_use_token_is_registered_at_its_first_contact() {
    let mut world = World::with("merchant", Strategy::Vault);
    let mut card = world.card(1);
    let first = card.tap(&Tap::of(1000));
    let mut forged = card.answer(&Tap::of(1000));
    forged.cryptogram[0] ^= 1;
    world.ask(&Tap::of(1000).stan(9).message(&forged));
    assert_eq!(world.vault.registrations.len(), 0, "a bad cryptogram registers nothing");
    world.ask(&first);
    let second = card.tap(&Tap::of(2000).stan(2));
    assert_eq!(second.token, first.token);
    assert!(world.ask(&second).response_code.approves());
    world.ask(&card.tap(&Tap::of(500).at_cafe().stan(3)));
    assert_eq!(world.vault.registrations.len(), 2, "one token at each merchant");
    assert_eq!(world.money(&card), (BALANCE_MINOR, 3500));
}

/// What the two merchants see of one card has nothing in common but what every card of the range has.
#[test]
fn two_merchants_cannot_tell_that_they_saw_one_card() {
    let mut world = World::new();
    let mut card = world.card(1);
    let (one, other) = (card.answer(&Tap::of(1000)), card.answer(&Tap::of(1000).at_cafe()));
    assert_ne!(one.token, other.token);
    let index = |iad: &[u8]| crate::layout::Iad::parse(iad).unwrap().card_index;
    assert_ne!(index(&one.iad), index(&other.iad));
    let again = card.answer(&Tap::of(1000));
    assert_eq!(index(&one.iad), index(&again.iad), "one merchant can");
}

/// The answer proves the issuer to the card, and says what the message says.
#[test]
fn the_card_can_check_the_answer() {
    use crate::{
        cryptogram::{CSU_APPROVED, CSU_DECLINED, IssuerAuthentication, arpc_holds, session_key},
        tlv::tag,
    };
    let mut world = World::new();
    let mut card = world.card(1);
    let mut check = |amount_minor: u64, stan: u64, csu: [u8; 4]| {
        let answered = card.answer(&Tap::of(amount_minor));
        let response: Response = world.ask(&Tap::of(amount_minor).stan(stan).message(&answered));
        let data = response.icc_data.unwrap();
        let answer = IssuerAuthentication::parse(data.objects().get(tag::ISSUER_AUTHENTICATION).unwrap()).unwrap();
        let key = session_key(&card.keys.master, answered.atc);
        assert!(arpc_holds(&key, &answered.cryptogram, &answer));
        assert_eq!(answer.csu, csu);
    };
    check(1000, 1, CSU_APPROVED);
    check(BALANCE_MINOR, 2, CSU_DECLINED);
}
