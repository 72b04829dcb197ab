//! Frames on a connection: two bytes of length, big-endian, then a message. Called by whoever owns the connection.
//!
//! Bytes in, an opinion out: nothing is read here.

use super::codec::{CodecError, MAX_BYTES};

/// What the bytes received so far are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing<'a> {
    /// The begin of a frame; at least so many bytes are missing.
    Incomplete { missing: usize },
    /// A whole frame: its message, and what follows it.
    Frame { message: &'a [u8], rest: &'a [u8] },
    /// A frame that nobody here reads. There is no way to find the next one: close the connection.
    TooLarge { length: usize },
}

/// Looks at the bytes received so far.
pub fn framing(received: &[u8]) -> Framing<'_> {
    let Some((prefix, after)) = received.split_first_chunk::<PREFIX_BYTES>() else {
        return Framing::Incomplete { missing: PREFIX_BYTES.saturating_sub(received.len()) };
    };
    let length = usize::from(u16::from_be_bytes(*prefix));
    if length > MAX_BYTES {
        return Framing::TooLarge { length };
    }
    match after.split_at_checked(length) {
        Some((message, rest)) => Framing::Frame { message, rest },
        None => Framing::Incomplete { missing: length.saturating_sub(after.len()) },
    }
}

/// The message with its length in front.
pub fn framed(message: &[u8]) -> Result<Vec<u8>, CodecError> {
    let too_long = CodecError::TooLong { bytes: message.len() };
    if message.len() > MAX_BYTES {
        return Err(too_long);
    }
    let length = u16::try_from(message.len()).map_err(|_| too_long)?;
    Ok([length.to_be_bytes().as_slice(), message].concat())
}

const PREFIX_BYTES: usize = 2;
