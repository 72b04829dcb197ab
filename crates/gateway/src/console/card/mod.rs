//! Card payments on pages, where the issuer runs in the node's own process (`counterfoil node --dev --issuer DIR`): what it decided, its
//! cards, and a terminal to try them. Rules: docs/systems/card.md. No page has a real card number: the vault gives the first six and last
//! four digits, and nothing else is asked of it.
//!
//! ```text
//! /authorizations, /authorization/ID    what was decided, and what came of it     .../live   the same as events
//! /cards, /card/REFERENCE               cards with their keys, limits, counters
//! /terminal                             a form: amount, merchant, card            POST: the card is tapped
//! /terminal/tap/ID                      what was said, byte by byte               .../live   while it is said
//! ```

mod authorization;
mod authorizations;
mod cards;
mod follow_ups;
mod holder;
mod live;
mod say;
mod sides;
mod tap;
mod taps;
mod till;
mod trace;

use std::sync::Arc;

use payments::issuer::{IssuerError, vault::Vault};

pub(super) use self::taps::Taps;
use super::{Console, Opened, Problem, Query, fields::Fields};
use crate::{
    pages::{Form, Visit},
    payment::Resident,
};

/// Bytes of the form of `/terminal`.
pub(super) const MOST_BYTES: usize = 4_096;

/// Answers everything below these first words; `rest` is what follows their slash.
pub(super) fn open(console: &Console, first: &str, rest: Option<String>, visit: &Visit<'_>) -> Opened {
    let (query, fields) = (Query::read(visit.query), Fields::read(visit.query));
    let seen = visit.last_event_id.and_then(|id| id.parse().ok()).or(query.after);
    let (rest, is_live) = match rest {
        Some(rest) if rest == LIVE => (None, true),
        Some(rest) => match rest.strip_suffix(LIVE).and_then(|rest| rest.strip_suffix('/')) {
            Some(shown) => (Some(shown.to_owned()), true),
            None => (Some(rest), false),
        },
        None => (None, false),
    };
    match (first, rest, is_live) {
        ("authorizations", None, false) => console.heavy(move |console| authorizations::page(console, query.before)),
        ("authorizations", None, true) => live::of_issuer(console, seen, authorizations::drawn),
        ("authorization", Some(id), false) => console.heavy(move |console| authorization::page(console, &id)),
        ("authorization", Some(id), true) => {
            live::of_issuer(console, seen, move |console| authorization::drawn(console, &id))
        }
        ("cards", None, false) => console.heavy(move |console| cards::page(console, &fields)),
        ("card", Some(reference), false) => console.heavy(move |console| holder::page(console, &reference, &fields)),
        ("terminal", None, false) => console.heavy(till::page),
        ("terminal", Some(place), is_live) => match (place.strip_prefix("tap/"), is_live) {
            (Some(id), true) => tap::follow(console, id, seen),
            (Some(id), false) => tap::open(console, id),
            (None, _) => console.nowhere(),
        },
        _ => console.nowhere(),
    }
}

/// Takes the form of the terminal.
pub(super) fn send(console: &Console, form: Form) -> Opened {
    console.heavy(move |console| till::send(console, &form))
}

impl Console {
    /// The issuer of this process.
    fn resident(&self) -> Result<Arc<Resident>, Problem> {
        self.issuer.get().ok_or(Problem::NoIssuer)
    }

    /// What the issuer remembers, all of one moment.
    fn remembered<T>(&self, ask: impl FnOnce(&mut dyn Vault) -> Result<T, IssuerError>) -> Result<T, Problem> {
        Ok(self.resident()?.service.read(ask)?)
    }
}

impl From<IssuerError> for Problem {
    fn from(error: IssuerError) -> Self {
        Self::Unreadable(error.to_string())
    }
}

/// Rows of a list on one page.
const ROWS: u32 = 25;
/// What follows the path of a page that is kept up to date.
const LIVE: &str = "live";
