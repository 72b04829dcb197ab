//! Signatures by the node's accounts, checked by recovering the signer.

use alloy_dyn_abi::TypedData;
use alloy_primitives::Signature;
use primitives::{
    Address, B256, Bytes,
    tx::{decode_tx, recover},
};
use serde_json::{Value, json};

use crate::network::Node;

fn signature(value: &Value) -> Signature {
    let bytes: Bytes = serde_json::from_value(value.clone()).expect("bytes");
    assert_eq!(bytes.len(), 65);
    assert!(matches!(bytes[64], 27 | 28));
    Signature::from_raw(&bytes).expect("a signature")
}

fn typed_data() -> Value {
    json!({
        "types": { "EIP712Domain": [{ "name": "name", "type": "string" }], "Note": [{ "name": "text", "type": "string" }] },
        "primaryType": "Note",
        "domain": { "name": "test" },
        "message": { "text": "hello" },
    })
}

#[test]
fn a_message_recovers_to_its_signer() {
    let node = Node::start();
    let address = node.account(3).address();
    let signed = node.get("eth_sign", json!([address, "0xdeadbeef"]));
    let recovered = signature(&signed).recover_address_from_msg([0xde, 0xad, 0xbe, 0xef]);
    assert_eq!(recovered.ok(), Some(address));
}

#[test]
fn typed_data_recovers_to_its_signer() {
    let node = Node::start();
    let address = node.account(3).address();
    let data: TypedData = serde_json::from_value(typed_data()).expect("typed data");
    let digest: B256 = data.eip712_signing_hash().expect("a digest");
    for method in ["eth_signTypedData", "eth_signTypedData_v4"] {
        for given in [typed_data(), json!(typed_data().to_string())] {
            let signed = node.get(method, json!([address, given]));
            assert_eq!(signature(&signed).recover_address_from_prehash(&digest).ok(), Some(address), "{method}");
        }
    }
}

#[test]
fn a_transaction_is_signed_and_not_sent() {
    let node = Node::start();
    let from = node.account(2).address();
    let request = json!({
        "from": from, "to": Address::ZERO, "gas": "0x5208", "maxFeePerGas": "0x2", "maxPriorityFeePerGas": "0x1",
        "nonce": "0x7", "value": "0x1",
    });
    let signed = node.get("eth_signTransaction", json!([request]));
    let raw: Bytes = serde_json::from_value(signed["raw"].clone()).expect("bytes");
    let tx = recover(decode_tx(&raw).expect("a transaction")).expect("a signer");
    assert_eq!(tx.signer(), from);
    let shown = ["hash", "nonce", "gas", "to", "gasPrice", "maxFeePerGas", "chainId"].map(|field| &signed["tx"][field]);
    let expected = json!([tx.tx_hash(), "0x7", "0x5208", Address::ZERO, null, "0x2", "0x7a69"]);
    assert_eq!(json!(shown), expected);
    assert_eq!(node.get("eth_getTransactionByHash", json!([tx.tx_hash()])), Value::Null);
}

#[test]
fn a_transaction_to_sign_must_say_what_it_costs_and_when_it_runs() {
    let node = Node::start();
    let from = node.account(2).address();
    for (request, message) in [
        (json!({ "from": from, "to": Address::ZERO }), "gas not specified"),
        (
            json!({ "from": from, "to": Address::ZERO, "gas": "0x5208" }),
            "missing gasPrice or maxFeePerGas/maxPriorityFeePerGas",
        ),
        (json!({ "from": from, "to": Address::ZERO, "gas": "0x5208", "gasPrice": "0x0" }), "nonce not specified"),
    ] {
        assert_eq!(node.refused("eth_signTransaction", json!([request])), (-32000, message.to_owned()));
    }
}

#[test]
fn nothing_is_signed_for_foreign_pages_or_locked_accounts() {
    let node = Node::start();
    let (own, foreign) = (node.account(0).address(), Address::repeat_byte(1));
    let calls = |from| {
        [
            ("eth_sign", json!([from, "0x00"])),
            ("eth_signTypedData", json!([from, typed_data()])),
            ("eth_signTypedData_v4", json!([from, typed_data()])),
            ("eth_signTransaction", json!([{ "from": from, "to": Address::ZERO }])),
        ]
    };
    for (method, params) in calls(foreign) {
        assert_eq!(node.refused(method, params), (-32000, "unknown account".to_owned()), "{method}");
    }
    for (method, params) in calls(own) {
        let error = node.ask_as(true, method, params).expect_err(method);
        assert_eq!(error.message, "this node signs nothing for pages of other sites", "{method}");
    }
    assert_eq!(node.get("eth_accounts", json!([])).as_array().map(Vec::len), Some(10));
}
