//! A native contract behind JSON-RPC: every method shows it as it shows bytecode.

use alloy_primitives::keccak256;
use alloy_rpc_types_eth::EIP1186AccountProofResponse;
use alloy_sol_types::{SolCall, SolError, SolEvent};
use alloy_trie::{Nibbles, TrieAccount, proof::verify_proof};
use contracts::protocol::{ADDRESS, IProtocol, upgrade_message};
use primitives::{B256, Bytes, U256};
use serde_json::{Value, json};

use crate::network::{CHAIN_ID, Node, node_key, word};

/// What schedules version 1 for an epoch, as the first call of its kind.
fn schedule(epoch: u64) -> Bytes {
    let signature = node_key().sign_message(&upgrade_message(CHAIN_ID, 1, epoch, 0));
    IProtocol::scheduleCall { version: 1, epoch, signature: signature.to_vec().into() }.abi_encode().into()
}

fn scheduled() -> (Node, Value) {
    let node = Node::start();
    let receipt = node.send(json!({ "to": ADDRESS, "data": schedule(9), "gas": "0x30000" }));
    assert_eq!(receipt["status"], "0x1");
    (node, receipt)
}

#[test]
fn calls_and_estimates_run_it() {
    let node = Node::start();
    let view = Bytes::from(IProtocol::versionCall {}.abi_encode());
    assert_eq!(node.get("eth_call", json!([{ "to": ADDRESS, "data": view }, "latest"])), json!(word(0)));
    let estimate = node.get("eth_estimateGas", json!([{ "to": ADDRESS, "data": schedule(9) }]));
    let receipt = node.send(json!({ "to": ADDRESS, "data": schedule(9), "gas": estimate }));
    assert_eq!(receipt["status"], "0x1");
}

#[test]
fn a_refusal_carries_the_error_of_the_abi() {
    let node = Node::start();
    let error = node.ask("eth_call", json!([{ "to": ADDRESS, "data": schedule(0) }])).expect_err("refused");
    let expected = IProtocol::EpochNotAhead { epoch: 0, current: 0 }.abi_encode();
    let data = error.data.expect("a revert has data");
    assert_eq!((error.code, data.get()), (3, json!(Bytes::from(expected)).to_string().as_str()));
}

#[test]
fn its_logs_are_found() {
    let (node, receipt) = scheduled();
    let filter = json!({ "fromBlock": "0x0", "address": ADDRESS, "topics": [IProtocol::UpgradeScheduled::SIGNATURE_HASH, word(1)] });
    let logs = node.get("eth_getLogs", json!([filter]));
    assert_eq!(logs, receipt["logs"]);
    assert_eq!(logs[0]["data"], json!(word(9)));
}

#[test]
fn its_code_and_slots_are_read_and_proven() {
    let (node, _) = scheduled();
    assert_eq!(node.get("eth_getCode", json!([ADDRESS, "latest"])), "0xef");
    assert_eq!(node.get("eth_getStorageAt", json!([ADDRESS, "0x2", "latest"])), json!(word(9)));
    let proof = node.get("eth_getProof", json!([ADDRESS, ["0x2"], "latest"]));
    let proof: EIP1186AccountProofResponse = serde_json::from_value(proof).expect("a proof");
    let block = node.get("eth_getBlockByNumber", json!(["latest", false]));
    let root: B256 = serde_json::from_value(block["stateRoot"].clone()).expect("a root");
    let account = TrieAccount {
        nonce: proof.nonce,
        balance: proof.balance,
        storage_root: proof.storage_hash,
        code_hash: keccak256([0xef]),
    };
    let path = Nibbles::unpack(keccak256(ADDRESS));
    verify_proof(root, path, Some(alloy_rlp::encode(account)), &proof.account_proof).expect("the account is proven");
    let slot = Nibbles::unpack(keccak256(word(2)));
    let value = Some(alloy_rlp::encode(U256::from(9)));
    verify_proof(proof.storage_hash, slot, value, &proof.storage_proof[0].proof).expect("the slot is proven");
}

#[test]
fn a_transaction_to_it_is_traced_as_one_call() {
    let (node, receipt) = scheduled();
    let trace = node.get(
        "debug_traceTransaction",
        json!([receipt["transactionHash"], { "tracer": "callTracer", "tracerConfig": { "withLog": true } }]),
    );
    assert_eq!((&trace["to"], &trace["gasUsed"]), (&json!(ADDRESS), &receipt["gasUsed"]));
    assert_eq!(trace["input"], json!(schedule(9)));
    assert_eq!(trace["logs"][0]["topics"], receipt["logs"][0]["topics"]);
}
