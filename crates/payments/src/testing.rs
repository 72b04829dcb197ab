//! For tests: disorder from a seed, the same at every run, and the kept inputs of the fuzz targets.
//!
//! Called by the tests of every room.

use std::{fs, path::Path};

/// Seeded disorder (xorshift).
pub(crate) struct Dice(u64);

impl Dice {
    /// The same seed, the same throws.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed ^ 0x9e37_79b9_7f4a_7c15)
    }

    /// Less than a bound; 0 where the bound is 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound.max(1) as u64).unwrap()
    }

    /// A byte.
    pub(crate) fn byte(&mut self) -> u8 {
        u8::try_from(self.below(256)).unwrap()
    }

    /// The value of a digit.
    pub(crate) fn digit(&mut self) -> u8 {
        u8::try_from(self.below(10)).unwrap()
    }

    /// So many bytes.
    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.byte()).collect()
    }

    /// So many bytes.
    pub(crate) fn array<const COUNT: usize>(&mut self) -> [u8; COUNT] {
        std::array::from_fn(|_| self.byte())
    }

    /// Some bytes set, cut out, doubled or added.
    pub(crate) fn changed(&mut self, input: &[u8]) -> Vec<u8> {
        let mut bytes = input.to_vec();
        for _ in 0..=self.below(3) {
            let (at, end, byte) = (self.below(bytes.len()), self.below(bytes.len() + 1), self.byte());
            match self.below(5) {
                0 => bytes.truncate(end),
                1 => bytes.insert(at, byte),
                2 if at < end => drop(bytes.drain(at..end.min(at + 8))),
                3 if at < end => bytes.extend_from_within(at..end),
                _ => bytes.get_mut(at).into_iter().for_each(|old| *old = byte),
            }
        }
        bytes
    }
}

/// Gives every kept input of a fuzz target to its check, and changed ones: what the fuzzer does for hours, for a moment.
pub(crate) fn replay(target: &str, check: fn(&[u8])) {
    let mut dice = Dice::new(0);
    for input in corpus(target) {
        check(&input);
        for _ in 0..CHANGED {
            check(&dice.changed(&input));
        }
    }
}

/// Every kept input of a fuzz target, in the order of their names.
pub(crate) fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("cannot read {}: {error}", folder.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "no corpus in {}", folder.display());
    paths.into_iter().map(|path| fs::read(path).unwrap()).collect()
}

/// Changed inputs for each kept one.
pub(crate) const CHANGED: usize = 300;
