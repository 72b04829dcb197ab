//! Card payments as protocol machines: bytes in, decisions out.
//!
//! ```text
//! amount -> terminal -> card -> terminal -> issuer -> [a signed transaction: cash.hold] -> issuer -> terminal -> slip
//! ```
//!
//! Deliberately absent: sockets, async, clocks and randomness; time and random bytes are arguments. No type of [`terminal`] can hold a
//! real card number.

pub mod apdu;
pub mod card;
pub mod cryptogram;
pub mod dol;
pub mod issuer;
pub mod layout;
pub mod message;
pub mod number;
pub mod profile;
pub mod terminal;
pub mod tlv;

#[cfg(test)]
mod testing;
