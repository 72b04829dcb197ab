//! Executions that change nothing.

use primitives::{Address, Bytes};
use serde_json::{Value, json};

use crate::network::{LOGGER, Node, READER, REVERTER, word};

/// `Error(string)` with "no".
const NO: &str = "0x08c379a0\
    0000000000000000000000000000000000000000000000000000000000000020\
    0000000000000000000000000000000000000000000000000000000000000002\
    6e6f000000000000000000000000000000000000000000000000000000000000";

#[test]
fn a_call_reads_the_state_of_its_block() {
    let node = Node::start();
    let logger = node.deploy(LOGGER);
    node.send(json!({ "to": logger, "data": word(5) }));
    let reader = Bytes::from_static(READER);
    let read = |at: &str| {
        // The logger's storage under the reader's code.
        node.get("eth_call", json!([{ "to": logger }, at, { (logger.to_string()): { "code": reader } }]))
    };
    assert_eq!((read("latest"), read("0x1")), (json!(word(5)), json!(word(0))));
    assert_eq!(node.get("eth_call", json!([{ "to": logger, "data": word(1) }])), "0x");
}

#[test]
fn overrides_hold_for_one_call() {
    let node = Node::start();
    let reader = node.deploy(READER);
    let call = |state: Value| node.get("eth_call", json!([{ "to": reader }, "latest", state]));
    let overridden = json!({ (reader.to_string()): { "stateDiff": { (word(0).to_string()): word(9) } } });
    assert_eq!(call(overridden), json!(word(9)));
    assert_eq!(call(json!({})), json!(word(0)));
    // NUMBER, PUSH0, MSTORE, PUSH1 32, PUSH0, RETURN
    let number = json!({ (reader.to_string()): { "code": "0x435f5260205ff3" } });
    let block = json!({ "number": "0x63" });
    assert_eq!(node.get("eth_call", json!([{ "to": reader }, "latest", number, block])), json!(word(99)));
}

#[test]
fn a_revert_has_code_3_its_reason_and_its_data() {
    let node = Node::start();
    let reverter = node.deploy(REVERTER);
    for (method, data, message) in [
        ("eth_call", NO, "execution reverted: no"),
        ("eth_call", "0x", "execution reverted"),
        ("eth_call", "0x12345678", "execution reverted"),
        ("eth_estimateGas", NO, "execution reverted: no"),
    ] {
        let error = node.ask(method, json!([{ "to": reverter, "data": data }])).expect_err(method);
        assert_eq!((error.code, error.message.as_ref()), (3, message));
        assert_eq!(error.data.map(|data| data.get().to_owned()), Some(json!(data).to_string()));
    }
}

#[test]
fn estimates_are_enough_and_not_more_than_needed() {
    let node = Node::start();
    assert_eq!(node.get("eth_estimateGas", json!([{ "to": Address::ZERO, "value": "0x0" }])), "0x5208");
    let logger = node.deploy(LOGGER);
    let from = node.account(0).address();
    let request = json!({ "from": from, "to": logger, "data": word(5) });
    let estimate = node.get("eth_estimateGas", json!([request]));
    let receipt = node.send(json!({ "to": logger, "data": word(5), "gas": estimate }));
    assert_eq!(receipt["status"], "0x1");
}

#[test]
fn an_access_list_names_the_slots_that_a_call_touches() {
    let node = Node::start();
    let reader = node.deploy(READER);
    let from = node.account(0).address();
    let answer = node.get("eth_createAccessList", json!([{ "from": from, "to": reader }, "latest"]));
    assert_eq!(answer["accessList"], json!([{ "address": reader, "storageKeys": [word(0)] }]));
    assert!(answer["gasUsed"].is_string() && answer.get("error").is_none());
}

#[test]
fn a_sender_without_means_is_told_so() {
    let node = Node::start();
    let poor = Address::repeat_byte(0x44);
    let (code, message) = node.refused("eth_call", json!([{ "from": poor, "to": Address::ZERO, "value": "0x1" }]));
    assert!(code == -32000 && message.contains("insufficient funds"), "{message}");
}

#[test]
fn simulated_blocks_stand_on_each_other() {
    let node = Node::start();
    let (from, to) = (node.account(0).address(), Address::repeat_byte(0x55));
    let pay = json!({ "calls": [{ "from": from, "to": to, "value": "0x1" }] });
    let payload = json!({ "blockStateCalls": [pay, pay], "validation": false });
    let blocks = node.get("eth_simulateV1", json!([payload, "latest"]));
    assert_eq!((&blocks[0]["number"], &blocks[1]["number"]), (&json!("0x1"), &json!("0x2")));
    assert_eq!(blocks[1]["parentHash"], blocks[0]["hash"]);
    assert_eq!(
        (&blocks[0]["calls"][0]["status"], &blocks[1]["calls"][0]["gasUsed"]),
        (&json!("0x1"), &json!("0x5208"))
    );
    assert_eq!(node.get("eth_blockNumber", json!([])), "0x0");
}

/// What was simulated is then done: the same state must come out, so the same root.
#[test]
fn a_simulated_root_is_the_root_of_the_real_state() {
    let node = Node::start();
    let logger = node.deploy(LOGGER);
    let from = node.account(0).address();
    let call = |value: u64| json!({ "calls": [{ "from": from, "to": logger, "data": word(value), "gas": "0x30d40" }] });
    let payload = json!({ "blockStateCalls": [call(7), call(8)], "validation": true });
    let simulated = node.get("eth_simulateV1", json!([payload, "latest"]));
    for (value, block) in [(7, 0), (8, 1)] {
        let receipt = node.send(json!({ "to": logger, "data": word(value), "gas": "0x30d40" }));
        let real = node.get("eth_getBlockByHash", json!([receipt["blockHash"], false]));
        assert_eq!(real["stateRoot"], simulated[block]["stateRoot"]);
    }
}
