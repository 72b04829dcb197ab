//! Data object lists: which values a card wants, each with its length, and the same values in one row.
//!
//! The terminal fills a list, the card and the issuer split what came. Rules: EMV Book 3 5.4. A list is one to 64 entries of a tag and
//! a length of one byte, so what fills it is bounded as well.

mod format;

use crate::tlv::{Tag, TlvError};
use format::Format;

/// Most entries of a list.
pub const MAX_ENTRIES: usize = 64;

/// Why bytes are no list, or do not fill one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DolError {
    /// A tag is broken.
    #[error(transparent)]
    Tag(#[from] TlvError),
    /// The list ends after a tag.
    #[error("the list ends before the length of {0}")]
    CutLength(Tag),
    /// More than [`MAX_ENTRIES`].
    #[error("the list has more than {MAX_ENTRIES} entries")]
    TooMany,
    /// The values are too short or too long together.
    #[error("{got} bytes do not fill a list of {wanted}")]
    WrongLength { wanted: usize, got: usize },
}

/// Tags with the length of each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dol(Vec<(Tag, u8)>);

/// What fills a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filled {
    /// All values in one row.
    pub bytes: Vec<u8>,
    /// Each value exactly as it stands in the row.
    pub objects: Vec<(Tag, Vec<u8>)>,
}

impl Dol {
    /// A list that is part of the program.
    pub(crate) fn of(entries: &[(Tag, u8)]) -> Self {
        Self(entries.iter().copied().take(MAX_ENTRIES).collect())
    }

    /// Reads a list.
    pub fn parse(bytes: &[u8]) -> Result<Self, DolError> {
        let (mut rest, mut entries) = (bytes, Vec::new());
        while !rest.is_empty() {
            if entries.len() == MAX_ENTRIES {
                return Err(DolError::TooMany);
            }
            let (tag, after) = Tag::take(rest)?;
            let (length, after) = after.split_first().ok_or(DolError::CutLength(tag))?;
            entries.push((tag, *length));
            rest = after;
        }
        Ok(Self(entries))
    }

    /// The bytes of the list.
    pub fn encode(&self) -> Vec<u8> {
        let one = |(tag, length): &(Tag, u8)| tag.to_bytes().into_iter().chain([*length]);
        self.0.iter().flat_map(one).collect()
    }

    /// The tags with their lengths, in order.
    pub fn entries(&self) -> &[(Tag, u8)] {
        &self.0
    }

    /// Bytes of what fills the list.
    #[expect(clippy::len_without_is_empty, reason = "the length of what fills it, not the count of entries")]
    pub fn len(&self) -> usize {
        self.0.iter().map(|(_, length)| usize::from(*length)).sum()
    }

    /// Puts values in a row, each cut or padded to its length. What is not found, and what is made of objects, is zeros.
    pub fn fill<'a>(&self, find: impl Fn(Tag) -> Option<&'a [u8]>) -> Filled {
        let mut filled = Filled::default();
        for (tag, length) in &self.0 {
            let value = find(*tag).filter(|_| !tag.is_constructed());
            let fitted = value.map_or_else(|| vec![0; usize::from(*length)], |value| fit(*tag, value, *length));
            filled.bytes.extend_from_slice(&fitted);
            filled.objects.push((*tag, fitted));
        }
        filled
    }

    /// Takes a row of values apart.
    pub fn split<'a>(&self, bytes: &'a [u8]) -> Result<Vec<(Tag, &'a [u8])>, DolError> {
        let wrong = DolError::WrongLength { wanted: self.len(), got: bytes.len() };
        if bytes.len() != self.len() {
            return Err(wrong);
        }
        let mut rest = bytes;
        let mut take = |(tag, length): &(Tag, u8)| {
            let (value, after) = rest.split_at_checked(usize::from(*length)).ok_or(wrong)?;
            rest = after;
            Ok((*tag, value))
        };
        self.0.iter().map(&mut take).collect()
    }
}

/// For fuzzing: a list, and behind it what might fill it; whatever the bytes are, reading ends without a panic.
#[doc(hidden)]
pub fn check_parsing(bytes: &[u8]) {
    let (length, rest) = bytes.split_first().map_or((0, bytes), |(length, rest)| (usize::from(*length), rest));
    let (list, values) = rest.split_at_checked(length).unwrap_or((rest, &[]));
    let Ok(parsed) = Dol::parse(list) else { return };
    assert_eq!(parsed.encode(), list, "one list, one encoding");
    assert!(parsed.entries().len() <= MAX_ENTRIES, "bounded");
    let filled = parsed.fill(|tag| (tag.number() % 3 != 0).then_some(values));
    assert_eq!(filled.bytes.len(), parsed.len(), "a list is filled to its length");
    let split = parsed.split(&filled.bytes).expect("what fills it can be split");
    let sent = filled.objects.iter().map(|(tag, value)| (*tag, value.as_slice()));
    assert!(split.into_iter().eq(sent), "what is split is what was put in");
    assert_eq!(parsed.split(values).is_ok(), values.len() == parsed.len(), "only the exact length is split");
}

/// A value as long as the list wants it: numbers keep their right end, everything else its left one.
fn fit(tag: Tag, value: &[u8], length: u8) -> Vec<u8> {
    let length = usize::from(length);
    let (missing, surplus) = (length.saturating_sub(value.len()), value.len().saturating_sub(length));
    let kept = |from: usize| value.iter().copied().skip(from).take(length);
    let padding = |byte: u8| std::iter::repeat_n(byte, missing);
    match Format::of(tag) {
        Format::Numeric => padding(0).chain(kept(surplus)).collect(),
        Format::CompressedNumeric => kept(0).chain(padding(0xff)).collect(),
        Format::Other => kept(0).chain(padding(0)).collect(),
    }
}

#[cfg(test)]
mod tests;
