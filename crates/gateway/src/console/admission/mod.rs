//! `admission` on pages: who makes the ledger, who asks to, and who decided. Rules: docs/systems/admission.md; everything is read
//! by [`crate::admission::room`], as the `counterfoil_` methods read it.
//!
//! ```text
//! /members                committee, open requests, members    /certificate/FINGERPRINT    a certificate (.der: for programs)
//! /member/KEY             a node                               /committee, /committee/EPOCH   who decides, and since when
//! /requests, /request/ID  requests, and who voted how          /requests/live, /request/ID/live   the same as events
//! ```
//! Names are what applicants wrote into their certificates: every page shows the key beside them.

mod certificate;
mod committee;
mod gates;
mod live;
mod member;
mod members;
mod people;
mod request;
mod requests;
mod told;

use chain::{BlockAt, StateView};
use evm::call::Base;
use primitives::{Address, B256};

use self::live::Watched;
pub(super) use self::{
    committee::Final,
    people::{People, Person, Subjects},
    told::told,
};
use super::{Console, Opened, Page, Problem, Query, words};
use crate::{
    admission::room::{Room, RoomError},
    pages::Visit,
};

impl Console {
    /// The room `admission` after a block.
    pub(super) fn room<'a>(&'a self, state: &'a StateView) -> Room<'a> {
        let rules = self.chain.rules();
        Room::over(Base { rules, header: state.header(), db: state, gas_cap: self.call_gas })
    }
}

/// Answers everything below these first words; `rest` is what follows their slash.
pub(super) fn open(console: &Console, first: &str, rest: Option<String>, visit: &Visit<'_>) -> Opened {
    let query = Query::read(visit.query);
    let seen = visit.last_event_id.and_then(|id| id.parse().ok()).or(query.after);
    match (first, rest) {
        ("members", None) => console.heavy(move |console| members::page(console, query.page)),
        ("member", Some(key)) => console.heavy(move |console| member::page(console, &key, &query)),
        ("requests", None) => console.heavy(move |console| requests::page(console, query.page)),
        ("requests", Some(live)) if live == LIVE => Opened::Live(live::follow(console, Watched::Requests, seen)),
        ("request", Some(rest)) => match rest.strip_suffix(LIVE).and_then(|id| id.strip_suffix('/')?.parse().ok()) {
            Some(id) => Opened::Live(live::follow(console, Watched::Request(id), seen)),
            None => console.heavy(move |console| request::page(console, &rest)),
        },
        ("certificate", Some(fingerprint)) => console.heavy(move |console| certificate::page(console, &fingerprint)),
        ("committee", epoch) => console.heavy(move |console| committee::page(console, epoch.as_deref(), query.page)),
        _ => console.nowhere(),
    }
}

/// The page of the node or certificate that this is the key or fingerprint of.
pub(super) fn place(console: &Console, hash: B256) -> Result<Option<String>, Problem> {
    let state = console.chain.state(BlockAt::Latest)?;
    let room = console.room(&state);
    let certificate = match room.certificate(hash) {
        Ok(found) => found,
        Err(RoomError::Closed) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    if !certificate.der.is_empty() {
        return Ok(Some(format!("/certificate/{hash}")));
    }
    Ok(member::is_known(&room, hash)?.then(|| format!("/member/{hash}")))
}

/// The page of a request, if there is one of this number.
pub(super) fn request_place(console: &Console, id: u64) -> Result<Option<String>, Problem> {
    let state = console.chain.state(BlockAt::Latest)?;
    match console.room(&state).last_request() {
        Ok(last) => Ok((1..=last).contains(&id).then(|| format!("/request/{id}"))),
        Err(RoomError::Closed) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The member that an account acts for.
pub(super) fn acted_for(console: &Console, state: &StateView, account: Address) -> Result<Option<Person>, Problem> {
    let people = People::of(console, console.room(state));
    match people.room().member_of(account) {
        Ok(key) if !key.is_zero() => people.person(key).map(Some),
        Ok(_) | Err(RoomError::Closed) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// A place in a list that the room counts in 64 bits.
fn index(place: usize) -> u64 {
    u64::try_from(place).unwrap_or(u64::MAX)
}

/// A list is never longer than memory.
fn length(total: u64) -> usize {
    usize::try_from(total).unwrap_or(usize::MAX)
}

/// Rows of a list on one page.
const ROWS: usize = 25;
/// What follows the path of a page that is kept up to date.
const LIVE: &str = "live";
