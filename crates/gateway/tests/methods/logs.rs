//! `eth_getLogs`.

use gateway::CallLimits;
use primitives::{Address, B256};
use serde_json::{Value, json};

use crate::network::{LOGGER, Node, word};

/// Blocks 1 = deployment, 2 to 6 = topics 1 to 5, one block each.
fn node_with_five_logs() -> (Node, Address) {
    let node = Node::start();
    let logger = node.deploy(LOGGER);
    for topic in 1..=5 {
        node.send(json!({ "to": logger, "data": word(topic) }));
    }
    (node, logger)
}

fn topics(node: &Node, filter: Value) -> Vec<B256> {
    let logs = node.get("eth_getLogs", json!([filter]));
    let first = |log: &Value| serde_json::from_value(log["topics"][0].clone()).expect("a topic");
    logs.as_array().expect("a list").iter().map(first).collect()
}

#[test]
fn logs_are_found_by_range_address_and_topic() {
    let (node, logger) = node_with_five_logs();
    let check = |filter: Value, expected: &[u64]| {
        let expected: Vec<B256> = expected.iter().map(|topic| word(*topic)).collect();
        assert_eq!(topics(&node, filter.clone()), expected, "{filter}");
    };
    check(json!({}), &[5]);
    check(json!({ "fromBlock": "earliest" }), &[1, 2, 3, 4, 5]);
    check(json!({ "fromBlock": "0x3", "toBlock": "0x4" }), &[2, 3]);
    check(json!({ "fromBlock": "0x0", "toBlock": "0x3" }), &[1, 2]);
    check(json!({ "fromBlock": "0x5", "toBlock": "0xffff" }), &[4, 5]);
    check(json!({ "fromBlock": "0xfff", "toBlock": "0xffff" }), &[]);
    check(json!({ "fromBlock": "0x7" }), &[]);
    check(json!({ "fromBlock": "0x0", "address": logger }), &[1, 2, 3, 4, 5]);
    check(json!({ "fromBlock": "0x0", "address": [Address::ZERO, logger] }), &[1, 2, 3, 4, 5]);
    check(json!({ "fromBlock": "0x0", "address": Address::ZERO }), &[]);
    check(json!({ "fromBlock": "0x0", "topics": [word(2)] }), &[2]);
    check(json!({ "fromBlock": "0x0", "topics": [[word(2), word(4)]] }), &[2, 4]);
    check(json!({ "fromBlock": "0x0", "topics": [null] }), &[1, 2, 3, 4, 5]);
    check(json!({ "fromBlock": "0x0", "topics": [] }), &[1, 2, 3, 4, 5]);
    check(json!({ "fromBlock": "0x0", "topics": [null, word(2)] }), &[]);
    check(json!({ "fromBlock": "0x0", "topics": [word(2), null] }), &[]);
    check(json!({ "fromBlock": "0x0", "topics": [null, null, null, null] }), &[]);
}

#[test]
fn the_logs_of_one_block_are_found_by_its_hash() {
    let (node, _) = node_with_five_logs();
    let hash = node.get("eth_getBlockByNumber", json!(["0x4", false]))["hash"].clone();
    assert_eq!(topics(&node, json!({ "blockHash": hash })), [word(3)]);
    let unknown = json!([{ "blockHash": B256::repeat_byte(1) }]);
    assert_eq!(node.refused("eth_getLogs", unknown), (-32000, "unknown block".to_owned()));
}

#[test]
fn found_logs_are_those_of_the_receipts() {
    let (node, _) = node_with_five_logs();
    let receipts = node.get("eth_getBlockReceipts", json!(["latest"]));
    assert_eq!(node.get("eth_getLogs", json!([{}])), receipts[0]["logs"]);
}

#[test]
fn a_range_that_runs_backwards_is_an_error() {
    let node = Node::start();
    let params = json!([{ "fromBlock": "0x2", "toBlock": "0x1" }]);
    assert_eq!(node.refused("eth_getLogs", params), (-32602, "invalid block range params".to_owned()));
}

#[test]
fn more_logs_than_an_answer_may_hold_are_an_error() {
    let limits = CallLimits { logs: 2, ..CallLimits::default() };
    let node = Node::start_with(|_| {}, limits);
    let logger = node.deploy(LOGGER);
    for topic in 1..=3 {
        node.send(json!({ "to": logger, "data": word(topic) }));
    }
    let all = json!([{ "fromBlock": "0x0" }]);
    assert_eq!(node.refused("eth_getLogs", all), (-32005, "query returned more than 2 results".to_owned()));
    assert_eq!(topics(&node, json!({ "fromBlock": "0x3" })), [word(2), word(3)]);
}
