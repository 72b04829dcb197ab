//! Networks of real processes: four agree, three go on without the fourth, and that one catches up when it is back; a fifth is voted
//! in, hands on what clients bring it, decides with the others, and one that is revoked is left alone; one that is alone becomes two.

mod alone;
mod ballots;
mod figures;

use std::{
    fs,
    net::TcpListener,
    ops::Range,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use alloy_consensus::{SignableTransaction, TxLegacy};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, U256, hex};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use serde_json::{Value, json};

use crate::running::{PROGRAM, Running, error_of, run};

const CHAIN_ID: u64 = 31_338;
/// A network that has not done it by then will not.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);
/// Long enough for what an observer is sent between the moment when it is ready and the end of the epoch, when it decides.
const EPOCH_OF_TWENTY_SECONDS: [&str; 4] = ["--epoch-blocks", EPOCH_BLOCKS, "--min-block-interval-ms", "79"];
const EPOCH_BLOCKS: &str = "256";

#[test]
fn four_nodes_agree_and_one_that_was_killed_catches_up() {
    let folder = tempfile::tempdir().unwrap();
    let (out, payer) = make(folder.path(), ports(), &[]);
    let mut nodes: Vec<Running> = (1..=4).map(|number| start(&out, number)).collect();
    let sent: Vec<Value> = (0..20).map(|nonce| pay(&nodes[0], &payer, nonce)).collect();
    nodes.iter().for_each(|node| sent.iter().for_each(|hash| drop(receipt(node, hash))));

    nodes.iter().for_each(|node| wait_for_peers(node, 3));
    figures::wait_for_all(&nodes[0], &[2, 3, 4].map(|number| key_of(&out, number)));

    nodes.pop().unwrap().kill();
    nodes.iter().for_each(|node| wait_for_peers(node, 2));
    let gone = key_of(&out, 4);
    wait_for("the one that is gone has missed a turn", || figures::missed_turns(&nodes[0], &gone) > Some(0));
    let later: Vec<Value> = (20..30).map(|nonce| pay(&nodes[1], &payer, nonce)).collect();
    let height = later.iter().map(|hash| receipt(&nodes[0], hash)["blockNumber"].clone()).next_back().unwrap();
    nodes.push(start(&out, 4));
    later.iter().for_each(|hash| drop(receipt(&nodes[3], hash)));

    let blocks: Vec<Value> =
        nodes.iter().map(|node| node.call("eth_getBlockByNumber", json!([height, false]))).collect();
    assert!(blocks.iter().all(|block| block["hash"].is_string() && *block == blocks[0]), "{blocks:?}");
    for node in nodes {
        assert!(node.stop("-TERM").success());
    }
}

#[test]
fn a_fifth_is_voted_in_hands_on_transactions_and_decides_and_one_is_revoked() {
    let folder = tempfile::tempdir().unwrap();
    let port = ports();
    let (out, payer) = make(folder.path(), port, &EPOCH_OF_TWENTY_SECONDS);
    let nodes: Vec<Running> = (1..=4).map(|number| start(&out, number)).collect();
    let fifth = Joiner::new(&out, port + 4);
    // The engine syncs the whole file system when it starts: seconds where much waits to be written.
    wait_for("the network makes blocks", || nodes[0].call("eth_blockNumber", json!([])) != "0x0");

    let asked = fifth.member(&nodes[0], &["join", "--certificate", &fifth.certificate]);
    let request = asked["request"].to_string();
    let votes: Vec<Value> = (1..=3).map(|number| vote(&nodes[number], &out, number, &request)).collect();
    assert_eq!(votes[2]["state"], "approved");
    ballots::check_request(&nodes[3], &out, &asked, &votes);
    ballots::check_members(&nodes[3], &asked, &votes[2]);
    ballots::check_admission(&nodes[3], folder.path(), &fifth, &asked, &votes[2]);
    let running = fifth.start();
    wait_for("the fifth has the others' blocks", || state_of(&running, 4) != "none");

    let send_to_observer = |nonces: Range<u64>| {
        let sent: Vec<Value> = nonces.map(|nonce| pay(&running, &payer, nonce)).collect();
        let deciding = committee(&nodes[1]);
        assert_eq!(deciding.len(), 4);
        assert!(!deciding.contains(&fifth.id()), "it decides already, and could have proposed them itself");
        sent
    };
    // All members take what only a node without a vote was told.
    let sent = send_to_observer(0..1_000);
    sent.iter().for_each(|hash| drop(receipt(&nodes[1], hash)));
    // They also do when that node is gone.
    let sent = send_to_observer(1_000..1_500);
    let is_known = |hash: &Value| nodes[1].call("eth_getTransactionByHash", json!([hash])).is_object();
    wait_for("another has heard of all", || sent.iter().all(is_known));
    running.kill();
    sent.iter().for_each(|hash| drop(receipt(&nodes[1], hash)));

    let running = fifth.start();
    sent.iter().for_each(|hash| drop(receipt(&running, hash)));
    wait_for("the fifth has said that it is ready, and decides", || state_of(&nodes[0], 4) == "committee");

    assert!(committee(&nodes[0]).contains(&fifth.id()));
    let decides = nodes[0].call("counterfoil_committee", json!([]));
    assert_eq!((decides["members"].as_array().unwrap().len(), &decides["quorum"]), (5, &json!("0x4")));
    let finality = || running.call("counterfoil_finality", json!(["latest"]));
    wait_for("five decide", || finality()["committee"].as_array().unwrap().len() == 5);
    assert!(finality()["signers"].as_array().unwrap().len() >= 4);

    let list = member(&nodes[0], &["list"]);
    let certificate = list["members"][3]["certificate"].as_str().unwrap();
    let revoked = list["members"][3]["node"].as_str().unwrap();
    let number = (1..=4).find(|number| key_of(&out, *number) == revoked).unwrap();
    let gone = &nodes[number - 1];
    let others = nodes.iter().filter(|node| node.url() != gone.url()).chain([&running]).collect::<Vec<_>>();
    wait_for("the one to revoke is connected", || is_connected(others[0], revoked));
    let reason = ["--reason", "privilege-withdrawn"];
    let asked = member(&nodes[0], &[&["revoke", certificate, "--data", &data(&out, 1)], &reason[..]].concat());
    let request = asked["request"].to_string();
    let mut votes = (1..=4).map(|number| vote(&nodes[0], &out, number, &request));
    let decided = votes.find(|voted| voted["state"] == "approved").expect("four of five decide");
    wait_for("nobody is connected to the revoked one", || others.iter().all(|node| !is_connected(node, revoked)));
    // Members no longer list it; it still lists them.
    wait_for("the revoked one is connected to nobody", || peers_of(gone) == (4, 0));
    let paid = pay(others[0], &payer, 1_500);
    others.iter().for_each(|node| drop(receipt(node, &paid)));
    assert_eq!(state_of(others[0], 3), "revoked");
    assert!(gone.call("eth_getTransactionReceipt", json!([paid])).is_null(), "a revoked node hears nothing more");
    ballots::check_revocation(others[0], folder.path(), &out, certificate, &decided);
    let status = ballots::proved(others[0], folder.path(), &["member", certificate], "member status");
    assert_eq!(status["status"], "revoked");
}

/// A network can begin with one member, who decides alone, first without and then with followers, until enough others are ready.
#[test]
fn a_network_grows_around_its_sole_member() {
    let folder = tempfile::tempdir().unwrap();
    let (port, payer) = (ports(), PrivateKeySigner::from_slice(&[7; 32]).unwrap());
    let founder = found_alone(folder.path(), &payer);
    let path = founder.to_str().unwrap();
    let alone = Running::start(Command::new(PROGRAM).args(["node", "--data", path]));
    receipt(&alone, &pay(&alone, &payer, 0));
    assert!(alone.stop("-TERM").success());

    let address = format!("127.0.0.1:{port}");
    let arguments = ["node", "--data", path, "--listen", &address, "--local-peers"];
    let node = Running::start(Command::new(PROGRAM).args(arguments));
    let certificate = folder.path().join("founder.der");
    let certificate = certificate.to_str().unwrap();
    let arguments = ["--data", path, "--name", "Founder", "--address", &address, "-o", certificate];
    assert!(run(&[&["member", "certificate"], &arguments[..]].concat()).status.success());
    member(&node, &["renew", "--certificate", certificate, "--data", path]);

    let second = Joiner::new(folder.path(), port + 1);
    let asked = second.member(&node, &["join", "--certificate", &second.certificate]);
    let voted = member(&node, &["vote", &asked["request"].to_string(), "approve", "--data", path]);
    assert_eq!(voted["state"], "approved");
    // Genesis does not say where its member is.
    let key = fs::read_to_string(founder.join("node.key")).unwrap();
    let peer = format!("{}@{address}", hex::encode(consensus::NodeKey::from_hex(&key).unwrap().id()));
    let running = Running::start(second.command().args(["--peers", &peer]));
    wait_for("the second decides", || state_of(&node, 1) == "committee");
    let paid = pay(&running, &payer, 1);
    receipt(&node, &paid);
    let block = receipt(&running, &paid)["blockNumber"].clone();
    let finality = running.call("counterfoil_finality", json!([block]));
    let count = |list: &str| finality[list].as_array().unwrap().len();
    assert_eq!((count("committee"), count("signers")), (2, 2));
}

/// A folder of a network whose only founder does not say where it is, and goes on with one more.
fn found_alone(folder: &Path, payer: &PrivateKeySigner) -> PathBuf {
    let (founder, file) = (folder.join("founder"), folder.join("founder/genesis.json"));
    let (path, fund) = (founder.to_str().unwrap(), format!("{}=1000000000000000000", payer.address()));
    let made = run(&["genesis", "new", "--data", path, "--chain-id", &CHAIN_ID.to_string(), "--fund", &fund]);
    assert!(made.status.success(), "{}", error_of(&made));
    let mut genesis: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    genesis["counterfoil"]["minBlockIntervalMs"] = json!(79);
    genesis["counterfoil"]["admission"] = json!({ "minCommittee": 2 });
    fs::write(&file, genesis.to_string()).unwrap();
    fs::copy(&file, folder.join("genesis.json")).unwrap();
    founder
}

/// A node that was not there at genesis.
struct Joiner {
    folder: PathBuf,
    genesis: PathBuf,
    key: String,
    certificate: String,
    port: u16,
}

impl Joiner {
    fn new(out: &Path, port: u16) -> Self {
        let path = |name: &str| out.join(name).to_str().unwrap().to_owned();
        let (key, certificate) = (path("fifth.key"), path("fifth.der"));
        fs::write(&key, "5a".repeat(32)).unwrap();
        let address = format!("127.0.0.1:{port}");
        let arguments = ["--key", &key, "--name", "Fifth", "--address", &address, "-o", &certificate];
        let made = run(&[&["member", "certificate"], &arguments[..]].concat());
        assert!(made.status.success(), "{}", error_of(&made));
        Self { folder: out.join("fifth"), genesis: out.join("genesis.json"), key, certificate, port }
    }

    /// Its node key, as methods name it.
    fn id(&self) -> String {
        let secret = fs::read_to_string(&self.key).unwrap();
        hex::encode_prefixed(consensus::NodeKey::from_hex(&secret).unwrap().id())
    }

    fn member(&self, node: &Running, arguments: &[&str]) -> Value {
        member(node, &[arguments, &["--key", &self.key]].concat())
    }

    fn start(&self) -> Running {
        Running::start(&mut self.command())
    }

    fn command(&self) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(["node", "--key", &self.key, "--local-peers"]);
        command.arg("--listen").arg(format!("127.0.0.1:{}", self.port));
        command.arg("--data").arg(&self.folder).arg("--genesis").arg(&self.genesis);
        command
    }
}

fn member(node: &Running, arguments: &[&str]) -> Value {
    let mut command = Command::new(PROGRAM);
    command.arg("member").args(arguments).arg("--json").env("COUNTERFOIL_RPC", node.url());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", error_of(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn vote(via: &Running, out: &Path, number: usize, request: &str) -> Value {
    member(via, &["vote", request, "approve", "--data", &data(out, number)])
}

fn data(out: &Path, number: usize) -> String {
    out.join(format!("node-{number}")).to_str().unwrap().into()
}

/// The node key of a founder, as lists of members print it.
fn key_of(out: &Path, number: usize) -> String {
    let secret = fs::read_to_string(out.join(format!("node-{number}")).join("node.key")).unwrap();
    hex::encode(consensus::NodeKey::from_hex(&secret).unwrap().id())
}

/// The node keys of those who decide on the next block.
fn committee(node: &Running) -> Vec<String> {
    let committee = node.call("counterfoil_committee", json!([]));
    let members = committee["members"].as_array().unwrap().iter();
    members.map(|member| member.as_str().unwrap().to_owned()).collect()
}

fn state_of(node: &Running, index: usize) -> String {
    member(node, &["list"])["members"][index]["state"].as_str().unwrap_or("none").into()
}

fn wait_for(what: &str, mut done: impl FnMut() -> bool) {
    let started = Instant::now();
    while !done() {
        assert!(started.elapsed() < PATIENCE, "not so: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Keys, genesis and settings of four nodes, and an account with money.
pub(crate) fn make(folder: &Path, port: u16, more: &[&str]) -> (PathBuf, PrivateKeySigner) {
    let (out, payer) = (folder.join("network"), PrivateKeySigner::from_slice(&[7; 32]).unwrap());
    let fund = format!("{}=1000000000000000000", payer.address());
    let port = port.to_string();
    let arguments = ["network", "new", "--out", out.to_str().unwrap(), "--port", &port, "--fund", &fund];
    let made = run(&[&arguments[..], more].concat());
    assert!(made.status.success(), "{}", error_of(&made));
    (out, payer)
}

/// The first of five ports in a row that nobody uses, below those that the system hands out to connections.
pub(crate) fn ports() -> u16 {
    let free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    let first = u16::try_from(std::process::id() % 2_000).unwrap() * 5 + 20_000;
    let mut candidates = (first..30_000).step_by(5).chain((20_000..first).step_by(5));
    candidates.find(|port| (0..5).all(|next| free(port + next))).unwrap()
}

pub(crate) fn start(out: &Path, number: u32) -> Running {
    Running::start(Command::new(PROGRAM).args(["node", "--config"]).arg(out.join(format!("node-{number}.toml"))))
}

pub(crate) fn pay(node: &Running, payer: &PrivateKeySigner, nonce: u64) -> Value {
    let to = Address::repeat_byte(0x22).into();
    let tx =
        TxLegacy { chain_id: Some(CHAIN_ID), nonce, gas_limit: 21_000, to, value: U256::ONE, ..TxLegacy::default() };
    let signature = payer.sign_hash_sync(&tx.signature_hash()).unwrap();
    let raw = hex::encode_prefixed(alloy_consensus::TxEnvelope::from(tx.into_signed(signature)).encoded_2718());
    node.call("eth_sendRawTransaction", json!([raw]))
}

/// Until a node shows so many of its three peers as connected.
fn wait_for_peers(node: &Running, expected: usize) {
    let what = format!("{} is connected to {expected} of three peers", node.url());
    wait_for(&what, || peers_of(node) == (3, expected));
}

/// How many peers a node may talk to, and how many of them it is connected to.
fn peers_of(node: &Running) -> (usize, usize) {
    let lines = peer_lines(node);
    (lines.len(), lines.iter().filter(|line| line.ends_with(" 1")).count())
}

fn is_connected(node: &Running, peer: &str) -> bool {
    peer_lines(node).iter().any(|line| line.contains(peer) && line.ends_with(" 1"))
}

/// A node's figures of who is connected: a line for each peer.
fn peer_lines(node: &Running) -> Vec<String> {
    let (status, page) = node.get("/metrics");
    assert_eq!(status, 200);
    page.lines().filter(|line| line.starts_with("counterfoil_peer_connected{")).map(str::to_owned).collect()
}

pub(crate) fn receipt(node: &Running, hash: &Value) -> Value {
    let started = Instant::now();
    loop {
        let receipt = node.call("eth_getTransactionReceipt", json!([hash]));
        if receipt.is_object() {
            return receipt;
        }
        assert!(started.elapsed() < PATIENCE, "no receipt of {hash} at {}", node.url());
        std::thread::sleep(Duration::from_millis(50));
    }
}
