//! Our codec of ISO 8583 on the command line: for the judge `iso8583`, which holds it beside another implementation, and for the bench.
//!
//! ```text
//! iso8583 random SEED COUNT   random messages, as lines of JSON { "hex", "t", "2", .. }
//! iso8583 decode              lines of hex -> lines of JSON { "t", "2", .. } | { "error" }
//! iso8583 encode              lines of JSON { "t", "2", .. } -> lines of hex | error
//! iso8583 speed               { "decode_per_s", "encode_per_s", "message" } of a message of 18 elements with chip data
//! ```
//!
//! Elements go by their number; binary ones are upper hex, as pyiso8583 has them.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{BufRead as _, stdin};
use std::time::{Duration, Instant};

use payments::message::spec::{Class, Length, spec};
use payments::message::{CodecError, Message, Mti, Writer};
use serde_json::{Map, Value, json};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["random", seed, count] => random(seed.parse()?, count.parse()?),
        ["decode"] => {
            each_line(|line| decoded(&line).unwrap_or_else(|error| json!({ "error": error.to_string() }).to_string()))
        }
        ["encode"] => each_line(|line| encoded(&line).unwrap_or_else(|error| error.to_string())),
        ["speed"] => speed(),
        _ => Err("usage: iso8583 random SEED COUNT | decode | encode | speed".into()),
    }
}

fn each_line(answer: impl Fn(String) -> String) -> Outcome<()> {
    for line in stdin().lock().lines() {
        println!("{}", answer(line?));
    }
    Ok(())
}

fn decoded(line: &str) -> Outcome<String> {
    let bytes = hex::decode(line.trim())?;
    Ok(Value::Object(fields(&Message::decode(&bytes)?)).to_string())
}

fn encoded(line: &str) -> Outcome<String> {
    let fields: Map<String, Value> = serde_json::from_str(line)?;
    let text = |value: &Value| value.as_str().map(str::to_owned).ok_or("an element is text");
    let mti = text(fields.get("t").ok_or("no message type")?)?;
    let mti = Mti::parse(mti.as_bytes().try_into()?).ok_or("no message type of 1987")?;
    let mut elements = BTreeMap::new();
    for (number, value) in fields.iter().filter(|(name, _)| *name != "t") {
        let (number, value) = (number.parse::<u8>()?, text(value)?);
        elements.insert(number, if is_binary(number) { hex::decode(value)? } else { value.into_bytes() });
    }
    Ok(hex::encode_upper(write(mti, &elements)?))
}

/// The message type under `t`, each element under its number.
fn fields(message: &Message<'_>) -> Map<String, Value> {
    let text = |number, value: &[u8]| match is_binary(number) {
        true => hex::encode_upper(value),
        false => String::from_utf8_lossy(value).into_owned(),
    };
    let elements = message.elements().map(|(number, value)| (number.to_string(), text(number, value).into()));
    [("t".to_owned(), message.mti().to_string().into())].into_iter().chain(elements).collect()
}

fn write(mti: Mti, elements: &BTreeMap<u8, Vec<u8>>) -> Result<Vec<u8>, CodecError> {
    let mut bytes = Vec::with_capacity(512);
    let mut writer = Writer::new(&mut bytes, mti);
    elements.iter().try_for_each(|(number, value)| writer.put(*number, value))?;
    writer.finish()?;
    Ok(bytes)
}

fn is_binary(number: u8) -> bool {
    spec(number).is_some_and(|row| row.class == Class::B)
}

/// Prints `count` messages of up to 24 elements whose lengths and characters are anything that is allowed.
fn random(seed: u64, count: usize) -> Outcome<()> {
    let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut printed = 0;
    while printed < count {
        let digits = [b'0', b'1' + dice.below(8), b'0' + dice.below(5), b'0' + dice.below(6)];
        let numbers = (0..=dice.below(24)).map(|_| 2 + dice.below(127)).filter(|number| *number != 65);
        let numbers: Vec<u8> = numbers.collect();
        let elements = numbers.into_iter().map(|number| (number, dice.element(number))).collect();
        // Too long together: another throw.
        let Ok(bytes) = write(Mti::parse(digits).ok_or("a message type")?, &elements) else { continue };
        let mut shown = fields(&Message::decode(&bytes)?);
        shown.insert("hex".to_owned(), hex::encode_upper(&bytes).into());
        println!("{}", Value::Object(shown));
        printed += 1;
    }
    Ok(())
}

/// Seeded disorder (xorshift).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: u8) -> u8 {
        u8::try_from(self.next() % u64::from(bound)).unwrap_or_default()
    }

    fn pick(&mut self, from: &[u8]) -> u8 {
        u8::try_from(from.len())
            .ok()
            .and_then(|length| from.get(usize::from(self.below(length))).copied())
            .unwrap_or(b'0')
    }

    fn element(&mut self, number: u8) -> Vec<u8> {
        let Some(row) = spec(number) else { return Vec::new() };
        let most = u64::from(row.length.most());
        let length = if let Length::Fixed(_) = row.length { most } else { self.next() % (most + 1) };
        (0..length).map(|place| self.byte(row.class, place)).collect()
    }

    fn byte(&mut self, class: Class, place: u64) -> u8 {
        match class {
            Class::Xn if place == 0 => self.pick(b"CD"),
            Class::N | Class::Xn => self.pick(b"0123456789"),
            Class::An => self.pick(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz "),
            Class::Ans => b' ' + self.below(95),
            Class::Z => self.pick(b"0123456789:;<=>?D"),
            Class::B => u8::try_from(self.next() & 0xff).unwrap_or_default(),
        }
    }
}

/// How many messages a second are decoded with all elements looked at, and encoded from their elements.
fn speed() -> Outcome<()> {
    let elements = usual_elements();
    let mti = Mti::parse(*b"0100").ok_or("a message type")?;
    let bytes = write(mti, &elements)?;
    let mut out = Vec::with_capacity(bytes.len());
    let decode_per_s = rate(|| Ok(Message::decode(&bytes)?.elements().map(|(_, value)| value.len()).sum()))?;
    let encode_per_s = rate(|| {
        out.clear();
        let mut writer = Writer::new(&mut out, mti);
        elements.iter().try_for_each(|(number, value)| writer.put(*number, value))?;
        writer.finish()?;
        Ok(out.len())
    })?;
    let message = hex::encode_upper(&bytes);
    println!("{}", json!({ "decode_per_s": decode_per_s, "encode_per_s": encode_per_s, "message": message }));
    Ok(())
}

/// The best of some short runs: what the machine can do when nobody else wants it.
fn rate(mut work: impl FnMut() -> Result<usize, CodecError>) -> Outcome<u64> {
    let mut best = 0;
    for _ in 0..RUNS {
        let (start, mut done, mut sum) = (Instant::now(), 0_u64, 0_usize);
        while start.elapsed() < RUN {
            for _ in 0..BATCH {
                sum = sum.wrapping_add(std::hint::black_box(work()?));
            }
            done += BATCH;
        }
        std::hint::black_box(sum);
        let per_s = u128::from(done) * 1_000_000_000 / start.elapsed().as_nanos().max(1);
        best = best.max(u64::try_from(per_s)?);
    }
    Ok(best)
}

/// An authorization request of 18 elements, 283 bytes in all, 139 of them chip data.
fn usual_elements() -> BTreeMap<u8, Vec<u8>> {
    let texts: [(u8, &str); 17] = [
        (2, "9999991234567893"),
        (3, "000000"),
        (4, "000000001250"),
        (7, "1127133000"),
        (11, "000123"),
        (12, "143000"),
        (13, "1127"),
        (14, "2812"),
        (18, "5311"),
        (22, "052"),
        (23, "001"),
        (25, "00"),
        (32, "12345678901"),
        (37, "633114000123"),
        (41, "TERM0001"),
        (42, "SHOP-0001      "),
        (49, "978"),
    ];
    let mut elements: BTreeMap<_, _> =
        texts.into_iter().map(|(number, text)| (number, text.as_bytes().to_vec())).collect();
    elements.insert(55, vec![0x9f; CHIP_BYTES]);
    elements
}

const CHIP_BYTES: usize = 139;
const RUNS: usize = 200;
const RUN: Duration = Duration::from_millis(2);
const BATCH: u64 = 200;
