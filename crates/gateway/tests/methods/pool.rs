//! `txpool_`.

use serde_json::json;

use crate::network::{Node, raw};

#[test]
fn the_pool_is_shown_by_sender_and_nonce() {
    let mut node = Node::start();
    node.stop_mining();
    for (sender, nonce) in [(0, 0), (0, 1), (0, 3), (1, 0)] {
        node.get("eth_sendRawTransaction", json!([raw(&node.transfer(sender, nonce))]));
    }
    let first = node.account(0).address();
    assert_eq!(node.get("txpool_status", json!([])), json!({ "pending": "0x3", "queued": "0x1" }));
    let content = node.get("txpool_content", json!([]));
    let checksummed = first.to_checksum(None);
    let pending = content["pending"][&checksummed].as_object().expect("by nonce");
    assert_eq!(pending.keys().collect::<Vec<_>>(), ["0", "1"]);
    assert_eq!(pending["1"]["hash"], json!(node.transfer(0, 1).tx_hash()));
    assert_eq!(content["queued"][&checksummed]["3"]["nonce"], "0x3");
    assert_eq!(content["pending"].as_object().map(serde_json::Map::len), Some(2));
    let of_first = node.get("txpool_contentFrom", json!([first]));
    assert_eq!(of_first["pending"], content["pending"][&checksummed]);
    assert_eq!(of_first["queued"], content["queued"][&checksummed]);
    let line = &node.get("txpool_inspect", json!([]))["pending"][&checksummed]["0"];
    assert_eq!(line, "0x2222222222222222222222222222222222222222: 1 wei + 21000 gas \u{d7} 0 wei");
}
