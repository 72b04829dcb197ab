//! The pages that say why there is nothing to see.

use askama::Template;
use chain::ChainError;

use super::{Console, Frame, StatusCode, show, words};
use crate::pages::Page;

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
    /// The ledger could not be read.
    Unreadable(ChainError),
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
        let (status, title, reason) = match self {
            Self::NoPage => (StatusCode::NOT_FOUND, "Page not found", "No page has this address.".to_owned()),
            Self::Unknown { what, name } => {
                (StatusCode::NOT_FOUND, "Not on this ledger", format!("This ledger has no {what} “{name}”."))
            }
            Self::Unreadable(error) => {
                (StatusCode::SERVICE_UNAVAILABLE, "The ledger cannot be read", error.to_string())
            }
        };
        show(status, &ProblemPage { frame: console.frame(), title, reason })
    }
}

impl From<ChainError> for Problem {
    fn from(error: ChainError) -> Self {
        Self::Unreadable(error)
    }
}
