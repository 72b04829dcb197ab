//! Prices and their history.

use gateway::CallLimits;
use primitives::Address;
use serde_json::{Value, json};

use crate::network::Node;

#[test]
fn prices_are_the_least_that_genesis_asks_for_or_what_the_node_suggests() {
    let free = Node::start();
    let priced = Node::start_with(|genesis| genesis.counterfoil.min_gas_price = 7, CallLimits::default());
    for method in ["eth_gasPrice", "eth_maxPriorityFeePerGas"] {
        assert_eq!((free.get(method, json!([])), priced.get(method, json!([]))), (json!("0x0"), json!("0x7")));
    }
    assert_eq!(free.get("eth_blobBaseFee", json!([])), "0x1");
    let limits = CallLimits { suggested_gas_price_wei: 9, ..CallLimits::default() };
    let suggesting = Node::start_with(|_| {}, limits);
    assert_eq!(suggesting.get("eth_gasPrice", json!([])), "0x9");
    assert_eq!(suggesting.send(json!({ "to": Address::ZERO }))["effectiveGasPrice"], "0x9");
    assert_eq!(suggesting.send(json!({ "to": Address::ZERO, "gasPrice": "0x0" }))["effectiveGasPrice"], "0x0");
    let receipt = priced.send(json!({ "to": Address::ZERO }));
    assert_eq!(receipt["effectiveGasPrice"], "0x7");
    let cheap = json!([{ "from": priced.account(0).address(), "to": Address::ZERO, "gasPrice": "0x6" }]);
    let (code, message) = priced.refused("eth_sendTransaction", cheap);
    assert!(code == -32000 && message.starts_with("transaction underpriced"), "{message}");
}

#[test]
fn history_has_an_entry_for_each_block_and_one_more_base_fee() {
    let node = Node::start();
    for price in ["0x0", "0x9"] {
        node.send(json!({ "to": Address::ZERO, "gasPrice": price }));
    }
    let ratio = 21_000.0 / 100_000_000.0;
    assert_eq!(
        node.get("eth_feeHistory", json!(["0x2", "latest", [0, 50, 100]])),
        json!({
            "oldestBlock": "0x1",
            "reward": [["0x0", "0x0", "0x0"], ["0x9", "0x9", "0x9"]],
            "baseFeePerGas": ["0x0", "0x0", "0x0"],
            "gasUsedRatio": [ratio, ratio],
            "baseFeePerBlobGas": ["0x1", "0x1", "0x1"],
            "blobGasUsedRatio": [0.0, 0.0],
        })
    );
}

#[test]
fn history_stops_at_genesis_and_at_1024_blocks() {
    let node = Node::start();
    node.send(json!({ "to": Address::ZERO }));
    for count in [json!(5), json!("5"), json!("0x5"), json!("0xffffffffffffffff")] {
        let history = node.get("eth_feeHistory", json!([count, "latest", null]));
        assert_eq!(
            (&history["oldestBlock"], history["gasUsedRatio"].as_array().map(Vec::len)),
            (&json!("0x0"), Some(2))
        );
        assert_eq!(history.get("reward"), None);
    }
    let none = json!({ "oldestBlock": "0x0", "gasUsedRatio": Value::Null });
    assert_eq!(node.get("eth_feeHistory", json!([0, "latest", []])), none);
    let beyond = "request beyond head block: requested 9, head 1".to_owned();
    assert_eq!(node.refused("eth_feeHistory", json!([1, "0x9", []])), (-32000, beyond));
}
