//! Filters that are polled.

use gateway::CallLimits;
use primitives::Recovered;
use serde_json::{Value, json};

use crate::network::{LOGGER, Node, raw, word};

fn changes(node: &Node, id: &Value) -> Vec<Value> {
    node.get("eth_getFilterChanges", json!([id])).as_array().expect("a list").clone()
}

#[test]
fn a_block_filter_tells_each_block_once() {
    let node = Node::start();
    let id = node.get("eth_newBlockFilter", json!([]));
    assert!(changes(&node, &id).is_empty());
    let sent: Vec<Value> =
        (0..3).map(|_| node.send(json!({ "to": word(0).to_string()[..42] }))["blockHash"].clone()).collect();
    assert_eq!(changes(&node, &id), sent);
    assert!(changes(&node, &id).is_empty());
}

#[test]
fn a_log_filter_tells_new_logs_once_and_all_of_them_when_asked() {
    let node = Node::start();
    let logger = node.deploy(LOGGER);
    node.send(json!({ "to": logger, "data": word(1) }));
    let id = node.get("eth_newFilter", json!([{ "fromBlock": "0x0", "topics": [[word(1), word(2)]] }]));
    assert!(changes(&node, &id).is_empty(), "what was before is not new");
    for topic in [2, 3, 1] {
        node.send(json!({ "to": logger, "data": word(topic) }));
    }
    let topics = |logs: &[Value]| logs.iter().map(|log| log["topics"][0].clone()).collect::<Vec<_>>();
    assert_eq!(topics(&changes(&node, &id)), [json!(word(2)), json!(word(1))]);
    assert!(changes(&node, &id).is_empty());
    let all = node.get("eth_getFilterLogs", json!([id]));
    assert_eq!(topics(all.as_array().expect("a list")), [json!(word(1)), json!(word(2)), json!(word(1))]);
}

#[test]
fn a_log_filter_ends_where_its_range_ends() {
    let node = Node::start();
    let logger = node.deploy(LOGGER);
    let id = node.get("eth_newFilter", json!([{ "fromBlock": "0x3", "toBlock": "0x4" }]));
    for topic in 1..=4 {
        node.send(json!({ "to": logger, "data": word(topic) }));
    }
    let numbers: Vec<Value> = changes(&node, &id).iter().map(|log| log["blockNumber"].clone()).collect();
    assert_eq!(numbers, ["0x3", "0x4"]);
}

#[test]
fn more_logs_than_an_answer_holds_come_with_the_next_polls() {
    let node = Node::start_with(|_| {}, CallLimits { logs: 2, ..CallLimits::default() });
    let logger = node.deploy(LOGGER);
    let id = node.get("eth_newFilter", json!([{}]));
    for topic in 1..=5 {
        node.send(json!({ "to": logger, "data": word(topic) }));
    }
    let mut told = Vec::new();
    while told.len() < 5 {
        let some = changes(&node, &id);
        assert!((1..=2).contains(&some.len()));
        told.extend(some.iter().map(|log| log["topics"][0].clone()));
    }
    assert_eq!(told, (1..=5).map(|topic| json!(word(topic))).collect::<Vec<_>>());
    assert!(changes(&node, &id).is_empty());
}

#[test]
fn a_pending_filter_tells_hashes_or_whole_transactions() {
    let mut node = Node::start();
    node.stop_mining();
    let hashes = node.get("eth_newPendingTransactionFilter", json!([]));
    let full = node.get("eth_newPendingTransactionFilter", json!([true]));
    let sent: Vec<Value> =
        (0..2).map(|nonce| node.get("eth_sendRawTransaction", json!([raw(&node.transfer(0, nonce))]))).collect();
    assert_eq!(changes(&node, &hashes), sent);
    let shown = changes(&node, &full);
    assert_eq!(shown.iter().map(|tx| tx["hash"].clone()).collect::<Vec<_>>(), sent);
    assert!(changes(&node, &hashes).is_empty());
}

#[test]
fn a_pending_filter_that_missed_transactions_ends_and_says_so() {
    let mut node = Node::start();
    node.stop_mining();
    let id = node.get("eth_newPendingTransactionFilter", json!([]));
    let full = node.get("eth_newPendingTransactionFilter", json!([true]));
    let sender = node.account(0).address();
    // More than the chain keeps for a listener that does not listen.
    for nonce in 0..4_097 {
        node.chain.submit(Recovered::new_unchecked(node.transfer(0, nonce), sender)).expect("the pool takes it");
        if nonce == 2_999 {
            let told: Vec<usize> = (0..4).map(|_| changes(&node, &full).len()).collect();
            assert_eq!(told, [1_000, 1_000, 1_000, 0], "whole transactions come in parts");
        }
    }
    let (code, message) = node.refused("eth_getFilterChanges", json!([id]));
    assert_eq!((code, message.starts_with("filter ended: 1 transactions came")), (-32000, true), "{message}");
    assert_eq!(node.refused("eth_getFilterChanges", json!([id])).1, "filter not found");
    assert_eq!(changes(&node, &full).len(), 1_000);
}

#[test]
fn a_filter_that_is_gone_is_not_found() {
    let node = Node::start();
    let id = node.get("eth_newBlockFilter", json!([]));
    assert_eq!(node.get("eth_uninstallFilter", json!([id])), true);
    assert_eq!(node.get("eth_uninstallFilter", json!([id])), false);
    let not_found = (-32000, "filter not found".to_owned());
    assert_eq!(node.refused("eth_getFilterChanges", json!([id])), not_found);
    assert_eq!(node.refused("eth_getFilterLogs", json!([id])), not_found);
    let blocks = node.get("eth_newBlockFilter", json!([]));
    assert_eq!(node.refused("eth_getFilterLogs", json!([blocks])), not_found);
}

#[test]
fn filters_are_bounded() {
    let node = Node::start();
    let refusal = (0..2_000).find_map(|_| node.ask("eth_newBlockFilter", json!([])).err()).expect("a bound");
    assert_eq!((refusal.code, refusal.message.contains("too many filters")), (-32005, true));
}
