//! The inputs that the fuzz target `iso8583` keeps, as they are and damaged.

use super::*;
use crate::testing::{CHANGED, Dice, corpus, replay};

#[test]
fn the_kept_fuzz_corpus_holds() {
    assert!(corpus("iso8583").len() >= 20);
    replay("iso8583", check_bytes);
}

#[test]
fn inputs_damaged_with_digits_hold() {
    let mut dice = Dice::new(0);
    for input in corpus("iso8583") {
        (0..CHANGED).for_each(|_| check_bytes(&damaged(&mut dice, &input)));
    }
}

/// With a byte set, taken out or put in, up to three times; most new bytes are digits, which get further.
fn damaged(dice: &mut Dice, input: &[u8]) -> Vec<u8> {
    let mut bytes = input.to_vec();
    for _ in 0..=dice.below(3) {
        let at = dice.below(bytes.len() + 1);
        let end = bytes.len().min(at + dice.below(2));
        let byte = if dice.below(3) == 0 { dice.byte() } else { b'0' + dice.digit() };
        let put = (dice.below(3) > 0).then_some(byte);
        bytes.splice(at..end, put);
    }
    bytes
}
