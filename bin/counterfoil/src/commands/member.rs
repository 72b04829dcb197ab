//! `counterfoil member`: a node's certificate, its request to join, its renewal, votes, revocation, and who is a member. The rules are the
//! room's (docs/systems/admission.md); the node's own key signs, and the transaction is sent by an account that acts for it,
//! which pays nothing where prices are zero.

use std::{
    fs,
    path::{Path, PathBuf},
};

use alloy_primitives::{B256, Bytes, hex, keccak256};
use clap::{Args, Subcommand, ValueEnum};
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
    certificate::{self, Keys, P256Key, Subject},
    cli::{AskArguments, MemberArguments},
    native::{Done, Reader},
    table::{self, Field, Row},
};

#[derive(Debug, Subcommand)]
pub(crate) enum MemberCommand {
    /// Make the node's own certificate, signed by the key that it certifies.
    Certificate {
        #[command(flatten)]
        member: MemberArguments,
        /// What key it certifies: the node key itself, or a P-256 key beside it.
        #[arg(long, default_value = "ed25519")]
        kind: Kind,
        /// The P-256 key, as PEM with PKCS #8; made if it is not there.
        #[arg(long, value_name = "FILE", required_if_eq("kind", "p256"))]
        certificate_key: Option<PathBuf>,
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
        #[command(flatten)]
        certificate: CertificateFiles,
        /// Its weight in votes.
        #[arg(long, default_value_t = 1)]
        weight: u32,
        /// One JSON object on standard output.
        #[arg(long)]
        json: bool,
    },
    /// Bring a member's new certificate: same node key, same name, no vote. A member of genesis brings its first one like this.
    Renew {
        #[command(flatten)]
        member: MemberArguments,
        #[command(flatten)]
        certificate: CertificateFiles,
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

/// A certificate and, where that is not the node key, the key that it certifies.
#[derive(Debug, Args)]
pub(crate) struct CertificateFiles {
    /// The certificate, as DER.
    #[arg(long, value_name = "FILE")]
    certificate: PathBuf,
    /// The P-256 key of the certificate, if it has one, as PEM with PKCS #8.
    #[arg(long, value_name = "FILE")]
    certificate_key: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    Ed25519,
    P256,
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
    CaCompromise = 2,
    AffiliationChanged = 3,
    Superseded = 4,
    CessationOfOperation = 5,
    PrivilegeWithdrawn = 9,
    AaCompromise = 10,
}

pub(crate) fn run(command: MemberCommand) -> eyre::Result<()> {
    match command {
        MemberCommand::Certificate { member, kind, certificate_key, name, address, days, output } => {
            let key = made_for(kind, certificate_key.as_deref())?;
            make_certificate(&member, key.as_ref(), &Subject { name: &name, address: &address, days }, &output)
        }
        MemberCommand::Join { member, certificate, weight, json } => join(&member, &certificate, weight, json),
        MemberCommand::Renew { member, certificate, json } => renew(&member, &certificate, json),
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

/// The key that a new certificate is to certify; `None` is the node key.
fn made_for(kind: Kind, file: Option<&Path>) -> eyre::Result<Option<P256Key>> {
    match (kind, file) {
        (Kind::Ed25519, None) => Ok(None),
        (Kind::Ed25519, Some(_)) => bail!("--certificate-key goes with --kind p256: the node key certifies itself"),
        (Kind::P256, None) => bail!("--kind p256 needs --certificate-key FILE"),
        (Kind::P256, Some(file)) if file.exists() => P256Key::read(file).map(Some),
        (Kind::P256, Some(file)) => P256Key::create(file).map(Some),
    }
}

fn make_certificate(
    member: &MemberArguments,
    key: Option<&P256Key>,
    subject: &Subject<'_>,
    output: &Path,
) -> eyre::Result<()> {
    if output.exists() {
        bail!("{} exists already", output.display());
    }
    let der = certificate::make(&Keys { node: &member_key(member)?, p256: key }, subject)?;
    fs::write(output, &der).wrap_err_with(|| output.display().to_string())?;
    println!("certificate {} {}", output.display(), sha256(&der));
    Ok(())
}

/// A certificate, and the proof that whoever brings it has its keys.
struct Proved {
    der: Bytes,
    possession: Bytes,
    node_signature: Bytes,
}

impl Proved {
    /// Signed over the account's fresh nonce. The certificate's key is the one named here, or the room says which signature is
    /// missing.
    fn by(member: &Member, der: Bytes, p256: Option<&P256Key>) -> eyre::Result<Self> {
        let (node, account) = (member.sender.reader(), member.sender.address());
        let nonce = node.read(ADDRESS, &IAdmission::nonceOfCall { account })?;
        let message = network(node)?.possession(account, sha256(&der), nonce);
        let (possession, node_signature) = Keys { node: &member.key, p256 }.prove(&message);
        Ok(Self { der, possession, node_signature })
    }

    fn from_files(member: &Member, files: &CertificateFiles) -> eyre::Result<Self> {
        let file = &files.certificate;
        let der = fs::read(file).wrap_err_with(|| file.display().to_string())?;
        let p256 = files.certificate_key.as_deref().map(P256Key::read).transpose()?;
        Self::by(member, der.into(), p256.as_ref())
    }
}

fn join(arguments: &MemberArguments, files: &CertificateFiles, weight: u32, json: bool) -> eyre::Result<()> {
    let member = Member::of(arguments)?;
    let done = link(&member, Proved::from_files(&member, files)?, weight)?;
    let asked: IAdmission::LinkRequested = done.log()?;
    let fields = vec![
        Field::value("request", asked.id),
        Field::new("certificate", asked.certificate),
        Field::new("node", hex::encode(asked.nodeKey)),
        Field::value("deadline", asked.deadline),
    ];
    table::say_done(&done, fields, json);
    Ok(())
}

/// Asks to be linked with a certificate of the member's node key.
pub(crate) fn request_link(member: &Member, certificate: Bytes, weight: u32) -> eyre::Result<Done> {
    link(member, Proved::by(member, certificate, None)?, weight)
}

fn link(member: &Member, proved: Proved, weight: u32) -> eyre::Result<Done> {
    let Proved { der, possession, node_signature } = proved;
    let call = IAdmission::requestLinkCall { certificate: der, weight, possession, nodeSignature: node_signature };
    member.sender.call(ADDRESS, &call)
}

fn renew(arguments: &MemberArguments, files: &CertificateFiles, json: bool) -> eyre::Result<()> {
    let member = acting(arguments)?;
    let Proved { der, possession, node_signature } = Proved::from_files(&member, files)?;
    let call = IAdmission::renewCall { certificate: der, possession, nodeSignature: node_signature };
    let done = member.sender.call(ADDRESS, &call)?;
    let renewed: IAdmission::CertificateRenewed = done.log()?;
    let fields = vec![
        Field::new("certificate", renewed.certificate),
        Field::new("before", renewed.before),
        Field::value("overlapUntil", renewed.overlapUntil),
        Field::new("address", &renewed.nodeAddress),
        Field::value("notAfter", renewed.notAfter),
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

/// The member whose word is brought.
fn acting(arguments: &MemberArguments) -> eyre::Result<Member> {
    let member = Member::of(arguments)?;
    authorize(&member)?;
    Ok(member)
}

/// The first time, the member's key names the account that brings its word.
fn authorize(member: &Member) -> eyre::Result<()> {
    let (node, account, node_key) = (member.sender.reader(), member.sender.address(), member.key.id());
    if !node.read(ADDRESS, &IAdmission::memberOfCall { account })?.is_zero() {
        return Ok(());
    }
    let known = node.read(ADDRESS, &IAdmission::memberCall { nodeKey: node_key })?;
    let message = network(node)?.authorization(node_key, account, true, known.sequence);
    let signature = Bytes::copy_from_slice(&member.key.sign_message(&message));
    let call = IAdmission::authorizeCall { nodeKey: node_key, account, acts: true, signature };
    member.sender.call(ADDRESS, &call).map(drop)
}

fn network(node: &Reader) -> eyre::Result<Network> {
    Ok(Network { chain_id: node.chain_id()?, hash: node.read(ADDRESS, &IAdmission::networkCall {})? })
}

fn vote(arguments: &MemberArguments, id: u64, choice: Choice, reason: Option<&str>, json: bool) -> eyre::Result<()> {
    let member = acting(arguments)?;
    let done = cast_vote(&member, id, choice, reason)?;
    let after = member.sender.reader().read(ADDRESS, &IAdmission::requestCall { id })?;
    table::say_done(&done, request_fields(&after), json);
    Ok(())
}

/// A vote names what it is about, so that it counts for nothing else.
pub(crate) fn cast_vote(member: &Member, id: u64, choice: Choice, reason: Option<&str>) -> eyre::Result<Done> {
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
    member.sender.call_with_gas(ADDRESS, &call, DECIDING_VOTE_GAS)
}

/// The vote that decides does more than those before it, and another may come between estimate and block: enough to write the largest
/// certificate.
pub(crate) const DECIDING_VOTE_GAS: u64 = 8_000_000;

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
        Field::value("weight", request.weight),
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

#[cfg(test)]
mod tests {
    use contracts::admission::is_reason;

    use super::*;

    #[test]
    fn every_reason_that_the_room_takes_can_be_said_and_no_other() {
        let codes: Vec<u8> = Reason::value_variants().iter().map(|reason| *reason as u8).collect();
        let taken: Vec<u8> = (0..=u8::MAX).filter(|code| is_reason(*code)).collect();
        assert_eq!(codes, taken);
    }

    #[test]
    fn reasons_are_said_as_rfc_5280_names_them() {
        let names = Reason::value_variants().iter().filter_map(Reason::to_possible_value);
        let names: Vec<String> = names.map(|value| value.get_name().to_owned()).collect();
        let expected = [
            "unspecified",
            "key-compromise",
            "ca-compromise",
            "affiliation-changed",
            "superseded",
            "cessation-of-operation",
            "privilege-withdrawn",
            "aa-compromise",
        ];
        assert_eq!(names, expected);
    }
}
