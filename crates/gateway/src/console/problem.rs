//! The pages that say why there is nothing to see.

use askama::Template;
use chain::ChainError;

use super::{Console, Frame, StatusCode, show, words};
use crate::{admission::room::RoomError, pages::Page};

/// Why a page cannot be shown.
#[derive(Debug)]
pub(super) enum Problem {
    /// No page has this address.
    NoPage,
    /// The ledger has nothing of this name.
    Unknown {
        /// Such as `block`.
        what: &'static str,
        /// What was asked for.
        name: String,
    },
    /// The contract that would know is not open yet.
    NoRoom(String),
    /// No issuer of cards runs in this process, or not one that pages may show.
    NoIssuer,
    /// The issuer, or the terminal beside it, has nothing of this name.
    NotHere(String),
    /// What was asked for makes no sense, or would fail.
    Wrong(String),
    /// The ledger could not be read.
    Unreadable(String),
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage {
    frame: Frame,
    title: &'static str,
    reason: String,
}

impl Problem {
    pub(super) fn unknown(what: &'static str, name: &str) -> Self {
        Self::Unknown { what, name: words::shortened(name) }
    }

    pub(super) fn page(self, console: &Console) -> Page {
        let (status, title, reason) = self.told();
        show(status, &ProblemPage { frame: console.frame(), title, reason })
    }

    /// Status, title and reason.
    pub(super) fn told(self) -> (StatusCode, &'static str, String) {
        match self {
            Self::NoPage => (StatusCode::NOT_FOUND, "Page not found", "No page has this address.".to_owned()),
            Self::Unknown { what, name } => {
                (StatusCode::NOT_FOUND, "Not on this ledger", format!("This ledger has no {what} “{name}”."))
            }
            Self::NoRoom(reason) => (StatusCode::NOT_FOUND, "Not on this ledger", reason),
            Self::NoIssuer => (StatusCode::NOT_FOUND, "No issuer of cards here", NO_ISSUER.to_owned()),
            Self::NotHere(reason) => (StatusCode::NOT_FOUND, "Not here", reason),
            Self::Wrong(reason) => (StatusCode::UNPROCESSABLE_ENTITY, "This cannot be done", reason),
            Self::Unreadable(reason) => (StatusCode::SERVICE_UNAVAILABLE, "The ledger cannot be read", reason),
        }
    }
}

impl From<ChainError> for Problem {
    fn from(error: ChainError) -> Self {
        Self::Unreadable(error.to_string())
    }
}

impl From<RoomError> for Problem {
    fn from(error: RoomError) -> Self {
        match error {
            RoomError::Closed => Self::NoRoom(format!("{error}.").replacen("this", "This", 1)),
            RoomError::Call(_) => Self::Unreadable(error.to_string()),
        }
    }
}

const NO_ISSUER: &str = "These pages show an issuer that runs in the node's own process without TLS, for trying: \
“counterfoil node --dev --issuer DIR”, where DIR is a folder of “counterfoil issuer init”. Any other issuer is asked by \
“counterfoil issuer payments”, “counterfoil issuer cards” and “counterfoil terminal pay”.";
