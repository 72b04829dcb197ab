//! Messages and typed data against the examples of their standards.

use alloy_primitives::{b256, hex, keccak256};
use serde_json::{Value, json};

use super::*;

/// The example of EIP-712.
fn mail() -> Value {
    json!({
        "types": {
            "EIP712Domain": [
                { "name": "name", "type": "string" },
                { "name": "version", "type": "string" },
                { "name": "chainId", "type": "uint256" },
                { "name": "verifyingContract", "type": "address" },
            ],
            "Person": [{ "name": "name", "type": "string" }, { "name": "wallet", "type": "address" }],
            "Mail": [
                { "name": "from", "type": "Person" },
                { "name": "to", "type": "Person" },
                { "name": "contents", "type": "string" },
            ],
        },
        "primaryType": "Mail",
        "domain": {
            "name": "Ether Mail",
            "version": "1",
            "chainId": 1,
            "verifyingContract": "0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC",
        },
        "message": {
            "from": { "name": "Cow", "wallet": "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826" },
            "to": { "name": "Bob", "wallet": "0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB" },
            "contents": "Hello, Bob!",
        },
    })
}

#[test]
fn the_mail_of_eip_712_is_signed_as_the_standard_prints_it() {
    let data: TypedData = serde_json::from_value(mail()).expect("typed data");
    let digest = typed_digest(&data).expect("a digest");
    assert_eq!(digest, b256!("be609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2"));
    let cow = Account::from_key(keccak256("cow")).expect("a key");
    assert_eq!(
        hex::encode(signature(&cow, digest).expect("signs")),
        "4355c47d63924e8a72e509b65029052eb6c299d53a04e167c5775fd466751c9d\
         07299936d304c153f6443dfa05f40ff007d72911b6f72307f996231605b915621c"
    );
}

#[test]
fn typed_data_may_come_as_text() {
    let object: TypedData = serde_json::from_value(mail()).expect("typed data");
    let text: TypedData = serde_json::from_value(json!(mail().to_string())).expect("typed data");
    assert_eq!(object, text);
}

#[test]
fn typed_data_that_contradicts_its_types_is_refused() {
    let mut wrong = mail();
    wrong["message"]["from"] = json!("nobody");
    let data: TypedData = serde_json::from_value(wrong).expect("typed data");
    assert_eq!(typed_digest(&data).expect_err("refused").code, -32602);
}
