//! BER-TLV as EMV uses it: tags of up to four bytes, definite lengths, one level at a time.
//!
//! Called by every room that reads what card, terminal or issuer sent. Rules: EMV Book 3 annex B (ISO/IEC 8825-1); bytes 00 between
//! objects are fillers. Everything that grows has a bound; unknown tags stay as they are, so that DE 55 goes through unchanged.

mod objects;
pub mod tag;

pub use objects::Objects;
pub use tag::Tag;

/// Most objects of one level.
pub const MAX_OBJECTS: usize = 128;
/// Most levels of a nested walk.
pub const MAX_DEPTH: usize = 8;
/// Most bytes of one value.
pub const MAX_VALUE_BYTES: usize = 0xffff;

/// Why bytes are no BER-TLV. Positions count from the start of the level that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlvError {
    /// A filler where a tag must be.
    #[error("00 is no tag")]
    NoTag,
    /// The bytes end inside a tag.
    #[error("the bytes end inside a tag")]
    CutTag,
    /// A tag goes on after its fourth byte.
    #[error("a tag has more than four bytes")]
    LongTag,
    /// The bytes end inside a length.
    #[error("the bytes end inside the length of {0}")]
    CutLength(Tag),
    /// Length 80, which ends somewhere later.
    #[error("the length of {0} is indefinite")]
    IndefiniteLength(Tag),
    /// A length of more than two bytes.
    #[error("the value of {0} is longer than {MAX_VALUE_BYTES} bytes")]
    LongValue(Tag),
    /// The length says more than there is.
    #[error("{tag} claims {claimed} bytes where {left} are left")]
    CutValue { tag: Tag, claimed: usize, left: usize },
    /// More than [`MAX_OBJECTS`].
    #[error("more than {MAX_OBJECTS} objects on one level")]
    TooMany,
    /// More than [`MAX_DEPTH`].
    #[error("objects are nested more than {MAX_DEPTH} levels deep")]
    TooDeep,
    /// A tag twice where each may be there once.
    #[error("{0} is there twice")]
    Repeated(Tag),
}

/// One object: a tag and its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tlv<'a> {
    /// What it is.
    pub tag: Tag,
    /// Its bytes.
    pub value: &'a [u8],
}

/// The objects of one level, in order.
pub fn parse(bytes: &[u8]) -> Result<Vec<Tlv<'_>>, TlvError> {
    let (mut rest, mut found) = (skip_fillers(bytes), Vec::new());
    while !rest.is_empty() {
        if found.len() == MAX_OBJECTS {
            return Err(TlvError::TooMany);
        }
        let (object, after) = take(rest)?;
        found.push(object);
        rest = skip_fillers(after);
    }
    Ok(found)
}

/// The value at the end of a path of tags, each inside the one before; the first of equal tags counts.
pub fn find<'a>(bytes: &'a [u8], path: &[Tag]) -> Result<Option<&'a [u8]>, TlvError> {
    let mut value = bytes;
    for tag in path {
        match parse(value)?.into_iter().find(|object| object.tag == *tag) {
            Some(object) => value = object.value,
            None => return Ok(None),
        }
    }
    Ok(Some(value))
}

/// Calls `visit` with every object and its depth, an outer one before what is inside it.
pub fn walk<'a>(bytes: &'a [u8], visit: &mut dyn FnMut(usize, Tlv<'a>)) -> Result<(), TlvError> {
    walk_level(bytes, 0, visit)
}

/// Puts objects together.
#[derive(Clone, Debug, Default)]
pub struct Writer(Vec<u8>);

impl Writer {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an object.
    pub fn put(&mut self, tag: Tag, value: &[u8]) -> &mut Self {
        self.0.extend_from_slice(tag.to_bytes().as_slice());
        self.put_length(value.len());
        self.0.extend_from_slice(value);
        self
    }

    /// Adds an object whose value is what `fill` writes.
    pub fn nest(&mut self, tag: Tag, fill: impl FnOnce(&mut Self)) -> &mut Self {
        let mut inner = Self::new();
        fill(&mut inner);
        self.put(tag, &inner.0)
    }

    /// What was written.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    fn put_length(&mut self, length: usize) {
        let bytes = length.to_be_bytes();
        let skipped = bytes.iter().take_while(|byte| **byte == 0).count().min(bytes.len() - 1);
        let significant = bytes.get(skipped..).unwrap_or_default();
        if length > SHORT_LENGTH {
            self.0.extend(u8::try_from(significant.len()).map(|count| LONG_LENGTH | count));
        }
        self.0.extend_from_slice(significant);
    }
}

/// For fuzzing: whatever the bytes are, reading ends without a panic, and what is read is written so that it is read alike.
#[doc(hidden)]
pub fn check_parsing(bytes: &[u8]) {
    let mut count = 0_usize;
    let walked = walk(bytes, &mut |depth, object| {
        count += 1;
        assert!(depth < MAX_DEPTH, "no deeper than allowed");
        assert!(object.value.len() <= bytes.len().min(MAX_VALUE_BYTES), "a value is part of what came");
        assert_eq!(Tag::new(object.tag.number()), Some(object.tag), "a tag is one tag");
    });
    let Ok(read) = parse(bytes) else { return assert!(walked.is_err(), "a walk begins with the outer level") };
    assert!(read.len() <= MAX_OBJECTS && (walked.is_err() || count >= read.len()), "bounded, and each is visited");
    let mut writer = Writer::new();
    read.iter().for_each(|object| {
        writer.put(object.tag, object.value);
    });
    let written = writer.into_bytes();
    assert_eq!(parse(&written).as_ref(), Ok(&read), "what is written is read alike");
    assert!(written.len() <= bytes.len(), "nothing is written longer than it came");
    match Objects::parse(bytes) {
        Ok(objects) => {
            assert_eq!(objects.encode(), written, "a map keeps order and unknown tags");
            assert!(read.iter().all(|object| objects.get(object.tag) == Some(object.value)), "each is found");
        }
        Err(error) => {
            assert!(matches!(error, TlvError::Repeated(_)), "a level that can be read is a map or has one twice")
        }
    }
    for outer in &read {
        let first = read.iter().find(|object| object.tag == outer.tag).map(|object| object.value);
        assert_eq!(find(bytes, &[outer.tag]), Ok(first), "a path of one finds the first");
    }
}

fn walk_level<'a>(bytes: &'a [u8], depth: usize, visit: &mut dyn FnMut(usize, Tlv<'a>)) -> Result<(), TlvError> {
    if depth == MAX_DEPTH {
        return Err(TlvError::TooDeep);
    }
    for object in parse(bytes)? {
        visit(depth, object);
        if object.tag.is_constructed() {
            walk_level(object.value, depth + 1, visit)?;
        }
    }
    Ok(())
}

/// The first object and what follows it.
fn take(bytes: &[u8]) -> Result<(Tlv<'_>, &[u8]), TlvError> {
    let (tag, rest) = Tag::take(bytes)?;
    let (claimed, rest) = take_length(tag, rest)?;
    let cut = TlvError::CutValue { tag, claimed, left: rest.len() };
    let (value, rest) = rest.split_at_checked(claimed).ok_or(cut)?;
    Ok((Tlv { tag, value }, rest))
}

fn take_length(tag: Tag, bytes: &[u8]) -> Result<(usize, &[u8]), TlvError> {
    match *bytes {
        [length @ 0..=0x7f, ref rest @ ..] => Ok((usize::from(length), rest)),
        [0x80, ..] => Err(TlvError::IndefiniteLength(tag)),
        [0x81, length, ref rest @ ..] => Ok((usize::from(length), rest)),
        [0x82, high, low, ref rest @ ..] => Ok((usize::from(u16::from_be_bytes([high, low])), rest)),
        [] | [0x81 | 0x82, ..] => Err(TlvError::CutLength(tag)),
        [0x83..=0xff, ..] => Err(TlvError::LongValue(tag)),
    }
}

fn skip_fillers(bytes: &[u8]) -> &[u8] {
    let count = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.get(count..).unwrap_or_default()
}

/// The largest length that is one byte.
const SHORT_LENGTH: usize = 0x7f;
/// Marks a byte that says how many bytes the length has.
const LONG_LENGTH: u8 = 0x80;

#[cfg(test)]
mod tests;
