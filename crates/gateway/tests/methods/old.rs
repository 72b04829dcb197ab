//! Blocks that have left memory: what is on disk is answered alike, what is no longer kept is said so.

use gateway::rpc::{Answer, Caller, Methods, Params, Transport};
use primitives::{Address, B256};
use serde_json::{Value, json, value::to_raw_value};

use crate::network::{LOGGER, Node, raw, word};

/// Enough that the first blocks are on disk alone.
const BLOCKS: u64 = 300;

/// Block 1 = the logger, then one log for each block.
fn long_chain(node: &Node) -> (Address, Vec<Value>) {
    let logger = node.deploy(LOGGER);
    let logs = |topic: u64| node.send(json!({ "to": logger, "data": word(topic), "gas": "0x30d40" }));
    (logger, (2..=BLOCKS).map(logs).collect())
}

fn is_answered_at_once(node: &Node, method: &str, params: &Value) -> bool {
    let params = to_raw_value(params).expect("JSON");
    let caller = Caller { transport: Transport::Http, cross_site: false };
    let answer = node.rpc.call(method, Params::new(Some(&params)), None, &caller);
    matches!(answer, Ok(Answer::Now(_)))
}

#[test]
fn old_blocks_transactions_and_receipts_are_answered_as_new_ones_are() {
    let node = Node::start();
    let (_, receipts) = long_chain(&node);
    for receipt in [&receipts[0], &receipts[receipts.len() - 1]] {
        let (hash, number) = (&receipt["transactionHash"], &receipt["blockNumber"]);
        assert_eq!(node.get("eth_getTransactionReceipt", json!([hash])), *receipt);
        assert_eq!(node.get("eth_getTransactionByHash", json!([hash]))["blockNumber"], *number);
        assert_eq!(node.get("eth_getBlockByNumber", json!([number, false]))["hash"], receipt["blockHash"]);
        assert_eq!(node.get("eth_getBlockByHash", json!([receipt["blockHash"], true]))["number"], *number);
        assert_eq!(node.get("eth_getBlockReceipts", json!([number])), json!([receipt]));
        let filter = json!([{ "fromBlock": number, "toBlock": number }]);
        assert_eq!(node.get("eth_getLogs", filter), receipt["logs"]);
    }
}

#[test]
fn only_what_is_in_memory_is_answered_on_the_connections_thread() {
    let node = Node::start();
    let (_, receipts) = long_chain(&node);
    for (receipt, at_once) in [(&receipts[0], false), (&receipts[receipts.len() - 1], true)] {
        let (hash, number) = (&receipt["transactionHash"], &receipt["blockNumber"]);
        for (method, params) in [
            ("eth_getTransactionReceipt", json!([hash])),
            ("eth_getTransactionByHash", json!([hash])),
            ("eth_getBlockByNumber", json!([number, false])),
            ("eth_getHeaderByHash", json!([receipt["blockHash"]])),
            ("eth_getBalance", json!([Address::ZERO, number])),
        ] {
            assert_eq!(is_answered_at_once(&node, method, &params), at_once, "{method} {number}");
        }
    }
    assert!(!is_answered_at_once(&node, "eth_getTransactionReceipt", &json!([B256::repeat_byte(1)])));
    assert!(is_answered_at_once(&node, "eth_getBlockByNumber", &json!(["0xffffff", false])));
}

#[test]
fn old_states_are_read_and_older_ones_refused_with_the_oldest_named() {
    let node = Node::start_forgetful(200);
    let (logger, _) = long_chain(&node);
    let slot = |number: u64| node.ask("eth_getStorageAt", json!([logger, "0x0", format!("{number:#x}")]));
    assert_eq!(slot(120).expect("kept"), json!(word(120)));
    assert_eq!(slot(BLOCKS).expect("in memory"), json!(word(BLOCKS)));
    let error = slot(5).expect_err("forgotten");
    assert_eq!(error.code, -32000);
    assert!(error.message.starts_with("state of block 5 is not kept; the oldest is "), "{error}");
}

#[test]
fn proofs_and_simulations_need_a_block_in_memory() {
    let node = Node::start();
    long_chain(&node);
    let (code, message) = node.refused("eth_getProof", json!([Address::ZERO, [], "0x5"]));
    assert_eq!(code, -32000);
    assert!(message.starts_with("proofs of block 5 are not kept; the oldest is "), "{message}");
    let payload = json!({ "blockStateCalls": [{}] });
    let (code, message) = node.refused("eth_simulateV1", json!([payload, "0x5"]));
    assert_eq!((code, message.contains("no longer kept")), (-32000, true), "{message}");
    assert!(node.ask("eth_simulateV1", json!([payload, "latest"])).is_ok());
    assert_eq!(node.get("eth_call", json!([{}, "0x5"])), "0x");
}

#[test]
fn a_filter_that_slept_tells_every_block_that_it_missed() {
    let node = Node::start();
    let id = node.get("eth_newBlockFilter", json!([]));
    let logs = node.get("eth_newFilter", json!([{}]));
    let (_, receipts) = long_chain(&node);
    let told = node.get("eth_getFilterChanges", json!([id]));
    let told = told.as_array().expect("a list");
    assert_eq!(told.len() as u64, BLOCKS);
    assert!(told[1..].iter().zip(&receipts).all(|(told, receipt)| *told == receipt["blockHash"]));
    let topics = node.get("eth_getFilterChanges", json!([logs]));
    assert_eq!(topics.as_array().map(Vec::len), Some(receipts.len()));
}

#[test]
fn history_of_fees_reaches_back_to_the_disk() {
    let node = Node::start();
    long_chain(&node);
    let hash = node.get("eth_sendRawTransaction", json!([raw(&node.transfer(1, 0))]));
    node.receipt(&hash);
    let history = node.get("eth_feeHistory", json!([1024, "latest", [50]]));
    assert_eq!(history["oldestBlock"], "0x0");
    let length = |field: &str| history[field].as_array().map(|entries| entries.len() as u64);
    assert_eq!((length("gasUsedRatio"), length("baseFeePerGas")), (Some(BLOCKS + 2), Some(BLOCKS + 3)));
}
