//! A network of four real processes: they agree, three go on without the fourth, and that one catches up when it is back.

use std::{
    net::TcpListener,
    path::Path,
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
    let (out, payer) = (folder.path().join("network"), PrivateKeySigner::from_slice(&[7; 32]).unwrap());
    let fund = format!("{}=1000000000000000000", payer.address());
    let made = run(&["network", "new", "--out", out.to_str().unwrap(), "--port", &ports(), "--fund", &fund]);
    assert!(made.status.success(), "{}", error_of(&made));

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

/// The first of five ports in a row that nobody used a moment ago.
pub(crate) fn ports() -> String {
    let free = |port: u16| TcpListener::bind(("127.0.0.1", port)).ok();
    let mut candidates = (0..100).filter_map(|_| free(0)?.local_addr().ok()).map(|address| address.port());
    let found = candidates.find(|port| *port < u16::MAX - 5 && (1..5).all(|next| free(port + next).is_some()));
    found.unwrap().to_string()
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
