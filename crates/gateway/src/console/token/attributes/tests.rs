//! Attributes in words.

use serde_json::json;

use super::{delivery_key, name, rows};

#[test]
fn attributes_are_told_group_by_group() {
    let attributes = json!({
        "name": "Marillenbrand",
        "description": "From the Wachau",
        "image": "ipfs://bottle",
        "classification": "spirits",
        "media": [{ "kind": "model", "uri": "ipfs://m", "hash": "0x01" }],
        "physical": { "volumeLitres": 0.5, "box": { "isWood": true, "sides": [1, 2] } },
        "origination": { "placeOfOrigin": "Krems" },
        "attributes": [{ "trait_type": "vintage", "value": 2024 }],
        "deliveryKey": format!("0x04{}", "ab".repeat(64)),
    });
    let table: Vec<_> = rows(&attributes).into_iter().map(|row| (row.label, row.value, row.is_code)).collect();
    let expected = [
        ("Description", "From the Wachau", false),
        ("Classification", "spirits", false),
        ("Picture", "ipfs://bottle", true),
        ("Model", "ipfs://m", true),
        ("Model, its hash", "0x01", true),
        ("Box, Is wood", "yes", false),
        ("Box, Sides", "1, 2", false),
        ("Volume litres", "0.5", false),
        ("Place of origin", "Krems", false),
        ("vintage", "2024", false),
        ("Key for delivery details", attributes["deliveryKey"].as_str().expect("text"), true),
    ];
    let expected = expected.map(|(label, value, is_code)| (label.to_owned(), value.to_owned(), is_code));
    assert_eq!(table, expected);
    assert_eq!(name(&attributes).as_deref(), Some("Marillenbrand"));
    assert_eq!(delivery_key(&attributes), attributes["deliveryKey"].as_str());
}

#[test]
fn what_is_not_there_has_no_line() {
    assert_eq!(rows(&json!({ "name": "x" })), []);
    assert_eq!((name(&json!({})), delivery_key(&json!({ "deliveryKey": "0x04" }))), (None, None));
}
