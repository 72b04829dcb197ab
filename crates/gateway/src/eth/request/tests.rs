//! Which transaction a request becomes, and which requests become none.

use alloy_consensus::{Transaction, Typed2718};
use alloy_primitives::Address;
use primitives::Genesis;
use serde_json::{Value, json};

use super::*;

fn rules() -> Rules {
    let genesis = r#"{"config":{"chainId":31337},"counterfoil":{"committee":["0x1111111111111111111111111111111111111111111111111111111111111111"]}}"#;
    Genesis::parse(genesis).expect("a genesis").rules()
}

fn request(fields: Value) -> TransactionRequest {
    let mut request = json!({ "from": Address::repeat_byte(1), "to": Address::repeat_byte(2) });
    request.as_object_mut().expect("an object").extend(fields.as_object().expect("an object").clone());
    serde_json::from_value(request).expect("a request")
}

fn built(fields: Value) -> Unsigned {
    let request = request(fields);
    check(&request, &rules()).expect("a good request");
    build(request, Filling { chain_id: 31_337, nonce: 7, gas: 21_000, price: 5 }).expect("a transaction")
}

fn refused(fields: Value, expected: &str) {
    let error = check(&request(fields), &rules()).expect_err(expected);
    assert_eq!((error.code, error.message.as_ref()), (-32000, expected));
}

fn authorization() -> Value {
    json!([{ "chainId": "0x1", "address": Address::ZERO, "nonce": "0x0", "yParity": "0x0", "r": "0x1", "s": "0x1" }])
}

#[test]
fn the_fields_given_decide_the_type() {
    for (fields, tx_type) in [
        (json!({}), 2),
        (json!({ "gasPrice": "0x1" }), 0),
        (json!({ "gasPrice": "0x1", "accessList": [] }), 1),
        (json!({ "accessList": [] }), 2),
        (json!({ "maxFeePerGas": "0x1" }), 2),
        (json!({ "maxPriorityFeePerGas": "0x1" }), 2),
        (json!({ "type": "0x0" }), 0),
        (json!({ "type": "0x1" }), 1),
        (json!({ "type": "0x2" }), 2),
        (json!({ "type": "0x0", "maxFeePerGas": "0x1" }), 2),
        (json!({ "authorizationList": authorization() }), 4),
    ] {
        assert_eq!(built(fields.clone()).ty(), tx_type, "{fields}");
    }
}

#[test]
fn missing_prices_are_filled_in_within_those_given() {
    for (fields, max_fee, tip) in [
        (json!({}), 5, Some(5)),
        (json!({ "maxPriorityFeePerGas": "0x9" }), 9, Some(9)),
        (json!({ "maxFeePerGas": "0x9" }), 9, Some(5)),
        (json!({ "maxFeePerGas": "0x3" }), 3, Some(3)),
        (json!({ "maxFeePerGas": "0x0", "maxPriorityFeePerGas": "0x0" }), 0, Some(0)),
        (json!({ "gasPrice": "0x0" }), 0, None),
        (json!({ "type": "0x0" }), 5, None),
    ] {
        let tx = built(fields.clone());
        assert_eq!((tx.max_fee_per_gas(), tx.max_priority_fee_per_gas()), (max_fee, tip), "{fields}");
    }
}

#[test]
fn everything_else_is_taken_over() {
    let tx = built(json!({ "value": "0x10", "data": "0xabcd", "chainId": "0x7a69" }));
    assert_eq!((tx.nonce(), tx.gas_limit(), tx.chain_id()), (7, 21_000, Some(31_337)));
    assert_eq!(
        (tx.value().to::<u64>(), tx.input().as_ref(), tx.to()),
        (16, &[0xab, 0xcd][..], Some(Address::repeat_byte(2)))
    );
}

#[test]
fn contradictions_are_refused_in_geths_words() {
    refused(json!({ "chainId": "0x1" }), "chainId does not match node's (have=1, want=31337)");
    refused(
        json!({ "gasPrice": "0x1", "maxFeePerGas": "0x1" }),
        "both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified",
    );
    refused(
        json!({ "maxFeePerGas": "0x1", "maxPriorityFeePerGas": "0x2" }),
        "maxFeePerGas (1) < maxPriorityFeePerGas (2)",
    );
    refused(
        json!({ "data": "0x01", "input": "0x02" }),
        "both \"data\" and \"input\" are set and not equal. Please use \"input\" to pass transaction call data",
    );
    refused(json!({ "to": null }), "contract creation without any data provided");
}

#[test]
fn blobs_and_impossible_authorizations_are_refused() {
    let no_blobs = "transaction type not supported: blob transactions have no place on this chain";
    refused(json!({ "type": "0x3" }), no_blobs);
    refused(json!({ "blobVersionedHashes": [] }), no_blobs);
    refused(json!({ "maxFeePerBlobGas": "0x1" }), no_blobs);
    refused(json!({ "authorizationList": [] }), "EIP-7702 transaction with empty auth list");
    refused(
        json!({ "authorizationList": authorization(), "to": null, "data": "0x01" }),
        "EIP-7702 transaction cannot be used to create contract",
    );
}
