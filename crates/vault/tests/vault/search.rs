//! Finds real numbers in bytes, in whatever form they were left there: digits, two digits to a byte, one digit to a byte, and hex or base64 of
//! those. And makes all these forms, so that it can be proved that they are found. Used by the stories of the program too.

use std::collections::HashSet;

/// The numbers that are to be found.
pub(crate) struct Search {
    numbers: HashSet<Vec<u8>>,
    /// What they begin with.
    begins: HashSet<u8>,
}

impl Search {
    pub(crate) fn new<'a>(numbers: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let numbers: HashSet<_> = numbers.into_iter().map(<[u8]>::to_vec).collect();
        Self { begins: numbers.iter().map(|number| number[0]).collect(), numbers }
    }

    /// The numbers that the bytes show.
    pub(crate) fn find(&self, bytes: &[u8]) -> HashSet<Vec<u8>> {
        let mut found = self.plain_and_packed(bytes);
        found.extend(self.digits(&bytes.iter().map(|byte| digit_of(*byte)).collect::<Vec<_>>()));
        // Hex of packed digits is the digits themselves; hex of anything else is read from either end of a byte.
        for run in bytes.split(|byte| !byte.is_ascii_hexdigit()).filter(|run| run.len() >= 2 * FEWEST_DIGITS) {
            for skipped in 0..2 {
                found.extend(self.digits(&unhex(run.get(skipped..).unwrap_or_default())));
            }
        }
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
        let runs = bytes.split(|byte| !byte.is_ascii_digit()).filter(|run| run.len() >= FEWEST_DIGITS);
        let windows = runs.flat_map(|run| (FEWEST_DIGITS..=MOST_DIGITS).flat_map(|length| run.windows(length)));
        let windows = windows.filter(|window| self.begins.contains(&window[0]) && self.numbers.contains(*window));
        windows.map(<[u8]>::to_vec).collect()
    }
}

/// A number in every form that is found, each with a name.
pub(crate) fn forms(number: &[u8]) -> Vec<(String, Vec<u8>)> {
    let values: Vec<u8> = number.iter().map(|digit| digit - b'0').collect();
    // Once from the beginning of a byte and once from its middle; a nibble that is left over is a filler, or something else's.
    let halved = |before: &[u8], after: u8| packed(&[before, number].concat(), after);
    let packings = [halved(b"", 15), halved(b"", 3), halved(b"7", 15), halved(b"7", 3)];
    let mut forms = vec![("digits".to_owned(), number.to_vec()), ("values".to_owned(), values)];
    forms.extend(packings.iter().enumerate().map(|(which, packed)| (format!("packed {which}"), packed.clone())));
    forms.push(("hex of digits".to_owned(), hex(number)));
    forms.push(("hex of digits, capitals".to_owned(), hex(number).to_ascii_uppercase()));
    forms.extend(packings.iter().enumerate().map(|(which, packed)| (format!("hex of packed {which}"), hex(packed))));
    for before in [&b""[..], b"x", b"{\""] {
        for (of, bytes) in [("digits", number), ("packed", &packings[0]), ("packed within", &packings[2])] {
            let text = base64(&[before, bytes, b"\"}?>"].concat());
            let url = text.iter().map(|character| match character {
                b'+' => b'-',
                b'/' => b'_',
                other => *other,
            });
            forms.push((format!("url base64 of {of} behind {}", before.len()), url.collect()));
            forms.push((format!("base64 of {of} behind {}", before.len()), text));
        }
    }
    forms
}

/// Two digits to a byte.
fn packed(digits: &[u8], after: u8) -> Vec<u8> {
    digits.chunks(2).map(|pair| (pair[0] - b'0') << 4 | pair.get(1).map_or(after, |digit| digit - b'0')).collect()
}

fn hex(bytes: &[u8]) -> Vec<u8> {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|nibble| hexadecimal(nibble).to_ascii_lowercase())
        .collect()
}

fn unhex(characters: &[u8]) -> Vec<u8> {
    let nibble = |character: &u8| char::from(*character).to_digit(16).and_then(|nibble| u8::try_from(nibble).ok());
    let byte = |pair: &[u8]| Some(nibble(pair.first()?)? << 4 | nibble(pair.get(1)?)?);
    characters.chunks(2).filter_map(byte).collect()
}

fn base64(bytes: &[u8]) -> Vec<u8> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits = |byte: &u8| (0..8).rev().map(|bit| byte >> bit & 1).collect::<Vec<_>>();
    let bits: Vec<u8> = bytes.iter().flat_map(bits).collect();
    let character = |six: &[u8]| (0..6).fold(0, |value, at| value << 1 | six.get(at).copied().unwrap_or(0));
    bits.chunks(6).map(|six| ALPHABET[usize::from(character(six))]).collect()
}

fn hexadecimal(nibble: u8) -> u8 {
    b"0123456789ABCDEF"[usize::from(nibble)]
}

/// The digit that a byte is the value of, or no digit.
fn digit_of(byte: u8) -> u8 {
    if byte < 10 { byte + b'0' } else { b'x' }
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

const FEWEST_DIGITS: usize = 13;
const MOST_DIGITS: usize = 19;
/// Seven packed bytes make at least this many characters.
const SHORTEST: usize = 9;
