//! Card payments as protocol machines: bytes in, decisions out.
//!
//! ```text
//! amount -> terminal -> card -> terminal -> issuer -> [a signed transaction: cash.hold] -> issuer -> terminal -> slip
//! ```
//!
//! Deliberately absent: sockets, async, clocks and randomness; time and random bytes are arguments. No type of [`terminal`] can hold a
//! real card number.

pub mod number;
pub mod tlv;
pub mod dol;
pub mod apdu;
pub mod layout;
pub mod profile;
pub mod cryptogram;
pub mod card;
pub mod terminal;
pub mod message;
pub mod issuer;
