//! T-21: the three ways back find the same card, and what a profile does not allow is refused.

use super::{
    tap::Tap,
    world::{BALANCE_MINOR, World, range},
};
use crate::{
    issuer::{enrol::add_range, mismatch::Mismatch, records::RangeRecord},
    message::{Payment, Response, ResponseCode, Text},
    profile::{NAMES, Profile, Strategy, supports},
};

/// What came of some taps: code, mismatches, and which account paid.
type Came = Vec<(ResponseCode, Vec<Mismatch>, Vec<(u64, u64)>)>;

/// Two cards at two merchants, each tap as it is and with something wrong.
fn story(profile: &str, strategy: Strategy) -> Came {
    let mut world = World::with(profile, strategy);
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
        let profile = Profile::named(name).unwrap();
        let allowed: Vec<Strategy> =
            Strategy::ALL.into_iter().filter(|strategy| supports(&profile, *strategy).is_ok()).collect();
        let stories: Vec<Came> = allowed
            .iter()
            .filter(|strategy| add_range(&mut World::new().vault, &elsewhere(name, **strategy)).is_ok())
            .map(|strategy| story(name, *strategy))
            .collect();
        let first = stories.first().unwrap_or_else(|| panic!("{name} has no strategy"));
        assert!(first.iter().any(|(code, ..)| code.approves()), "{name}");
        for other in &stories {
            assert_eq!(first, other, "{name}, {allowed:?}");
        }
    }
}

/// The same range under other BINs.
fn elsewhere(name: &str, strategy: Strategy) -> RangeRecord {
    RangeRecord { token_bin: "888888".into(), pan_bin: "777777".into(), ..range(name, strategy) }
}

#[test]
fn unsupported_strategies_are_refused_when_they_are_configured() {
    let refuse = |name: &str, strategy: Strategy| {
        let refused = add_range(&mut World::new().vault, &elsewhere(name, strategy));
        assert!(refused.is_err(), "{name} {strategy:?}");
    };
    refuse("combined", Strategy::Vault);
    refuse("single", Strategy::Rederive);
    refuse("single", Strategy::Vault);
    refuse("any-two", Strategy::Vault);
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
