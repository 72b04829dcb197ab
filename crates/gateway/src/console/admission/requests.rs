//! `/requests`: who asked to be linked and whom somebody asked to revoke, newest first; the first part is kept up to date.

use askama::Template;
use chain::BlockAt;
use contracts::admission::IAdmission::{Request, RequestKind, RequestState};

use super::{
    Console, Page, Problem, ROWS,
    gates::Gates,
    index, length,
    live::Drawn,
    people::{People, Person},
    told::kind,
};
use crate::{
    admission::{self as say, room::newest_first},
    console::{
        Frame, StatusCode,
        frame::Part,
        show,
        words::{self, Moment},
    },
};

#[derive(Template)]
#[template(path = "requests.html")]
struct Requests {
    frame: Frame,
    piece: Piece,
    /// Where changes are told.
    live: Option<String>,
}

/// What is made again when something changes.
#[derive(Template)]
#[template(path = "requests_piece.html")]
struct Piece {
    rows: Vec<RequestRow>,
    total: String,
    part: Part,
}

/// A request in a list.
pub(super) struct RequestRow {
    pub(super) id: u64,
    pub(super) kind: &'static str,
    /// Who is to be linked or revoked.
    pub(super) subject: Person,
    pub(super) state: Stand,
    pub(super) gates: Gates,
    pub(super) deadline: Option<Moment>,
}

/// How a request stands, in a word and as a colour.
#[derive(Clone, Copy)]
pub(super) struct Stand {
    pub(super) word: &'static str,
    pub(super) class: &'static str,
    pub(super) is_open: bool,
}

/// Requests in parts.
pub(super) fn page(console: &Console, part: usize) -> Result<Page, Problem> {
    let (piece, head) = piece(console, part)?;
    let live = (piece.part.number == 1).then(|| format!("/requests/live?after={head}"));
    Ok(show(StatusCode::OK, &Requests { frame: console.frame(), piece, live }))
}

/// The first part, now.
pub(super) fn drawn(console: &Console) -> Result<Drawn, Problem> {
    let (piece, head) = piece(console, 1)?;
    let html = piece.render().map_err(|error| Problem::Unreadable(error.to_string()))?;
    Ok(Drawn { html, head, is_last: false })
}

fn piece(console: &Console, part: usize) -> Result<(Piece, u64), Problem> {
    let state = console.chain.state(BlockAt::Latest)?;
    let people = People::of(console, console.room(&state));
    let last = people.room().last_request()?;
    let part = Part::sized(length(last), part, ROWS);
    let ids = newest_first(last.saturating_sub(index(part.skip)), index(ROWS));
    let rows = ids.map(|id| RequestRow::of(&people, id)).collect::<Result<_, _>>()?;
    Ok((Piece { rows, total: words::number(last), part }, state.header().number))
}

impl RequestRow {
    pub(super) fn of(people: &People<'_>, id: u64) -> Result<Self, Problem> {
        let request = people.room().request(id)?;
        Ok(Self {
            id,
            kind: kind(request.kind),
            subject: subject(people, &request)?,
            state: Stand::of(&request, people.room().now()),
            gates: Gates::of(&request, &people.room().policy(request.policy)?),
            deadline: Moment::of_seconds(request.deadline),
        })
    }
}

/// Who is to be linked, by the certificate of the request, or revoked.
pub(super) fn subject(people: &People<'_>, request: &Request) -> Result<Person, Problem> {
    if request.kind == RequestKind::Link {
        return people.bearer(request.nodeKey, request.certificate);
    }
    people.person(request.nodeKey)
}

impl Stand {
    pub(super) fn of(request: &Request, now: u64) -> Self {
        let (word, class) = match request.state {
            RequestState::Open if request.deadline <= now => ("deadline passed", "failed"),
            RequestState::Approved => (say::request_state(request.state), "done"),
            RequestState::Open => (say::request_state(request.state), "waiting"),
            other => (say::request_state(other), "failed"),
        };
        Self { word, class, is_open: request.state == RequestState::Open }
    }
}
