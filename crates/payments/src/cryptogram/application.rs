//! The application cryptogram: what the card signs, and the check of it.
//!
//! Rules: EMV Book 2 8.1 with AES (first 8 bytes of AES-CMAC). What is signed is ours: everything the card received and everything it
//! says, as bytes, so that the token and the index hang on the same signature (T-22, T-26).

use subtle::ConstantTimeEq as _;

use super::{Aes128Key, Mac};

/// What a cryptogram covers, in this order.
#[derive(Clone, Copy, Debug)]
pub struct Signed<'a> {
    /// What filled the PDOL, as received.
    pub pdol_data: &'a [u8],
    /// What filled the CDOL, as received.
    pub cdol_data: &'a [u8],
    /// Tag 82.
    pub aip: [u8; 2],
    /// Tag 9F36.
    pub atc: u16,
    /// Tag 9F10, whole.
    pub iad: &'a [u8],
    /// Tag 5A: the token.
    pub token_cn: &'a [u8],
}

impl Signed<'_> {
    /// Gives it to what signs, part by part.
    pub fn sign_with<T>(&self, sign: impl FnOnce(&[&[u8]]) -> T) -> T {
        let Self { pdol_data, cdol_data, aip, atc, iad, token_cn } = self;
        sign(&[pdol_data, cdol_data, aip, &atc.to_be_bytes(), iad, token_cn])
    }
}

/// The cryptogram.
pub fn arqc(session_key: &Aes128Key, signed: &Signed<'_>) -> [u8; 8] {
    let [b0, b1, b2, b3, b4, b5, b6, b7, ..] = signed.sign_with(|parts| Mac::new(session_key).sign(parts));
    [b0, b1, b2, b3, b4, b5, b6, b7]
}

/// Whether a cryptogram is the right one, in a time that does not depend on it.
pub fn arqc_holds(session_key: &Aes128Key, signed: &Signed<'_>, cryptogram: &[u8; 8]) -> bool {
    arqc(session_key, signed).ct_eq(cryptogram).into()
}
