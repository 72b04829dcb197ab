//! `/member/KEY`: what a node is and was, who acts for it, its certificates, requests about it and its votes.

use std::collections::BTreeSet;

use alloy_sol_types::SolEvent;
use askama::Template;
use chain::{BlockAt, ChainError, LogQuery};
use contracts::admission::{
    ADDRESS,
    IAdmission::{self, Member, MemberState, Status},
};
use primitives::{B256, NodeId};

use super::{
    Console, Page, Problem, Query, ROWS,
    certificate::Worth,
    members::Stand,
    people::{People, Person},
    requests::{self, Stand as RequestStand},
    told::kind,
};
use crate::{
    admission::{
        self as say,
        room::{Room, newest_first},
    },
    console::{
        Frame, StatusCode,
        frame::Party,
        show,
        transaction::Names,
        words::{self, Moment},
    },
};

#[derive(Template)]
#[template(path = "member.html")]
struct MemberPage {
    frame: Frame,
    person: Person,
    title: String,
    stand: Stand,
    /// It is or was a member.
    is_member: bool,
    address: String,
    weight: String,
    until: Option<Moment>,
    history: Vec<Past>,
    accounts: Vec<Party>,
    certificates: Vec<CertificateRow>,
    /// There are more than were looked for.
    more_certificates: bool,
    about: Vec<AboutRow>,
    votes: Vec<VoteRow>,
    /// Requests that were looked through.
    looked: Option<(u64, u64)>,
    older: Option<u64>,
}

/// Something that became of it.
struct Past {
    height: u64,
    what: String,
}

struct CertificateRow {
    fingerprint: String,
    short: String,
    worth: Worth,
    since: Option<u64>,
    note: &'static str,
}

struct AboutRow {
    id: u64,
    kind: &'static str,
    state: RequestStand,
    made_at: u64,
}

struct VoteRow {
    id: u64,
    kind: &'static str,
    subject: Person,
    ballot: &'static str,
    class: &'static str,
    height: u64,
    state: RequestStand,
}

/// Whether the room has heard of a node.
pub(super) fn is_known(room: &Room<'_>, key: NodeId) -> Result<bool, Problem> {
    Ok(room.member(key)?.state != MemberState::None)
}

/// The node with a key.
pub(super) fn page(console: &Console, key: &str, query: &Query) -> Result<Page, Problem> {
    let unknown = || Problem::unknown("node", key);
    let state = console.chain.state(BlockAt::Latest)?;
    let people = People::of(console, console.room(&state));
    let node_key = words::loose_hash(key).ok_or_else(unknown)?;
    let member = people.room().member(node_key)?;
    if member.state == MemberState::None {
        return Err(unknown());
    }
    Ok(show(StatusCode::OK, &MemberPage::of(console, &people, &member, query.before)?))
}

impl MemberPage {
    fn of(console: &Console, people: &People<'_>, member: &Member, before: Option<u64>) -> Result<Self, Problem> {
        let (room, names, person) = (people.room(), Names::of(&console.chain)?, people.member(member)?);
        let last = room.last_request()?;
        let newest = before.map_or(last, |before| before.saturating_sub(1).min(last));
        let looked: Vec<u64> = newest_first(newest, LOOKED).collect();
        let (about, votes) = deeds(people, member.nodeKey, &looked)?;
        let (certificates, more_certificates) = certificates(console, people, member)?;
        let span = looked.last().copied().zip(looked.first().copied());
        Ok(Self {
            frame: console.frame(),
            title: person.title(),
            person,
            stand: Stand::of(member, room.now()),
            is_member: member.state != MemberState::Requested || member.admittedAt > 0,
            address: words::foreign(&member.nodeAddress),
            weight: words::number(member.weight),
            until: Moment::of_seconds(member.notAfter),
            history: history(console, room, member)?,
            accounts: member.accounts.iter().map(|account| names.party(*account)).collect(),
            certificates,
            more_certificates,
            about,
            votes,
            looked: span,
            older: span.map(|(oldest, _)| oldest).filter(|oldest| *oldest > 1),
        })
    }
}

/// What became of it, in order of height.
fn history(console: &Console, room: &Room<'_>, member: &Member) -> Result<Vec<Past>, Problem> {
    let rules = console.chain.rules();
    let is_founder = rules.committee.members().contains(&member.nodeKey);
    let mut past = Vec::new();
    let mut tell = |height, what: &str| past.push(Past { height, what: what.to_owned() });
    if member.admittedAt > 0 {
        tell(member.admittedAt, if is_founder { "member of genesis" } else { "admitted, as an observer" });
    } else if is_founder {
        tell(0, "member of genesis");
    }
    if member.readyAt > 0 {
        tell(member.readyAt, "ready: it said that it has all blocks");
    }
    if member.committeeFrom > 0 || (member.state == MemberState::Committee && !is_founder) {
        let first = member.committeeFrom.saturating_mul(rules.epoch_blocks);
        tell(first, &format!("in the committee, from epoch {} on", member.committeeFrom));
    }
    if member.state == MemberState::Expired || member.state == MemberState::Requested {
        for change in room.history(member.certificate)?.iter().filter(|change| change.status == Status::Expired) {
            tell(change.height, "expired: its certificate's time was over when the epoch ended");
        }
    }
    if member.revokedAt > 0 {
        tell(member.revokedAt, &format!("revoked: {}", say::reason(member.reason)));
    }
    past.sort_by_key(|past| past.height);
    Ok(past)
}

/// Requests about a node, and its votes, among some requests.
fn deeds(people: &People<'_>, key: NodeId, ids: &[u64]) -> Result<(Vec<AboutRow>, Vec<VoteRow>), Problem> {
    let (mut about, mut votes) = (Vec::new(), Vec::new());
    for id in ids {
        let request = people.room().request(*id)?;
        let state = RequestStand::of(&request, people.room().now());
        let vote = people.room().votes(*id)?.into_iter().find(|vote| vote.voter == key);
        if request.nodeKey == key {
            about.push(AboutRow { id: *id, kind: kind(request.kind), state, made_at: request.madeAt });
        }
        if let Some(vote) = vote {
            votes.push(VoteRow {
                id: *id,
                kind: kind(request.kind),
                subject: requests::subject(people, &request)?,
                ballot: say::ballot(vote.ballot),
                class: if vote.ballot == IAdmission::Ballot::Approve { "done" } else { "failed" },
                height: vote.height,
                state,
            });
        }
    }
    Ok((about, votes))
}

/// Certificates that were brought for a node, the newest first, and whether there are more than that.
fn certificates(
    console: &Console,
    people: &People<'_>,
    member: &Member,
) -> Result<(Vec<CertificateRow>, bool), Problem> {
    let (brought, is_cut) = brought(console, member.nodeKey)?;
    let mut seen = BTreeSet::new();
    let own = [member.certificate, member.previousCertificate];
    let all: Vec<_> = own.into_iter().chain(brought).filter(|found| !found.is_zero() && seen.insert(*found)).collect();
    let rows = all.iter().take(ROWS).map(|fingerprint| {
        let fingerprint = *fingerprint;
        let text = fingerprint.to_string();
        let note = match fingerprint {
            current if current == member.certificate => "current",
            previous if previous == member.previousCertificate => "overlaps with the current one",
            _ => "",
        };
        let history = people.room().history(fingerprint)?;
        Ok(CertificateRow {
            short: words::ends(&text),
            fingerprint: text,
            worth: Worth::of(people.room(), fingerprint, &history)?,
            since: history.last().map(|change| change.height),
            note,
        })
    });
    Ok((rows.collect::<Result<_, Problem>>()?, is_cut || all.len() > ROWS))
}

/// Certificates in logs about a node, the newest first; none if there are too many to show.
fn brought(console: &Console, key: NodeId) -> Result<(Vec<B256>, bool), Problem> {
    let search = |topics| {
        let addresses = vec![ADDRESS];
        console.chain.logs(&LogQuery { from: 0, to: u64::MAX, addresses, topics, max_results: CERTIFICATES })
    };
    let asked = search([vec![IAdmission::LinkRequested::SIGNATURE_HASH], vec![], vec![], vec![key]]);
    let renewed = search([vec![IAdmission::CertificateRenewed::SIGNATURE_HASH], vec![key], vec![], vec![]]);
    let mut found = match (asked, renewed) {
        (Ok(asked), Ok(renewed)) => [asked, renewed].concat(),
        (Err(ChainError::TooManyLogs { .. }), _) | (_, Err(ChainError::TooManyLogs { .. })) => {
            return Ok((Vec::new(), true));
        }
        (Err(error), _) | (_, Err(error)) => return Err(error.into()),
    };
    found.sort_by_key(|found| std::cmp::Reverse((found.block_number, found.log_index)));
    // A renewal names the one before it, which for a member of genesis was never asked for.
    let topics = found.iter().flat_map(|found| found.log.topics().iter().skip(2).take(2));
    Ok((topics.filter(|topic| **topic != key).copied().collect(), false))
}

/// Requests that are looked through for one page.
const LOOKED: u64 = 50;
/// Logs of each kind that are looked at.
const CERTIFICATES: usize = 50;
