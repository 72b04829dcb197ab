//! `counterfoil_export`: files of a real chain, verified with nothing but its genesis hash.

use alloy_primitives::{Bytes, U64, U256, keccak256};
use primitives::B256;
use proof::{Refusal, Verified, verify};
use serde_json::{Value, json};

use crate::network::{LOGGER, Node};

fn file(node: &Node, kind: &str, arguments: Value) -> Vec<u8> {
    let exported = node.get("counterfoil_export", json!([kind, arguments]));
    let bytes: Bytes = serde_json::from_value(exported["cfl"].clone()).expect("hex");
    let read = proof::Counterfoil::decode(&bytes).expect("a counterfoil");
    let json = read.to_json().expect("a true one");
    assert_eq!(exported["json"], serde_json::from_str::<Value>(&json).expect("JSON"));
    bytes.to_vec()
}

fn proved(node: &Node, file: &[u8]) -> Verified {
    verify(file, node.chain.genesis_hash(), None).expect("it is true")
}

fn kinds(verified: &Verified) -> Vec<&str> {
    verified.statements.iter().map(|statement| statement.kind).collect()
}

#[test]
fn a_transaction_is_exported_and_proved_until_a_byte_is_changed() {
    let node = Node::start();
    let receipt = node.send(json!({ "to": node.account(1).address(), "value": "0x3e8" }));
    let mut file = file(&node, "tx", json!({ "hash": receipt["transactionHash"] }));
    let verified = proved(&node, &file);
    assert_eq!(kinds(&verified), ["transaction succeeded", "value moved"]);
    assert_eq!(json!(verified.block_hash), receipt["blockHash"]);
    assert!(file.len() < 10_000, "{} bytes", file.len());
    let middle = file.len() / 2;
    file[middle] ^= 1;
    assert!(verify(&file, node.chain.genesis_hash(), None).is_err());
}

#[test]
fn logs_accounts_and_slots_are_exported() {
    let node = Node::start();
    let word = keccak256("a word");
    let logger = node.deploy(LOGGER);
    let receipt = node.send(json!({ "to": logger, "data": word }));
    let log = file(&node, "log", json!({ "hash": receipt["transactionHash"], "index": "0x0" }));
    assert_eq!(kinds(&proved(&node, &log)), ["log"]);
    let told = json!([Bytes::from("a word")]);
    let log = file(&node, "log", json!({ "hash": receipt["transactionHash"], "index": "0x0", "preimages": told }));
    assert_eq!(kinds(&proved(&node, &log)), ["log", "preimage"]);
    let account = file(&node, "account", json!({ "address": node.account(0).address() }));
    assert_eq!(kinds(&proved(&node, &account)), ["account"]);
    let storage =
        file(&node, "storage", json!({ "address": logger, "slots": ["0x1", "0x0", "0x1"], "block": "latest" }));
    let verified = proved(&node, &storage);
    let values: Vec<_> = verified.statements.iter().map(|statement| statement.fields[2].value.as_str()).collect();
    assert_eq!(values, [word.to_string(), B256::ZERO.to_string()]);
}

#[test]
fn what_an_account_owns_of_a_token_is_exported_with_the_keys_of_its_slot() {
    let node = Node::start();
    node.send(json!({ "to": node.account(1).address(), "value": "0x1" }));
    let owner = node.account(1).address();
    let file = file(&node, "token", json!({ "id": "0x7", "owner": owner }));
    let verified = proved(&node, &file);
    let owned = verified.statements.iter().find(|statement| statement.kind == "owned").expect("it says so");
    let values: Vec<_> = owned.fields.iter().map(|field| field.value.as_str()).collect();
    assert_eq!((owned.system, values), ("token", vec![owner.to_string().as_str(), "7", "0"]));
}

#[test]
fn genesis_is_proved_by_the_first_block() {
    let node = Node::start();
    node.send(json!({ "to": node.account(1).address(), "value": "0x1" }));
    let file = file(&node, "account", json!({ "address": node.account(1).address(), "block": "earliest" }));
    let verified = proved(&node, &file);
    let ether = U256::from(10).pow(U256::from(18));
    let balance: U256 = verified.statements[0].fields[1].value.parse().expect("a number");
    assert_eq!((verified.height, balance % ether), (0, U256::ZERO));
}

#[test]
fn a_checkpoint_before_at_or_after_the_fact_is_in_the_file() {
    let node = Node::start();
    let to = node.account(1).address();
    let receipts: Vec<Value> = (0..5).map(|_| node.send(json!({ "to": to, "value": "0x1" }))).collect();
    let hash = &receipts[2]["transactionHash"];
    for receipt in &receipts {
        let height: U64 = serde_json::from_value(receipt["blockNumber"].clone()).expect("a height");
        let block: B256 = serde_json::from_value(receipt["blockHash"].clone()).expect("a hash");
        let file = file(&node, "tx", json!({ "hash": hash, "checkpoint": height }));
        let at = |hash| verify(&file, node.chain.genesis_hash(), Some((height.to(), hash)));
        assert_eq!(at(block).map(|verified| json!(verified.block_hash)), Ok(receipts[2]["blockHash"].clone()));
        assert!(matches!(at(B256::ZERO), Err(Refusal::Checkpoint { .. })));
    }
}

#[test]
fn what_cannot_be_proved_is_refused_with_the_reason() {
    let node = Node::start();
    let refused = |kind: &str, arguments: Value| node.refused("counterfoil_export", json!([kind, arguments]));
    let failed = node.send(json!({ "data": "0xfe", "gas": "0x186a0" }));
    let nothing = "the transaction failed (status 0): nothing happened that could be stated".to_owned();
    assert_eq!(refused("tx", json!({ "hash": failed["transactionHash"] })), (-32000, nothing));
    let unknown = format!("transaction {} is in no final block", B256::ZERO);
    assert_eq!(refused("tx", json!({ "hash": B256::ZERO })), (-32000, unknown));
    let paid = node.send(json!({ "to": node.account(1).address(), "value": "0x1" }));
    let no_log = "the receipt has no log at this place".to_owned();
    assert_eq!(refused("log", json!({ "hash": paid["transactionHash"], "index": "0x0" })), (-32000, no_log));
    assert_eq!(refused("tx", json!({ "hash": paid["transactionHash"], "checkpoint": "0xffff" })).0, -32000);
    assert_eq!(refused("storage", json!({ "address": node.account(0).address(), "slots": [] })).0, -32602);
    assert_eq!(refused("block", json!({})).0, -32602);
    assert_eq!(refused("tx", json!({ "hash": B256::ZERO, "more": 1 })).0, -32602);
}
