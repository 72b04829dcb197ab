//! Blocks, transactions and receipts by every name that they have.

use alloy_consensus::{Header, Transaction};
use alloy_rlp::Decodable;
use primitives::{Address, B256, Block, Bytes};
use serde_json::{Value, json};

use crate::network::{LOGGER, Node, raw, word};

const NOWHERE: B256 = B256::repeat_byte(0x77);

fn bytes(value: &Value) -> Bytes {
    serde_json::from_value(value.clone()).expect("bytes")
}

#[test]
fn a_transaction_is_found_by_hash_and_by_place() {
    let node = Node::start();
    let tx = node.transfer(0, 0);
    let hash = node.get("eth_sendRawTransaction", json!([raw(&tx)]));
    assert_eq!(hash, json!(tx.tx_hash()));
    let block_hash = node.receipt(&hash)["blockHash"].clone();
    let found = node.get("eth_getTransactionByHash", json!([hash]));
    assert_eq!((&found["blockNumber"], &found["transactionIndex"]), (&json!("0x1"), &json!("0x0")));
    assert_eq!(node.get("eth_getTransactionByBlockHashAndIndex", json!([block_hash, "0x0"])), found);
    assert_eq!(node.get("eth_getTransactionByBlockNumberAndIndex", json!(["0x1", "0x0"])), found);
    for (method, params) in [
        ("eth_getRawTransactionByHash", json!([hash])),
        ("debug_getRawTransaction", json!([hash])),
        ("eth_getRawTransactionByBlockHashAndIndex", json!([block_hash, "0x0"])),
        ("eth_getRawTransactionByBlockNumberAndIndex", json!(["latest", "0x0"])),
    ] {
        assert_eq!(node.get(method, params), raw(&tx), "{method}");
    }
}

#[test]
fn what_is_not_there_is_null() {
    let node = Node::start();
    for (method, params) in [
        ("eth_getBlockByHash", json!([NOWHERE, true])),
        ("eth_getBlockByNumber", json!(["0x3039", false])),
        ("eth_getHeaderByHash", json!([NOWHERE])),
        ("eth_getHeaderByNumber", json!(["0x3039"])),
        ("eth_getBlockReceipts", json!(["0x3039"])),
        ("eth_getBlockTransactionCountByHash", json!([NOWHERE])),
        ("eth_getBlockTransactionCountByNumber", json!(["0x3039"])),
        ("eth_getUncleCountByBlockHash", json!([NOWHERE])),
        ("eth_getUncleCountByBlockNumber", json!(["0x3039"])),
        ("eth_getUncleByBlockHashAndIndex", json!([NOWHERE, "0x0"])),
        ("eth_getUncleByBlockNumberAndIndex", json!(["0x0", "0x0"])),
        ("eth_getTransactionByHash", json!([NOWHERE])),
        ("eth_getTransactionReceipt", json!([NOWHERE])),
        ("eth_getRawTransactionByHash", json!([NOWHERE])),
        ("eth_getTransactionByBlockNumberAndIndex", json!(["0x0", "0x0"])),
        ("eth_getTransactionByBlockHashAndIndex", json!([NOWHERE, "0x0"])),
        ("eth_getTransactionByBlockNumberAndIndex", json!(["0x0", "0xffffffffffffffff"])),
        ("eth_getRawTransactionByBlockNumberAndIndex", json!(["0x3039", "0x0"])),
    ] {
        assert_eq!(node.get(method, params), Value::Null, "{method}");
    }
}

#[test]
fn genesis_and_later_blocks_hash_to_what_they_say() {
    let node = Node::start();
    node.send(json!({ "to": Address::ZERO, "value": "0x1" }));
    let mut parent = B256::ZERO;
    for number in ["0x0", "0x1"] {
        let shown = node.get("eth_getBlockByNumber", json!([number, true]));
        let header: alloy_rpc_types_eth::Header = serde_json::from_value(shown.clone()).expect("a header");
        assert_eq!(header.inner.hash_slow(), header.hash);
        assert!(number == "0x0" || header.inner.parent_hash == parent);
        parent = header.hash;
        let alone = node.get("eth_getHeaderByHash", json!([parent]));
        assert_eq!(alone, node.get("eth_getHeaderByNumber", json!([number])));
        let pairs = alone.as_object().expect("an object");
        assert!(pairs.iter().all(|(field, value)| shown[field] == *value) && pairs.get("size").is_none());
    }
    assert_eq!(node.get("eth_getUncleCountByBlockNumber", json!(["0x1"])), "0x0");
    assert_eq!(node.get("eth_getBlockTransactionCountByNumber", json!(["0x1"])), "0x1");
    assert_eq!(node.get("eth_getBlockTransactionCountByHash", json!([parent])), "0x1");
}

#[test]
fn the_pending_block_is_an_empty_one_over_the_head_that_nobody_made() {
    let node = Node::start();
    node.send(json!({ "to": Address::ZERO, "value": "0x1" }));
    let latest = node.get("eth_getBlockByNumber", json!(["latest", false]));
    for method in ["eth_getBlockByNumber", "eth_getHeaderByNumber"] {
        let params = if method == "eth_getBlockByNumber" { json!(["pending", true]) } else { json!(["pending"]) };
        let pending = node.get(method, params);
        assert_eq!((&pending["number"], &pending["parentHash"]), (&json!("0x2"), &latest["hash"]));
        assert_eq!((&pending["stateRoot"], &pending["gasUsed"]), (&latest["stateRoot"], &json!("0x0")));
        for field in ["hash", "nonce", "miner"] {
            assert_eq!(pending.get(field), Some(&Value::Null), "{method} {field}");
        }
    }
    assert_eq!(node.get("eth_getBlockTransactionCountByNumber", json!(["pending"])), "0x0");
    assert_eq!(node.get("eth_getBlockReceipts", json!(["pending"])), json!([]));
    assert_eq!(node.get("eth_getTransactionByBlockNumberAndIndex", json!(["pending", "0x0"])), Value::Null);
}

#[test]
fn raw_encodings_decode_to_the_same_block() {
    let node = Node::start();
    let logger = node.deploy(LOGGER);
    let receipt = node.send(json!({ "to": logger, "data": word(1) }));
    let hash: B256 = serde_json::from_value(receipt["blockHash"].clone()).expect("a hash");
    let header = bytes(&node.get("debug_getRawHeader", json!([hash])));
    assert_eq!(Header::decode(&mut header.as_ref()).expect("a header").hash_slow(), hash);
    let block = Block::decode(&bytes(&node.get("debug_getRawBlock", json!(["latest"])))).expect("a block");
    assert_eq!((block.hash(), block.transactions()[0].to()), (hash, Some(logger)));
    let receipts = node.get("debug_getRawReceipts", json!(["latest"]));
    assert_eq!(receipts.as_array().map(Vec::len), Some(1));
    assert_eq!(bytes(&receipts[0])[0], 2, "the type comes first");
    assert_eq!(node.refused("debug_getRawBlock", json!(["0x63"])), (-32000, "block #99 not found".to_owned()));
    assert_eq!(node.refused("debug_getRawHeader", json!([NOWHERE])), (-32000, format!("block {NOWHERE} not found")));
}

#[test]
fn a_blocks_receipts_are_those_of_its_transactions() {
    let mut node = Node::start();
    let logger = node.deploy(LOGGER);
    let hashes: Vec<Value> = (1..4_u64)
        .map(|topic| {
            let request = json!({ "from": node.account(0).address(), "to": logger, "data": word(topic) });
            node.get("eth_sendTransaction", json!([request]))
        })
        .collect();
    let one_by_one: Vec<Value> = hashes.iter().map(|hash| node.receipt(hash)).collect();
    node.stop_mining();
    let mut together = Vec::new();
    for number in 2..=node.chain.head().number() {
        let receipts = node.get("eth_getBlockReceipts", json!([format!("{number:#x}")]));
        together.extend(receipts.as_array().expect("a list").clone());
    }
    assert_eq!(together, one_by_one);
    assert!(one_by_one.iter().all(|receipt| receipt["logs"].as_array().map(Vec::len) == Some(1)));
}
