//! Networks of real processes: four agree, three go on without the fourth, and that one catches up when it is back; a fifth is voted
//! in, and hands on what clients bring it.

use std::{
    fs,
    net::TcpListener,
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
const PATIENCE: Duration = Duration::from_secs(120);

#[test]
fn four_nodes_agree_and_one_that_was_killed_catches_up() {
    let folder = tempfile::tempdir().unwrap();
    let (out, payer) = make(folder.path(), ports());
    let mut nodes: Vec<Running> = (1..=4).map(|number| start(&out, number)).collect();
    let sent: Vec<Value> = (0..20).map(|nonce| pay(&nodes[0], &payer, nonce)).collect();
    nodes.iter().for_each(|node| sent.iter().for_each(|hash| drop(receipt(node, hash))));

    nodes.pop().unwrap().kill();
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
fn a_fifth_is_voted_in_and_what_only_it_was_told_becomes_final_without_it() {
    let folder = tempfile::tempdir().unwrap();
    let port = ports();
    let (out, payer) = make(folder.path(), port);
    let nodes: Vec<Running> = (1..=4).map(|number| start(&out, number)).collect();
    let fifth = Fifth::new(&out, port + 4);
    // The engine syncs the whole file system when it starts: seconds where much waits to be written.
    wait_for("the network makes blocks", || nodes[0].call("eth_blockNumber", json!([])) != "0x0");

    let asked = fifth.member(&nodes[0], &["join", "--certificate", &fifth.certificate]);
    let request = asked["request"].to_string();
    let votes: Vec<Value> = (1..=3).map(|number| vote(&nodes[number], &out, number, &request)).collect();
    assert_eq!(votes[2]["state"], "approved");
    let asked = nodes[3].call("counterfoil_requests", json!([]));
    assert_eq!((&asked["total"], &asked["requests"][0]["state"]), (&json!("0x1"), &json!("approved")));
    assert_eq!(asked["requests"][0]["votes"].as_array().unwrap().len(), 3);
    let running = fifth.start();
    wait_for("the fifth has the others' blocks", || state_of(&running, 4) != "none");

    // What only a node without a vote was told, all members take, also when that node is gone.
    let sent: Vec<Value> = (0..1_000).map(|nonce| pay(&running, &payer, nonce)).collect();
    let is_known = |hash: &Value| nodes[1].call("eth_getTransactionByHash", json!([hash])).is_object();
    wait_for("another has heard of all", || sent.iter().all(is_known));
    running.kill();
    sent.iter().for_each(|hash| drop(receipt(&nodes[1], hash)));
}

/// A node that was not there at genesis.
struct Fifth {
    folder: PathBuf,
    genesis: PathBuf,
    key: String,
    certificate: String,
    port: u16,
}

impl Fifth {
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

    fn member(&self, node: &Running, arguments: &[&str]) -> Value {
        member(node, &[arguments, &["--key", &self.key]].concat())
    }

    fn start(&self) -> Running {
        let mut command = Command::new(PROGRAM);
        command.args(["node", "--key", &self.key, "--local-peers"]);
        command.arg("--listen").arg(format!("127.0.0.1:{}", self.port));
        command.arg("--data").arg(&self.folder).arg("--genesis").arg(&self.genesis);
        Running::start(&mut command)
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
fn make(folder: &Path, port: u16) -> (PathBuf, PrivateKeySigner) {
    let (out, payer) = (folder.join("network"), PrivateKeySigner::from_slice(&[7; 32]).unwrap());
    let fund = format!("{}=1000000000000000000", payer.address());
    let port = port.to_string();
    let made = run(&["network", "new", "--out", out.to_str().unwrap(), "--port", &port, "--fund", &fund]);
    assert!(made.status.success(), "{}", error_of(&made));
    (out, payer)
}

/// The first of five ports in a row that nobody used a moment ago.
fn ports() -> u16 {
    let free = |port: u16| TcpListener::bind(("127.0.0.1", port)).ok();
    let mut candidates = (0..100).filter_map(|_| free(0)?.local_addr().ok()).map(|address| address.port());
    let found = candidates.find(|port| *port < u16::MAX - 5 && (1..5).all(|next| free(port + next).is_some()));
    found.unwrap()
}

fn start(out: &Path, number: u32) -> Running {
    Running::start(Command::new(PROGRAM).args(["node", "--config"]).arg(out.join(format!("node-{number}.toml"))))
}

fn pay(node: &Running, payer: &PrivateKeySigner, nonce: u64) -> Value {
    let to = Address::repeat_byte(0x22).into();
    let tx =
        TxLegacy { chain_id: Some(CHAIN_ID), nonce, gas_limit: 21_000, to, value: U256::ONE, ..TxLegacy::default() };
    let signature = payer.sign_hash_sync(&tx.signature_hash()).unwrap();
    let raw = hex::encode_prefixed(alloy_consensus::TxEnvelope::from(tx.into_signed(signature)).encoded_2718());
    node.call("eth_sendRawTransaction", json!([raw]))
}

fn receipt(node: &Running, hash: &Value) -> Value {
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
