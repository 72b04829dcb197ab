//! Filters: their bounds, and what they ask the chain for.

use alloy_primitives::{Address, B256};
use serde_json::{Value, json};

use super::*;

fn filter(json: Value) -> Filter {
    serde_json::from_value(json).expect("a filter")
}

fn check(json: Value, expected: Option<&str>) {
    let error = check_bounds(&filter(json)).err();
    assert!(error.as_ref().is_none_or(|error| error.code == -32602));
    assert_eq!(error.map(|error| error.message.into_owned()).as_deref(), expected);
}

#[test]
fn a_range_that_runs_backwards_is_refused() {
    check(json!({ "fromBlock": "0x2", "toBlock": "0x1" }), Some("invalid block range params"));
    check(json!({ "fromBlock": "0x1", "toBlock": "0x1" }), None);
    check(json!({ "fromBlock": "0x2", "toBlock": "latest" }), None);
}

#[test]
fn too_many_alternatives_are_refused() {
    let topics: Vec<_> = (0..1_001_u64).map(|n| B256::left_padding_from(&n.to_be_bytes())).collect();
    let addresses: Vec<_> = (0..1_001_u64).map(|n| Address::left_padding_from(&n.to_be_bytes())).collect();
    let too_many = Some("exceed max addresses or topics per search position");
    check(json!({ "topics": [null, topics] }), too_many);
    check(json!({ "address": addresses }), too_many);
    check(json!({ "address": &addresses[..1_000], "topics": [&topics[..1_000]] }), None);
}

#[test]
fn a_filter_with_five_positions_or_two_kinds_of_range_is_no_filter() {
    for json in [
        json!({ "topics": [null, null, null, null, null] }),
        json!({ "blockHash": B256::ZERO, "fromBlock": "0x1" }),
        json!({ "address": "0x12" }),
        json!({ "topics": ["0x12"] }),
        json!([]),
    ] {
        assert!(serde_json::from_value::<Filter>(json.clone()).is_err(), "{json}");
    }
}

#[test]
fn null_and_empty_positions_match_anything_and_lists_any_of_theirs() {
    let (one, two) = (B256::repeat_byte(1), B256::repeat_byte(2));
    let filter = filter(json!({ "address": Address::ZERO, "topics": [one, null, [], [one, two]] }));
    let mut query = query(&filter, 3, 9, 10);
    query.topics[3].sort_unstable();
    assert_eq!((query.from, query.to, query.max_results), (3, 9, 10));
    assert_eq!(query.addresses, [Address::ZERO]);
    assert_eq!(query.topics, [vec![one], vec![], vec![], vec![one, two]]);
}

#[test]
fn tags_stand_for_the_head_or_genesis() {
    let head = 8;
    for (block, expected) in [
        (None, 8),
        (Some(BlockNumberOrTag::Latest), 8),
        (Some(BlockNumberOrTag::Pending), 8),
        (Some(BlockNumberOrTag::Finalized), 8),
        (Some(BlockNumberOrTag::Earliest), 0),
        (Some(BlockNumberOrTag::Number(99)), 99),
    ] {
        assert_eq!(number(block, head), expected);
    }
}
