//! Tokens and indexes there and back; keys, cryptograms and answers against crate `emv` and RFC 4493.

use emv::core::{
    aes_primitives::aes_cmac,
    application_cryptogram::application_cryptogram_aes,
    issuer_authentication::{arpc_method2_aes, issuer_authentication_data_method2},
    master_key_derivation::derive_master_key_option_c,
    secure_messaging::{derive_session_key_aes, diversification_for_ac_session_key_aes},
};
use proptest::prelude::*;

use super::*;
use crate::{
    number::{MAX_DIGITS, MIN_DIGITS, NumberError, Pan, Token, luhn_digit, luhn_holds},
    testing::Dice,
};

fn key(bytes: [u8; 16]) -> Aes128Key {
    Aes128Key::new(bytes)
}

/// A number of that many digits under a BIN.
fn pan(bin: &str, length: usize, dice: &mut Dice) -> Pan {
    let mut digits: Vec<u8> = bin.bytes().collect();
    digits.resize_with(length - 1, || b'0' + dice.digit());
    digits.push(luhn_digit(&digits));
    Pan::parse(&String::from_utf8(digits).unwrap()).unwrap()
}

#[test]
fn rfc_4493_examples_hold() {
    let mac = Mac::new(&key(hex::decode("2b7e151628aed2a6abf7158809cf4f3c").unwrap().try_into().unwrap()));
    let message = hex::decode(concat!(
        "6bc1bee22e409f96e93d7e117393172a",
        "ae2d8a571e03ac9c9eb76fac45af8e51",
        "30c81c46a35ce411e5fbc1191a0a52ef",
        "f69f2445df4f9b17ad2b417be66c3710"
    ))
    .unwrap();
    for (length, code) in [
        (0, "bb1d6929e95937287fa37d129b756746"),
        (16, "070a16b46b4d4144f79bdd9dd04a287c"),
        (40, "dfa66747de9ae63030ca32611497c827"),
        (64, "51f0bebf7e3b9d92fc49741779363cfe"),
    ] {
        assert_eq!(hex::encode(mac.sign(&[&message[..length]])), code, "{length} bytes");
        let (one, two) = message[..length].split_at(length / 3);
        assert_eq!(hex::encode(mac.sign(&[one, two])), code, "{length} bytes in two parts");
    }
}

/// Random keys, numbers of every length, counters and data, each against crate `emv`.
#[test]
fn keys_cryptograms_and_answers_are_those_of_another_implementation() {
    let mut dice = Dice::new(26);
    for case in 0..500 {
        let (issuer, atc) = (key(dice.array()), u16::from_be_bytes(dice.array()));
        let number = pan("411111", MIN_DIGITS + case % (MAX_DIGITS - MIN_DIGITS + 1), &mut dice);
        let sequence = dice.digit() << 4 | dice.digit();
        let cn = Token::parse(std::str::from_utf8(number.digits()).unwrap()).unwrap().to_cn();
        let master = master_key(&issuer, &number, sequence);
        let theirs = derive_master_key_option_c(issuer.expose(), &cn, Some(sequence)).unwrap();
        assert_eq!(master.expose().as_slice(), theirs, "case {case}");

        let session = session_key(&master, atc);
        let theirs = derive_session_key_aes(master.expose(), &diversification_for_ac_session_key_aes(atc)).unwrap();
        assert_eq!(session.expose().as_slice(), theirs, "case {case}");

        let (pdol_data, cdol_data, iad, aip) = (dice.bytes(90), dice.bytes(29), dice.bytes(18), dice.array());
        let signed = Signed { pdol_data: &pdol_data, cdol_data: &cdol_data, aip, atc, iad: &iad, token_cn: &cn };
        let row = [&pdol_data, &cdol_data, aip.as_slice(), &atc.to_be_bytes(), &iad, &cn].concat();
        let cryptogram = arqc(&session, &signed);
        assert_eq!(cryptogram, application_cryptogram_aes(session.expose(), &row).unwrap(), "case {case}");

        let csu = dice.array();
        let answer = IssuerAuthentication { arpc: arpc(&session, &cryptogram, &csu), csu };
        let theirs = arpc_method2_aes(cryptogram, csu, &[], session.expose()).unwrap();
        let theirs = issuer_authentication_data_method2(theirs, csu, &[]).unwrap();
        assert_eq!(answer.encode().as_slice(), theirs, "case {case}");

        let data = dice.bytes(case);
        assert_eq!(Mac::new(&session).sign(&[&data]), aes_cmac(session.expose(), &data).unwrap(), "case {case}");
    }
}

/// T-22, T-26: whatever of it changes, the cryptogram does not hold.
#[test]
fn a_cryptogram_hangs_on_everything_it_covers() {
    let (session, token_cn) = (key([1; 16]), [0x41; 8]);
    let (pdol_data, cdol_data, iad) = ([2; 90], [3; 29], [4; 18]);
    let signed =
        Signed { pdol_data: &pdol_data, cdol_data: &cdol_data, aip: [0x0c, 0], atc: 1, iad: &iad, token_cn: &token_cn };
    let cryptogram = arqc(&session, &signed);
    assert!(arqc_holds(&session, &signed, &cryptogram));
    let flipped = |bytes: &[u8], bit: usize| {
        let mut bytes = bytes.to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        bytes
    };
    let holds = |changed: Signed<'_>| arqc_holds(&session, &changed, &cryptogram);
    assert!((0..90 * 8).all(|bit| !holds(Signed { pdol_data: &flipped(&pdol_data, bit), ..signed })));
    assert!((0..29 * 8).all(|bit| !holds(Signed { cdol_data: &flipped(&cdol_data, bit), ..signed })));
    assert!((0..18 * 8).all(|bit| !holds(Signed { iad: &flipped(&iad, bit), ..signed })));
    assert!((0..8 * 8).all(|bit| !holds(Signed { token_cn: &flipped(&token_cn, bit), ..signed })));
    assert!((0..16).all(|bit| !holds(Signed { atc: 1 ^ 1 << bit, ..signed })));
    assert!((0..16).all(|bit| !holds(Signed { aip: (0x0c00_u16 ^ 1 << bit).to_be_bytes(), ..signed })));
    assert!((0..64).all(|bit| !arqc_holds(&session, &signed, &flipped(&cryptogram, bit).try_into().unwrap())));
    assert!(!arqc_holds(&key([9; 16]), &signed, &cryptogram));
}

#[test]
fn an_answer_hangs_on_cryptogram_and_status() {
    let (session, cryptogram) = (key([1; 16]), [7; 8]);
    let answer = IssuerAuthentication { arpc: arpc(&session, &cryptogram, &CSU_APPROVED), csu: CSU_APPROVED };
    assert!(arpc_holds(&session, &cryptogram, &answer));
    for bit in 0..64 {
        let mut bytes = answer.encode();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let changed = IssuerAuthentication::parse(&bytes).unwrap();
        assert!(!arpc_holds(&session, &cryptogram, &changed), "bit {bit}");
    }
    assert!(!arpc_holds(&session, &[8; 8], &answer));
}

#[test]
fn an_answer_is_eight_bytes_and_its_padding() {
    let answer = IssuerAuthentication { arpc: [1, 2, 3, 4], csu: CSU_APPROVED };
    let padded = |zeros: usize| [answer.encode().as_slice(), &vec![0; zeros]].concat();
    for zeros in 0..=2 {
        assert_eq!(IssuerAuthentication::parse(&padded(zeros)), Ok(answer));
    }
    assert_eq!(IssuerAuthentication::parse(&padded(3)), Err(ResponseError::Length(11)));
    assert_eq!(IssuerAuthentication::parse(&[&padded(1)[..], &[1]].concat()), Err(ResponseError::Length(10)));
    assert_eq!(IssuerAuthentication::parse(&padded(0)[..7]), Err(ResponseError::Length(7)));
    assert_eq!(IssuerAuthentication::parse(&[]), Err(ResponseError::Length(0)));
}

/// T-24, T-25: every length of number under BINs of 6 to 8 digits, there and back, or refused.
#[test]
fn a_token_has_the_form_of_its_number_and_leads_back_to_it() {
    let mut dice = Dice::new(24);
    for (bin, token_bin) in [("411111", "999999"), ("4111111", "9999999"), ("41111111", "99999999")] {
        for length in MIN_DIGITS..=MAX_DIGITS {
            let (fpe, tweak) = (Ff1::new(&dice.array()), dice.bytes(TWEAK_BYTES));
            let number = pan(bin, length, &mut dice);
            let free = length - bin.len() - 1;
            let token = tokenize(&fpe, &tweak, &number, token_bin);
            if free < 6 {
                assert_eq!(token, Err(TokenError::Room(Ff1Error::Length(free))));
                continue;
            }
            let token = token.unwrap();
            assert_eq!(token.digits().len(), length);
            assert!(token.digits().starts_with(token_bin) && luhn_holds(token.digits().as_bytes()));
            assert_eq!(detokenize(&fpe, &tweak, &token, bin), Ok(number.clone()));
            let mut other = tweak.clone();
            other[0] ^= 1;
            assert_ne!(tokenize(&fpe, &other, &number, token_bin), Ok(token.clone()));
            assert_ne!(detokenize(&fpe, &other, &token, bin), Ok(number));
        }
    }
}

/// T-24: no token is a live number.
#[test]
fn a_token_bin_is_another_one() {
    let (fpe, mut dice) = (Ff1::new(&[1; 16]), Dice::new(1));
    let number = pan("411111", 16, &mut dice);
    for bin in ["411111", "4111111"] {
        let expected = if number.digits().starts_with(bin.as_bytes()) { TokenError::SameBin } else { continue };
        assert_eq!(tokenize(&fpe, &[], &number, bin), Err(expected));
    }
    for bin in ["", "99999", "999999999", "99999a", "9999\u{0669}", " 99999"] {
        assert_eq!(tokenize(&fpe, &[], &number, bin), Err(TokenError::Bin), "{bin}");
    }
    let token = tokenize(&fpe, &[], &number, "999999").unwrap();
    assert_eq!(detokenize(&fpe, &[], &token, "999999"), Err(TokenError::SameBin));
}

/// Abuse case 12: a token with another digit is the token of another number, as good as any. Only the cryptogram tells.
#[test]
fn a_changed_token_leads_to_another_number() {
    let (fpe, mut dice) = (Ff1::new(&[1; 16]), Dice::new(12));
    let number = pan("411111", 16, &mut dice);
    let token = tokenize(&fpe, &[9; 12], &number, "999999").unwrap();
    let mut digits = token.digits().as_bytes().to_vec();
    digits[9] = b'0' + (digits[9] - b'0' + 1) % 10;
    let plain = String::from_utf8(digits.clone()).unwrap();
    assert_eq!(Token::parse(&plain), Err(NumberError::CheckDigit), "the check digit is for slips, not for forgers");
    digits.pop();
    digits.push(luhn_digit(&digits));
    let forged = Token::parse(&String::from_utf8(digits).unwrap()).unwrap();
    let other = detokenize(&fpe, &[9; 12], &forged, "411111").unwrap();
    assert_ne!(other, number);

    let issuer = key([5; 16]);
    let (pdol_data, cdol_data, iad) = ([2; 90], [3; 29], [4; 18]);
    let sign = |token: &Token, number: &Pan| {
        let session = session_key(&master_key(&issuer, number, 1), 1);
        let token_cn = &token.to_cn();
        arqc(
            &session,
            &Signed { pdol_data: &pdol_data, cdol_data: &cdol_data, aip: [0; 2], atc: 1, iad: &iad, token_cn },
        )
    };
    assert_ne!(sign(&token, &number), sign(&forged, &other));
}

#[test]
fn a_card_index_leads_back_to_its_card_at_its_merchant() {
    let index = Ff1::new(&[7; 16]);
    let reference = CardReference::parse("000123456789").unwrap();
    let at = |merchant: &[u8]| card_index(&index, &reference, merchant).unwrap();
    let (one, other, everywhere) = (at(b"MERCHANT0000001"), at(b"MERCHANT0000002"), at(b""));
    assert!(one != other && one != everywhere && other != everywhere);
    assert_eq!(card_reference(&index, &one, b"MERCHANT0000001"), Ok(reference));
    assert_ne!(card_reference(&index, &one, b"MERCHANT0000002"), Ok(reference));
    assert_eq!(card_reference(&index, &everywhere, b""), Ok(reference));
    for byte in [0x0a, 0xa0, 0xff] {
        assert_eq!(card_reference(&index, &[0, 0, byte, 0, 0, 0], b""), Err(ReferenceError::Digits));
    }
    let long = [b'x'; 256];
    assert_eq!(card_index(&index, &reference, &long), Err(ReferenceError::Cipher(Ff1Error::LongTweak(256))));
}

#[test]
fn a_card_reference_is_twelve_digits() {
    assert_eq!(CardReference::from_random([0; 16]).to_string(), "000000000000");
    // 2^128 - 1 ends with these digits.
    assert_eq!(CardReference::from_random([0xff; 16]).to_string(), "431768211455");
    for text in ["", "00012345678", "0001234567890", "00012345678a", "00012345678\u{0669}"] {
        assert_eq!(CardReference::parse(text), Err(ReferenceError::Digits), "{text}");
    }
    let reference = CardReference::parse("000123456789").unwrap();
    let json = serde_json::to_string(&reference).unwrap();
    assert_eq!((json.as_str(), serde_json::from_str(&json).unwrap()), ("\"000123456789\"", reference));
    assert!(serde_json::from_str::<CardReference>("\"1\"").is_err());
}

#[test]
fn no_key_is_printed() {
    let keys =
        CardKeys { fpe: key([0xab; 16]), tweak: key([0xab; 16]), index: key([0xab; 16]), master: key([0xab; 16]) };
    let printed = format!("{keys:?} {:?}", Mac::new(&keys.tweak));
    assert!(!printed.contains("171") && !printed.to_lowercase().contains("ab,"), "{printed}");
    assert_eq!(printed, "CardKeys { fpe: ***, tweak: ***, index: ***, master: *** } Mac(***)");
}

proptest! {
    #[test]
    fn any_number_comes_back(
        key: [u8; 16],
        tweak in prop::collection::vec(any::<u8>(), 0..40),
        account in prop::collection::vec(b'0'..=b'9', 6..=12),
    ) {
        let mut digits = [b"411111".as_slice(), &account].concat();
        digits.push(luhn_digit(&digits));
        let number = Pan::parse(&String::from_utf8(digits).unwrap()).unwrap();
        let fpe = Ff1::new(&key);
        let token = tokenize(&fpe, &tweak, &number, "222222").unwrap();
        prop_assert!(luhn_holds(token.digits().as_bytes()));
        prop_assert_eq!(Token::from_cn(&token.to_cn()), Ok(token.clone()));
        prop_assert_eq!(detokenize(&fpe, &tweak, &token, "411111"), Ok(number));
    }
}
