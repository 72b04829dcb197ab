//! NIST's samples, two other implementations, and what must be refused.

use aes::Aes128;
use fpe::ff1::{FF1, FlexibleNumeralString};

use super::*;
use crate::testing::Dice;

fn values(text: &str) -> Vec<u8> {
    text.bytes().map(|digit| digit - b'0').collect()
}

fn wide(digits: &[u8]) -> Vec<u16> {
    digits.iter().copied().map(u16::from).collect()
}

/// NIST SP 800-38G, FF1 samples 1 and 2: AES-128, radix 10.
#[test]
fn nist_samples_hold() {
    let ff1 = Ff1::new(&hex::decode("2b7e151628aed2a6abf7158809cf4f3c").unwrap().try_into().unwrap());
    for (tweak, cipher) in [("", "2433477484"), ("39383736353433323130", "6124200773")] {
        let tweak = hex::decode(tweak).unwrap();
        let plain = values("0123456789");
        let encrypted = ff1.encrypt_digits(&tweak, &plain).unwrap();
        assert_eq!(encrypted, values(cipher));
        assert_eq!(ff1.decrypt_digits(&tweak, &encrypted), Ok(plain));
    }
}

/// 10,000 random keys, tweaks and numbers of every length, each against both.
#[test]
fn two_other_implementations_agree() {
    let mut dice = Dice::new(38);
    for case in 0..10_000 {
        let key: [u8; 16] = dice.array();
        let tweak_bytes = [TWEAK_BYTES, dice.below(41), 15, 0][case % 4];
        let tweak = dice.bytes(tweak_bytes);
        let length = MIN_DIGITS + case % (MAX_DIGITS - MIN_DIGITS + 1);
        let digits: Vec<u8> = (0..length).map(|_| dice.digit()).collect();

        let ff1 = Ff1::new(&key);
        let ours = ff1.encrypt_digits(&tweak, &digits).unwrap();
        let first: Vec<u16> = FF1::<Aes128>::new(&key, 10)
            .unwrap()
            .encrypt(&tweak, &FlexibleNumeralString::from(wide(&digits)))
            .unwrap()
            .into();
        let second = fpr_ff1::FF1::new(&key, 10).unwrap().encrypt_numerals(&wide(&digits), Some(&tweak)).unwrap();
        assert_eq!((wide(&ours), &first), (second, &wide(&ours)), "case {case}");
        assert_eq!(ff1.decrypt_digits(&tweak, &ours), Ok(digits), "case {case}");
    }
}

/// The largest and smallest halves, where a carry would show.
#[test]
fn numbers_at_the_edges_agree() {
    let key = [0x5a; 16];
    let (ff1, other) = (Ff1::new(&key), FF1::<Aes128>::new(&key, 10).unwrap());
    for length in MIN_DIGITS..=MAX_DIGITS {
        for digits in [vec![0; length], vec![9; length]] {
            for tweak_bytes in [0, 8, 10, 11, 12, 13, 14, 15, 16, 17, 31, 32, MAX_TWEAK_BYTES] {
                let tweak = vec![0xff; tweak_bytes];
                let theirs = other.encrypt(&tweak, &FlexibleNumeralString::from(wide(&digits))).unwrap();
                assert_eq!(wide(&ff1.encrypt_digits(&tweak, &digits).unwrap()), Vec::from(theirs));
                let theirs = other.decrypt(&tweak, &FlexibleNumeralString::from(wide(&digits))).unwrap();
                assert_eq!(wide(&ff1.decrypt_digits(&tweak, &digits).unwrap()), Vec::from(theirs));
            }
        }
    }
}

#[test]
fn what_is_no_number_is_refused_and_stays() {
    let ff1 = Ff1::new(&[1; 16]);
    for length in (0..MIN_DIGITS).chain([MAX_DIGITS + 1, 1000]) {
        assert_eq!(ff1.encrypt_digits(&[], &vec![0; length]), Err(Ff1Error::Length(length)));
        assert_eq!(ff1.decrypt_digits(&[], &vec![0; length]), Err(Ff1Error::Length(length)));
    }
    for wrong in [10, b'0', 255] {
        for at in 0..9 {
            let mut digits = [1; 9];
            digits[at] = wrong;
            let before = digits;
            assert_eq!(ff1.encrypt_in_place(&[], &mut digits), Err(Ff1Error::NotDigit(wrong)));
            assert_eq!(ff1.decrypt_in_place(&[], &mut digits), Err(Ff1Error::NotDigit(wrong)));
            assert_eq!(digits, before);
        }
    }
    let tweak = [0; MAX_TWEAK_BYTES + 1];
    assert_eq!(ff1.encrypt_digits(&tweak, &[1; 9]), Err(Ff1Error::LongTweak(MAX_TWEAK_BYTES + 1)));
}

#[test]
fn nothing_of_a_key_is_printed() {
    assert_eq!(format!("{:?}", Ff1::new(&[0xab; 16])), "Ff1(***)");
}
