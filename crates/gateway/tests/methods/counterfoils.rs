//! `counterfoil_export`: files of a real chain, verified with nothing but its genesis hash.

use alloy_primitives::{Bytes, U64, U256, keccak256};
use alloy_sol_types::{SolEvent, SolValue};
use contracts::token::abi::IToken;
use primitives::{B256, canonical_attributes};
use proof::{Refusal, Verified, verify};
use serde_json::{Value, json};

use crate::{
    network::{LOGGER, Node},
    shop::{BAROLO, Shop},
};

fn file(node: &Node, kind: &str, arguments: Value) -> Vec<u8> {
    let exported = node.get("counterfoil_export", json!([kind, arguments]));
    let bytes: Bytes = serde_json::from_value(exported["cfl"].clone()).expect("hex");
    let read = proof::Counterfoil::decode(&bytes).expect("a counterfoil");
    let json = read.to_json().expect("a true one");
    assert_eq!(exported["json"], serde_json::from_str::<Value>(&json).expect("JSON"));
    bytes.to_vec()
}

fn proved(node: &Node, file: &[u8]) -> Verified {
    verify(file, node.chain.genesis_hash(), None).expect("it is true")
}

fn kinds(verified: &Verified) -> Vec<&str> {
    verified.statements.iter().map(|statement| statement.kind).collect()
}

#[test]
fn a_transaction_is_exported_and_proved_until_a_byte_is_changed() {
    let node = Node::start();
    let receipt = node.send(json!({ "to": node.account(1).address(), "value": "0x3e8" }));
    let mut file = file(&node, "tx", json!({ "hash": receipt["transactionHash"] }));
    let verified = proved(&node, &file);
    assert_eq!(kinds(&verified), ["transaction succeeded", "value moved"]);
    assert_eq!(json!(verified.block_hash), receipt["blockHash"]);
    assert!(file.len() < 10_000, "{} bytes", file.len());
    let middle = file.len() / 2;
    file[middle] ^= 1;
    assert!(verify(&file, node.chain.genesis_hash(), None).is_err());
}

#[test]
fn logs_accounts_and_slots_are_exported() {
    let node = Node::start();
    let word = keccak256("a word");
    let logger = node.deploy(LOGGER);
    let receipt = node.send(json!({ "to": logger, "data": word }));
    let log = file(&node, "log", json!({ "hash": receipt["transactionHash"], "index": "0x0" }));
    assert_eq!(kinds(&proved(&node, &log)), ["log"]);
    let told = json!([Bytes::from("a word")]);
    let log = file(&node, "log", json!({ "hash": receipt["transactionHash"], "index": "0x0", "preimages": told }));
    assert_eq!(kinds(&proved(&node, &log)), ["log", "preimage"]);
    let account = file(&node, "account", json!({ "address": node.account(0).address() }));
    assert_eq!(kinds(&proved(&node, &account)), ["account"]);
    let storage =
        file(&node, "storage", json!({ "address": logger, "slots": ["0x1", "0x0", "0x1"], "block": "latest" }));
    let verified = proved(&node, &storage);
    let values: Vec<_> = verified.statements.iter().map(|statement| statement.fields[2].value.as_str()).collect();
    assert_eq!(values, [word.to_string(), B256::ZERO.to_string()]);
}

#[test]
fn what_an_account_owns_of_a_token_is_exported_with_the_keys_of_its_slot() {
    let node = Node::start();
    node.send(json!({ "to": node.account(1).address(), "value": "0x1" }));
    let owner = node.account(1).address();
    let file = file(&node, "token", json!({ "id": "0x7", "owner": owner }));
    let verified = proved(&node, &file);
    let owned = verified.statements.iter().find(|statement| statement.kind == "owned").expect("it says so");
    let values: Vec<_> = owned.fields.iter().map(|field| field.value.as_str()).collect();
    assert_eq!((owned.system, values), ("token", vec![owner.to_string().as_str(), "7", "0"]));
}

#[test]
fn genesis_is_proved_by_the_first_block() {
    let node = Node::start();
    node.send(json!({ "to": node.account(1).address(), "value": "0x1" }));
    let file = file(&node, "account", json!({ "address": node.account(1).address(), "block": "earliest" }));
    let verified = proved(&node, &file);
    let ether = U256::from(10).pow(U256::from(18));
    let balance: U256 = verified.statements[0].fields[1].value.parse().expect("a number");
    assert_eq!((verified.height, balance % ether), (0, U256::ZERO));
}

#[test]
fn a_checkpoint_before_at_or_after_the_fact_is_in_the_file() {
    let node = Node::start();
    let to = node.account(1).address();
    let receipts: Vec<Value> = (0..5).map(|_| node.send(json!({ "to": to, "value": "0x1" }))).collect();
    let hash = &receipts[2]["transactionHash"];
    for receipt in &receipts {
        let height: U64 = serde_json::from_value(receipt["blockNumber"].clone()).expect("a height");
        let block: B256 = serde_json::from_value(receipt["blockHash"].clone()).expect("a hash");
        let file = file(&node, "tx", json!({ "hash": hash, "checkpoint": height }));
        let at = |hash| verify(&file, node.chain.genesis_hash(), Some((height.to(), hash)));
        assert_eq!(at(block).map(|verified| json!(verified.block_hash)), Ok(receipts[2]["blockHash"].clone()));
        assert!(matches!(at(B256::ZERO), Err(Refusal::Checkpoint { .. })));
    }
}

#[test]
fn what_cannot_be_proved_is_refused_with_the_reason() {
    let node = Node::start();
    let refused = |kind: &str, arguments: Value| node.refused("counterfoil_export", json!([kind, arguments]));
    let failed = node.send(json!({ "data": "0xfe", "gas": "0x186a0" }));
    let nothing = "the transaction failed (status 0): nothing happened that could be stated".to_owned();
    assert_eq!(refused("tx", json!({ "hash": failed["transactionHash"] })), (-32000, nothing));
    let unknown = format!("transaction {} is in no final block", B256::ZERO);
    assert_eq!(refused("tx", json!({ "hash": B256::ZERO })), (-32000, unknown));
    let paid = node.send(json!({ "to": node.account(1).address(), "value": "0x1" }));
    let no_log = "the receipt has no log at this place".to_owned();
    assert_eq!(refused("log", json!({ "hash": paid["transactionHash"], "index": "0x0" })), (-32000, no_log));
    assert_eq!(refused("tx", json!({ "hash": paid["transactionHash"], "checkpoint": "0xffff" })).0, -32000);
    assert_eq!(refused("storage", json!({ "address": node.account(0).address(), "slots": [] })).0, -32602);
    assert_eq!(refused("block", json!({})).0, -32602);
    assert_eq!(refused("tx", json!({ "hash": B256::ZERO, "more": 1 })).0, -32602);
}

/// The values of the only statement of this kind.
fn told(verified: &Verified, kind: &str) -> Vec<(&'static str, String)> {
    let mut found = verified.statements.iter().filter(|statement| statement.kind == kind);
    let statement = found.next().unwrap_or_else(|| panic!("no `{kind}` in {:?}", kinds(verified)));
    assert!(found.next().is_none(), "{kind} twice");
    statement.fields.iter().map(|field| (field.name, field.value.clone())).collect()
}

#[test]
fn a_redemption_is_exported_by_its_id_as_it_stands_with_the_attributes_that_are_known() {
    let shop = Shop::open();
    let canonical = canonical_attributes(BAROLO.as_bytes()).expect("sound");
    let item = shop.item("barolo", BAROLO);
    let ids = [shop.mint(item, 2), U256::from_be_bytes(keccak256((item, U256::from(2)).abi_encode()).0)];
    let [fulfilled, failed] = [1, 2].map(B256::repeat_byte);
    let hash = B256::repeat_byte(7);
    let ask = |redemption: B256| file(&shop.node, "redemption", json!({ "redemption": redemption }));
    let unknown = format!("there is no redemption {fulfilled}");
    let asked = json!(["redemption", { "redemption": fulfilled }]);
    assert_eq!(shop.node.refused("counterfoil_export", asked), (-32000, unknown));

    for (redemption, id) in [(fulfilled, ids[0]), (failed, ids[1])] {
        shop.does(&IToken::requestRedemptionCall { redemption, id, amount: U256::ONE, deliveryHash: hash });
    }
    let topic = |verified: &Verified| told(verified, "log")[1].1.clone();
    let requested = proved(&shop.node, &ask(fulfilled));
    assert_eq!(topic(&requested), IToken::RedemptionRequested::SIGNATURE_HASH.to_string());

    shop.does(&IToken::fulfilRedemptionCall { redemption: fulfilled, proofHash: hash });
    shop.does(&IToken::failRedemptionCall { redemption: failed, reasonHash: hash });
    assert_eq!(topic(&proved(&shop.node, &ask(failed))), IToken::RedemptionFailed::SIGNATURE_HASH.to_string());
    let bare = proved(&shop.node, &ask(fulfilled));
    assert!(kinds(&bare).contains(&"redeemed") && !kinds(&bare).contains(&"preimage"), "{:?}", kinds(&bare));

    shop.node.get("counterfoil_putAttributes", json!([item, BAROLO]));
    let bytes = ask(fulfilled);
    assert!(bytes.len() < 10_000, "{} bytes", bytes.len());
    let text = String::from_utf8(canonical.bytes).expect("text");
    let preimage = vec![("hash", canonical.hash.to_string()), ("text", text)];
    assert_eq!(told(&proved(&shop.node, &bytes), "preimage"), preimage);
    assert_eq!(shop.node.refused("counterfoil_export", json!(["redemption", { "id": fulfilled }])).0, -32602);
}

#[test]
fn transactions_and_logs_of_tokens_tell_the_attributes_that_are_known_once() {
    let shop = Shop::open();
    let item = shop.item("barolo", BAROLO);
    shop.node.get("counterfoil_putAttributes", json!([item, BAROLO]));
    let minted = shop.does(&IToken::mintCall { item, tokens: 2 })["transactionHash"].clone();
    let whole = proved(&shop.node, &file(&shop.node, "tx", json!({ "hash": minted })));
    assert!(told(&whole, "preimage")[1].1.contains("Barolo <script>"));
    let given = canonical_attributes(BAROLO.as_bytes()).expect("sound").bytes;
    let asked = json!({ "hash": minted, "preimages": [Bytes::from(given)] });
    assert_eq!(told(&proved(&shop.node, &file(&shop.node, "tx", asked)), "preimage"), told(&whole, "preimage"));
    // The first log is ERC-1155's transfer, which names no attributes; the second is `Minted`.
    let logs = ["0x0", "0x1"].map(|index| {
        let verified = proved(&shop.node, &file(&shop.node, "log", json!({ "hash": minted, "index": index })));
        kinds(&verified).contains(&"preimage")
    });
    assert_eq!(logs, [false, true]);
}
