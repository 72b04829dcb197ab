//! Bytes of ISO 8583:1987 to data elements: message type in ASCII, binary bitmaps, then the elements by the table in [`super::spec`].
//! Called by the typed messages, and by whoever wants the bytes of one element.
//!
//! ```text
//! 0100 | bitmap 2..64 | [bitmap 66..128] | elements in order of number, variable ones with two or three digits of length
//! ```
//!
//! [`Message`] borrows what it was given and copies nothing. One message has one form in bytes: what decodes, encodes to the same bytes again
//! ([`Writer`](super::Writer)). So a second bitmap that says nothing is refused, as are a third one, bytes left over, and any character
//! that the table does not allow.

use thiserror::Error;

use super::mti::Mti;
use super::spec::{Named, spec};

/// The longest message in bytes, without the length in front of it.
pub const MAX_BYTES: usize = 4096;

/// A decoded message; its data elements are places in the bytes.
#[derive(Clone, Debug)]
pub struct Message<'a> {
    bytes: &'a [u8],
    mti: Mti,
    present: u128,
    places: [Place; PLACES],
}

/// Begin and end of a data element in the message.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    start: u16,
    end: u16,
}

/// Why bytes are no message, or values make none. Places are counted from the first byte of the message type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CodecError {
    #[error("the message has {bytes} bytes, more than {MAX_BYTES}")]
    TooLong { bytes: usize },
    #[error("the message ends within its message type")]
    NoMti,
    #[error("the first four bytes are no message type of ISO 8583:1987")]
    Mti,
    #[error("the message ends within the bitmap at byte {offset}")]
    NoBitmap { offset: usize },
    #[error("bit 1 announces a second bitmap, but no bit is set in it")]
    EmptyBitmap,
    #[error("bit 65 announces a third bitmap, which ISO 8583:1987 has no elements for")]
    TertiaryBitmap,
    #[error("{} at byte {offset}: its length is not written in digits", Named(*.field))]
    LengthDigits { field: u8, offset: usize },
    #[error("{} at byte {offset}: {length} bytes do not fit its format", Named(*.field))]
    Length { field: u8, offset: usize, length: usize },
    #[error("{} at byte {offset}: {missing} bytes of it are missing", Named(*.field))]
    Truncated { field: u8, offset: usize, missing: usize },
    #[error("{} at byte {offset}: a character that its format does not have", Named(*.field))]
    Character { field: u8, offset: usize },
    #[error("{bytes} bytes after the last data element, at byte {offset}")]
    Trailing { offset: usize, bytes: usize },
    #[error("{} cannot be written: it is no data element of its own", Named(*.field))]
    NoElement { field: u8 },
    #[error("{} cannot be written after DE {last}", Named(*.field))]
    Order { field: u8, last: u8 },
}

impl<'a> Message<'a> {
    /// Decodes a whole message, without the length in front of it.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, CodecError> {
        if bytes.len() > MAX_BYTES {
            return Err(CodecError::TooLong { bytes: bytes.len() });
        }
        let mut cursor = Cursor { bytes, offset: 0 };
        let mti = cursor.mti()?;
        let present = cursor.bitmaps()?;
        let mut places = [Place::default(); PLACES];
        for number in Numbers::of(present) {
            places[usize::from(number)] = cursor.place(number)?;
        }
        cursor.end()?;
        Ok(Self { bytes, mti, present, places })
    }

    /// The message type.
    pub const fn mti(&self) -> Mti {
        self.mti
    }

    /// The bytes of a data element, without its length.
    pub fn get(&self, number: u8) -> Option<&'a [u8]> {
        if self.present & bit(number) == 0 {
            return None;
        }
        let place = self.places.get(usize::from(number))?;
        self.bytes.get(usize::from(place.start)..usize::from(place.end))
    }

    /// Where the bytes of a data element begin in the message.
    pub fn offset(&self, number: u8) -> Option<usize> {
        self.get(number)?;
        self.places.get(usize::from(number)).map(|place| usize::from(place.start))
    }

    /// All data elements, in order.
    pub fn elements(&self) -> impl Iterator<Item = (u8, &'a [u8])> {
        Numbers::of(self.present).filter_map(|number| Some((number, self.get(number)?)))
    }
}

/// How far the message is read.
struct Cursor<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> Cursor<'a> {
    fn mti(&mut self) -> Result<Mti, CodecError> {
        let digits = self.array().ok_or(CodecError::NoMti)?;
        Mti::parse(digits).ok_or(CodecError::Mti)
    }

    /// Both bitmaps as one number, bit 1 first; the bit for the second bitmap is taken out.
    fn bitmaps(&mut self) -> Result<u128, CodecError> {
        let first = self.bitmap()?;
        if first & bit(SECOND_BITMAP) == 0 {
            return Ok(first);
        }
        let second = self.bitmap()? >> BITMAP_BITS;
        if second == 0 {
            return Err(CodecError::EmptyBitmap);
        }
        if second & bit(TERTIARY_BITMAP) != 0 {
            return Err(CodecError::TertiaryBitmap);
        }
        Ok((first | second) & !bit(SECOND_BITMAP))
    }

    fn bitmap(&mut self) -> Result<u128, CodecError> {
        let offset = self.offset;
        let bytes = self.array().ok_or(CodecError::NoBitmap { offset })?;
        Ok(u128::from(u64::from_be_bytes(bytes)) << BITMAP_BITS)
    }

    fn place(&mut self, field: u8) -> Result<Place, CodecError> {
        let row = spec(field).ok_or(CodecError::NoElement { field })?;
        let length = match row.length.digits() {
            0 => usize::from(row.length.most()),
            digits => self.length(field, digits)?,
        };
        if !row.length.takes(length) {
            return Err(CodecError::Length { field, offset: self.offset, length });
        }
        let start = self.offset;
        let value = self.take(length).ok_or_else(|| self.truncated(field, length))?;
        match row.class.misfit(value) {
            Some(at) => Err(CodecError::Character { field, offset: start.saturating_add(at) }),
            None => Ok(Place { start: position(start), end: position(self.offset) }),
        }
    }

    fn length(&mut self, field: u8, digits: usize) -> Result<usize, CodecError> {
        let offset = self.offset;
        let written = self.take(digits).ok_or_else(|| self.truncated(field, digits))?;
        written.iter().try_fold(0_usize, |length, digit| match digit {
            b'0'..=b'9' => Ok(length * 10 + usize::from(digit - b'0')),
            _ => Err(CodecError::LengthDigits { field, offset }),
        })
    }

    fn truncated(&self, field: u8, wanted: usize) -> CodecError {
        let left = self.bytes.len().saturating_sub(self.offset);
        CodecError::Truncated { field, offset: self.offset, missing: wanted.saturating_sub(left) }
    }

    const fn end(&self) -> Result<(), CodecError> {
        match self.bytes.len().saturating_sub(self.offset) {
            0 => Ok(()),
            bytes => Err(CodecError::Trailing { offset: self.offset, bytes }),
        }
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn take(&mut self, bytes: usize) -> Option<&'a [u8]> {
        let end = self.offset.checked_add(bytes)?;
        let taken = self.bytes.get(self.offset..end)?;
        self.offset = end;
        Some(taken)
    }
}

/// The numbers of the bits that are set, in order. Kept the other way round, where the lowest bit is the cheapest to find and to clear.
struct Numbers(u128);

impl Numbers {
    const fn of(present: u128) -> Self {
        Self(present.reverse_bits())
    }
}

impl Iterator for Numbers {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        let without_lowest = self.0 & self.0.checked_sub(1)?;
        let lowest = self.0.trailing_zeros();
        self.0 = without_lowest;
        u8::try_from(lowest).ok().map(|lowest| lowest.saturating_add(1))
    }
}

/// The bit of a data element among all 128; none for another number.
pub(super) const fn bit(number: u8) -> u128 {
    match number {
        1..=128 => 1 << (128 - number),
        _ => 0,
    }
}

/// An offset as it is kept: a message is not longer than [`MAX_BYTES`].
fn position(offset: usize) -> u16 {
    u16::try_from(offset).unwrap_or(u16::MAX)
}

/// Bit 1 says that there is a second bitmap, and is no data element.
pub(super) const SECOND_BITMAP: u8 = 1;
pub(super) const TERTIARY_BITMAP: u8 = 65;
const BITMAP_BITS: u32 = 64;
/// One for each number up to 128; the first is not used.
const PLACES: usize = 129;
