//! Who makes this ledger: `counterfoil_members`, `counterfoil_requests`, `counterfoil_committee`, `counterfoil_finality`. The rules are
//! the room's (docs/systems/admission.md); [`room`] asks its views, here they become JSON, with quantities and names as clients of `eth_` know them.

use alloy_primitives::{Address, B256, Bytes, U64};
use contracts::admission::{
    IAdmission::{self, RequestKind},
    PAGE_MOST,
};
use serde::Serialize;

use self::room::{Room, RoomError, Tenure};
pub use self::words::{ballot, member_state, reason, request_state, status};
use crate::{
    convert::{BlockId, block_at},
    eth::call::Ground,
    methods::{Call, Reply, Rpc},
    rpc::RpcError,
};

pub(crate) mod room;
mod words;

/// `counterfoil_members([start, [count, [block]]])`: everybody who is or was a member, in order of admission.
pub(crate) fn members(rpc: &Rpc, call: Call<'_>) -> Reply {
    let (start, count, at) = call.params.parse::<(Option<U64>, Option<U64>, Option<BlockId>)>()?;
    rpc.aside(move |rpc| {
        let ground = Ground::at(rpc, at)?;
        let found = Room::over(ground.base()).members(start.unwrap_or_default().to(), count_of(count))?;
        Ok(Members { total: U64::from(found.total), members: found.page.into_iter().map(Member::from).collect() })
    })
}

/// `counterfoil_requests([start, [count, [block]]])`: requests with their votes, the newest first; `start` of them are skipped.
pub(crate) fn requests(rpc: &Rpc, call: Call<'_>) -> Reply {
    let (start, count, at) = call.params.parse::<(Option<U64>, Option<U64>, Option<BlockId>)>()?;
    rpc.aside(move |rpc| {
        let ground = Ground::at(rpc, at)?;
        let room = Room::over(ground.base());
        let last = room.last_request()?;
        let newest = last.saturating_sub(start.unwrap_or_default().to());
        let requests =
            room::newest_first(newest, count_of(count)).map(|id| Ok(Request::of(room.request(id)?, room.votes(id)?)));
        Ok(Requests { total: U64::from(last), requests: requests.collect::<Result<_, RoomError>>()? })
    })
}

/// `counterfoil_committee([epoch])`: who decides in an epoch, in that of the next block if none is named; `null` if that is not
/// decided yet.
pub(crate) fn committee(rpc: &Rpc, call: Call<'_>) -> Reply {
    let (epoch,) = call.params.parse::<(Option<U64>,)>()?;
    rpc.aside(move |rpc| {
        let Some(tenure) = Tenure::of(&rpc.chain, epoch.map(|epoch| epoch.to()))? else { return Ok(None) };
        Ok(Some(Committee {
            epoch: U64::from(tenure.epoch),
            first_block: U64::from(tenure.first_block),
            last_block: U64::from(tenure.last_block),
            quorum: U64::from(tenure.committee.quorum() as u64),
            members: tenure.committee.members().to_vec(),
        }))
    })
}

/// `counterfoil_finality(block)`: the certificate that makes a block final; `null` for genesis and for blocks that are not there.
pub(crate) fn finality(rpc: &Rpc, call: Call<'_>) -> Reply {
    let (at,) = call.params.parse::<(BlockId,)>()?;
    rpc.aside(move |rpc| {
        let Some(found) = rpc.chain.finality(block_at(Some(at)))? else { return Ok(None) };
        Ok(Some(Finality {
            block_number: U64::from(found.block.number()),
            block_hash: found.block.hash(),
            certified_number: U64::from(found.certified.number()),
            certified_hash: found.certified.hash(),
            epoch: U64::from(found.proof.epoch),
            scheme: U64::from(found.proof.scheme),
            committee: found.committee.members().to_vec(),
            signers: found.signers,
            certificate: found.proof.bytes.clone(),
        }))
    })
}

fn count_of(count: Option<U64>) -> u64 {
    count.map_or(PAGE_MOST, |count| count.to::<u64>().min(PAGE_MOST))
}

impl From<RoomError> for RpcError {
    fn from(error: RoomError) -> Self {
        match error {
            RoomError::Closed => Self::server(error.to_string()),
            RoomError::Call(error) => error.into(),
        }
    }
}

#[derive(Serialize)]
struct Members {
    total: U64,
    members: Vec<Member>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Member {
    node_key: B256,
    state: &'static str,
    weight: U64,
    #[serde(skip_serializing_if = "B256::is_zero")]
    certificate: B256,
    #[serde(skip_serializing_if = "B256::is_zero")]
    previous_certificate: B256,
    node_address: String,
    not_after: U64,
    accounts: Vec<Address>,
    admitted_at: U64,
    ready_at: U64,
    revoked_at: U64,
    committee_from: U64,
    reason: U64,
}

impl From<IAdmission::Member> for Member {
    fn from(member: IAdmission::Member) -> Self {
        Self {
            node_key: member.nodeKey,
            state: member_state(member.state),
            weight: U64::from(member.weight),
            certificate: member.certificate,
            previous_certificate: member.previousCertificate,
            node_address: member.nodeAddress,
            not_after: U64::from(member.notAfter),
            accounts: member.accounts,
            admitted_at: U64::from(member.admittedAt),
            ready_at: U64::from(member.readyAt),
            revoked_at: U64::from(member.revokedAt),
            committee_from: U64::from(member.committeeFrom),
            reason: U64::from(member.reason),
        }
    }
}

#[derive(Serialize)]
struct Requests {
    total: U64,
    requests: Vec<Request>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    id: U64,
    kind: &'static str,
    state: &'static str,
    node_key: B256,
    certificate: B256,
    account: Address,
    requester: B256,
    weight: U64,
    reason: U64,
    evidence: B256,
    policy: B256,
    epoch: U64,
    voters: U64,
    voters_weight: U64,
    made_at: U64,
    deadline: U64,
    decided_at: U64,
    approvals: U64,
    approvals_weight: U64,
    votes: Vec<Vote>,
}

impl Request {
    fn of(request: IAdmission::Request, votes: Vec<IAdmission::Vote>) -> Self {
        Self {
            id: U64::from(request.id),
            kind: if request.kind == RequestKind::Link { "link" } else { "revocation" },
            state: request_state(request.state),
            node_key: request.nodeKey,
            certificate: request.certificate,
            account: request.account,
            requester: request.requester,
            weight: U64::from(request.weight),
            reason: U64::from(request.reason),
            evidence: request.evidence,
            policy: request.policy,
            epoch: U64::from(request.epoch),
            voters: U64::from(request.voters),
            voters_weight: U64::from(request.votersWeight),
            made_at: U64::from(request.madeAt),
            deadline: U64::from(request.deadline),
            decided_at: U64::from(request.decidedAt),
            approvals: U64::from(request.approvals),
            approvals_weight: U64::from(request.approvalsWeight),
            votes: votes.into_iter().map(Vote::from).collect(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Vote {
    voter: B256,
    weight: U64,
    ballot: &'static str,
    reason_code: U64,
    reason_hash: B256,
    height: U64,
}

impl From<IAdmission::Vote> for Vote {
    fn from(vote: IAdmission::Vote) -> Self {
        Self {
            voter: vote.voter,
            weight: U64::from(vote.weight),
            ballot: ballot(vote.ballot),
            reason_code: U64::from(vote.reasonCode),
            reason_hash: vote.reasonHash,
            height: U64::from(vote.height),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Committee {
    epoch: U64,
    first_block: U64,
    last_block: U64,
    /// Signatures that make a block final.
    quorum: U64,
    members: Vec<B256>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Finality {
    block_number: U64,
    block_hash: B256,
    /// The block that the certificate is about: this one, or the first certified one above it.
    certified_number: U64,
    certified_hash: B256,
    epoch: U64,
    scheme: U64,
    committee: Vec<B256>,
    signers: Vec<B256>,
    certificate: Bytes,
}
