//! Card verification results (CVR): what the card did in this transaction, four bytes inside the issuer application data (tag 9F10), so
//! that the cryptogram covers them.
//!
//! ```text
//! byte 1  b8 b7  second cryptogram: 00 AAC, 01 TC, 10 not asked for yet
//!         b6 b5  first cryptogram: 00 AAC, 10 ARQC
//!         b4     the issuer's answer did not hold
//!         b3     the issuer's answer held
//! byte 2  b8 b7  what the terminal asked for first: 00 AAC, 01 TC, 10 ARQC
//!         b6 b5  what it asked for second, in the same way
//! byte 3, byte 4 00
//! ```
//!
//! Bytes 1 and 2 follow the custom of the schemes; EMV leaves all of it to the issuer (Book 3, annex A, tag 9F10).

use super::generate::CryptogramType;

/// What became of the issuer's answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Authentication {
    #[default]
    None,
    Held,
    Failed,
}

/// What the card did so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Results {
    /// Asked for and given.
    pub(super) first: Option<(CryptogramType, CryptogramType)>,
    /// Asked for and given.
    pub(super) second: Option<(CryptogramType, CryptogramType)>,
    pub(super) authentication: Authentication,
}

impl Results {
    /// The four bytes.
    pub(super) fn encode(self) -> [u8; 4] {
        let given =
            |asked: Option<(CryptogramType, CryptogramType)>| asked.map_or(NOT_ASKED, |(_, given)| given.bits());
        let wanted = |asked: Option<(CryptogramType, CryptogramType)>| asked.map_or(0, |(wanted, _)| wanted.bits());
        let authentication = match self.authentication {
            Authentication::None => 0,
            Authentication::Failed => 0b1000,
            Authentication::Held => 0b0100,
        };
        let done = given(self.second) << 6 | given(self.first) << 4 | authentication;
        let asked = wanted(self.first) << 6 | wanted(self.second) << 4;
        [done, asked, 0, 0]
    }
}

const NOT_ASKED: u8 = 0b10;
