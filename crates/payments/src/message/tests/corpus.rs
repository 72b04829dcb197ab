//! The inputs that the fuzz target `iso8583` keeps, as they are and damaged.

use std::{fs, path::Path};

use super::*;

#[test]
fn the_kept_fuzz_corpus_holds() {
    corpus().iter().for_each(|input| check_bytes(input));
}

#[test]
fn inputs_damaged_at_random_hold() {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for input in corpus() {
        (0..CHANGED).for_each(|_| check_bytes(&dice.changed(&input)));
    }
}

/// Changed inputs for each kept one: what the fuzzer does for hours, for a moment, and the same at every run.
const CHANGED: usize = 500;

/// Seeded disorder (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(bound).unwrap()).unwrap()
    }

    /// The input with a byte set, taken out or put in, up to three times; most new bytes are digits, which get further.
    fn changed(&mut self, input: &[u8]) -> Vec<u8> {
        let mut bytes = input.to_vec();
        for _ in 0..=self.below(3) {
            let at = self.below(bytes.len() + 1);
            let end = bytes.len().min(at + self.below(2));
            let byte = if self.below(3) == 0 { self.below(256) } else { usize::from(b'0') + self.below(10) };
            let put = (self.below(3) > 0).then(|| u8::try_from(byte).unwrap());
            bytes.splice(at..end, put);
        }
        bytes
    }
}

fn corpus() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/iso8583");
    let files = fs::read_dir(folder).expect("the corpus is part of the project");
    let mut inputs: Vec<_> = files.map(|file| fs::read(file.unwrap().path()).unwrap()).collect();
    assert!(inputs.len() >= 20, "{} files", inputs.len());
    inputs.sort();
    inputs
}
