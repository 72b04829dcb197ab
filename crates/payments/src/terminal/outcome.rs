//! How a transaction ended.
//!
//! Made by [`Session`](super::Session), shown by [`slip`](super::slip) and by whoever ran it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{fault::CardFault, pending::Pending, record::Record};

/// The end of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// How it ended.
    pub verdict: Verdict,
    /// All that is to be kept of it.
    pub record: Record,
    /// What undoes it, where it may have been approved and is not: to be repeated until it is answered.
    pub reversal: Option<Pending>,
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Issuer and card approved it.
    Approved,
    /// They approved less than was asked for.
    PartiallyApproved {
        /// How much.
        approved_minor: u64,
    },
    /// Somebody refused.
    Declined(Decline),
    /// The issuer could not be asked, or its answer could not be used.
    NoHost,
    /// The card failed.
    CardError(CardFault),
}

/// Who refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Decline {
    /// With this response code.
    #[error("the issuer declined with {0}")]
    Issuer(String),
    /// Before the issuer was asked.
    #[error("the card declined")]
    Card,
    /// For what it found.
    #[error("the terminal declined: {0}")]
    Terminal(String),
    /// The issuer had approved.
    #[error("the card declined what the issuer had approved")]
    CardAfterApproval,
}

/// The verdict as one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Word {
    /// It is under way, or was when power failed.
    Open,
    /// See [`Verdict::Approved`].
    Approved,
    /// See [`Verdict::PartiallyApproved`].
    PartiallyApproved,
    /// See [`Verdict::Declined`].
    Declined,
    /// See [`Verdict::NoHost`].
    NoHost,
    /// See [`Verdict::CardError`].
    CardError,
}

impl Verdict {
    /// The goods may go.
    pub const fn is_approved(&self) -> bool {
        matches!(self, Self::Approved | Self::PartiallyApproved { .. })
    }

    /// As one word.
    pub const fn word(&self) -> Word {
        match self {
            Self::Approved => Word::Approved,
            Self::PartiallyApproved { .. } => Word::PartiallyApproved,
            Self::Declined(_) => Word::Declined,
            Self::NoHost => Word::NoHost,
            Self::CardError(_) => Word::CardError,
        }
    }

    /// Why not, for people.
    pub(super) fn reason(&self) -> Option<String> {
        match self {
            Self::Approved => None,
            Self::PartiallyApproved { .. } => Some("the issuer approved less than was asked for".into()),
            Self::Declined(decline) => Some(decline.to_string()),
            Self::NoHost => Some("the issuer did not answer".into()),
            Self::CardError(fault) => Some(fault.to_string()),
        }
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open => "NOT FINISHED",
            Self::Approved => "APPROVED",
            Self::PartiallyApproved => "PARTIALLY APPROVED",
            Self::Declined => "DECLINED",
            Self::NoHost => "DECLINED: NO CONNECTION TO THE ISSUER",
            Self::CardError => "NOT COMPLETED: CARD ERROR",
        })
    }
}
