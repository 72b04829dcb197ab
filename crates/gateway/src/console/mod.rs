//! The console: the ledger as pages for people, made on the server from templates in `/console` and compiled in. Works without
//! JavaScript; small modules keep the first page up to date and let a wallet sign. Asked by `http` through [`Pages`].
//!
//! ```text
//! /               head and latest blocks      /tx/HASH          a transaction with calls and logs in words
//! /blocks         older blocks                /account/ADDRESS  an account
//! /block/AT       height, hash or `latest`    /search?q=        leads to one of these
//! /live           heads as events             /static/NAME      style sheet, scripts, picture
//! /token...       see `token`                 /verify           a form: is this counterfoil true?
//! /members...     see `admission`: also /member, /request, /requests, /certificate, /committee
//! /authorizations see `card`: also /authorization, /cards, /card, /terminal
//! /token/ID.json  a token's metadata          /attributes/HASH.json  attributes
//! /certificate/FINGERPRINT.der                a certificate's bytes; all three for programs
//! ```
//! What is asked of memory alone is answered at once; everything else runs on the bounded pool. Every list has a bound.

mod account;
mod admission;
mod assets;
mod block;
mod card;
mod documents;
mod events;
mod fields;
mod files;
mod frame;
mod home;
mod money;
mod multipart;
mod problem;
mod reader;
mod search;
mod token;
mod transaction;
mod verify;
mod words;

use std::sync::Arc;

use axum::http::StatusCode;
use chain::Chain;

use self::{
    frame::{Frame, show},
    problem::Problem,
};
use crate::{
    pages::{Form, Opened, Page, Pages, Visit},
    payment::Seat,
};

/// The pages over one chain. Cheap to clone: work that is handed to another thread takes a clone along.
#[derive(Clone, Debug)]
pub struct Console {
    chain: Chain,
    /// Gas that reading one native contract may use.
    call_gas: u64,
    /// Whose certificates are, as far as somebody looked.
    names: Arc<admission::Subjects>,
    /// The issuer of this process, if the node runs one and pages may show it.
    issuer: Seat,
    /// What was tapped at its terminal lately.
    taps: Arc<card::Taps>,
}

impl Console {
    /// The pages of a chain.
    pub fn new(chain: Chain, call_gas: u64) -> Self {
        Self { chain, call_gas, names: Arc::default(), issuer: Seat::default(), taps: Arc::default() }
    }

    /// With the issuer that sits here, whenever one does.
    #[must_use]
    pub fn with_issuer(self, issuer: Seat) -> Self {
        Self { issuer, ..self }
    }

    /// Makes a page where reading the disk holds up nobody. What follows the path's first word is not decoded: no address,
    /// hash or height needs it.
    fn heavy(&self, make: impl FnOnce(&Self) -> Result<Page, Problem> + Send + 'static) -> Opened {
        let console = self.clone();
        Opened::Heavy(Box::new(move || make(&console).unwrap_or_else(|problem| problem.page(&console))))
    }

    fn frame(&self) -> Frame {
        Frame::of(&self.chain, self.issuer.get().is_some())
    }
}

impl Pages for Console {
    fn open(&self, visit: &Visit<'_>) -> Opened {
        if let Some(file) = files::File::named(visit.path) {
            let console = self.clone();
            return Opened::File(Box::new(move || file.page(&console)));
        }
        let query = Query::read(visit.query);
        let mut words = visit.path.trim_start_matches('/').splitn(2, '/');
        let (first, rest) = (words.next().unwrap_or_default(), words.next());
        match (first, rest.map(str::to_owned)) {
            ("", None) => Opened::Now(home::page(self)),
            ("blocks", None) => self.heavy(move |console| home::older(console, query.before)),
            ("block", Some(at)) => self.heavy(move |console| block::page(console, &at, query.page)),
            ("tx", Some(hash)) => self.heavy(move |console| transaction::page(console, &hash, query.page)),
            ("account", Some(address)) => self.heavy(move |console| account::page(console, &address, query.page)),
            ("search", None) => self.heavy(move |console| search::page(console, &query.words)),
            ("live", None) => Opened::Live(events::heads(&self.chain, visit.last_event_id, query.after)),
            ("static", Some(name)) => assets::asset(&name, &query.version).map_or_else(|| self.nowhere(), Opened::Now),
            ("members" | "member" | "requests" | "request" | "certificate" | "committee", rest) => {
                admission::open(self, first, rest, visit)
            }
            ("token", rest) => token::open(self, rest, visit.query),
            ("authorizations" | "authorization" | "cards" | "card" | "terminal", rest) => {
                card::open(self, first, rest, visit)
            }
            ("verify", None) => self.heavy(|console| Ok(verify::empty(console))),
            _ => self.nowhere(),
        }
    }

    fn takes(&self, path: &str) -> Option<usize> {
        match path {
            "/verify" => Some(verify::MOST_BYTES),
            "/terminal" => Some(card::MOST_BYTES),
            _ => None,
        }
    }

    fn send(&self, visit: &Visit<'_>, form: Form) -> Opened {
        match visit.path {
            "/terminal" => card::send(self, form),
            _ => self.heavy(move |console| Ok(verify::page(console, &form))),
        }
    }
}

impl Console {
    fn nowhere(&self) -> Opened {
        Opened::Nowhere(Problem::NoPage.page(self))
    }
}

/// What stands behind the question mark; what makes no sense is as if it were not there.
#[derive(Debug, Default, PartialEq, Eq)]
struct Query {
    /// Which part of a long list; the first is 1.
    page: usize,
    before: Option<u64>,
    after: Option<u64>,
    /// Which part of a second list on the same page.
    redemptions: usize,
    /// Checksum of a file.
    version: String,
    words: String,
}

impl Query {
    fn read(text: &str) -> Self {
        let mut query = Self { page: 1, redemptions: 1, ..Self::default() };
        for (name, value) in text.split('&').filter_map(|pair| pair.split_once('=')) {
            match name {
                "page" => query.page = value.parse().unwrap_or(1).max(1),
                "redemptions" => query.redemptions = value.parse().unwrap_or(1).max(1),
                "v" => query.version = words::decoded(value),
                "before" => query.before = value.parse().ok(),
                "after" => query.after = value.parse().ok(),
                "q" => query.words = words::decoded(value),
                _ => {}
            }
        }
        query
    }
}

#[cfg(test)]
mod tests;
