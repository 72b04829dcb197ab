//! Balances, nonces, code, storage and proofs, now and before.

use alloy_primitives::keccak256;
use alloy_rpc_types_eth::EIP1186AccountProofResponse;
use alloy_trie::{Nibbles, TrieAccount, proof::verify_proof};
use primitives::{Address, B256, Bytes, U256};
use serde_json::{Value, json};

use crate::network::{LOGGER, Node, word};

#[test]
fn state_can_be_asked_for_at_any_block() {
    let node = Node::start();
    let receiver = Address::repeat_byte(0x33);
    for value in ["0x5", "0x7"] {
        assert_eq!(node.send(json!({ "to": receiver, "value": value }))["status"], "0x1");
    }
    let balance = |at: Value| node.get("eth_getBalance", json!([receiver, at]));
    assert_eq!(
        (balance(json!("0x0")), balance(json!("0x1")), balance(json!("0x2"))),
        (json!("0x0"), json!("0x5"), json!("0xc"))
    );
    for at in [json!("latest"), json!("safe"), json!("finalized"), json!("pending"), Value::Null] {
        assert_eq!(balance(at), "0xc");
    }
    assert_eq!(balance(json!("earliest")), "0x0");
    let hash = node.get("eth_getBlockByNumber", json!(["0x1", false]))["hash"].clone();
    assert_eq!(balance(json!({ "blockHash": hash, "requireCanonical": true })), "0x5");
    assert_eq!(balance(hash), "0x5");
    assert_eq!(balance(json!({ "blockNumber": "0x1" })), "0x5");
    assert_eq!(node.get("eth_getBalance", json!([receiver])), "0xc");
}

#[test]
fn the_state_of_an_unknown_block_is_an_error() {
    let node = Node::start();
    let unknown = (-32000, "header not found".to_owned());
    for at in [json!("0x63"), json!(B256::repeat_byte(1)), json!({ "blockHash": B256::repeat_byte(1) })] {
        assert_eq!(node.refused("eth_getBalance", json!([Address::ZERO, at])), unknown);
        assert_eq!(node.refused("eth_call", json!([{}, at])), unknown);
    }
}

#[test]
fn code_and_storage_are_shown_as_bytes() {
    let node = Node::start();
    let logger = node.deploy(LOGGER);
    assert_eq!(node.get("eth_getCode", json!([logger, "latest"])), json!(Bytes::from_static(LOGGER)));
    assert_eq!(node.get("eth_getCode", json!([logger, "0x0"])), "0x");
    node.send(json!({ "to": logger, "data": word(0xbeef) }));
    for slot in [json!("0x0"), json!("0x00"), json!(word(0))] {
        assert_eq!(node.get("eth_getStorageAt", json!([logger, slot, "latest"])), json!(word(0xbeef)));
    }
    assert_eq!(node.get("eth_getStorageAt", json!([logger, "0x1", "latest"])), json!(B256::ZERO));
    assert_eq!(node.get("eth_getStorageAt", json!([logger, "0x0", "0x1"])), json!(B256::ZERO));
}

#[test]
fn the_pending_nonce_counts_what_waits() {
    let mut node = Node::start();
    node.stop_mining();
    let sender = node.account(0).address();
    for nonce in 0..3 {
        let raw = crate::network::raw(&node.transfer(0, nonce));
        node.get("eth_sendRawTransaction", json!([raw]));
    }
    let nonce = |at| node.get("eth_getTransactionCount", json!([sender, at]));
    assert_eq!((nonce("latest"), nonce("pending")), (json!("0x0"), json!("0x3")));
}

#[test]
fn proofs_hold_against_the_state_root() {
    let node = Node::start();
    let logger = node.deploy(LOGGER);
    node.send(json!({ "to": logger, "data": word(0xbeef) }));
    let shown = node.get("eth_getProof", json!([logger, ["0x0", word(1)], "latest"]));
    assert_eq!((&shown["storageProof"][0]["key"], &shown["storageProof"][1]["key"]), (&json!("0x0"), &json!(word(1))));
    let proof: EIP1186AccountProofResponse = serde_json::from_value(shown).expect("a proof");
    let account = TrieAccount {
        nonce: proof.nonce,
        balance: proof.balance,
        storage_root: proof.storage_hash,
        code_hash: proof.code_hash,
    };
    assert_eq!(proof.code_hash, keccak256(LOGGER));
    let root = serde_json::from_value(node.get("eth_getBlockByNumber", json!(["latest", false]))["stateRoot"].clone());
    let key = Nibbles::unpack(keccak256(logger));
    verify_proof(root.expect("a root"), key, Some(alloy_rlp::encode(account)), &proof.account_proof).expect("it holds");
    for (slot, value) in proof.storage_proof.iter().zip([Some(0xbeef_u64), None]) {
        let key = Nibbles::unpack(keccak256(slot.key.as_b256()));
        let value = value.map(|value| alloy_rlp::encode(U256::from(value)));
        verify_proof(proof.storage_hash, key, value, &slot.proof).expect("it holds");
    }
}

#[test]
fn an_account_that_does_not_exist_is_proven_to_be_empty() {
    let node = Node::start();
    let shown = node.get("eth_getProof", json!([Address::repeat_byte(0x99), ["0x1"], "latest"]));
    assert_eq!((&shown["balance"], &shown["nonce"]), (&json!("0x0"), &json!("0x0")));
    assert_eq!(shown["codeHash"], json!(keccak256([])));
    assert_eq!(shown["storageProof"], json!([{ "key": "0x1", "value": "0x0", "proof": [] }]));
    let many = vec!["0x1"; 1_025];
    assert_eq!(
        node.refused("eth_getProof", json!([Address::ZERO, many, "latest"])),
        (-32602, "too many slots (max 1024)".to_owned())
    );
}
