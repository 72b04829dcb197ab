//! AES-CMAC: RFC 4493, which is NIST SP 800-38B with AES-128, and EMV Book 2 A1.2.2.

use std::fmt;

use aes::{Aes128Enc, cipher::KeyInit as _};
use cmac::{Cmac, Mac as _};

use super::Aes128Key;

/// A key with its schedule and subkeys, ready to sign.
#[derive(Clone)]
pub struct Mac(Cmac<Aes128Enc>);

impl Mac {
    /// Expands a key.
    pub fn new(key: &Aes128Key) -> Self {
        Self(Cmac::new(key.expose().into()))
    }

    /// The code of the parts, one behind the other.
    pub fn sign(&self, parts: &[&[u8]]) -> [u8; 16] {
        let mut state = self.0.clone();
        parts.iter().for_each(|part| state.update(part));
        state.finalize().into_bytes().into()
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mac(***)")
    }
}
