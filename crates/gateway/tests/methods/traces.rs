//! Executions step by step.

use primitives::B256;
use serde_json::{Value, json};

use crate::network::{LOGGER, Node, REVERTER, word};

fn call_tracer() -> Value {
    json!({ "tracer": "callTracer" })
}

#[test]
fn a_transaction_is_traced_on_the_state_that_it_found() {
    let node = Node::start();
    let logger = node.deploy(LOGGER);
    let receipt = node.send(json!({ "to": logger, "data": word(7) }));
    let hash = &receipt["transactionHash"];
    let steps = node.get("debug_traceTransaction", json!([hash]));
    let names: Vec<Value> =
        steps["structLogs"].as_array().expect("steps").iter().map(|step| step["op"].clone()).collect();
    assert_eq!(names[..3], [json!("PUSH0"), json!("CALLDATALOAD"), json!("PUSH0")]);
    assert_eq!(names.len(), LOGGER.len());
    let frame = node.get("debug_traceTransaction", json!([hash, call_tracer()]));
    assert_eq!(
        (&frame["type"], &frame["to"], &frame["gasUsed"]),
        (&json!("CALL"), &json!(logger), &receipt["gasUsed"])
    );
}

#[test]
fn a_block_is_traced_by_number_hash_and_encoding() {
    let node = Node::start();
    let logger = node.deploy(LOGGER);
    let receipt = node.send(json!({ "to": logger, "data": word(7) }));
    let by_number = node.get("debug_traceBlockByNumber", json!(["latest", call_tracer()]));
    assert_eq!(by_number[0]["txHash"], receipt["transactionHash"]);
    assert_eq!(by_number[0]["result"]["to"], json!(logger));
    assert_eq!(node.get("debug_traceBlockByHash", json!([receipt["blockHash"], call_tracer()])), by_number);
    let encoded = node.get("debug_getRawBlock", json!(["latest"]));
    assert_eq!(node.get("debug_traceBlock", json!([encoded, call_tracer()])), by_number);
}

#[test]
fn a_call_is_traced_without_being_sent() {
    let node = Node::start();
    let reverter = node.deploy(REVERTER);
    let frame = node.get("debug_traceCall", json!([{ "to": reverter, "data": "0x01" }, "latest", call_tracer()]));
    assert_eq!((&frame["error"], &frame["output"]), (&json!("execution reverted"), &json!("0x01")));
}

#[test]
fn what_was_never_executed_is_not_traced() {
    let node = Node::start();
    let nowhere = B256::repeat_byte(1);
    for (method, params, message) in [
        ("debug_traceTransaction", json!([nowhere]), "transaction not found".to_owned()),
        ("debug_traceBlockByNumber", json!(["0x63"]), "block #99 not found".to_owned()),
        ("debug_traceBlockByHash", json!([nowhere]), format!("block {nowhere} not found")),
        ("debug_traceBlockByNumber", json!(["0x0"]), "genesis is not traceable".to_owned()),
    ] {
        assert_eq!(node.refused(method, params), (-32000, message), "{method}");
    }
    assert_eq!(node.refused("debug_traceBlock", json!(["0xc0"])).0, -32000);
}
