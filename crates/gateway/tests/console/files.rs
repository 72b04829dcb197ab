//! Files for programs over real sockets: a wallet follows `uri`, a page of another site reads what it leads to.

use alloy_primitives::{U256, hex, keccak256};
use alloy_sol_types::SolCall;
use contracts::token::abi::IToken;
use primitives::{B256, canonical_attributes};
use serde_json::{Value, json};

use crate::{
    House,
    client::{Answered, exchange, request},
    shop::{BAROLO, Shop},
};

/// A shop whose doors are open, with an item of the given attributes and a token of it.
fn open(interchangeable: bool) -> (House, B256, U256) {
    let shop = Shop::open();
    let hash = canonical_attributes(BAROLO.as_bytes()).expect("sound").hash;
    let item = shop.item_with("barolo", hash, interchangeable);
    let id = shop.mint(item, 2);
    (House::open(shop.node), item, id)
}

impl House {
    /// As a program of another site asks.
    fn fetch(&self, path: &str) -> Answered {
        let asked = request("GET", path, &["origin: https://wallet.example"], "");
        self.node.runtime.block_on(exchange(self.server.address(), asked))
    }

    fn json(&self, path: &str) -> Value {
        let answered = self.fetch(path);
        assert_eq!(answered.status, 200, "{path}: {answered:?}");
        for header in
            ["content-type: application/json", "access-control-allow-origin: *", "x-content-type-options: nosniff"]
        {
            assert!(
                format!("{}\r\n", answered.head).contains(&format!("{header}\r\n")),
                "{path} {header} {}",
                answered.head
            );
        }
        serde_json::from_str(&answered.body).expect("JSON")
    }

    fn asks<C: SolCall>(&self, call: &C) -> C::Return {
        let data = primitives::Bytes::from(call.abi_encode());
        let answer = self.node.get("eth_call", json!([{ "to": contracts::token::ADDRESS, "data": data }]));
        let answer: primitives::Bytes = serde_json::from_value(answer).expect("bytes");
        C::abi_decode_returns(&answer).expect("an answer of the ABI")
    }

    /// `uri` with the id put in as ERC-1155 says: lower-case hex, 64 digits, no prefix.
    fn uri(&self, id: U256) -> String {
        self.asks(&IToken::uriCall { id }).replace("{id}", &format!("{id:064x}"))
    }
}

#[test]
fn uri_leads_to_metadata_that_grows_with_the_attributes() {
    let (house, item, id) = open(false);
    let path = house.uri(id);
    let alone = house.json(&path);
    assert_eq!((&alone["name"], &alone["attributes"]), (&json!("barolo"), &json!([])));
    assert_eq!((&alone["description"], &alone["properties"]["attributesHere"]), (&Value::Null, &json!(false)));

    house.node.get("counterfoil_putAttributes", json!([item, BAROLO]));
    let told = house.json(&path);
    let attributes: Value = serde_json::from_str(BAROLO).expect("JSON");
    for field in ["name", "description", "image", "attributes"] {
        assert_eq!(told[field], attributes[field], "{field}");
    }
    let canonical = canonical_attributes(BAROLO.as_bytes()).expect("sound");
    let link = house.asks(&IToken::linkCall { id });
    let uri = format!("/attributes/{}.json", hex::encode(canonical.hash));
    let expected = json!({
        "id": id.to_string(), "item": item, "issuer": house.node.account(0).address(),
        "identifier": B256::right_padding_from(b"barolo"), "kind": "PhysicalGood",
        "unitsPerToken": "2", "units": "6", "unitsHeld": "6", "instance": "1", "firstUnit": "1",
        "interchangeable": false, "redeemable": true, "possessionIsOwnership": true, "transferable": true,
        "exists": true, "redeemed": false, "state": "Free", "tokensMinted": "2", "tokensRedeemed": "0",
        "link": link, "attributesHash": canonical.hash, "attributesHere": true, "attributesUri": uri,
    });
    assert_eq!(told["properties"], expected);
    assert_eq!(house.json(&format!("/token/{id}.json")), told, "in decimal");
    assert_eq!(house.json(&uri), attributes);
}

#[test]
fn attributes_are_served_byte_for_byte_and_for_ever() {
    let (house, item, _) = open(true);
    let canonical = canonical_attributes(BAROLO.as_bytes()).expect("sound");
    let path = format!("/attributes/{}.json", canonical.hash);
    let missing = house.fetch(&path);
    assert_eq!((missing.status, missing.head.contains("cache-control: no-store")), (404, true), "{missing:?}");
    house.node.get("counterfoil_putAttributes", json!([item, BAROLO]));
    let served = house.fetch(&path);
    assert_eq!(served.body.as_bytes(), canonical.bytes);
    assert_eq!(keccak256(&served.body), canonical.hash);
    assert!(served.head.contains("cache-control: public, max-age=31536000, immutable"), "{}", served.head);
    assert!(served.body.contains("<script>"), "unchanged, and no browser takes it for a page");
    let in_a_browser = house.browse(&path);
    assert!(in_a_browser.head.contains("content-type: application/json") && in_a_browser.head.contains("nosniff"));
}

#[test]
fn metadata_follows_a_redemption() {
    let (house, item, id) = open(false);
    let does = |data: Vec<u8>| {
        let data = primitives::Bytes::from(data);
        let receipt = house.node.send(json!({ "to": contracts::token::ADDRESS, "data": data }));
        assert_eq!(receipt["status"], "0x1");
    };
    let (redemption, hash) = (B256::repeat_byte(5), B256::repeat_byte(6));
    does(IToken::requestRedemptionCall { redemption, id, amount: U256::ONE, deliveryHash: hash }.abi_encode());
    assert_eq!(house.json(&house.uri(id))["properties"]["state"], "RedemptionRequested");
    does(IToken::fulfilRedemptionCall { redemption, proofHash: hash }.abi_encode());
    let properties = house.json(&house.uri(id))["properties"].clone();
    assert_eq!((&properties["redeemed"], &properties["tokensRedeemed"]), (&json!(true), &json!("1")));
    assert_eq!(properties["item"], json!(item));
}

#[test]
fn an_interchangeable_token_is_its_item() {
    let (house, item, id) = open(true);
    assert_eq!(B256::from(id), item);
    let properties = house.json(&house.uri(id))["properties"].clone();
    assert_eq!((&properties["interchangeable"], &properties["instance"]), (&json!(true), &json!("0")));
}

#[test]
fn what_is_not_there_is_404_as_json_for_everyone() {
    let (house, ..) = open(false);
    let none = format!("/token/{:064x}.json", 7);
    let (short, huge) = (format!("/attributes/{}.json", "a".repeat(63)), format!("/token/{}.json", "9".repeat(79)));
    let paths = [
        none.as_str(),
        "/token/7.json",
        "/token/.json",
        "/token/x.json",
        "/token/-1.json",
        "/token/1/2.json",
        "/token/%37.json",
        "/attributes/.json",
        &short,
        &huge,
        "/token/0x07.json",
        "/attributes/../token/7.json",
    ];
    for path in paths {
        let answered = house.fetch(path);
        assert_eq!(answered.status, 404, "{path}: {answered:?}");
        assert_eq!(answered.body, r#"{"error":"there is nothing of this name here"}"#, "{path}");
        assert!(answered.head.contains("access-control-allow-origin: *"), "{path}: {}", answered.head);
    }
    assert_eq!(house.fetch("/tokens/7.json").body, "nothing is here; JSON-RPC is at /\n");
}

#[test]
fn a_damaged_document_is_an_error_and_the_ledger_is_told_without_it() {
    let (house, item, id) = open(false);
    house.node.get("counterfoil_putAttributes", json!([item, BAROLO]));
    let hash = canonical_attributes(BAROLO.as_bytes()).expect("sound").hash;
    let name = hex::encode(hash);
    let file = house.node.folder.path().join("documents").join(&name[..2]).join(&name);
    std::fs::write(file, "{}").expect("written");
    let damaged = house.fetch(&format!("/attributes/{name}.json"));
    assert_eq!((damaged.status, damaged.body.contains("is damaged on the disk")), (500, true), "{damaged:?}");
    assert_eq!(house.json(&house.uri(id))["name"], "barolo");
    house.node.get("counterfoil_putAttributes", json!([item, BAROLO]));
    assert_eq!(house.fetch(&format!("/attributes/{name}.json")).status, 200);
}

#[test]
fn ten_megabytes_are_refused_at_the_door() {
    let (house, item, _) = open(false);
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "counterfoil_putAttributes", "params": [item, "a".repeat(10_000_000)] });
    let asked = request("POST", "/", &["content-type: application/json"], body.to_string());
    let answered = house.node.runtime.block_on(exchange(house.server.address(), asked));
    assert_eq!(answered.status, 413, "{answered:?}");
}
