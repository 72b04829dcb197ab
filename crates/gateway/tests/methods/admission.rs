//! Who makes the ledger, as a client reads it.

use primitives::genesis::Upgrade;
use serde_json::{Value, json};

use crate::network::{Node, node_key};

/// The sole member is in the room from genesis on.
pub(crate) fn open() -> Node {
    Node::start_with(
        |genesis| genesis.counterfoil.upgrades = vec![Upgrade { epoch: 0, version: 2 }],
        gateway::CallLimits::default(),
    )
}

#[test]
fn the_sole_member_is_listed_and_nobody_has_asked() {
    let node = open();
    // The room opens with the first block.
    node.send(json!({ "to": "0x2222222222222222222222222222222222222222" }));
    let members = node.get("counterfoil_members", json!([]));
    assert_eq!(members["total"], "0x1");
    let sole = &members["members"][0];
    assert_eq!((&sole["nodeKey"], &sole["state"]), (&json!(node_key().id()), &json!("committee")));
    assert!(sole.get("certificate").is_none(), "{sole}");
    assert_eq!(node.get("counterfoil_members", json!(["0x1"]))["members"], json!([]));
    assert_eq!(node.get("counterfoil_requests", json!([])), json!({ "total": "0x0", "requests": [] }));
}

#[test]
fn a_committee_is_known_up_to_the_next_block() {
    let node = open();
    let committee = node.get("counterfoil_committee", json!([]));
    assert_eq!(committee["members"], json!([node_key().id()]));
    assert_eq!(
        (&committee["epoch"], &committee["firstBlock"], &committee["quorum"]),
        (&json!("0x0"), &json!("0x0"), &json!("0x1"))
    );
    assert_eq!(node.get("counterfoil_committee", json!(["0x0"])), committee);
    assert_eq!(node.get("counterfoil_committee", json!(["0xffffffffffffffff"])), Value::Null);
}

#[test]
fn a_block_is_final_by_the_members_signature() {
    let node = open();
    let receipt = node.send(json!({ "to": "0x2222222222222222222222222222222222222222" }));
    let finality = node.get("counterfoil_finality", json!([receipt["blockNumber"]]));
    assert_eq!(finality["blockHash"], receipt["blockHash"]);
    assert_eq!(finality["certifiedNumber"], receipt["blockNumber"]);
    assert_eq!((&finality["signers"], &finality["committee"]), (&json!([node_key().id()]), &json!([node_key().id()])));
    assert!(finality["certificate"].as_str().is_some_and(|bytes| bytes.len() > 2 * 64));
    assert_eq!(node.get("counterfoil_finality", json!(["0x0"])), Value::Null);
    assert_eq!(node.get("counterfoil_finality", json!(["0xffff"])), Value::Null);
}

#[test]
fn a_network_without_the_room_says_so() {
    let (code, message) = Node::start().refused("counterfoil_members", json!([]));
    assert_eq!(code, -32_000);
    assert!(message.contains("protocol version 2"), "{message}");
}
