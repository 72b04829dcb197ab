//! What the card signs and whom it believes, recomputed with crate `emv`; tokens and indexes by mode.

use emv::core::{
    application_cryptogram::application_cryptogram_aes,
    issuer_authentication::{arpc_method2_aes, issuer_authentication_data_method2},
    master_key_derivation::derive_master_key_option_c,
    secure_messaging::{derive_session_key_aes, diversification_for_ac_session_key_aes},
};

use super::*;
use crate::{
    cryptogram::{CSU_APPROVED, CSU_DECLINED, Ff1, Mac, card_reference, detokenize, tweak},
    layout::Iad,
    number::Token,
    profile::{IndexKind, Mode, NAMES},
};

/// The session key as the other implementation derives it, from the real number.
pub(super) fn session_key(atc: u16) -> Vec<u8> {
    let pan = hex::decode(PAN).unwrap();
    let master = derive_master_key_option_c(&ISSUER_MASTER_KEY, &pan, Some(0x01)).unwrap();
    derive_session_key_aes(&master, &diversification_for_ac_session_key_aes(atc)).unwrap()
}

/// The issuer's answer as the other implementation makes it.
pub(super) fn answer(atc: u16, arqc: [u8; 8], csu: [u8; 4]) -> Vec<u8> {
    let arpc = arpc_method2_aes(arqc, csu, &[], &session_key(atc)).unwrap();
    issuer_authentication_data_method2(arpc, csu, &[]).unwrap()
}

/// An online transaction up to its ARQC.
fn online(session: &mut Session) -> [u8; 8] {
    session.tap(&pdol_data());
    let response = session.get(&generate(0x80, &layout::cdol1().fill(terminal_value).bytes));
    signed(&response, tag::CRYPTOGRAM).try_into().unwrap()
}

fn external_authenticate(session: &mut Session, answer: &[u8]) -> Vec<u8> {
    let mut command = command([0x00, 0x82, 0x00, 0x00], answer);
    command.pop();
    session.say(&command)
}

/// How the transaction ends: the type of the second cryptogram and the first byte of the card's results.
fn end(session: &mut Session, asked: u8, answer: &[u8]) -> (u8, u8) {
    let response = session.get(&generate(asked, &cdol2_data(answer)));
    let iad = Iad::parse(&signed(&response, tag::IAD)).unwrap();
    (signed(&response, tag::CRYPTOGRAM_INFORMATION)[0], iad.cvr[0])
}

#[test]
fn the_records_hold_what_a_terminal_needs() {
    let mut session = Session::new("combined", Protocol::T1);
    let tapped = session.tap(&pdol_data());
    let token = Token::from_cn(tapped.value(tag::PAN)).unwrap();
    assert!(token.digits().starts_with(TOKEN_BIN) && token.digits().len() == PAN.len(), "{token}");
    let track_2 = format!("{token}D30122210000000000");
    assert_eq!(hex::encode_upper(tapped.value(tag::TRACK_2)), track_2);
    for (tag, value) in [
        (tag::NAME, "43415244484F4C4445522F544F4B454E"),
        (tag::EXPIRY, "301231"),
        (tag::SEQUENCE, "01"),
        (tag::ISSUER_COUNTRY, "0250"),
        (tag::APPLICATION_CURRENCY, "0978"),
        (tag::USAGE_CONTROL, "FFC0"),
        (tag::CARD_VERSION, "0001"),
        (tag::CVM_LIST, "00000000000000001F00"),
        (tag::IAC_DEFAULT, "FFFFFFFFFF"),
        (tag::IAC_DENIAL, "0010000000"),
        (tag::IAC_ONLINE, "FFFFFFFFFF"),
        (tag::CDOL1, "9F02069F03069F1A0295055F2A029A039C019F3704"),
        (tag::CDOL2, "8A02910A9F02069F03069F1A0295055F2A029A039C019F3704"),
    ] {
        assert_eq!(hex::encode_upper(tapped.value(tag)), value, "{tag}");
    }
    // No offline data authentication: no certificate, no list of signed data (T-27).
    for tag in [0x8F, 0x90, 0x9F32, 0x9F46, 0x9F4A, 0x93].map(|number| Tag::new(number).unwrap()) {
        assert!(tapped.records.iter().all(|record| tlv::find(record, &[tag::RECORD_TEMPLATE, tag]).unwrap().is_none()));
    }
}

#[test]
fn a_token_can_have_an_end_and_a_name_of_its_own() {
    let face = Face { token_expiry: Some(Expiry::parse("2702").unwrap()), sequence: 42, ..face("credentials") };
    let card =
        Card::new(Personalization::new(face, personalization("credentials").secrets().clone()).unwrap(), Protocol::T1);
    let tapped = Session { card, counters: Counters::default() }.tap(&pdol_data());
    assert_eq!(tapped.value(tag::EXPIRY), [0x27, 0x02, 0x28]);
    assert_eq!(tapped.value(tag::SEQUENCE), [0x42]);
    assert_eq!(tapped.value(tag::NAME), b"DOE/JANE");
    assert!(hex::encode_upper(tapped.value(tag::TRACK_2)).contains("D2702221"));
}

#[test]
fn the_cryptogram_covers_everything_received_and_said() {
    let mut session = Session::new("combined", Protocol::T1);
    session.counters.atc = 0x0122;
    let tapped = session.tap(&pdol_data());
    let cdol1 = layout::cdol1().fill(terminal_value).bytes;
    let response = session.get(&generate(0x80, &cdol1));
    let (iad, atc) = (signed(&response, tag::IAD), signed(&response, tag::ATC));
    assert_eq!(atc, [0x01, 0x23]);
    let covered = [&pdol_data(), &cdol1, &layout::AIP[..], &atc, &iad, tapped.value(tag::PAN)].concat();
    let expected = application_cryptogram_aes(&session_key(0x0123), &covered).unwrap();
    assert_eq!(signed(&response, tag::CRYPTOGRAM), expected);
    let iad = Iad::parse(&iad).unwrap();
    assert_eq!((iad.derivation_index, iad.key_set, iad.cvr), (1, 1, [0xa0, 0x80, 0, 0]));
    assert_eq!(iad.pdol_digest, layout::pdol_digest(&pdol_data()));
    // The second one covers CDOL2's data, and results that have changed.
    let cdol2 = cdol2_data(&answer(0x0123, expected, CSU_APPROVED));
    let response = session.get(&generate(0x40, &cdol2));
    let iad = signed(&response, tag::IAD);
    let covered = [&pdol_data(), &cdol2, &layout::AIP[..], &atc, &iad, tapped.value(tag::PAN)].concat();
    assert_eq!(signed(&response, tag::CRYPTOGRAM), application_cryptogram_aes(&session_key(0x0123), &covered).unwrap());
    assert_eq!(Iad::parse(&iad).unwrap().cvr, [0x64, 0x90, 0, 0]);
}

#[test]
fn whatever_is_asked_first_nothing_is_approved_without_the_issuer() {
    for (asked, given, results) in [(0x00, 0x00, [0x80, 0x00]), (0x40, 0x80, [0xa0, 0x40]), (0x80, 0x80, [0xa0, 0x80])]
    {
        let mut session = Session::new("combined", Protocol::T1);
        session.tap(&pdol_data());
        let response = session.get(&generate(asked, &layout::cdol1().fill(terminal_value).bytes));
        assert_eq!(signed(&response, tag::CRYPTOGRAM_INFORMATION), [given]);
        assert_eq!(Iad::parse(&signed(&response, tag::IAD)).unwrap().cvr[..2], results);
    }
}

const AAC: u8 = 0x00;
const TC: u8 = 0x40;

#[test]
fn a_right_answer_gives_a_certificate_and_is_remembered() {
    // By its own command, or inside the list.
    for by_command in [true, false] {
        let mut session = Session::new("combined", Protocol::T1);
        let arqc = online(&mut session);
        let answer = answer(1, arqc, CSU_APPROVED);
        if by_command {
            assert_eq!(external_authenticate(&mut session, &answer), [0x90, 0x00]);
        }
        let inside: &[u8] = if by_command { &[] } else { &answer };
        assert_eq!(end(&mut session, TC, inside), (TC, 0x64));
        assert_eq!(session.counters, Counters { atc: 1, last_online_atc: 1 });
        assert_eq!(session.get(&[0x80, 0xca, 0x9f, 0x13, 0x00]), [0x9f, 0x13, 0x02, 0x00, 0x01]);
    }
}

#[test]
fn every_flipped_bit_of_an_answer_ends_in_a_decline() {
    for bit in 0..64 {
        let mut session = Session::new("combined", Protocol::T1);
        let arqc = online(&mut session);
        let mut forged = answer(1, arqc, CSU_APPROVED);
        forged[bit / 8] ^= 1 << (bit % 8);
        if bit % 2 == 0 {
            assert_eq!(external_authenticate(&mut session, &forged), [0x63, 0x00], "{bit}");
        }
        assert_eq!(end(&mut session, TC, &forged), (AAC, 0x28), "{bit}");
        assert_eq!(session.counters.last_online_atc, 0);
    }
}

#[test]
fn an_answer_that_failed_once_cannot_be_mended() {
    let mut session = Session::new("combined", Protocol::T1);
    let arqc = online(&mut session);
    let right = answer(1, arqc, CSU_APPROVED);
    assert_eq!(external_authenticate(&mut session, &[0x11; 8]), [0x63, 0x00]);
    assert_eq!(external_authenticate(&mut session, &right), [0x69, 0x85]);
    assert_eq!(end(&mut session, TC, &right), (AAC, 0x28));
}

#[test]
fn without_the_issuers_approval_there_is_no_certificate() {
    let mut session = Session::new("combined", Protocol::T1);
    let arqc = online(&mut session);
    // No answer; zeros are none.
    assert_eq!(end(&mut session, TC, &[]), (AAC, 0x20));
    // An answer that says no, whatever the terminal makes of it: the issuer was asked all the same.
    let second = online(&mut session);
    assert_ne!(arqc, second);
    assert_eq!(external_authenticate(&mut session, &answer(2, second, CSU_DECLINED)), [0x90, 0x00]);
    assert_eq!(end(&mut session, TC, &[]), (AAC, 0x24));
    assert_eq!(session.counters.last_online_atc, 2);
    // Yesterday's answer.
    let third = online(&mut session);
    assert_eq!(external_authenticate(&mut session, &answer(2, second, CSU_APPROVED)), [0x63, 0x00]);
    // An approval that the terminal does not want, then a second ARQC, which there is not.
    online(&mut session);
    assert_eq!(end(&mut session, AAC, &answer(3, third, CSU_APPROVED)), (AAC, 0x28));
    let fifth = online(&mut session);
    assert_eq!(end(&mut session, AAC, &answer(5, fifth, CSU_APPROVED)), (AAC, 0x24));
    let sixth = online(&mut session);
    assert_eq!(end(&mut session, 0x80, &answer(6, sixth, CSU_APPROVED)), (AAC, 0x24));
}

#[test]
fn answers_longer_than_ours_do_not_hold() {
    for padding in [&[0_u8][..], &[0, 0], &[1], &[0; 3], &[0; 8]] {
        let mut session = Session::new("combined", Protocol::T1);
        let arqc = online(&mut session);
        let padded = [answer(1, arqc, CSU_APPROVED).as_slice(), padding].concat();
        let status =
            if padding.len() <= 2 && padding.iter().all(|byte| *byte == 0) { [0x90, 0x00] } else { [0x63, 0x00] };
        assert_eq!(external_authenticate(&mut session, &padded), status, "{padding:?}");
    }
}

/// T-10, T-11, T-14, T-20: what repeats and what does not, for every profile that comes with the program.
#[test]
fn tokens_and_indexes_repeat_as_the_profile_says() {
    let index_key = Ff1::new(secrets(PAN).keys.index.expose());
    for name in NAMES {
        let profile = Profile::named(name).unwrap();
        let mut session = Session::new(name, Protocol::T1);
        let elsewhere = pdol_data_with(tag::MERCHANT_ID, b"MERCHANT-000018");
        let [here, again, there] = [&pdol_data(), &pdol_data(), &elsewhere].map(|inputs| {
            let token = Token::from_cn(session.tap(inputs).value(tag::PAN)).unwrap();
            let response = session.get(&generate(0x80, &layout::cdol1().fill(terminal_value).bytes));
            (token, Iad::parse(&signed(&response, tag::IAD)).unwrap().card_index)
        });
        assert_eq!(here.0 == again.0, profile.mode == Mode::MultiUse, "{name}");
        assert_eq!(here.1, again.1, "{name}");
        let merchant_counts = profile.inputs.contains(&Input::MerchantId) || profile.mode != Mode::MultiUse;
        assert_eq!(here.0 != there.0, merchant_counts, "{name}");
        assert_eq!(here.1 != there.1, profile.index == IndexKind::PerMerchant, "{name}");
        let found = match profile.index {
            IndexKind::None => {
                assert_eq!(here.1, [0; 6], "{name}");
                continue;
            }
            IndexKind::PerMerchant => card_reference(&index_key, &there.1, b"MERCHANT-000018"),
            IndexKind::Static => card_reference(&index_key, &there.1, &[]),
        };
        assert_eq!(found.unwrap(), secrets(PAN).reference, "{name}");
    }
}

/// T-22, T-26: the way back, from nothing but what the terminal has and the issuer's keys.
#[test]
fn the_issuer_gets_the_number_back_from_what_the_terminal_saw() {
    let mut session = Session::new("credentials", Protocol::T1);
    session.counters.atc = 76;
    let token = Token::from_cn(session.tap(&pdol_data()).value(tag::PAN)).unwrap();
    let card = personalization("credentials");
    let (inputs, pdol, expiry) = (pdol_data(), layout::pdol(), card.face().expiry.to_date());
    let objects = pdol.split(&inputs).unwrap();
    let of_terminal = |input: Input| objects.iter().find(|(tag, _)| *tag == input.tag()).map(|(_, value)| *value);
    let find = |input: Input| of_terminal(input).or_else(|| card.secrets().credential(input, &expiry));
    let values = card.face().profile.values(find).unwrap();
    let keys = &card.secrets().keys;
    let back =
        |atc| detokenize(&Ff1::new(keys.fpe.expose()), &tweak(&Mac::new(&keys.tweak), &values, atc), &token, "541333");
    assert_eq!(back(77).unwrap().digits(), PAN.as_bytes());
    assert_ne!(back(78).unwrap().digits(), PAN.as_bytes());
}

/// Abuse case 9: every length of number, with both lengths of BIN where there is room.
#[test]
fn tokens_have_the_length_of_their_number() {
    for digits in 13..=19 {
        for bin in ["999001", "99900112"] {
            let mut pan = "541333008902001100".chars().cycle().take(digits - 1).collect::<String>();
            pan.push(char::from(crate::number::luhn_digit(pan.as_bytes())));
            let face = Face { token_bin: bin.into(), ..face("combined") };
            let Ok(card) = Personalization::new(face, secrets(&pan)) else {
                assert!(digits - bin.len() - 1 < 6, "{digits} {bin}");
                continue;
            };
            let mut session = Session { card: Card::new(card, Protocol::T1), counters: Counters::default() };
            let tapped = session.tap(&pdol_data());
            let token = Token::from_cn(tapped.value(tag::PAN)).unwrap();
            assert!(token.digits().len() == digits && token.digits().starts_with(bin), "{token}");
            let track_2 = hex::encode_upper(tapped.value(tag::TRACK_2));
            assert_eq!(track_2.trim_end_matches('F'), format!("{token}D30122210000000000"));
            assert!(track_2.len() <= 38, "{track_2}");
        }
    }
}
