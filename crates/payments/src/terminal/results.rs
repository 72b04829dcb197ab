//! What the terminal found out about a transaction: terminal verification results (95), transaction status (9B).
//!
//! Called by the stages that find something out. Rules: EMV Book 3, annexes C5 and C6.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Something that is not as it should be; each is a bit that card and issuer are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finding {
    DataNotAuthenticated,
    DataMissing,
    VersionsDiffer,
    Expired,
    NotYetEffective,
    ServiceNotAllowed,
    HolderNotVerified,
    UnknownVerification,
    OverFloorLimit,
    IssuerNotAuthenticated,
}

/// Terminal verification results.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Findings([u8; 5]);

/// Transaction status information.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Status([u8; 2]);

/// Something that was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Done {
    HolderVerification,
    CardRiskManagement,
    IssuerAuthentication,
    RiskManagement,
}

impl Finding {
    /// Byte and bit.
    const fn place(self) -> (usize, u8) {
        match self {
            Self::DataNotAuthenticated => (0, 0x80),
            Self::DataMissing => (0, 0x20),
            Self::VersionsDiffer => (1, 0x80),
            Self::Expired => (1, 0x40),
            Self::NotYetEffective => (1, 0x20),
            Self::ServiceNotAllowed => (1, 0x10),
            Self::HolderNotVerified => (2, 0x80),
            Self::UnknownVerification => (2, 0x40),
            Self::OverFloorLimit => (3, 0x80),
            Self::IssuerNotAuthenticated => (4, 0x40),
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::DataNotAuthenticated => "the card's data was not authenticated offline",
            Self::DataMissing => "the card lacks data",
            Self::VersionsDiffer => "card and terminal have other versions of the application",
            Self::Expired => "the card is expired",
            Self::NotYetEffective => "the card is not yet effective",
            Self::ServiceNotAllowed => "the card does not allow this service",
            Self::HolderNotVerified => "the holder was not verified",
            Self::UnknownVerification => "the card asks for a verification that is not known",
            Self::OverFloorLimit => "the amount is over the floor limit",
            Self::IssuerNotAuthenticated => "the card did not accept the issuer's answer",
        }
    }

    const ALL: [Self; 10] = [
        Self::DataNotAuthenticated,
        Self::DataMissing,
        Self::VersionsDiffer,
        Self::Expired,
        Self::NotYetEffective,
        Self::ServiceNotAllowed,
        Self::HolderNotVerified,
        Self::UnknownVerification,
        Self::OverFloorLimit,
        Self::IssuerNotAuthenticated,
    ];
}

impl Findings {
    pub(super) fn add(&mut self, finding: Finding) {
        let (byte, bit) = finding.place();
        self.0[byte] |= bit;
    }

    /// Those that are also in the codes.
    pub(super) fn among(self, codes: [u8; 5]) -> Self {
        let mut both = self;
        both.0.iter_mut().zip(codes).for_each(|(byte, code)| *byte &= code);
        both
    }

    pub(super) fn is_empty(self) -> bool {
        self == Self::default()
    }

    pub(super) const fn bytes(self) -> [u8; 5] {
        self.0
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = Finding::ALL.into_iter().filter(|finding| {
            let (byte, bit) = finding.place();
            self.0[byte] & bit != 0
        });
        let words: Vec<&str> = found.map(Finding::words).collect();
        f.write_str(&words.join(", "))
    }
}

impl Status {
    pub(super) fn add(&mut self, done: Done) {
        self.0[0] |= match done {
            Done::HolderVerification => 0x40,
            Done::CardRiskManagement => 0x20,
            Done::IssuerAuthentication => 0x10,
            Done::RiskManagement => 0x08,
        };
    }

    pub(super) const fn bytes(self) -> [u8; 2] {
        self.0
    }
}
