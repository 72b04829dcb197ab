//! What merchants see of a card, byte by byte, and whether two of them saw a value that only this card says.
//!
//! A value **leads to a card** if both merchants saw it and another card of the same bank says something else in its place. There must be none.
//! Not looked at is what follows from one value to the next: the counter (9F36) rises by one at each tap, wherever it is.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::hex;
use eyre::{OptionExt, bail, ensure};
use payments::{
    layout::Iad,
    message::{Payment, Request, Response},
    terminal::Record,
    tlv::{self, Tag, tag},
};
use serde_json::Value;

use crate::commands::terminal::Passing;

/// One message that passed a terminal.
pub(super) enum Said {
    Terminal(Vec<u8>),
    Card(Vec<u8>),
    Issuer(Vec<u8>),
}

/// Everything that one merchant saw of one tap.
pub(super) struct Seen {
    pub(super) record: Record,
    messages: Vec<Said>,
    /// What card and issuer said: where it stood, and its bytes. What the issuer only repeats is the merchant's own.
    values: Values,
}

type Values = BTreeSet<(String, Vec<u8>)>;

impl Said {
    pub(super) fn of(passing: Passing<'_>) -> Self {
        match passing {
            Passing::Command(bytes) | Passing::Request(bytes) => Self::Terminal(bytes.to_vec()),
            Passing::Answer(bytes) => Self::Card(bytes.to_vec()),
            Passing::Response(bytes) => Self::Issuer(bytes.to_vec()),
        }
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Self::Terminal(bytes) | Self::Card(bytes) | Self::Issuer(bytes) => bytes,
        }
    }
}

impl Seen {
    pub(super) fn of(messages: Vec<Said>, record: Record) -> eyre::Result<Self> {
        let mut seen = Self { record, messages, values: BTreeSet::new() };
        let request = members(&Request::from(seen.payment()?).to_json())?;
        let mut values = BTreeSet::new();
        for said in &seen.messages {
            match said {
                Said::Terminal(_) => {}
                Said::Card(bytes) => values.append(&mut objects(bytes)?),
                Said::Issuer(bytes) => {
                    let answered = members(&Response::parse(bytes)?.to_json())?;
                    let new = answered.into_iter().filter(|(name, value)| request.get(name) != Some(value));
                    values.extend(new.map(|(name, value)| (name, value.to_string().into_bytes())));
                }
            }
        }
        seen.values = values;
        Ok(seen)
    }

    /// The request that it sent.
    pub(super) fn payment(&self) -> eyre::Result<Payment> {
        let bytes = self.record.request.as_ref().ok_or_eyre("nothing was asked")?;
        match Request::parse(&bytes.0)? {
            Request::Payment(payment) => Ok(*payment),
            Request::Network(_) => bail!("no payment was asked for"),
        }
    }

    /// Bytes of all that was said.
    fn length(&self) -> usize {
        self.messages.iter().map(|said| said.bytes().len()).sum()
    }

    /// How often a number is in it, and in what its terminal keeps.
    fn times(&self, digits: &str) -> eyre::Result<usize> {
        let kept = serde_json::to_vec(&self.record)?;
        let all = self.messages.iter().map(Said::bytes).chain([&*kept]);
        Ok(all.map(|bytes| times(bytes, digits)).sum())
    }

    /// What the card said under a tag, first.
    fn value(&self, tag: Tag) -> eyre::Result<Vec<u8>> {
        let answers = self.messages.iter().filter_map(|said| match said {
            Said::Card(bytes) => Some(objects(bytes)),
            Said::Terminal(_) | Said::Issuer(_) => None,
        });
        for values in answers {
            if let Some((_, value)) = values?.into_iter().find(|(name, _)| *name == tag.to_string()) {
                return Ok(value);
            }
        }
        bail!("the card did not say {tag}")
    }
}

/// Compares all of it, and says it: two merchants with one card, and another card of the same bank.
pub(super) fn compare(one_card: [&Seen; 2], other: &Seen, numbers: [&str; 2]) -> eyre::Result<()> {
    let [shop, cafe] = one_card;
    println!("  What they saw, {} bytes and {} bytes, all of them compared:", shop.length(), cafe.length());
    println!("    {:20}{:38}at the cafe", "", "at the shop");
    for (name, shown) in DIFFERENT {
        let (at_shop, at_cafe) = (shown(shop)?, shown(cafe)?);
        ensure!(at_shop != at_cafe, "{name}: both merchants saw {at_shop}");
        println!("    {name:20}{at_shop:38}{at_cafe}");
    }
    let leading = leading([&shop.values, &cafe.values], &other.values);
    ensure!(leading.is_empty(), "both merchants saw what leads to the card: {leading:?}");
    let same = shop.values.intersection(&cafe.values).count();
    println!("    of {} values of card and bank {same} are the same; Emil's card says these too", shop.values.len());
    check_numbers(one_card, other, numbers)?;
    println!("    each token is in its own merchant's bytes only; the card's number is in nobody's, in no form");
    Ok(())
}

/// What two merchants have seen both, and another card does not say.
fn leading<'a>([one, two]: [&'a Values; 2], other: &Values) -> Vec<&'a (String, Vec<u8>)> {
    one.intersection(two).filter(|value| !other.contains(*value)).collect()
}

/// The tokens are found where they must be, so the search finds; the numbers are not.
fn check_numbers([shop, cafe]: [&Seen; 2], other: &Seen, numbers: [&str; 2]) -> eyre::Result<()> {
    let tokens = [token(shop)?, token(cafe)?];
    let found = |seen: &Seen| -> eyre::Result<[bool; 2]> {
        let [own, others] = [seen.times(&tokens[0])?, seen.times(&tokens[1])?];
        Ok([own > 0, others > 0])
    };
    ensure!(found(shop)? == [true, false], "the shop's bytes hold other tokens than its own");
    ensure!(found(cafe)? == [false, true], "the cafe's bytes hold other tokens than its own");
    for seen in [shop, cafe, other] {
        for number in numbers {
            ensure!(seen.times(number)? == 0, "a real number is in what a merchant saw");
        }
    }
    Ok(())
}

/// How often digits are in bytes: as text, or two to a byte.
pub(super) fn times(bytes: &[u8], digits: &str) -> usize {
    let count = |bytes: &[u8]| bytes.windows(digits.len()).filter(|window| *window == digits.as_bytes()).count();
    count(bytes) + count(hex::encode(bytes).as_bytes())
}

/// Values that tell the card, each of which must be another one at each merchant.
type Shown = fn(&Seen) -> eyre::Result<String>;
const DIFFERENT: [(&str, Shown); 5] = [
    ("token (5A)", token),
    ("track 2 (57)", |seen| Ok(hex::encode_upper(seen.value(tag::TRACK_2)?))),
    ("card index (9F10)", |seen| Ok(hex::encode(Iad::parse(&seen.value(tag::IAD)?)?.card_index))),
    ("cryptogram (9F26)", |seen| Ok(hex::encode_upper(seen.value(tag::CRYPTOGRAM)?))),
    ("counter (9F36)", |seen| Ok(seen.record.atc.ok_or_eyre("the card did not count")?.to_string())),
];

fn token(seen: &Seen) -> eyre::Result<String> {
    Ok(seen.record.token.as_ref().ok_or_eyre("the card said no token")?.digits().to_owned())
}

/// The objects of a card's answer that are not made of others.
fn objects(answer: &[u8]) -> eyre::Result<Values> {
    let (data, _) = answer.split_at_checked(answer.len().saturating_sub(STATUS_BYTES)).unwrap_or_default();
    let mut found = BTreeSet::new();
    tlv::walk(data, &mut |_, object| {
        if !object.tag.is_constructed() {
            found.insert((object.tag.to_string(), object.value.to_vec()));
        }
    })?;
    Ok(found)
}

fn members(json: &str) -> eyre::Result<BTreeMap<String, Value>> {
    Ok(serde_json::from_str(json)?)
}

/// The status word behind a card's answer.
const STATUS_BYTES: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_found_as_text_and_packed_at_either_half_of_a_byte() {
        let check = |bytes: &[u8], expected| assert_eq!(times(bytes, "9999001234567891"), expected, "{bytes:02x?}");
        check(b"a 9999001234567891 b 9999001234567891", 2);
        check(&hex::decode("5a089999001234567891").unwrap(), 1);
        check(&hex::decode("a99990012345678911").unwrap(), 1);
        check(b"9999001234567892", 0);
    }

    #[test]
    fn what_both_saw_leads_to_a_card_unless_another_card_says_it_too() {
        let values = |values: &[(&str, u8)]| -> Values {
            values.iter().map(|(name, value)| ((*name).to_owned(), vec![*value])).collect()
        };
        let (shop, cafe) = (values(&[("50", 1), ("5A", 2), ("9F1F", 3)]), values(&[("50", 1), ("5A", 4), ("9F1F", 3)]));
        let other = values(&[("50", 1), ("5A", 5), ("9F1F", 6)]);
        assert_eq!(leading([&shop, &cafe], &other), [&("9F1F".to_owned(), vec![3])]);
    }
}
