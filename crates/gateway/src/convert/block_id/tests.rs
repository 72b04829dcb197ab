//! What clients may call a block.

use alloy_primitives::B256;
use serde_json::{Value, json};

use super::*;

fn check(id: Value, expected: BlockAt) {
    let id: BlockId = serde_json::from_value(id).expect("a block id");
    assert_eq!(block_at(Some(id)), expected);
}

#[test]
fn numbers_tags_hashes_and_the_objects_of_eip_1898_name_blocks() {
    let hash = B256::repeat_byte(7);
    check(json!("0x0"), BlockAt::Number(0));
    check(json!("0xff"), BlockAt::Number(255));
    check(json!("earliest"), BlockAt::Number(0));
    check(json!("latest"), BlockAt::Latest);
    check(json!("safe"), BlockAt::Latest);
    check(json!("finalized"), BlockAt::Latest);
    check(json!("pending"), BlockAt::Latest);
    check(json!(hash), BlockAt::Hash(hash));
    check(json!({ "blockNumber": "0x2" }), BlockAt::Number(2));
    check(json!({ "blockHash": hash }), BlockAt::Hash(hash));
    check(json!({ "blockHash": hash, "requireCanonical": true }), BlockAt::Hash(hash));
}

#[test]
fn no_name_is_the_latest_block() {
    assert_eq!(block_at(None), BlockAt::Latest);
}

#[test]
fn other_text_names_no_block() {
    for id in
        [json!("newest"), json!("0x"), json!("-1"), json!("0x10000000000000000"), json!({}), json!([]), json!(1.5)]
    {
        assert!(serde_json::from_value::<BlockId>(id.clone()).is_err(), "{id}");
    }
}
