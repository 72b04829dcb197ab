//! `counterfoil member`: a node's certificate, its request to join, votes, revocation, and who is a member. The rules are the
//! room's (docs/systems/admission.md); the node's own key signs, and the transaction is sent by an account that acts for it,
//! which pays nothing where prices are zero.

use std::{fs, path::PathBuf};

use alloy_primitives::{B256, Bytes, hex, keccak256};
use clap::{Subcommand, ValueEnum};
use contracts::{
    admission::{
        ADDRESS,
        IAdmission::{self, Ballot, RequestKind},
        messages::Network,
    },
    signature::sha256,
};
use eyre::{Context, bail};
use gateway::admission::{self as words, member_state, request_state};

use super::network::{Member, member_key};
use crate::{
    certificate::{self, Subject},
    cli::{AskArguments, MemberArguments},
    native::Reader,
    table::{self, Field, Row},
};

#[derive(Debug, Subcommand)]
pub(crate) enum MemberCommand {
    /// Make the node's own certificate, signed by its node key.
    Certificate {
        #[command(flatten)]
        member: MemberArguments,
        /// The organization that runs the node.
        #[arg(long)]
        name: String,
        /// Where the node's peers connect.
        #[arg(long, value_name = "HOST:PORT")]
        address: String,
        /// How long it is valid.
        #[arg(long, default_value_t = 365, value_parser = clap::value_parser!(u64).range(1..=3650))]
        days: u64,
        /// The file to write, as DER; must not exist.
        #[arg(long, short, value_name = "FILE")]
        output: PathBuf,
    },
    /// Ask to become a member with the node's own certificate.
    Join {
        #[command(flatten)]
        member: MemberArguments,
        /// The certificate, as DER.
        #[arg(long, value_name = "FILE")]
        certificate: PathBuf,
        /// Its weight in votes.
        #[arg(long, default_value_t = 1)]
        weight: u32,
        /// One JSON object on standard output.
        #[arg(long)]
        json: bool,
    },
    /// Say that the node has all blocks: from the next epoch on it may be in the committee.
    Ready {
        #[command(flatten)]
        member: MemberArguments,
        /// One JSON object on standard output.
        #[arg(long)]
        json: bool,
    },
    /// Vote on a request.
    Vote {
        /// The request's number.
        request: u64,
        /// The vote.
        ballot: Choice,
        #[command(flatten)]
        member: MemberArguments,
        /// Why; the ledger holds its keccak.
        #[arg(long)]
        reason: Option<String>,
        /// One JSON object on standard output.
        #[arg(long)]
        json: bool,
    },
    /// Ask that a member be revoked.
    Revoke {
        /// The member's certificate (its SHA-256), or its node key if it has brought none.
        certificate: B256,
        #[command(flatten)]
        member: MemberArguments,
        /// Reason code of RFC 5280.
        #[arg(long)]
        reason: Reason,
        /// Keccak of what supports it.
        #[arg(long, value_name = "HASH", default_value_t = B256::ZERO)]
        evidence: B256,
        /// One JSON object on standard output.
        #[arg(long)]
        json: bool,
    },
    /// All members that ever were.
    List {
        #[command(flatten)]
        ask: AskArguments,
    },
    /// Requests that are open.
    Requests {
        #[command(flatten)]
        ask: AskArguments,
    },
    /// What a certificate was worth at a height.
    Status {
        /// SHA-256 of the certificate.
        certificate: B256,
        /// The height [default: the newest].
        #[arg(long)]
        height: Option<u64>,
        #[command(flatten)]
        ask: AskArguments,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Choice {
    Approve,
    Deny,
}

/// CRLReason, RFC 5280 section 5.3.1: those that end a membership.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Reason {
    Unspecified = 0,
    KeyCompromise = 1,
    AffiliationChanged = 3,
    Superseded = 4,
    CessationOfOperation = 5,
    PrivilegeWithdrawn = 9,
}

pub(crate) fn run(command: MemberCommand) -> eyre::Result<()> {
    match command {
        MemberCommand::Certificate { member, name, address, days, output } => {
            make_certificate(&member, &Subject { name: &name, address: &address, days }, &output)
        }
        MemberCommand::Join { member, certificate, weight, json } => join(&member, &certificate, weight, json),
        MemberCommand::Ready { member, json } => ready(&member, json),
        MemberCommand::Vote { request, ballot, member, reason, json } => {
            vote(&member, request, ballot, reason.as_deref(), json)
        }
        MemberCommand::Revoke { certificate, member, reason, evidence, json } => {
            revoke(&member, IAdmission::requestRevocationCall { certificate, reason: reason as u8, evidence }, json)
        }
        MemberCommand::List { ask } => list(&ask),
        MemberCommand::Requests { ask } => requests(&ask),
        MemberCommand::Status { certificate, height, ask } => status(&ask, certificate, height),
    }
}

fn make_certificate(member: &MemberArguments, subject: &Subject<'_>, output: &PathBuf) -> eyre::Result<()> {
    if output.exists() {
        bail!("{} exists already", output.display());
    }
    let der = certificate::make(&member_key(member)?, subject)?;
    fs::write(output, &der).wrap_err_with(|| output.display().to_string())?;
    println!("certificate {} {}", output.display(), sha256(&der));
    Ok(())
}

fn join(arguments: &MemberArguments, file: &PathBuf, weight: u32, json: bool) -> eyre::Result<()> {
    let der = Bytes::from(fs::read(file).wrap_err_with(|| file.display().to_string())?);
    let member = Member::of(arguments)?;
    let (node, account, fingerprint) = (member.sender.reader(), member.sender.address(), sha256(&der));
    let nonce = node.read(ADDRESS, &IAdmission::nonceOfCall { account })?;
    let signed =
        Bytes::copy_from_slice(&member.key.sign_message(&network(node)?.possession(account, fingerprint, nonce)));
    // The certificate's key is the node key, or the room says which signature is missing.
    let call =
        IAdmission::requestLinkCall { certificate: der, weight, possession: signed, nodeSignature: Bytes::new() };
    let done = member.sender.call(ADDRESS, &call)?;
    let asked: IAdmission::LinkRequested = done.log()?;
    let fields = vec![
        Field::value("request", asked.id),
        Field::new("certificate", fingerprint),
        Field::new("node", hex::encode(asked.nodeKey)),
        Field::value("deadline", asked.deadline),
    ];
    table::say_done(&done, fields, json);
    Ok(())
}

fn ready(arguments: &MemberArguments, json: bool) -> eyre::Result<()> {
    let member = acting(arguments)?;
    let newest = member.sender.reader().ask("eth_getBlockByNumber", serde_json::json!(["latest", false]))?;
    let number: alloy_primitives::U64 =
        serde_json::from_value(newest["number"].clone()).wrap_err("the newest block")?;
    let block_hash: B256 = serde_json::from_value(newest["hash"].clone()).wrap_err("the newest block")?;
    let done = member.sender.call(ADDRESS, &IAdmission::readyCall { height: number.to(), blockHash: block_hash })?;
    table::say_done(&done, vec![Field::new("node", hex::encode(member.key.id()))], json);
    Ok(())
}

/// The member whose word is brought. The first time, its key names the account that brings it.
fn acting(arguments: &MemberArguments) -> eyre::Result<Member> {
    let member = Member::of(arguments)?;
    let (node, account, node_key) = (member.sender.reader(), member.sender.address(), member.key.id());
    if !node.read(ADDRESS, &IAdmission::memberOfCall { account })?.is_zero() {
        return Ok(member);
    }
    let known = node.read(ADDRESS, &IAdmission::memberCall { nodeKey: node_key })?;
    let message = network(node)?.authorization(node_key, account, true, known.sequence);
    let signature = Bytes::copy_from_slice(&member.key.sign_message(&message));
    member.sender.call(ADDRESS, &IAdmission::authorizeCall { nodeKey: node_key, account, acts: true, signature })?;
    Ok(member)
}

fn network(node: &Reader) -> eyre::Result<Network> {
    Ok(Network { chain_id: node.chain_id()?, hash: node.read(ADDRESS, &IAdmission::networkCall {})? })
}

/// A vote names what it is about, so that it counts for nothing else.
fn vote(arguments: &MemberArguments, id: u64, choice: Choice, reason: Option<&str>, json: bool) -> eyre::Result<()> {
    let member = acting(arguments)?;
    let about = member.sender.reader().read(ADDRESS, &IAdmission::requestCall { id })?;
    let ballot = match choice {
        Choice::Approve => Ballot::Approve,
        Choice::Deny => Ballot::Deny,
    };
    let call = IAdmission::voteCall {
        id,
        certificate: about.certificate,
        policy: about.policy,
        epoch: about.epoch,
        ballot,
        reasonCode: 0,
        reasonHash: reason.map(keccak256).unwrap_or_default(),
    };
    let done = member.sender.call(ADDRESS, &call)?;
    let after = member.sender.reader().read(ADDRESS, &IAdmission::requestCall { id })?;
    table::say_done(&done, request_fields(&after), json);
    Ok(())
}

fn revoke(arguments: &MemberArguments, call: IAdmission::requestRevocationCall, json: bool) -> eyre::Result<()> {
    let member = acting(arguments)?;
    let done = member.sender.call(ADDRESS, &call)?;
    let asked: IAdmission::RevocationRequested = done.log()?;
    table::say_done(&done, vec![Field::value("request", asked.id), Field::value("deadline", asked.deadline)], json);
    Ok(())
}

fn list(ask: &AskArguments) -> eyre::Result<()> {
    let node = Reader::of(ask);
    let mut rows: Vec<Row> = Vec::new();
    loop {
        let start = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        let found = node.read(ADDRESS, &IAdmission::membersCall { start, count: PAGE })?;
        let last = found.page.is_empty();
        rows.extend(found.page.iter().map(member_fields));
        if last || u64::try_from(rows.len()).unwrap_or(u64::MAX) >= found.total {
            break;
        }
    }
    table::say_rows("members", rows, ask.json);
    Ok(())
}

fn requests(ask: &AskArguments) -> eyre::Result<()> {
    let node = Reader::of(ask);
    let open = node.read(ADDRESS, &IAdmission::openRequestsCall { start: 0, count: PAGE })?;
    let rows =
        open.page.iter().map(|id| Ok(request_fields(&node.read(ADDRESS, &IAdmission::requestCall { id: *id })?)));
    table::say_rows("requests", rows.collect::<eyre::Result<_>>()?, ask.json);
    Ok(())
}

fn status(ask: &AskArguments, certificate: B256, height: Option<u64>) -> eyre::Result<()> {
    let node = Reader::of(ask);
    let newest: alloy_primitives::U64 = serde_json::from_value(node.ask("eth_blockNumber", serde_json::json!([]))?)?;
    let height = height.unwrap_or(newest.to());
    if height > newest.to::<u64>() {
        bail!("block {height} is not there yet: the newest is {newest}");
    }
    let status = node.read(ADDRESS, &IAdmission::statusCall { certificate, height })?;
    let fields = vec![
        Field::new("certificate", certificate),
        Field::value("height", height),
        word("status", words::status(status)),
    ];
    table::say(fields, ask.json);
    Ok(())
}

fn member_fields(member: &IAdmission::Member) -> Row {
    vec![
        Field::new("node", hex::encode(member.nodeKey)),
        word("state", member_state(member.state)),
        Field::value("weight", member.weight),
        Field::new("address", &member.nodeAddress),
        Field::new("certificate", member.certificate),
        Field::value("notAfter", member.notAfter),
    ]
}

fn request_fields(request: &IAdmission::Request) -> Row {
    vec![
        Field::value("request", request.id),
        word("kind", if request.kind == RequestKind::Link { "link" } else { "revocation" }),
        word("state", request_state(request.state)),
        Field::new("node", hex::encode(request.nodeKey)),
        Field::new("certificate", request.certificate),
        Field::value("voters", request.voters),
        Field::value("votes", request.votes),
        Field::value("approvals", request.approvals),
        Field::value("deadline", request.deadline),
    ]
}

fn word(name: &'static str, word: &str) -> Field {
    Field::new(name, word)
}

/// The room's most rows of a page.
const PAGE: u64 = 100;
