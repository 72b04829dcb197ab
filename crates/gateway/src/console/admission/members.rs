//! `/members`: who decides now, which requests are open, and everybody who is or was a member.

use askama::Template;
use chain::BlockAt;
use contracts::admission::IAdmission::{Member, MemberState};

use super::{
    Console, Page, Problem, ROWS,
    committee::{Sitting, without},
    index, length,
    people::{People, Person},
    requests::RequestRow,
};
use crate::{
    admission::{
        self as say,
        room::{RoomError, Tenure},
    },
    console::{
        Frame, StatusCode,
        frame::Part,
        show,
        words::{self, Moment},
    },
};

#[derive(Template)]
#[template(path = "members.html")]
struct Members {
    frame: Frame,
    sitting: Sitting,
    seats: Vec<Person>,
    /// Seats that are not named here.
    more_seats: usize,
    next: Option<Next>,
    /// Nothing where the room is not open.
    room: Option<Inside>,
}

/// Another committee that is to come.
struct Next {
    from_block: u64,
    size: String,
    quorum: String,
    joins: Vec<Person>,
    leaves: Vec<Person>,
}

struct Inside {
    open: Vec<RequestRow>,
    open_total: String,
    more_open: bool,
    rows: Vec<MemberRow>,
    total: String,
    part: Part,
}

struct MemberRow {
    person: Person,
    stand: Stand,
    address: String,
    weight: String,
    until: Option<Moment>,
}

/// What a member is, in words and as a colour.
pub(super) struct Stand {
    pub(super) word: String,
    pub(super) class: &'static str,
    /// What is to be said of it besides.
    pub(super) note: Option<String>,
}

/// Members in parts, in order of admission.
pub(super) fn page(console: &Console, part: usize) -> Result<Page, Problem> {
    let state = console.chain.state(BlockAt::Latest)?;
    let people = People::of(console, console.room(&state));
    let tenure = Tenure::of(&console.chain, None)?.ok_or_else(|| Problem::unknown("committee of epoch", "now"))?;
    let named = tenure.committee.members().iter().take(SEATS).copied().collect::<Vec<_>>();
    let page = Members {
        frame: console.frame(),
        sitting: Sitting::of(console, &tenure),
        seats: people.persons(&named)?,
        more_seats: tenure.committee.members().len().saturating_sub(named.len()),
        next: Next::of(&people, &tenure)?,
        room: Inside::of(&people, part)?,
    };
    Ok(show(StatusCode::OK, &page))
}

impl Next {
    fn of(people: &People<'_>, tenure: &Tenure) -> Result<Option<Self>, Problem> {
        let next = match people.room().next_committee() {
            Ok(next) => next,
            Err(RoomError::Closed) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let changes = next != tenure.committee;
        changes
            .then(|| {
                Ok(Self {
                    from_block: tenure.last_block.saturating_add(1),
                    size: words::number(next.members().len()),
                    quorum: words::number(next.quorum()),
                    joins: people.persons(&without(&next, &tenure.committee))?,
                    leaves: people.persons(&without(&tenure.committee, &next))?,
                })
            })
            .transpose()
    }
}

impl Inside {
    fn of(people: &People<'_>, part: usize) -> Result<Option<Self>, Problem> {
        let room = people.room();
        let total = match room.members(0, 0) {
            Ok(none) => length(none.total),
            Err(RoomError::Closed) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let part = Part::sized(total, part, ROWS);
        let found = room.members(index(part.skip), index(ROWS))?.page;
        let open = room.open_requests()?;
        Ok(Some(Self {
            open_total: words::number(open.len()),
            more_open: open.len() > ROWS,
            open: open.iter().take(ROWS).map(|id| RequestRow::of(people, *id)).collect::<Result<_, _>>()?,
            rows: found.iter().map(|member| MemberRow::of(people, member)).collect::<Result<_, _>>()?,
            total: words::number(total),
            part,
        }))
    }
}

impl MemberRow {
    fn of(people: &People<'_>, member: &Member) -> Result<Self, Problem> {
        Ok(Self {
            person: people.member(member)?,
            stand: Stand::of(member, people.room().now()),
            address: words::foreign(&member.nodeAddress),
            weight: words::number(member.weight),
            until: Moment::of_seconds(member.notAfter),
        })
    }
}

impl Stand {
    pub(super) fn of(member: &Member, now: u64) -> Self {
        let word = say::member_state(member.state);
        let is_over = member.notAfter > 0 && member.notAfter < now;
        let (word, class, note) = match member.state {
            MemberState::Committee => (format!("{word} since epoch {}", member.committeeFrom), "done", None),
            MemberState::Observer | MemberState::Ready => (word.to_owned(), "done", None),
            MemberState::Revoked => (word.to_owned(), "failed", Some(say::reason(member.reason).to_owned())),
            MemberState::Requested if member.admittedAt > 0 => {
                ("expired".to_owned(), "failed", Some("asks to come back".to_owned()))
            }
            MemberState::Requested => (word.to_owned(), "waiting", Some("no member yet".to_owned())),
            MemberState::Expired => (word.to_owned(), "failed", None),
            _ => ("unknown".to_owned(), "failed", None),
        };
        let ended = "its certificate's time is over: it can only renew".to_owned();
        let note = note.or_else(|| (is_over && class == "done").then_some(ended));
        Self { word, class, note }
    }
}

/// Seats that are named.
const SEATS: usize = 16;
