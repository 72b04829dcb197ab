//! Attributes and delivery details beside the ledger: only what it holds the hash of is kept, and that unchanged.

use alloy_primitives::{Bytes, keccak256};
use contracts::token::abi::IToken;
use primitives::{B256, canonical_attributes};
use serde_json::{Value, json};

use crate::shop::{BAROLO, Shop};

const REDEMPTION: B256 = B256::repeat_byte(0x5e);

fn canonical(text: &str) -> (String, B256) {
    let canonical = canonical_attributes(text.as_bytes()).expect("sound");
    (String::from_utf8(canonical.bytes).expect("text"), canonical.hash)
}

/// A redemption of a bottle with these delivery details.
fn requested(shop: &Shop, delivery: &[u8]) {
    let item = shop.item("barolo", BAROLO);
    let id = shop.mint(item, 1);
    shop.does(&IToken::requestRedemptionCall {
        redemption: REDEMPTION,
        id,
        amount: alloy_primitives::U256::ONE,
        deliveryHash: keccak256(delivery),
    });
}

#[test]
fn attributes_of_an_item_are_kept_and_given_out_markup_and_all() {
    let shop = Shop::open();
    let item = shop.item("barolo", BAROLO);
    let (text, hash) = canonical(BAROLO);
    assert_eq!(shop.node.get("counterfoil_attributes", json!([item])), Value::Null);
    assert_eq!(shop.node.get("counterfoil_putAttributes", json!([item, BAROLO])), json!(hash));
    assert_eq!(shop.node.get("counterfoil_putAttributes", json!([item, text])), json!(hash), "the same again");
    let attributes: Value = serde_json::from_str(&text).expect("JSON");
    let expected = json!({ "item": item, "hash": hash, "attributes": attributes });
    assert_eq!(shop.node.get("counterfoil_attributes", json!([item])), expected);
    assert_eq!(expected["attributes"]["name"], "Barolo <script>alert(1)</script> & \"1964\"");
    assert_eq!(
        shop.node.chain.documents().attributes(item).expect("read").expect("kept").bytes.as_ref(),
        text.as_bytes()
    );
}

#[test]
fn what_the_ledger_does_not_ask_for_is_refused_by_name_and_nothing_changes() {
    let shop = Shop::open();
    let item = shop.item("barolo", BAROLO);
    let (_, expected) = canonical(BAROLO);
    let other = BAROLO.replace("cork", "screw");
    let (_, found) = canonical(&other);
    let unknown = B256::repeat_byte(9);
    let giant = format!(r#"{{"name":"{}"}}"#, "a".repeat(10_000_000));
    let put = |item: B256, text: &str| shop.node.refused("counterfoil_putAttributes", json!([item, text]));
    let mismatch = format!("AttributesMismatch: the item's attributes have hash {expected}, these have {found}");
    assert_eq!(put(item, &other), (-32000, mismatch));
    assert_eq!(put(unknown, BAROLO), (-32000, format!("UnknownItem: there is no item {unknown}")));
    assert_eq!(put(item, &giant), (-32005, "TooLarge: 10000011 bytes; at most 65536 are taken".to_owned()));
    assert_eq!(put(item, r#"{"name":" "}"#), (-32000, "attributes have no name".to_owned()));
    for text in ["", "[]", r#"{"name":"a","colour":"red"}"#, r#"{"name":"a","name":"b"}"#] {
        let (code, message) = put(item, text);
        assert!(code == -32000 && message.starts_with("attributes are not of the schema: "), "{text}: {message}");
    }
    let no_key = BAROLO.replace("2ea0", "2ea1");
    assert!(put(item, &no_key).1.starts_with("`deliveryKey` is no P-256 public key"));
    assert_eq!(
        put(item, &BAROLO.replace("1964 ", "9007199254740993 ")).1.split(':').next(),
        Some("the number 9007199254740993 is not exact in JSON; write it as text")
    );
    assert_eq!(shop.node.refused("counterfoil_putAttributes", json!([item])).0, -32602);
    assert_eq!(shop.node.refused("counterfoil_putAttributes", json!([item, { "name": "a" }])).0, -32602);
    assert_eq!(shop.node.refused("counterfoil_putAttributes", json!(["0x12", BAROLO])).0, -32602);
    assert_eq!(shop.node.get("counterfoil_attributes", json!([item])), Value::Null);
    assert_eq!(shop.node.get("counterfoil_attributes", json!([unknown])), Value::Null);
    assert_eq!(shop.node.chain.documents().size().0, 0);
}

#[test]
fn attributes_are_those_of_the_head_and_older_ones_are_found_by_their_hash() {
    let shop = Shop::open();
    let item = shop.item("barolo", BAROLO);
    let (old, old_hash) = canonical(BAROLO);
    shop.node.get("counterfoil_putAttributes", json!([item, BAROLO]));
    let changed = BAROLO.replace("cork", "screw");
    let (_, hash) = canonical(&changed);
    shop.does(&IToken::changeAttributesCall { item, attributesHash: hash });
    assert_eq!(shop.node.get("counterfoil_attributes", json!([item])), Value::Null);
    assert_eq!(shop.node.refused("counterfoil_putAttributes", json!([item, BAROLO])).0, -32000);
    assert_eq!(shop.node.get("counterfoil_putAttributes", json!([item, changed])), json!(hash));
    assert_eq!(shop.node.get("counterfoil_attributes", json!([item]))["hash"], json!(hash));
    let kept = shop.node.chain.documents().attributes_of_hash(old_hash).expect("read");
    assert_eq!(kept, Some(Bytes::from(old.into_bytes())));
}

#[test]
fn delivery_details_are_kept_by_their_redemption() {
    let shop = Shop::open();
    let delivery = [&[0x01][..], &[0xe4; 120]].concat();
    assert_eq!(shop.node.get("counterfoil_delivery", json!([REDEMPTION])), Value::Null);
    let put =
        |bytes: &[u8]| shop.node.ask("counterfoil_putDelivery", json!([REDEMPTION, Bytes::copy_from_slice(bytes)]));
    let refused =
        |bytes: &[u8]| put(bytes).map_err(|error| (error.code, error.message.into_owned())).expect_err("refused");
    let unknown = format!("UnknownRedemption: there is no redemption {REDEMPTION}");
    assert_eq!(refused(&delivery), (-32000, unknown));
    requested(&shop, &delivery);
    assert_eq!(shop.node.get("counterfoil_delivery", json!([REDEMPTION])), Value::Null);
    let (expected, found) = (keccak256(&delivery), keccak256(b"other"));
    let mismatch =
        format!("DeliveryMismatch: the redemption's delivery details have hash {expected}, these have {found}");
    assert_eq!(refused(b"other"), (-32000, mismatch));
    let large = "TooLarge: 16385 bytes; at most 16384 are taken".to_owned();
    assert_eq!(refused(&[1; 16_385]), (-32005, large));
    assert_eq!(shop.node.chain.documents().size().0, 0);
    assert_eq!(put(&delivery).expect("kept"), json!(expected));
    assert_eq!(put(&delivery).expect("the same again"), json!(expected));
    assert_eq!(shop.node.get("counterfoil_delivery", json!([REDEMPTION])), json!(Bytes::from(delivery)));
    assert_eq!(
        shop.node.chain.documents().attributes_of_hash(expected).expect("read"),
        None,
        "these are no attributes"
    );
}
