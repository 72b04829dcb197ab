//! Each page: what it shows, what it escapes, and what is said of things that are not there.

use alloy_primitives::{Address, Bytes, U256, hex};
use alloy_sol_types::SolCall;
use contracts::{
    cash::abi::{ICash, ICashFactory},
    registry,
};
use gateway::CallLimits;
use primitives::genesis::Upgrade;
use serde_json::{Value, json};

use crate::{
    House,
    network::{LOGGER, Node, raw, word},
};

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

fn cash() -> Address {
    registry::by_word("cash").expect("a room").address()
}

/// A development chain with rooms, and the euro in its first block.
fn with_natives() -> House {
    let change =
        |genesis: &mut primitives::Genesis| genesis.counterfoil.upgrades = vec![Upgrade { version: 1, epoch: 0 }];
    let house = House::open(Node::start_with(change, CallLimits::default()));
    let create = ICashFactory::createCall { code: "EUR".into(), issuer: house.node.account(0).address() };
    let receipt = house.node.send(json!({ "to": cash(), "data": Bytes::from(create.abi_encode()), "gas": "0x7a120" }));
    assert_eq!(receipt["status"], "0x1", "{receipt}");
    house
}

#[test]
fn the_first_page_shows_the_head_and_the_latest_blocks() {
    let house = House::open(Node::start());
    house.shows("/", &["data-number=\"0\"", &house.node.chain.genesis_hash().to_string()]);
    for _ in 0..17 {
        house.node.send(json!({ "to": Address::repeat_byte(1) }));
    }
    let home = house.shows("/", &["data-number=\"17\"", "href=\"/block/3\"", "href=\"/blocks?before=3\""]);
    assert!(!home.contains("href=\"/block/2\""), "{home}");
}

#[test]
fn older_blocks_are_found_page_by_page() {
    let house = House::open(Node::start());
    for _ in 0..3 {
        house.node.send(json!({ "to": Address::repeat_byte(1) }));
    }
    house.shows("/blocks", &["href=\"/block/3\"", "href=\"/block/0\""]);
    let older = house.shows("/blocks?before=2", &["href=\"/block/1\"", "href=\"/block/0\""]);
    assert!(!older.contains("href=\"/block/2\""), "{older}");
    house.shows("/blocks?before=99999999999999999999", &["href=\"/block/3\""]);
    house.shows("/blocks?before=0", &["There is no block below this height."]);
}

#[test]
fn a_block_is_found_by_height_by_hash_and_as_the_latest() {
    let house = House::open(Node::start());
    let receipt = house.node.send(json!({ "to": Address::repeat_byte(1), "value": "0xde0b6b3a7640000" }));
    let (hash, tx) = (text(&receipt["blockHash"]), text(&receipt["transactionHash"]));
    let genesis = house.node.chain.genesis_hash().to_string();
    for at in ["1", hash, "latest"] {
        house.shows(&format!("/block/{at}"), &["<h1>Block 1</h1>", hash, &genesis, tx, "transfer", "epoch 0"]);
    }
    house.shows("/block/0", &["This block holds no transactions.", "genesis file"]);
}

#[test]
fn a_long_list_is_shown_in_parts() {
    let house = House::open(Node::start());
    // PUSH0, PUSH0, LOG0: an empty log, sixty times.
    let talker = house.node.deploy(&[0x5f, 0x5f, 0xa0].repeat(60));
    let receipt = house.node.send(json!({ "to": talker }));
    let path = format!("/tx/{}", text(&receipt["transactionHash"]));
    let first = house.shows(&path, &["Logs (60)", "Part 1 of 2", "?page=2"]);
    assert_eq!(first.matches("<article").count(), 50);
    for part in ["2", "77"] {
        let last = house.shows(&format!("{path}?page={part}"), &["Part 2 of 2", "?page=1", "Log 59 of"]);
        assert_eq!(last.matches("<article").count(), 10);
    }
}

#[test]
fn a_transaction_is_shown_with_its_logs() {
    let house = House::open(Node::start());
    let logger = house.node.deploy(LOGGER);
    let receipt = house.node.send(json!({ "to": logger, "data": word(7) }));
    let path = format!("/tx/{}", text(&receipt["transactionHash"]));
    house.shows(&path, &["done", "Logs (1)", &word(7).to_string(), &logger.to_string(), "position 0"]);
}

#[test]
fn a_contract_in_the_making_and_a_waiting_transaction_are_said_to_be_so() {
    let mut node = Node::start();
    let receipt = node.send(json!({ "data": crate::network::deployer(LOGGER) }));
    let created = receipt["contractAddress"].as_str().map(str::parse::<Address>).expect("one").expect("an address");
    node.stop_mining();
    let waiting = node.get("eth_sendRawTransaction", json!([raw(&node.transfer(1, 0))]));
    let sender = node.account(1).address().to_string();
    let house = House::open(node);
    house.shows(&format!("/tx/{}", text(&receipt["transactionHash"])), &["Creates", &created.to_string()]);
    house.shows(&format!("/tx/{}", text(&waiting)), &["waiting", "it waits in the pool"]);
    house.shows(&format!("/account/{sender}"), &["Waiting in the pool (1)", text(&waiting)]);
}

#[test]
fn a_call_to_a_native_contract_is_told_in_words_and_its_text_is_escaped() {
    let house = with_natives();
    let create = ICashFactory::createCall { code: "<script>alert('x')</script>\"&".into(), issuer: cash() };
    let request = json!({ "to": cash(), "data": Bytes::from(create.abi_encode()), "gas": "0x186a0" });
    let receipt = house.node.send(request);
    let path = format!("/tx/{}", text(&receipt["transactionHash"]));
    let page = house
        .shows(&path, &["ICashFactory", "<strong>create</strong>", "&#60;script&#62;alert(&#39;x&#39;)", "failed"]);
    assert!(!page.contains("<script>"), "{page}");
    let block = house.shows("/block/2", &["cash", "create"]);
    assert!(!block.contains("<script>"), "{block}");
    let transfer = ICash::transferCall { to: Address::repeat_byte(2), value: U256::from(1_250) };
    let euro = registry::address_of(2, *b"\0\0\0\0EUR");
    let request = json!({ "to": euro, "data": Bytes::from(transfer.abi_encode()), "gas": "0x186a0" });
    let receipt = house.node.send(request);
    let path = format!("/tx/{}", text(&receipt["transactionHash"]));
    house.shows(&path, &["cash EUR", "<strong>transfer</strong>", "1250", "failed"]);
    let euros =
        ICash::mintCall { to: Address::repeat_byte(2), amount: U256::from(1_250), referenceId: Default::default() };
    let request = json!({ "to": euro, "data": Bytes::from(euros.abi_encode()), "gas": "0x7a120" });
    let path = format!("/tx/{}", text(&house.node.send(request)["transactionHash"]));
    house.shows(&path, &["<strong>mint</strong>", "<strong>Minted</strong>", "<strong>Transfer</strong>"]);
    house.shows(&format!("/account/{:#x}", Address::repeat_byte(2)), &["EUR", "12.50"]);
}

#[test]
fn an_address_that_only_looks_native_is_not_called_so() {
    let house = House::open(Node::start());
    let page = house.shows(&format!("/account/{}", cash()), &["holds nothing of"]);
    assert!(!page.contains("native"), "{page}");
}

#[test]
fn an_account_says_what_it_is() {
    let house = with_natives();
    let logger = house.node.deploy(LOGGER);
    let rich = house.node.account(2).address();
    house.shows(&format!("/account/{rich}"), &["an account of a key", "100 ether", &rich.to_string()]);
    house.shows(&format!("/account/{logger}"), &["a contract of 10 bytes"]);
    house.shows(&format!("/account/{}", cash()), &["a native contract", "ICashFactory", "create(string,address)"]);
    house.shows(&format!("/account/{:#x}", Address::repeat_byte(9)), &["holds nothing of"]);
}

#[test]
fn long_input_is_cut() {
    let house = House::open(Node::start());
    let data = Bytes::from(vec![0xab; 20_000]);
    let receipt = house.node.send(json!({ "to": Address::repeat_byte(1), "data": data, "gas": "0x4c4b40" }));
    let page = house.shows(&format!("/tx/{}", text(&receipt["transactionHash"])), &["20\u{202f}000 bytes in all"]);
    assert!(page.len() < 20_000, "{}", page.len());
    assert!(!page.contains(&hex::encode(&data)));
}

#[test]
fn a_search_leads_to_what_was_meant() {
    let house = House::open(Node::start());
    let receipt = house.node.send(json!({ "to": Address::repeat_byte(1) }));
    let (block, tx) = (text(&receipt["blockHash"]), text(&receipt["transactionHash"]));
    let address = house.node.account(0).address().to_string();
    for (wanted, place) in [
        ("1", "/block/1".to_owned()),
        (block, format!("/block/{block}")),
        (tx, format!("/tx/{tx}")),
        (&format!("+{address}+"), format!("/account/{}", address.to_lowercase())),
    ] {
        let answer = house.browse(&format!("/search?q={wanted}"));
        assert_eq!(answer.status, 303, "{answer:?}");
        assert!(answer.head.contains(&format!("location: {place}")), "{wanted}: {}", answer.head);
    }
    for wanted in ["2", "0x12", "%3Cb%3Ebold", &word(1).to_string(), ""] {
        let answer = house.browse(&format!("/search?q={wanted}"));
        assert_eq!(answer.status, 404, "{wanted}");
        assert!(!answer.body.contains("<b>"), "{}", answer.body);
    }
}

#[test]
fn what_is_not_there_is_a_page_that_says_so() {
    let house = House::open(Node::start());
    for (path, reason) in [
        ("/block/1", "no block “1”"),
        ("/block/-1", "no block “-1”"),
        ("/block/%3Cb%3E", "no block “%3Cb%3E”"),
        ("/block/", "no block “”"),
        ("/block/99999999999999999999999", "no block"),
        (&format!("/block/{}", word(1)), "no block"),
        (&format!("/tx/{}", word(1)), "no transaction"),
        ("/tx/0x12", "no transaction “0x12”"),
        ("/tx/1/2", "no transaction “1/2”"),
        ("/account/0x12", "no account “0x12”"),
        (&format!("/account/{}", "0x".to_owned() + &"zz".repeat(20)), "no account"),
        ("/blocks/1", "No page has this address."),
        ("/static/../Cargo.toml", "No page has this address."),
        ("/static/none.css", "No page has this address."),
        ("/nowhere", "No page has this address."),
        ("/token/", "no token “”"),
        ("/token/12", "no token “12”"),
        (&format!("/token/{}", word(1)), "no token"),
        ("/token/item/0x12", "no item “0x12”"),
        (&format!("/token/item/{}", word(1)), "no item"),
        ("/token/redeem/7", "no token “7”"),
        (&format!("/token/redemption/{}", word(1)), "no redemption"),
        ("/verify/1", "No page has this address."),
    ] {
        let page = house.browse(path);
        assert_eq!(page.status, 404, "{path}");
        assert!(page.body.contains(reason), "{path}: {}", page.body);
        assert!(page.head.contains("content-security-policy:"), "{path}: {}", page.head);
    }
}

#[test]
fn pages_are_not_kept_and_the_files_they_load_are() {
    let house = House::open(Node::start());
    let home = house.browse("/");
    assert!(home.head.contains("content-type: text/html; charset=utf-8"), "{}", home.head);
    assert!(home.head.contains("cache-control: no-store"), "{}", home.head);
    for (name, kind) in [("console.css", "text/css"), ("live.js", "text/javascript"), ("icon.svg", "image/svg+xml")] {
        let (_, version) = home.body.split_once(&format!("/static/{name}?v=")).expect("the page loads it");
        let file = house.browse(&format!("/static/{name}?v={}", &version[..8]));
        assert_eq!(file.status, 200);
        assert!(file.head.contains(&format!("content-type: {kind}")), "{}", file.head);
        assert!(file.head.contains("immutable"), "{}", file.head);
    }
}

#[test]
fn no_page_holds_a_script_or_a_style_of_its_own() {
    let house = House::open(Node::start());
    let receipt = house.node.send(json!({ "to": Address::repeat_byte(1) }));
    let tx = format!("/tx/{}", text(&receipt["transactionHash"]));
    let account = format!("/account/{}", Address::repeat_byte(1));
    for path in ["/", "/blocks", "/block/1", &tx, &account, "/token", "/verify", "/nowhere"] {
        let page = house.browse(path).body;
        for forbidden in ["<style", "style=", "onclick=", "javascript:", "http://", "https://"] {
            assert!(!page.contains(forbidden), "{path} {forbidden}: {page}");
        }
        assert!(!page.replace("<script type=\"module\" src=\"/static/", "").contains("<script"), "{path}: {page}");
        for landmark in ["<html lang=\"en\">", "<main ", "<header ", "<footer ", "<h1>", "name=\"viewport\""] {
            assert!(page.contains(landmark), "{path} {landmark}: {page}");
        }
    }
}
