//! Messages between terminal and issuer: ISO 8583:1987 over a byte stream, and the same as JSON over HTTP.
//!
//! ```text
//! stream -> framing -> Message (places in the bytes) -> Request -> issuer -> Response -> Writer -> framed -> stream
//!           2 bytes    spec: 128 elements               JSON ---^              '---> JSON
//! ```
//!
//! Called by [`crate::terminal`], which asks, by [`crate::issuer`], which answers, and by the doors, which own connections. Rules: ISO 8583:1987
//! with the message type in ASCII and binary bitmaps; the table is in [`spec`], what each request must have in [`Payment`]. Requirements
//! T-22 and T-29: DE 55 arrives as it was sent, and every element beside it can be compared with what the card saw.
//!
//! Three uses are ours. DE 55 takes 999 bytes. DE 63 is `PA1` where a terminal takes approval of a part. An answer has DE 54 kind 57 with what was
//! asked for where a part was approved. Elements that have no meaning here, DE 64 and 128 with their codes among them, are kept as they came.
//!
//! Deliberately absent: sockets, PINs, message authentication, the real number. DE 2 holds a token.

pub mod amount;
pub mod card;
mod check;
mod code;
mod codec;
mod element;
mod error;
mod fields;
mod frame;
mod json;
mod mti;
mod network;
mod original;
mod payment;
mod request;
mod response;
pub mod spec;
mod time;
mod writer;

pub use check::check_bytes;
pub use code::ResponseCode;
pub use codec::{CodecError, MAX_BYTES, Message};
pub use element::{Digits, Institution, Text};
pub use error::MessageError;
pub use fields::Others;
pub use frame::{Framing, framed, framing};
pub use json::MAX_JSON_BYTES;
pub use mti::Mti;
pub use network::{Network, NetworkFunction};
pub use original::Original;
pub use payment::{Operation, Payment};
pub use request::{Rejected, Request};
pub use response::Response;
pub use time::{LocalDate, LocalTime, TransmissionTime};
pub use writer::Writer;

#[cfg(test)]
mod tests;
