//! The twelve failure and abuse cases of systems/card.md, each at the level of the issuer. Where the case is the card's own (what it refuses to
//! tokenize), the issuer is shown what a card that does not refuse would send.

use alloy_primitives::B256;

use super::{
    ledger::PlainSigner,
    tap::{ACQUIRER, NOW_MS, Tap, completion, full_reversal, increase, reversal},
    world::{BALANCE_MINOR, Card, PAN_BIN, TOKEN_BIN, World, number, range},
};
use crate::{
    cryptogram::{Ff1, Mac, detokenize, tweak},
    issuer::{
        Desk, IssuerError,
        chip::Chip,
        enrol::{Enrolment, add_range, enrol},
        keys::{Holder, KeyError, Keys, Personalization, SoftKeys, Tokenizer},
        mismatch::Mismatch,
        records::{Answer, CardReference, MerchantKey, NumberHash, PaymentState, RangeRecord, WrappedKeys},
        settings::Settings,
        vault::Vault as _,
    },
    layout::{Iad, pdol_digest},
    message::{
        Digits, LocalDate, LocalTime, Payment, Request,
        ResponseCode::{self, *},
        Text,
        card::{IccData, Track2},
    },
    number::{Expiry, Pan, Token, luhn_digit},
    profile::{IndexKind, Mode, Profile, ProfileError, Scope, Strategy},
    tlv::{Tag, tag},
};

fn again(message: &Payment, stan: u64) -> Payment {
    Payment { stan: Digits::of(stan).unwrap(), ..message.clone() }
}

/// DE 55 with one value changed.
fn with(message: &Payment, tag: Tag, value: &[u8]) -> Payment {
    let mut objects = message.icc_data.as_ref().unwrap().objects().clone();
    objects.insert(tag, value.to_vec()).unwrap();
    Payment { icc_data: Some(IccData::of(objects)), ..message.clone() }
}

/// The digest in 9F10 made that of the data beside it.
fn with_digest(message: &Payment) -> Payment {
    let data = message.icc_data.clone().unwrap();
    let chip = Chip::read(&data).unwrap();
    let iad = Iad { pdol_digest: pdol_digest(&chip.pdol_data), ..chip.iad };
    with(message, tag::IAD, &iad.encode())
}

#[track_caller]
fn refused(world: &mut World, message: &Payment, mismatches: &[Mismatch]) {
    assert_eq!(world.code(message), DoNotHonour);
    let payment = world.payment(message);
    assert_eq!(payment.mismatches, mismatches);
    assert_eq!((payment.card, payment.atc, payment.hold), (None, None, None), "nothing is written to a card");
}

/// 1 (T-12). Replay at another merchant, for another amount, on another day; inside and one second after the window; twice at once is in `repeats`.
#[test]
fn abuse_01_replays() {
    let mut world = World::new();
    let mut card = world.card(1);
    let message = card.tap(&Tap::of(1000));
    assert_eq!(world.code(&message), Approved);
    refused(&mut world, &again(&message, 2), &[Mismatch::Replay]);
    let elsewhere = Payment { merchant: Text::new("CAFE-7").unwrap(), ..again(&message, 3) };
    refused(&mut world, &elsewhere, &[Mismatch::Merchant, Mismatch::Replay]);
    let dearer = Payment { amount_minor: 2000, ..again(&message, 4) };
    refused(&mut world, &dearer, &[Mismatch::Amount, Mismatch::Replay]);
    world.now_ms += 2 * 86_400_000;
    let later = Payment { local_date: LocalDate::parse("1129").unwrap(), ..again(&message, 5) };
    refused(&mut world, &later, &[Mismatch::DateTime, Mismatch::Clock, Mismatch::Replay]);
    assert_eq!(world.money(&card), (BALANCE_MINOR, 1000));
    world.assert_reconciled();

    // The terminal tells the card's data as those of the other merchant: index and digest do not fit, or nobody's card is found.
    let told = with(&again(&message, 6), tag::MERCHANT_ID, b"CAFE-7         ");
    let told = Payment { merchant: Text::new("CAFE-7").unwrap(), ..told };
    refused(&mut world, &told, &[Mismatch::CardData, Mismatch::Clock]);
}

/// 1 (T-12). A window of 300 s counts its uses and closes one second after.
#[test]
fn abuse_01_reuse_window() {
    let mut world = World::with("combined-window", Strategy::Rederive);
    let mut card = world.card(1);
    let message = card.tap(&Tap::of(1000));
    assert_eq!(world.code(&message), Approved);
    world.now_ms = NOW_MS + 300_000;
    world.ledger.memory.now = world.now_ms / 1000;
    let second = again(&message, 2);
    assert_eq!(world.code(&second), Approved);
    assert_eq!((world.payment(&message).use_number, world.payment(&second).use_number), (0, 1));
    assert_ne!(world.payment(&message).hold, world.payment(&second).hold, "another use is another hold");
    world.now_ms += 1_000;
    refused(&mut world, &again(&message, 3), &[Mismatch::ReuseClosed]);
    assert_eq!(world.money(&card), (BALANCE_MINOR, 2000));
    world.assert_reconciled();
}

/// 1 (T-12). However long the window, a cryptogram has at most 64 uses.
#[test]
fn abuse_01_uses_are_bounded() {
    let mut world = World::with("combined-window", Strategy::Reverse);
    let mut card = world.card(1);
    let message = card.tap(&Tap::of(1));
    for stan in 1..=64 {
        assert_eq!(world.code(&again(&message, stan)), Approved, "use {stan}");
    }
    refused(&mut world, &again(&message, 65), &[Mismatch::ReuseClosed]);
    assert_eq!(world.money(&card), (BALANCE_MINOR, 64));
    world.assert_reconciled();
}

/// 2. One parameter is exchanged in flight: its name, and never a hold. Each alone is in `compare`.
#[test]
fn abuse_02_exchanged_parameters() {
    let mut world = World::new();
    let mut card = world.card(1);
    let mut check = |change: &dyn Fn(&mut Payment), stan: u64, mismatch: Mismatch| {
        let mut message = card.tap(&Tap::of(1000).stan(stan));
        change(&mut message);
        refused(&mut world, &message, &[mismatch]);
    };
    check(&|message| message.amount_minor = 100_000, 1, Mismatch::Amount);
    check(&|message| message.merchant_category = Digits::of(7995), 2, Mismatch::Category);
    check(&|message| message.terminal = Text::new("TERM0009").unwrap(), 3, Mismatch::Terminal);
    check(&|message| message.local_time = LocalTime::parse("150000").unwrap(), 4, Mismatch::DateTime);
    check(&|message| message.expiry = Some(Expiry::parse("2807").unwrap()), 5, Mismatch::Expiry);
    check(&|message| message.card_sequence = Digits::of(2), 6, Mismatch::Sequence);
    // In DE 55 instead: the digest in 9F10 is not theirs (reformatted), or is made theirs as well (forged).
    let reformatted = |message: &Payment| with(message, tag::UNPREDICTABLE_NUMBER, &[9; 4]);
    check(&|message| *message = reformatted(message), 7, Mismatch::CardData);
    check(&|message| *message = with_digest(&reformatted(message)), 8, Mismatch::Cryptogram);
    let cheaper = |message: &Payment| with(message, tag::AMOUNT, &[0, 0, 0, 0, 0x01, 0x00]);
    let told = |message: &mut Payment| *message = Payment { amount_minor: 100, ..with_digest(&cheaper(message)) };
    check(&told, 9, Mismatch::Token);
    assert_eq!(world.ledger.nonce, 0);
}

/// 2. A place that is written in another way is told and not refused, unless the token is made of it.
#[test]
fn abuse_02_a_place_is_told() {
    let moved = |message: &mut Payment| message.merchant_place = Text::new("THE SHOP, VIENNA");
    let mut world = World::new();
    let mut card = world.card(1);
    let mut message = card.tap(&Tap::of(1000));
    moved(&mut message);
    assert_eq!(world.code(&message), Approved);
    assert_eq!(world.payment(&message).mismatches, [Mismatch::Location]);
    let mut world = World::with("location", Strategy::Rederive);
    let mut message = world.card(1).tap(&Tap::of(1000));
    moved(&mut message);
    refused(&mut world, &message, &[Mismatch::Location]);
}

/// 3. Zero-filled, short, over-long and reordered data; wrong BCD; dates that are none. Midnight and the leap day are in `compare`.
#[test]
fn abuse_03_card_data() {
    let mut world = World::new();
    let mut card = world.card(1);
    let message = card.tap(&Tap::of(1000));
    let short = with(&again(&message, 2), tag::MERCHANT_ID, b"SHOP-1");
    assert_eq!(world.code(&short), FormatError);
    assert_eq!(world.payment(&short).mismatches, [Mismatch::DataLength]);
    let long = with(&again(&message, 3), tag::MERCHANT_ID, b"SHOP-1          ");
    assert_eq!(world.code(&long), FormatError);
    assert_eq!(world.payment(&long).mismatches, [Mismatch::DataLength]);
    let mut check = |tag: Tag, value: &[u8], stan: u64, more: &[Mismatch]| {
        let changed = with(&again(&message, stan), tag, value);
        refused(&mut world, &changed, &[&[Mismatch::CardData], more].concat());
    };
    check(tag::MERCHANT_ID, &[0; 15], 4, &[Mismatch::Merchant]);
    check(tag::DATE, &[0; 3], 5, &[Mismatch::DateTime, Mismatch::Clock]);
    check(tag::AMOUNT, &[0, 0, 0, 0, 0x0a, 0], 6, &[Mismatch::Amount]);
    check(tag::TIME, &[0x24, 0, 0], 7, &[Mismatch::DateTime, Mismatch::Clock]);
    // The order in DE 55 says nothing: the lists say it.
    let mut objects: Vec<(Tag, Vec<u8>)> =
        message.icc_data.as_ref().unwrap().objects().iter().map(|(tag, value)| (tag, value.to_vec())).collect();
    objects.reverse();
    let mut reordered = crate::tlv::Objects::new();
    objects.into_iter().for_each(|(tag, value)| reordered.insert(tag, value).unwrap());
    let reordered = Payment { icc_data: Some(IccData::of(reordered)), ..again(&message, 8) };
    assert_eq!(world.code(&reordered), Approved);
}

/// 3. The terminal gave the card its name and the merchant's in the wrong order, and the card took each for what stands in its place. What the card
///    itself says to it is in `card/tests/conversation.rs`.
#[test]
fn abuse_03_values_in_another_order() {
    let mut world = World::new();
    let mut card = world.card(1);
    let given = Tap { merchant: "TERM0001SHOP-1 ", terminal: "", ..Tap::of(1000) };
    let answered = card.answer(&given);
    // Told under their right tags: reformatted on the way.
    refused(&mut world, &Tap::of(1000).stan(2).message(&answered), &[Mismatch::CardData]);
    // The digest is made to fit: forged.
    let forged = with_digest(&Tap::of(1000).stan(3).message(&answered));
    refused(&mut world, &forged, &[Mismatch::CardIndex]);
    // Told as the card took them: the card is genuine, and the message is of another merchant.
    let as_taken = Payment { icc_data: Some(given.icc_data(&answered)), ..Tap::of(1000).stan(4).message(&answered) };
    refused(&mut world, &as_taken, &[Mismatch::Merchant, Mismatch::Terminal]);
    assert_eq!(world.money(&card), (BALANCE_MINOR, 0));
}

/// 4 (T-02, T-03). Profiles with one parameter, or with two that are not listed, are refused when they are configured.
#[test]
fn abuse_04_too_few_parameters() {
    let json = |basis: &str, inputs: &str| {
        format!(
            r#"{{"name":"x","mode":"single-use","basis":"{basis}","scope":"issuer-wide","index":"none","inputs":[{inputs}]}}"#
        )
    };
    let one = Profile::parse(&json("any-two", r#""amount""#));
    assert_eq!(one, Err(ProfileError::TooFewInputs(1)));
    let unlisted = Profile::parse(&json("any-two", r#""unpredictable-number","terminal-id""#));
    assert!(matches!(unlisted, Err(ProfileError::NotListed { .. })));
    // Put together past the parser, a range with it is refused as well.
    let mut world = World::new();
    let inputs = vec![crate::profile::Input::Amount];
    let profile = Profile { inputs, ..Profile::named("any-two").unwrap() };
    let range = RangeRecord {
        token_bin: "888888".into(),
        pan_bin: "777777".into(),
        key_set: 1,
        profile,
        strategy: Strategy::Reverse,
    };
    assert!(matches!(add_range(&mut world.vault, &range), Err(IssuerError::Configuration(_))));
}

/// 5. Tokens that collide, a token that is somebody's number, one whose check digit fails, and tokens of nobody and of somebody else.
#[test]
fn abuse_05_tokens() {
    let mut world = World::new();
    let (mut one, mut other) = (world.card(1), world.card(2));
    let message = one.tap(&Tap::of(1000));
    // Another card, the same token, its own index and cryptogram: what was signed is not what is shown.
    let colliding = Payment { token: message.token.clone(), ..other.tap(&Tap::of(1000).stan(2)) };
    refused(&mut world, &colliding, &[Mismatch::Token]);
    let live = Payment { token: token(&format!("{PAN_BIN}000000001")), ..again(&message, 3) };
    refused(&mut world, &live, &[Mismatch::TokenRange, Mismatch::Token]);
    let stranger = Payment { token: token("888888000000001"), ..again(&message, 4) };
    refused(&mut world, &stranger, &[Mismatch::TokenRange, Mismatch::Token]);
    assert!(Token::parse("9999990123456789").is_err(), "a wrong check digit is no token: DE 39 = 30");
    let shorter = Payment { token: token(&format!("{TOKEN_BIN}00000001")), ..again(&message, 5) };
    refused(&mut world, &shorter, &[Mismatch::Token]);
    assert_eq!(world.code(&message), Approved);
    for same_numbers in [TOKEN_BIN, "99999912"] {
        let range = RangeRecord {
            token_bin: same_numbers.into(),
            pan_bin: PAN_BIN.into(),
            ..range("combined", Strategy::Reverse)
        };
        assert!(add_range(&mut world.vault, &range).is_err(), "{same_numbers}");
    }
}

fn token(without_check: &str) -> Token {
    Token::parse(&format!("{without_check}{}", char::from(luhn_digit(without_check.as_bytes())))).unwrap()
}

/// 6. The index of card A with the token and cryptogram of card B.
#[test]
fn abuse_06_mix_and_match() {
    for (profile, strategy) in [
        ("combined", Strategy::Reverse),
        ("combined", Strategy::Rederive),
        ("issuer-wide", Strategy::Reverse),
        ("issuer-wide", Strategy::Rederive),
        ("static-index", Strategy::Reverse),
        ("merchant", Strategy::Vault),
    ] {
        let mut world = World::with(profile, strategy);
        let (mut one, mut other) = (world.card(1), world.card(2));
        let tap = Tap::of(1000);
        let (of_one, of_other) = (one.answer(&tap), other.answer(&tap));
        let mixed = |stan| {
            let iad = Iad::parse(&of_other.iad).unwrap();
            let index = Iad::parse(&of_one.iad).unwrap().card_index;
            let iad = Iad { card_index: index, ..iad }.encode().to_vec();
            tap.clone().stan(stan).message(&super::tap::Answered { iad, ..of_other.clone() })
        };
        assert_eq!(world.code(&mixed(1)), DoNotHonour, "{profile} {strategy:?}");
        assert_eq!(world.code(&tap.clone().stan(2).message(&of_other)), Approved, "{profile} {strategy:?}");
        assert_eq!(world.code(&mixed(3)), DoNotHonour, "{profile} {strategy:?}, after the token was registered");
        assert_eq!(world.money(&one), (BALANCE_MINOR, 0));
    }
}

/// 7. New keys while a window is open: they are another range, and the old one goes on. Counters that go back or leap.
#[test]
fn abuse_07_keys_and_counters() {
    let mut world = World::with("combined-window", Strategy::Reverse);
    let mut old = world.card(1);
    let message = old.tap(&Tap::of(1000));
    assert_eq!(world.code(&message), Approved);
    let renewed = RangeRecord { token_bin: "999998".into(), key_set: 2, ..old.range.clone() };
    add_range(&mut world.vault, &renewed).unwrap();
    let settings = Settings::new(31_337, super::ledger::POOL);
    let keys = &world.keys;
    world.issuer = crate::issuer::Issuer::open(settings, &mut world.vault, keys, &mut |bytes| bytes.fill(9)).unwrap();
    let mut new = world.card_of(renewed, 2);
    assert_eq!(world.code(&new.tap(&Tap::of(1000).stan(2))), Approved);
    assert_eq!(world.code(&again(&message, 3)), Approved, "the old window is still open");
    // A card of the old keys says that it has the new ones.
    let mut answered = old.answer(&Tap::of(1000));
    answered.iad[7] = 2;
    refused(&mut world, &Tap::of(1000).stan(4).message(&answered), &[Mismatch::Cryptogram, Mismatch::KeySet]);

    let mut tap_at = |atc: u16, stan: u64| {
        let unpredictable = u32::try_from(stan).unwrap();
        let tap = Tap { unpredictable, ..Tap::of(100).stan(stan) };
        let message = tap.message(&old.answer_at(&tap, atc));
        (world.code(&message), world.payment(&message).mismatches)
    };
    assert_eq!(tap_at(300, 10), (Approved, vec![Mismatch::AtcLeap]));
    assert_eq!(tap_at(299, 11), (Approved, vec![]), "unseen, inside the window");
    assert_eq!(tap_at(299, 12), (DoNotHonour, vec![Mismatch::AtcUsed]), "the terminal's number is another");
    assert_eq!(tap_at(45, 13), (Approved, vec![]));
    assert_eq!(tap_at(44, 14), (DoNotHonour, vec![Mismatch::AtcTooOld]));
    assert_eq!(tap_at(0, 15), (DoNotHonour, vec![Mismatch::AtcTooOld]));
    assert_eq!(tap_at(u16::MAX, 16), (Approved, vec![Mismatch::AtcLeap]));
}

/// 8. Tip, more, a larger capture, another currency, a reversal after the window. Partial approval is in `payments`.
#[test]
fn abuse_08_amounts_that_change() {
    let settings = Settings { tip_percent: 20, ..Settings::new(31_337, super::ledger::POOL) };
    let mut world = World::with_settings("combined", Strategy::Reverse, settings);
    let mut card = world.card(1);
    let mut tipped = |amount_minor: u64, stan: u64| {
        let mut message = card.tap(&Tap::of(1000).stan(stan));
        message.amount_minor = amount_minor;
        message
    };
    let message = tipped(1200, 1);
    assert_eq!(world.code(&message), Approved);
    assert_eq!(world.payment(&message).amount_minor, 1200);
    refused(&mut world, &tipped(1201, 2), &[Mismatch::Amount]);
    refused(&mut world, &tipped(999, 3), &[Mismatch::Amount]);
    assert_eq!(world.code(&increase(&message, 4, 300)), Approved);
    assert_eq!(world.code(&completion(&message, 5, 1725)), Approved, "15 percent more than 15.00");
    let second = tipped(1000, 6);
    assert_eq!(world.code(&second), Approved);
    world.pass(5 * 86_400_000);
    assert_eq!(world.code(&reversal(&second, 7)), Approved, "the token's time is over, its trace is not");
    assert_eq!(world.state(&second), PaymentState::Reversed);
    world.assert_reconciled();
}

/// 8. Cashback is not offered: another amount is named, in DE 55 as in what the card signed. DE 3 = 09 is no
///    transaction of this issuer; its code is in `message/tests/typed.rs`.
#[test]
fn abuse_08_cashback_is_refused() {
    for profile in ["combined", "credentials"] {
        let mut world = World::with(profile, Strategy::Rederive);
        let mut card = world.card(1);
        let tap = Tap { other_minor: 500, ..Tap::of(1500) };
        refused(&mut world, &card.tap(&tap), &[Mismatch::OtherAmount]);
        let slipped_in = with(&card.tap(&Tap::of(1500).stan(2)), tag::OTHER_AMOUNT, &[0, 0, 0, 0, 0x05, 0]);
        refused(&mut world, &slipped_in, &[Mismatch::CardData, Mismatch::OtherAmount]);
        assert_eq!(world.money(&card), (BALANCE_MINOR, 0));
    }
    let json = Request::from(World::new().card(1).tap(&Tap::of(1500))).to_json();
    assert!(Request::from_json(json.as_bytes()).is_ok() && json.contains("\"purchase\""));
    assert!(Request::from_json(json.replace("\"purchase\"", "\"cashback\"").as_bytes()).is_err());
}

/// 9 (T-25). Numbers of 13 to 19 digits under BINs of 6 and 8: too small a domain is refused when the card is made, not when it pays.
#[test]
fn abuse_09_lengths() {
    for (bin, token_bin) in [("123456", "999999"), ("12345678", "99999999")] {
        for length in 13..=19_usize {
            let free = length - bin.len() - 1;
            let digits = format!("{bin}{:0>free$}", 7);
            let digits = format!("{digits}{}", char::from(luhn_digit(digits.as_bytes())));
            let number = Pan::parse(&digits).unwrap();
            let mut world = World::new();
            world.vault.ranges.clear();
            let range = RangeRecord {
                token_bin: token_bin.into(),
                pan_bin: bin.into(),
                ..range("combined", Strategy::Reverse)
            };
            add_range(&mut world.vault, &range).unwrap();
            let settings = Settings::new(31_337, super::ledger::POOL);
            let keys = &world.keys;
            let mut next = 0_u8;
            let mut random = |bytes: &mut [u8]| {
                bytes.iter_mut().for_each(|byte| {
                    next = next.wrapping_add(77);
                    *byte = next;
                })
            };
            world.issuer = crate::issuer::Issuer::open(settings, &mut world.vault, keys, &mut random).unwrap();
            let (expiry, credentials) = (Expiry::parse("2912").unwrap(), &[][..]);
            let card = Enrolment {
                range: &range,
                number: &number,
                sequence: 1,
                expiry,
                token_expiry: expiry,
                credentials,
                now_ms: 0,
            };
            let made = enrol(&mut world.vault, keys, &card, &mut random);
            assert_eq!(made.is_ok(), free >= 6, "{length} digits, BIN {bin}");
            let Ok(made) = made else { continue };
            let mut card = Card { record: made.record, number, keys: made.keys, range, atc: 0 };
            crate::issuer::account::allot(&mut world.vault, card.account_key(), 5000).unwrap();
            let message = card.tap(&Tap::of(1000));
            assert_eq!(message.token.digits().len(), length);
            assert_eq!(world.code(&message), Approved, "{length} digits, BIN {bin}");
        }
    }
}

/// 10. No real number, and no pair from which one could be had, in anything that can be printed.
#[test]
fn abuse_10_nothing_shows_a_number() {
    let mut world = World::new();
    let mut card = world.card(1);
    let message = card.tap(&Tap::of(1000));
    let decision = world.send(&message);
    let settled = world.ledger_works();
    let number = String::from_utf8(card.number.digits().to_vec()).unwrap();
    let record = world.vault.cards.get(&card.record.reference).unwrap();
    let shown = [
        format!("{decision:?} {settled:?} {:?} {:?}", world.issuer, world.keys),
        format!("{:?} {:?} {:?}", world.vault.payments, world.vault.exchanges, world.vault.outbox),
        format!("{:?} {:?}", card.keys, record.truncated),
        format!("{:?}", Pan::parse(&number)),
    ];
    assert!(finds(&format!("..{number}.."), &number), "the search finds a number that is there");
    for text in &shown {
        assert!(!finds(text, &number), "{text}");
    }
    assert_eq!(record.truncated, "123456******0014".replace("0014", &number[12..]));
    for log in &world.ledger.memory.logs {
        assert!(!finds(&format!("{log:?}"), &number));
    }
}

/// 10. A terminal that is set up wrongly sends real numbers: ours, or somebody else's. It is answered as whoever sends an unknown token, and nothing
///     of the number is kept.
#[test]
fn abuse_10_a_number_that_is_sent_is_not_kept() {
    let mut world = World::new();
    let mut card = world.card(987_654_321);
    let own = Token::parse(std::str::from_utf8(card.number.digits()).unwrap()).unwrap();
    for (stan, number) in [(1, own), (2, token("888888123456789"))] {
        let track2 = Track2::parse(&format!("{number}=30122010000000000"));
        let message = Payment { token: number.clone(), track2, ..card.tap(&Tap::of(1000).stan(stan)) };
        let answer = world.send(&message).reply;
        assert_eq!(world.send(&message).reply, answer, "a repeat gets the same bytes");
        assert_eq!(world.ask(&message).token, Some(number.clone()), "DE 2 is repeated as it came");
        let reversal = full_reversal(&message, stan + 10);
        assert_eq!(world.code(&reversal), Approved, "nothing is held");
        let kept = format!("{:?} {:?}", world.vault.payments, world.vault.exchanges);
        assert!(!finds(&kept, number.digits()) && kept.contains(number.concealed().digits()), "{kept}");
        for exchange in world.vault.exchanges.values() {
            let Answer::Ready(bytes) = &exchange.answer else { panic!("{exchange:?}") };
            assert!(!finds(&String::from_utf8_lossy(bytes), number.digits()));
        }
        let early = full_reversal(&Payment { stan: Digits::of(stan + 20).unwrap(), ..message }, stan + 30);
        assert_eq!(world.code(&early), Approved);
        let kept = format!("{:?}", world.vault.payments);
        assert!(!finds(&kept, number.digits()), "{kept}");
    }
}

/// Whether a text holds a number: as digits, as hex of digits, or as BCD in hex (which is the digits again).
fn finds(text: &str, number: &str) -> bool {
    text.contains(number) || text.contains(&alloy_primitives::hex::encode(number))
}

/// 11 (T-19). The answer to an unknown token, a wrong merchant and a bad cryptogram is the same, byte for byte but for what it repeats. The operations
/// are counted in `alike`.
#[test]
fn abuse_11_refusals_do_not_tell() {
    let mut world = World::new();
    let mut card = world.card(1);
    let mut codes: Vec<(ResponseCode, bool)> = Vec::new();
    let mut bad = card.answer(&Tap::of(1000));
    bad.cryptogram[7] ^= 1;
    let bad = Tap::of(1000).message(&bad);
    let wrong = Payment { merchant: Text::new("CAFE-7").unwrap(), ..card.tap(&Tap::of(1000).stan(2)) };
    let unknown = Payment { token: token(&format!("{TOKEN_BIN}000000123")), ..card.tap(&Tap::of(1000).stan(3)) };
    for message in [bad, wrong, unknown] {
        let response = world.ask(&message);
        codes.push((response.response_code, response.icc_data.is_some()));
    }
    assert_eq!(codes, [(DoNotHonour, false); 3]);
    let stored = world.vault.cards.get(&card.record.reference).unwrap();
    assert_eq!((stored.atc.high, world.money(&card)), (0, (BALANCE_MINOR, 0)), "nothing is written to the card");
}

/// 12. FF1 has no integrity: a token with one digit changed opens to another number. With the check of the cryptogram off, somebody else pays.
#[test]
fn abuse_12_a_changed_digit_opens_to_another_number() {
    let mut world = World::with("issuer-wide", Strategy::Reverse);
    let mut card = world.card(1);
    let message = card.tap(&Tap::of(1000));
    let forged = changed_digit(&message.token);
    let opened = opened(&card, &message, &forged);
    assert_ne!(opened, card.number);
    // The number that it opens to is given out: the forged token is that of another card of ours.
    let victim_number: u32 = std::str::from_utf8(&opened.digits()[6..15]).unwrap().parse().unwrap();
    assert_eq!(number(victim_number), opened);
    let victim = world.card(victim_number);
    let forged = Payment { token: forged, ..again(&message, 2) };
    refused(&mut world, &forged, &[Mismatch::Cryptogram]);
    assert_eq!(world.money(&victim), (BALANCE_MINOR, 0));

    // The check is off: nothing else refuses, and the victim pays.
    let forged = Payment { retrieval_reference: Text::new("UNCHECKED").unwrap(), ..again(&forged, 3) };
    unchecked(&mut world, &forged);
    let payment = world.payment(&forged);
    assert_eq!((payment.mismatches, payment.card), (vec![], Some(victim.record.reference)));
    assert_eq!((world.money(&victim), world.money(&card)), ((BALANCE_MINOR, 1000), (BALANCE_MINOR, 0)));
    assert_eq!(world.code(&completion(&forged, 4, 1000)), Approved);
    assert_eq!(world.money(&victim), (BALANCE_MINOR - 1000, 0));

    // It is on again.
    refused(&mut world, &again(&forged, 5), &[Mismatch::Cryptogram, Mismatch::Replay]);
    assert_eq!(world.money(&victim), (BALANCE_MINOR - 1000, 0));
    assert_eq!(world.code(&message), Approved);
    assert_eq!(world.money(&card), (BALANCE_MINOR, 1000));
    world.assert_reconciled();
}

/// Sends a request to an issuer that takes any cryptogram for a good one, and lets the ledger work.
fn unchecked(world: &mut World, message: &Payment) {
    let keys = Gullible(&world.keys);
    let mut desk = Desk { vault: &mut world.vault, keys: &keys, signer: &PlainSigner, now_ms: world.now_ms };
    world.issuer.request(&mut desk, ACQUIRER, &Request::from(message.clone())).unwrap();
    world.ledger_works();
}

/// The issuer's keys without the check of the cryptogram.
struct Gullible<'a>(&'a SoftKeys);

impl Keys for Gullible<'_> {
    fn wrap_fpe_key(&self, card: &Personalization<'_>) -> Result<WrappedKeys, KeyError> {
        self.0.wrap_fpe_key(card)
    }

    fn unwrap_fpe_key(&self, card: &CardReference, wrapped: &WrappedKeys) -> Result<Box<dyn Tokenizer>, KeyError> {
        self.0.unwrap_fpe_key(card, wrapped)
    }

    fn shared_fpe_key(&self, key_set: u8) -> Result<Box<dyn Tokenizer>, KeyError> {
        self.0.shared_fpe_key(key_set)
    }

    fn card_of_index(&self, key_set: u8, index: &[u8; 6], tweak: &[u8]) -> Result<CardReference, KeyError> {
        self.0.card_of_index(key_set, index, tweak)
    }

    fn verify_arqc(&self, _: &Holder<'_>, _: &Token, _: &Chip<'_>) -> Result<bool, KeyError> {
        Ok(true)
    }

    fn arpc(&self, holder: &Holder<'_>, chip: &Chip<'_>, status_update: [u8; 4]) -> Result<[u8; 4], KeyError> {
        self.0.arpc(holder, chip, status_update)
    }

    fn index_hmac(&self, number: &Pan) -> Result<NumberHash, KeyError> {
        self.0.index_hmac(number)
    }

    fn account_reference(&self, card: &CardReference, merchant: Option<&MerchantKey>) -> Result<B256, KeyError> {
        self.0.account_reference(card, merchant)
    }

    fn payment_salt(&self, card: &CardReference, atc: u16, use_number: u32) -> Result<B256, KeyError> {
        self.0.payment_salt(card, atc, use_number)
    }
}

fn changed_digit(of: &Token) -> Token {
    let mut digits = of.digits()[..15].to_owned().into_bytes();
    digits[10] = b'0' + (digits[10] - b'0' + 1) % 10;
    token(std::str::from_utf8(&digits).unwrap())
}

/// What a token opens to under the keys of a card.
fn opened(card: &Card, message: &Payment, token: &Token) -> Pan {
    let data = message.icc_data.clone().unwrap();
    let chip = Chip::read(&data).unwrap();
    let values = card.range.profile.values(|input| Some(chip.value(input.tag()))).unwrap();
    let tweak = tweak(&Mac::new(&card.keys.tweak), &values, chip.atc);
    detokenize(&Ff1::new(card.keys.fpe.expose()), &tweak, token, PAN_BIN).unwrap()
}

/// T-20, T-21: what makes the issuer-wide profile another one is its scope; the rest is as in the default.
#[test]
fn the_profiles_of_these_cases_are_what_their_names_say() {
    let profile = |name: &str| Profile::named(name).unwrap();
    assert_eq!((profile("combined").scope, profile("combined").mode), (Scope::PerCard, Mode::Combined));
    assert_eq!(profile("issuer-wide").scope, Scope::IssuerWide);
    assert_eq!(profile("static-index").index, IndexKind::Static);
    let mut world = World::new();
    assert_eq!(world.vault.ranges().unwrap().len(), 1);
}
