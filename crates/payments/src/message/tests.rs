//! Messages: what another implementation wrote, what every element allows, what is refused and by which name, both forms of one request.
//!
//! `golden` reads the vectors; `codec` is bytes and elements; `typed` is requests, answers and echoes; `json` the other form;
//! `corpus` replays what the fuzzer keeps, and damages it.

mod codec;
mod corpus;
mod golden;
mod json;
mod typed;

use std::collections::BTreeMap;

use serde::Deserialize;

use super::spec::{Class, spec};
use super::*;

/// One line of `testdata/iso8583/vectors.jsonl`.
#[derive(Deserialize)]
struct Vector {
    name: String,
    hex: String,
    #[serde(rename = "type")]
    mti: String,
    fields: BTreeMap<u8, String>,
}

impl Vector {
    fn bytes(&self) -> Vec<u8> {
        hex::decode(&self.hex).unwrap()
    }

    fn mti(&self) -> Mti {
        mti(&self.mti)
    }

    /// The bytes of each element.
    fn elements(&self) -> BTreeMap<u8, Vec<u8>> {
        let binary = |number: u8| spec(number).unwrap().class == Class::B;
        let bytes =
            |number, text: &String| if binary(number) { hex::decode(text).unwrap() } else { text.clone().into() };
        self.fields.iter().map(|(number, text)| (*number, bytes(*number, text))).collect()
    }
}

fn vectors() -> Vec<Vector> {
    let lines = include_str!("../../../../testdata/iso8583/vectors.jsonl").lines();
    lines.map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The vector of that name.
fn vector(name: &str) -> Vector {
    vectors().into_iter().find(|vector| vector.name == name).unwrap()
}

/// The purchase of the vectors with some elements changed, added, or taken out.
fn purchase(changes: &[(u8, Option<&str>)]) -> Vec<u8> {
    changed(&vector("purchase"), "0100", changes)
}

fn changed(vector: &Vector, mti_digits: &str, changes: &[(u8, Option<&str>)]) -> Vec<u8> {
    let mut elements = vector.elements();
    for (number, text) in changes {
        match text {
            Some(text) => drop(elements.insert(*number, text.as_bytes().to_vec())),
            None => drop(elements.remove(number)),
        }
    }
    write(mti(mti_digits), &elements).unwrap()
}

fn write(mti: Mti, elements: &BTreeMap<u8, Vec<u8>>) -> Result<Vec<u8>, CodecError> {
    let mut bytes = Vec::new();
    let mut writer = Writer::new(&mut bytes, mti);
    elements.iter().try_for_each(|(number, value)| writer.put(*number, value))?;
    writer.finish()?;
    Ok(bytes)
}

fn mti(digits: &str) -> Mti {
    Mti::parse(digits.as_bytes().try_into().unwrap()).unwrap()
}

fn payment(bytes: &[u8]) -> Payment {
    match Request::parse(bytes).unwrap() {
        Request::Payment(payment) => *payment,
        Request::Network(network) => panic!("{network:?}"),
    }
}
