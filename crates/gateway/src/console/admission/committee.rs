//! `/committee` and `/committee/EPOCH`: who decides in an epoch, and where it changed since genesis. Also who made a block final,
//! for the page of the block.

use askama::Template;
use chain::{BlockAt, Executed};
use contracts::admission::IAdmission::MemberState;
use primitives::{Committee, NodeId};

use super::{
    Console, Page, Problem, ROWS,
    people::{People, Person},
};
use crate::{
    admission::{
        self as say,
        room::{RoomError, Tenure},
    },
    console::{Frame, StatusCode, frame::Part, show, words},
};

#[derive(Template)]
#[template(path = "committee.html")]
struct CommitteePage {
    frame: Frame,
    sitting: Sitting,
    is_current: bool,
    seats: Vec<Seat>,
    previous: Option<u64>,
    next: Option<u64>,
    changes: Vec<Change>,
    change_total: String,
    part: Part,
}

/// A committee in numbers.
pub(super) struct Sitting {
    pub(super) epoch: u64,
    pub(super) first_block: u64,
    /// The first one is there already.
    pub(super) has_begun: bool,
    pub(super) last_block: u64,
    pub(super) has_ended: bool,
    pub(super) size: String,
    pub(super) quorum: String,
    /// How many may be silent, or lie, and blocks become final all the same.
    pub(super) may_fail: String,
}

struct Seat {
    person: Person,
    /// What it is now; nothing where there is no room.
    state: Option<&'static str>,
    address: String,
}

/// From an epoch on another committee decides.
struct Change {
    epoch: u64,
    first_block: u64,
    size: String,
    quorum: String,
    joined: Vec<Person>,
    left: Vec<Person>,
}

/// Who made a block final.
pub(in crate::console) struct Final {
    pub(in crate::console) epoch: u64,
    pub(in crate::console) size: String,
    pub(in crate::console) quorum: String,
    pub(in crate::console) signed: Vec<Person>,
    pub(in crate::console) silent: Vec<Person>,
    /// The block above this one that has the certificate.
    pub(in crate::console) by_block: Option<u64>,
    pub(in crate::console) bytes: String,
}

/// The committee of an epoch; of the next block's if none is named.
pub(super) fn page(console: &Console, epoch: Option<&str>, part: usize) -> Result<Page, Problem> {
    let unknown = || Problem::unknown("committee of epoch", epoch.unwrap_or_default());
    let number = epoch.map(|epoch| epoch.parse().map_err(|_| unknown())).transpose()?;
    let tenure = Tenure::of(&console.chain, number)?.ok_or_else(unknown)?;
    let current = Tenure::of(&console.chain, None)?.map_or(0, |current| current.epoch);
    let state = console.chain.state(BlockAt::Latest)?;
    let people = People::of(console, console.room(&state));
    let epochs = history(console)?;
    let part = Part::sized(epochs.len(), part, ROWS);
    let shown = epochs.iter().rev().skip(part.skip).take(part.size);
    let page = CommitteePage {
        frame: console.frame(),
        is_current: tenure.epoch == current,
        seats: tenure.committee.members().iter().map(|key| Seat::of(&people, *key)).collect::<Result<_, _>>()?,
        previous: tenure.epoch.checked_sub(1),
        next: tenure.epoch.checked_add(1).filter(|next| *next <= current),
        sitting: Sitting::of(console, &tenure),
        changes: shown.map(|epoch| Change::of(console, &people, *epoch)).collect::<Result<_, _>>()?,
        change_total: words::number(epochs.len()),
        part,
    };
    Ok(show(StatusCode::OK, &page))
}

/// The epochs from which on a committee decided that did not before, rising; genesis's is the first.
fn history(console: &Console) -> Result<Vec<u64>, Problem> {
    Ok(std::iter::once(0).chain(console.chain.committee_history()?).collect())
}

impl Sitting {
    pub(super) fn of(console: &Console, tenure: &Tenure) -> Self {
        let (size, quorum) = (tenure.committee.members().len(), tenure.committee.quorum());
        let head = console.chain.head().number();
        Self {
            epoch: tenure.epoch,
            first_block: tenure.first_block,
            has_begun: tenure.first_block <= head,
            last_block: tenure.last_block,
            has_ended: tenure.last_block <= head,
            size: words::number(size),
            quorum: words::number(quorum),
            may_fail: words::number(size.saturating_sub(quorum)),
        }
    }
}

impl Seat {
    fn of(people: &People<'_>, key: NodeId) -> Result<Self, Problem> {
        match people.room().member(key) {
            Ok(member) => Ok(Self {
                person: people.member(&member)?,
                state: (member.state != MemberState::None).then(|| say::member_state(member.state)),
                address: words::foreign(&member.nodeAddress),
            }),
            Err(RoomError::Closed) => Ok(Self { person: people.person(key)?, state: None, address: String::new() }),
            Err(error) => Err(error.into()),
        }
    }
}

impl Change {
    fn of(console: &Console, people: &People<'_>, epoch: u64) -> Result<Self, Problem> {
        let of =
            |epoch| console.chain.committee(epoch).map(|found| found.unwrap_or_else(|| Committee::new(Vec::new())));
        let now = of(epoch)?;
        let before = epoch.checked_sub(1).map_or_else(|| Ok(Committee::new(Vec::new())), of)?;
        Ok(Self {
            epoch,
            first_block: epoch.saturating_mul(console.chain.rules().epoch_blocks),
            size: words::number(now.members().len()),
            quorum: words::number(now.quorum()),
            joined: people.persons(&without(&now, &before))?,
            left: people.persons(&without(&before, &now))?,
        })
    }
}

/// Members of the one that are not in the other.
pub(super) fn without(one: &Committee, other: &Committee) -> Vec<NodeId> {
    one.members().iter().filter(|key| !other.members().contains(key)).copied().collect()
}

impl Final {
    /// `None` for genesis, and as long as no certificate has been told.
    pub(in crate::console) fn of(
        console: &Console,
        people: &People<'_>,
        executed: &Executed,
    ) -> Result<Option<Self>, Problem> {
        let number = executed.number();
        let Some(found) = console.chain.finality(BlockAt::Number(number))? else { return Ok(None) };
        let silent = without(&found.committee, &Committee::new(found.signers.clone()));
        Ok(Some(Self {
            epoch: found.proof.epoch,
            size: words::number(found.committee.members().len()),
            quorum: words::number(found.committee.quorum()),
            signed: people.persons(&found.signers)?,
            silent: people.persons(&silent)?,
            by_block: Some(found.certified.number()).filter(|certified| *certified != number),
            bytes: words::number(found.proof.bytes.len()),
        }))
    }
}
