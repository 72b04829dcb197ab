//! Finds real numbers in bytes, in whatever form they were left there: digits, two digits to a byte, base64 of either.

use std::collections::HashSet;

/// The numbers that are to be found.
pub(crate) struct Search(HashSet<Vec<u8>>);

impl Search {
    pub(crate) fn new<'a>(numbers: impl IntoIterator<Item = &'a [u8]>) -> Self {
        Self(numbers.into_iter().map(<[u8]>::to_vec).collect())
    }

    /// The numbers that the bytes show.
    pub(crate) fn find(&self, bytes: &[u8]) -> HashSet<Vec<u8>> {
        let mut found = self.plain_and_packed(bytes);
        // Base64 says the same in another way for each remainder of its place; a few characters more or less change nothing.
        for run in bytes.split(|byte| value(*byte).is_none()).filter(|run| run.len() >= SHORTEST) {
            for skipped in 0..4 {
                found.extend(self.plain_and_packed(&decode(run.get(skipped..).unwrap_or_default())));
            }
        }
        found
    }

    fn plain_and_packed(&self, bytes: &[u8]) -> HashSet<Vec<u8>> {
        let nibbles: Vec<u8> = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(hexadecimal).collect();
        let mut found = self.digits(bytes);
        found.extend(self.digits(&nibbles));
        found
    }

    fn digits(&self, bytes: &[u8]) -> HashSet<Vec<u8>> {
        let runs = bytes.split(|byte| !byte.is_ascii_digit()).filter(|run| run.len() >= 13);
        let windows = runs.flat_map(|run| (13..=19).flat_map(|length| run.windows(length)));
        windows.filter(|window| self.0.contains(*window)).map(<[u8]>::to_vec).collect()
    }
}

fn hexadecimal(nibble: u8) -> u8 {
    b"0123456789ABCDEF"[usize::from(nibble)]
}

/// What a character of base64 stands for, in both alphabets.
fn value(character: u8) -> Option<u8> {
    match character {
        b'A'..=b'Z' => Some(character - b'A'),
        b'a'..=b'z' => Some(character - b'a' + 26),
        b'0'..=b'9' => Some(character - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

fn decode(characters: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (mut bits, mut held) = (0_u32, 0);
    for value in characters.iter().filter_map(|character| value(*character)) {
        bits = (bits << 6 | u32::from(value)) & 0xFFFF;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held).to_be_bytes()[3]);
        }
    }
    bytes
}

/// Seven packed bytes make at least this many characters.
const SHORTEST: usize = 9;
