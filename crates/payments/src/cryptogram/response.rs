//! The issuer's answer to a cryptogram: ARPC and card status update, tag 91.
//!
//! Rules: EMV Book 2 8.2.2 (method 2) with AES, no proprietary data; the bits of the card status update are those of EMV Book 3 annex
//! C9 (common core definitions).

use subtle::ConstantTimeEq as _;

use super::{Aes128Key, Mac};

/// Card status update: the issuer approves.
pub const CSU_APPROVED: [u8; 4] = [0, 0x80, 0, 0];
/// Card status update: the issuer does not.
pub const CSU_DECLINED: [u8; 4] = [0; 4];

/// Why bytes are no issuer authentication data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResponseError {
    /// Neither 8 bytes nor those with zeros behind.
    #[error("issuer authentication data are an ARPC and a card status update, 8 bytes, not {0}")]
    Length(usize),
}

/// Tag 91: the code and what it covers beside the cryptogram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IssuerAuthentication {
    /// The code.
    pub arpc: [u8; 4],
    /// Card status update.
    pub csu: [u8; 4],
}

impl IssuerAuthentication {
    /// The value of tag 91.
    pub fn encode(&self) -> [u8; 8] {
        let ([a0, a1, a2, a3], [c0, c1, c2, c3]) = (self.arpc, self.csu);
        [a0, a1, a2, a3, c0, c1, c2, c3]
    }

    /// Reads the value of tag 91, also as a list pads it.
    pub fn parse(bytes: &[u8]) -> Result<Self, ResponseError> {
        match *bytes {
            [a0, a1, a2, a3, c0, c1, c2, c3, ref padding @ ..]
                if padding.len() <= MAX_PADDING && padding.iter().all(|byte| *byte == 0) =>
            {
                Ok(Self { arpc: [a0, a1, a2, a3], csu: [c0, c1, c2, c3] })
            }
            _ => Err(ResponseError::Length(bytes.len())),
        }
    }
}

/// The code of a cryptogram and a card status update.
pub fn arpc(session_key: &Aes128Key, arqc: &[u8; 8], csu: &[u8; 4]) -> [u8; 4] {
    let [b0, b1, b2, b3, ..] = Mac::new(session_key).sign(&[arqc, csu]);
    [b0, b1, b2, b3]
}

/// Whether an answer is the issuer's, in a time that does not depend on it.
pub fn arpc_holds(session_key: &Aes128Key, arqc: &[u8; 8], answer: &IssuerAuthentication) -> bool {
    arpc(session_key, arqc, &answer.csu).ct_eq(&answer.arpc).into()
}

/// CDOL2 of version 1 asks for ten bytes.
const MAX_PADDING: usize = 2;
