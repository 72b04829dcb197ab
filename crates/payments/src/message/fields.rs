//! Between a decoded message and a typed one: elements by their meaning, and those that have none here kept as they came. Called by the
//! typed messages, in order of number.

use std::collections::BTreeMap;
use std::collections::btree_map::Iter;
use std::fmt;
use std::iter::Peekable;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::codec::{Message, bit};
use super::element::Element;
use super::error::MessageError;
use super::mti::Mti;
use super::writer::Writer;

/// Data elements that mean nothing to the issuer, by number: they are kept and sent on as they came. Debug shows how long they are, not
/// what they hold; JSON has them in hex.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Others(pub BTreeMap<u8, Vec<u8>>);

impl Others {
    /// None at all.
    pub const NONE: Self = Self(BTreeMap::new());

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Others {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.iter().map(|(number, value)| (number, value.len()))).finish()
    }
}

impl Serialize for Others {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(number, value)| (number, hex::encode_upper(value))))
    }
}

impl<'de> Deserialize<'de> for Others {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let texts = BTreeMap::<u8, String>::deserialize(deserializer)?;
        let bytes = texts.into_iter().map(|(number, text)| Some((number, hex::decode(text).ok()?)));
        let others = bytes.collect::<Option<BTreeMap<_, _>>>();
        others.map(Self).ok_or_else(|| D::Error::custom("expected bytes in hex"))
    }
}

/// Takes elements out of a message.
pub(super) struct Reader<'m, 'a> {
    message: &'m Message<'a>,
    taken: u128,
}

impl<'m, 'a> Reader<'m, 'a> {
    pub(super) const fn new(message: &'m Message<'a>) -> Self {
        Self { message, taken: 0 }
    }

    /// An element that must be there.
    pub(super) fn required<E: Element>(&mut self, field: u8) -> Result<E, MessageError> {
        self.optional(field)?.ok_or(MessageError::Missing { field })
    }

    /// An element that may be missing, but not wrong.
    pub(super) fn optional<E: Element>(&mut self, field: u8) -> Result<Option<E>, MessageError> {
        let Some(bytes) = self.message.get(field) else { return Ok(None) };
        let offset = self.message.offset(field).unwrap_or_default();
        let value = E::read(bytes).ok_or(MessageError::Value { field, offset, expected: E::EXPECTED })?;
        self.taken |= bit(field);
        Ok(Some(value))
    }

    /// An element if it is there and has a meaning; else it stays among the others.
    pub(super) fn lenient<E: Element>(&mut self, field: u8) -> Option<E> {
        self.optional(field).ok().flatten()
    }

    /// What nobody took.
    pub(super) fn others(self) -> Others {
        let left = self.message.elements().filter(|(number, _)| self.taken & bit(*number) == 0);
        Others(left.map(|(number, value)| (number, value.to_vec())).collect())
    }
}

/// Puts elements and others into a message, each at its place.
pub(super) struct Filler<'a> {
    writer: Writer<'a>,
    others: Peekable<Iter<'a, u8, Vec<u8>>>,
}

impl<'a> Filler<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>, mti: Mti, others: &'a Others) -> Self {
        Self { writer: Writer::new(out, mti), others: others.0.iter().peekable() }
    }

    pub(super) fn put<E: Element>(&mut self, field: u8, value: &E) -> Result<(), MessageError> {
        while let Some((number, bytes)) = self.others.next_if(|(number, _)| **number < field) {
            self.writer.put(*number, bytes)?;
        }
        Ok(self.writer.put_with(field, |out| value.write(out))?)
    }

    pub(super) fn put_some<E: Element>(&mut self, field: u8, value: Option<&E>) -> Result<(), MessageError> {
        value.map_or(Ok(()), |value| self.put(field, value))
    }

    pub(super) fn finish(mut self) -> Result<(), MessageError> {
        for (number, bytes) in self.others {
            self.writer.put(*number, bytes)?;
        }
        Ok(self.writer.finish()?)
    }
}
