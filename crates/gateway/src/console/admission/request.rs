//! `/request/ID`: who asks for what, what the policy needs, and who voted how; kept up to date until it is decided.

use std::collections::BTreeMap;

use alloy_sol_types::SolEvent;
use askama::Template;
use chain::{BlockAt, LogQuery};
use contracts::admission::{
    ADDRESS,
    IAdmission::{self, Ballot, Request, RequestKind, Vote},
    details,
};
use primitives::{B256, NodeId, U256};

use super::{
    Console, Page, Problem,
    gates::Gates,
    live::Drawn,
    people::{People, Person},
    requests::{self, Stand},
};
use crate::{
    admission as say,
    console::{
        Frame, StatusCode,
        frame::Party,
        show,
        transaction::Names,
        words::{self, Moment},
    },
};

#[derive(Template)]
#[template(path = "request.html")]
struct RequestPage {
    frame: Frame,
    id: u64,
    is_link: bool,
    subject: Person,
    title: String,
    /// The member who asks for a revocation.
    requester: Option<Person>,
    account: Party,
    certificate: Option<String>,
    paper: Option<Paper>,
    weight: String,
    reason: String,
    evidence: Option<String>,
    policy: String,
    voting: String,
    epoch: u64,
    made_at: u64,
    deadline: Option<Moment>,
    piece: Piece,
    live: Option<String>,
}

/// What the certificate says, in short.
struct Paper {
    subject: String,
    address: String,
    key_kind: &'static str,
    from: Option<Moment>,
    until: Option<Moment>,
}

/// What is made again with each vote.
#[derive(Template)]
#[template(path = "request_piece.html")]
struct Piece {
    state: Stand,
    gates: Gates,
    decided_at: Option<u64>,
    votes: Vec<VoteRow>,
    silent: Vec<Person>,
    voters: String,
}

struct VoteRow {
    voter: Person,
    ballot: &'static str,
    class: &'static str,
    weight: String,
    reason: String,
    reason_hash: Option<Hash>,
    height: u64,
    tx: Option<Hash>,
}

struct Hash {
    whole: String,
    short: String,
}

/// The request with a number.
pub(super) fn page(console: &Console, id: &str) -> Result<Page, Problem> {
    let unknown = || Problem::unknown("request", id);
    let state = console.chain.state(BlockAt::Latest)?;
    let people = People::of(console, console.room(&state));
    let number = id.parse().map_err(|_| unknown())?;
    let request = known(&people, number)?.ok_or_else(unknown)?;
    let piece = Piece::of(console, &people, &request)?;
    let live = piece.state.is_open.then(|| format!("/request/{number}/live?after={}", state.header().number));
    Ok(show(StatusCode::OK, &RequestPage::of(console, &people, &request, piece, live)?))
}

/// How it stands now.
pub(super) fn drawn(console: &Console, id: u64) -> Result<Drawn, Problem> {
    let state = console.chain.state(BlockAt::Latest)?;
    let people = People::of(console, console.room(&state));
    let request = known(&people, id)?.ok_or_else(|| Problem::unknown("request", &id.to_string()))?;
    let piece = Piece::of(console, &people, &request)?;
    let html = piece.render().map_err(|error| Problem::Unreadable(error.to_string()))?;
    Ok(Drawn { html, head: state.header().number, is_last: !piece.state.is_open })
}

fn known(people: &People<'_>, id: u64) -> Result<Option<Request>, Problem> {
    let is_there = (1..=people.room().last_request()?).contains(&id);
    Ok(if is_there { Some(people.room().request(id)?) } else { None })
}

impl RequestPage {
    fn of(
        console: &Console,
        people: &People<'_>,
        request: &Request,
        piece: Piece,
        live: Option<String>,
    ) -> Result<Self, Problem> {
        let (names, subject) = (Names::of(&console.chain)?, requests::subject(people, request)?);
        let der = people.room().certificate(request.certificate)?.der;
        let policy = people.room().policy(request.policy)?;
        Ok(Self {
            frame: console.frame(),
            id: request.id,
            is_link: request.kind == RequestKind::Link,
            title: subject.title(),
            subject,
            requester: (!request.requester.is_zero()).then(|| people.person(request.requester)).transpose()?,
            account: names.party(request.account),
            certificate: (!der.is_empty()).then(|| request.certificate.to_string()),
            paper: details::read(&der).ok().map(|details| Paper::of(&details)),
            weight: words::number(request.weight),
            reason: format!("{} ({})", say::reason(request.reason), request.reason),
            evidence: (!request.evidence.is_zero()).then(|| request.evidence.to_string()),
            policy: request.policy.to_string(),
            voting: words::number(policy.voting_seconds),
            epoch: request.epoch,
            made_at: request.madeAt,
            deadline: Moment::of_seconds(request.deadline),
            piece,
            live,
        })
    }
}

impl Paper {
    fn of(details: &details::Details) -> Self {
        Self {
            subject: words::foreign(&details.certificate.subject),
            address: words::foreign(&details.certificate.address),
            key_kind: details.key_kind,
            from: Moment::of_seconds(details.certificate.not_before),
            until: Moment::of_seconds(details.certificate.not_after),
        }
    }
}

impl Piece {
    fn of(console: &Console, people: &People<'_>, request: &Request) -> Result<Self, Problem> {
        let votes = people.room().votes(request.id)?;
        let transactions = transactions(console, request, votes.len())?;
        let committee = console.chain.committee(request.epoch)?;
        let all = committee.as_ref().map_or(&[][..], |committee| committee.members());
        let silent: Vec<_> = all.iter().filter(|key| !votes.iter().any(|vote| vote.voter == **key)).copied().collect();
        Ok(Self {
            state: Stand::of(request, people.room().now()),
            gates: Gates::of(request, &people.room().policy(request.policy)?),
            decided_at: (request.decidedAt > 0).then_some(request.decidedAt),
            votes: votes.iter().map(|vote| VoteRow::of(people, vote, &transactions)).collect::<Result<_, _>>()?,
            silent: people.persons(&silent)?,
            voters: words::number(request.voters),
        })
    }
}

/// The transaction of each vote, by voter: one log each.
fn transactions(console: &Console, request: &Request, votes: usize) -> Result<BTreeMap<NodeId, B256>, Problem> {
    if votes == 0 {
        return Ok(BTreeMap::new());
    }
    let query = LogQuery {
        from: request.madeAt,
        to: if request.decidedAt > 0 { request.decidedAt } else { u64::MAX },
        addresses: vec![ADDRESS],
        topics: [vec![IAdmission::Voted::SIGNATURE_HASH], vec![U256::from(request.id).into()], Vec::new(), Vec::new()],
        // The head may be newer than the state that was read.
        max_results: votes.saturating_add(VOTERS_MOST),
    };
    let found = console.chain.logs(&query)?;
    Ok(found.iter().filter_map(|found| Some((*found.log.topics().get(2)?, found.tx_hash))).collect())
}

impl VoteRow {
    fn of(people: &People<'_>, vote: &Vote, transactions: &BTreeMap<NodeId, B256>) -> Result<Self, Problem> {
        let class = if vote.ballot == Ballot::Approve { "done" } else { "failed" };
        Ok(Self {
            voter: people.person(vote.voter)?,
            ballot: say::ballot(vote.ballot),
            class,
            weight: words::number(vote.weight),
            reason: words::number(vote.reasonCode),
            reason_hash: (!vote.reasonHash.is_zero()).then(|| Hash::of(vote.reasonHash)),
            height: vote.height,
            tx: transactions.get(&vote.voter).map(|hash| Hash::of(*hash)),
        })
    }
}

impl Hash {
    fn of(hash: B256) -> Self {
        let whole = hash.to_string();
        Self { short: words::ends(&whole), whole }
    }
}

/// Members of the largest committee.
const VOTERS_MOST: usize = 128;
