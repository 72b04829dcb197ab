//! Data elements to bytes of ISO 8583:1987: the codec's other direction, as strict. Called by the typed messages and by tools that compose
//! messages element by element.
//!
//! Elements come in order of number and go straight into one buffer. A second bitmap is made room for when its first element comes.

use super::codec::{CodecError, MAX_BYTES, SECOND_BITMAP, TERTIARY_BITMAP, bit};
use super::mti::Mti;
use super::spec::{Spec, spec};

/// A message that grows at the end of a buffer.
#[derive(Debug)]
pub struct Writer<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
    present: u128,
    last: u8,
}

impl<'a> Writer<'a> {
    /// Begins a message behind what is in the buffer.
    pub fn new(out: &'a mut Vec<u8>, mti: Mti) -> Self {
        let start = out.len();
        out.extend_from_slice(mti.digits());
        out.extend_from_slice(&NO_BITS);
        Self { out, start, present: 0, last: 0 }
    }

    /// Adds a data element by its bytes, without its length.
    pub fn put(&mut self, field: u8, value: &[u8]) -> Result<(), CodecError> {
        self.put_with(field, |out| out.extend_from_slice(value))
    }

    /// Adds a data element that writes its bytes itself. After an error the message is of no use.
    pub(super) fn put_with(&mut self, field: u8, write: impl FnOnce(&mut Vec<u8>)) -> Result<(), CodecError> {
        let row = self.next(field)?;
        let digits = row.length.digits();
        let before = self.out.len();
        self.out.extend_from_slice(&NO_LENGTH[..digits]);
        let start = self.out.len();
        write(self.out);
        let value = self.out.get(start..).unwrap_or_default();
        let (length, misfit) = (value.len(), row.class.misfit(value));
        let offset = start.saturating_sub(self.start);
        if !row.length.takes(length) {
            return Err(CodecError::Length { field, offset, length });
        }
        if let Some(at) = misfit {
            return Err(CodecError::Character { field, offset: offset.saturating_add(at) });
        }
        write_digits(&mut self.out[before..start], length);
        self.present |= bit(field);
        self.last = field;
        Ok(())
    }

    /// Writes the bitmaps: the message is whole.
    pub fn finish(self) -> Result<(), CodecError> {
        let bytes = self.out.len().saturating_sub(self.start);
        if bytes > MAX_BYTES {
            return Err(CodecError::TooLong { bytes });
        }
        let bitmaps = self.present.to_be_bytes();
        let wanted = if self.has_second() { &bitmaps[..] } else { &bitmaps[..NO_BITS.len()] };
        let start = self.start.saturating_add(MTI_BYTES);
        if let Some(place) = self.out.get_mut(start..start.saturating_add(wanted.len())) {
            place.copy_from_slice(wanted);
        }
        Ok(())
    }

    /// The row of a data element that may come now.
    fn next(&mut self, field: u8) -> Result<&'static Spec, CodecError> {
        let row = spec(field).filter(|_| field != SECOND_BITMAP && field != TERTIARY_BITMAP);
        let row = row.ok_or(CodecError::NoElement { field })?;
        if field <= self.last {
            return Err(CodecError::Order { field, last: self.last });
        }
        if field > TERTIARY_BITMAP && !self.has_second() {
            self.make_room();
        }
        Ok(row)
    }

    /// Moves what is written behind the second bitmap.
    fn make_room(&mut self) {
        let second = self.start.saturating_add(MTI_BYTES).saturating_add(NO_BITS.len());
        self.out.splice(second..second, NO_BITS);
        self.present |= bit(SECOND_BITMAP);
    }

    const fn has_second(&self) -> bool {
        self.present & bit(SECOND_BITMAP) != 0
    }
}

/// Fills the place with the decimal digits of a number, zeros in front.
pub(super) fn write_digits(place: &mut [u8], number: usize) {
    let mut rest = number;
    for digit in place.iter_mut().rev() {
        *digit = b'0'.saturating_add(u8::try_from(rest % 10).unwrap_or_default());
        rest /= 10;
    }
}

const MTI_BYTES: usize = 4;
const NO_BITS: [u8; 8] = [0; 8];
const NO_LENGTH: [u8; 3] = *b"000";
