//! The feeds behind `eth_subscribe`.

use alloy_rpc_types_eth::Filter;
use gateway::{
    rpc::Methods,
    subscriptions::{Feed, Topic},
};
use serde_json::{Value, json};

use crate::network::{LOGGER, Node, raw, word};

fn next(node: &Node, feed: &mut Feed) -> Value {
    let event = node.runtime.block_on(feed.next()).expect("the chain runs").expect("nothing was missed");
    serde_json::from_str(event.get()).expect("JSON")
}

fn filter(json: Value) -> Filter {
    serde_json::from_value(json).expect("a filter")
}

#[test]
fn each_head_is_told_and_its_receipts_are_there() {
    let node = Node::start();
    let mut feed = node.rpc.feed(Topic::NewHeads).expect("a feed");
    for number in ["0x1", "0x2"] {
        let receipt = node.send(json!({ "to": word(0).to_string()[..42] }));
        let head = next(&node, &mut feed);
        assert_eq!((&head["number"], &head["hash"]), (&json!(number), &receipt["blockHash"]));
        assert_eq!(head, node.get("eth_getHeaderByNumber", json!([number])));
    }
}

#[test]
fn logs_are_told_as_eth_get_logs_shows_them() {
    let node = Node::start();
    let logger = node.deploy(LOGGER);
    let topic = Topic::Logs(Box::new(filter(json!({ "address": logger, "topics": [word(2)] }))));
    let mut feed = node.rpc.feed(topic).expect("a feed");
    for topic in [1, 2, 3] {
        node.send(json!({ "to": logger, "data": word(topic) }));
    }
    let found = node.get("eth_getLogs", json!([{ "fromBlock": "0x0", "topics": [word(2)] }]));
    assert_eq!(next(&node, &mut feed), found[0]);
}

#[test]
fn waiting_transactions_are_told_by_hash_or_whole() {
    let mut node = Node::start();
    node.stop_mining();
    let mut hashes = node.rpc.feed(Topic::NewPendingTransactions { full: false }).expect("a feed");
    let mut whole = node.rpc.feed(Topic::NewPendingTransactions { full: true }).expect("a feed");
    let hash = node.get("eth_sendRawTransaction", json!([raw(&node.transfer(0, 0))]));
    assert_eq!(next(&node, &mut hashes), hash);
    assert_eq!(next(&node, &mut whole), node.get("eth_getTransactionByHash", json!([hash])));
}

#[test]
fn a_subscription_to_an_impossible_range_is_refused() {
    let node = Node::start();
    let topic = Topic::Logs(Box::new(filter(json!({ "fromBlock": "0x2", "toBlock": "0x1" }))));
    assert!(node.rpc.feed(topic).is_err_and(|error| error.code == -32602));
}
