//! Items, tokens and redemptions on pages, over a real `token`; and the calls that its actions prepare.

use alloy_primitives::{B256, Bytes, U256, hex, keccak256};
use alloy_sol_types::SolCall;
use contracts::{
    cash::abi::{ICash, ICashFactory},
    registry,
    token::{ADDRESS, abi::IToken},
};
use serde_json::{Value, json};

use crate::{
    House,
    shop::{BAROLO, Shop},
};

/// The page's address of a token.
fn path(id: U256) -> String {
    format!("/token/{id:064x}")
}

fn opened(shop: Shop) -> House {
    House::open(shop.node)
}

/// An item with its attributes on the node, and three tokens of it.
fn barolo() -> (Shop, B256, U256) {
    let shop = Shop::open();
    let item = shop.item("barolo", BAROLO);
    let id = shop.mint(item, 3);
    shop.node.get("counterfoil_putAttributes", json!([item, BAROLO]));
    (shop, item, id)
}

fn prepared(house: &House, query: &str) -> (u16, Value) {
    let answer = house.browse(&format!("/token/call?format=json&{query}"));
    (answer.status, serde_json::from_str(&answer.body).expect("JSON"))
}

#[test]
fn items_are_listed_in_parts_newest_first() {
    let shop = Shop::open();
    let items: Vec<B256> = (0..27).map(|number| shop.item(&format!("item {number}"), BAROLO)).collect();
    let house = opened(shop);
    let link = |item: &B256| format!("/token/item/{item}");
    let first = house.shows("/token", &["Items (27)", "Part 1 of 2", &link(&items[26]), &link(&items[2])]);
    assert!(first.find(&link(&items[26])) < first.find(&link(&items[25])), "{first}");
    assert!(!first.contains(&link(&items[1])), "{first}");
    let last = house.shows("/token?page=2", &["Part 2 of 2", &link(&items[1]), &link(&items[0])]);
    assert!(!last.contains(&link(&items[2])), "{last}");
}

#[test]
fn an_item_is_shown_with_its_attributes_escaped_and_its_owners() {
    let (shop, item, id) = barolo();
    let issuer = shop.node.account(0).address().to_string();
    let house = opened(shop);
    let page = house.shows(
        &format!("/token/item/{item}"),
        &[
            "Barolo &#60;script&#62;alert(1)&#60;/script&#62; &#38; &#34;1964&#34;",
            "&#60;i&#62;Closure&#60;/i&#62;",
            "A bottle, 0.75 l",
            "(“barolo”)",
            "physical good",
            &issuer,
            "units 1 to 2",
            "units 5 to 6",
            "Tokens (3)",
            "covered",
            &path(id),
            "Nobody has asked for units yet.",
        ],
    );
    for markup in ["<script>", "<i>", "src=x"] {
        assert!(!page.contains(markup), "{markup}: {page}");
    }
    house.shows("/token", &["Barolo &#60;script&#62;"]);
}

#[test]
fn without_its_attributes_an_item_is_called_by_its_key() {
    let shop = Shop::open();
    let item = shop.item("barolo", BAROLO);
    let house = opened(shop);
    let page = house.shows(&format!("/token/item/{item}"), &["does not have the text", "No token was made yet."]);
    assert!(!page.contains("Barolo"), "{page}");
}

/// The page says how; this does it.
#[test]
fn the_link_is_recomputed_from_the_page() {
    let (shop, item, id) = barolo();
    let link = shop.asks(&IToken::linkCall { id });
    let house = opened(shop);
    let page = house.shows(&path(id), &[&link.to_string(), &item.to_string(), "Barolo", "token 1", "units 1 to 2"]);
    let (_, list) = page.split_once("class=\"facts words\"").expect("the words");
    let words = list.split("<span class=\"code\">").skip(1).filter_map(|rest| rest.get(..66));
    let bytes: Vec<u8> = words.flat_map(|word| hex::decode(word).expect("a word")).collect();
    assert_eq!(bytes.len(), 9 * 32);
    assert_eq!(keccak256(bytes), link);
}

#[test]
fn a_token_is_found_by_every_way_to_write_its_id() {
    let (shop, item, id) = barolo();
    let house = opened(shop);
    for written in [path(id), format!("/token/{id}"), format!("/token/0x{id:064x}")] {
        house.shows(&written, &["token 1", &item.to_string()]);
    }
    for (wanted, place) in [(B256::from(id), path(id)), (item, format!("/token/item/{item}"))] {
        let answer = house.browse(&format!("/search?q={wanted}"));
        assert!(answer.head.contains(&format!("location: {place}")), "{}", answer.head);
    }
}

#[test]
fn condition_reports_and_an_accounts_tokens_are_shown() {
    let (shop, _, id) = barolo();
    let report = B256::repeat_byte(0xcc);
    shop.does(&IToken::reportConditionCall { id, reportHash: report });
    let owner = shop.node.account(0).address();
    let house = opened(shop);
    house.shows(&path(id), &["Condition reports (1)", &report.to_string()]);
    house.shows(&format!("/account/{owner}"), &["Tokens (3)", &path(id), "Barolo &#60;script&#62;"]);
}

#[test]
fn an_action_is_prepared_as_the_contract_wants_it() {
    let (shop, _, id) = barolo();
    let (from, to) = (shop.node.account(0).address(), shop.node.account(1).address());
    let house = opened(shop);
    let query = format!("do=transfer&from={from}&to={to}&id={id:064x}");
    let call = IToken::safeTransferFromCall { from, to, id, value: U256::from(1), data: Bytes::new() };
    let data = Bytes::from(call.abi_encode());
    let (status, answer) = prepared(&house, &query);
    assert_eq!((status, &answer["steps"][0]["to"], &answer["steps"][0]["data"]), (200, &json!(ADDRESS), &json!(data)));
    assert_eq!(answer["steps"].as_array().map(Vec::len), Some(1));
    house
        .shows(&format!("/token/call?{query}"), &["Nothing was signed or sent", &data.to_string(), "safeTransferFrom"]);
    let redemption = B256::repeat_byte(7);
    let call = IToken::requestRedemptionCall { redemption, id, amount: U256::from(1), deliveryHash: redemption };
    let (_, answer) = prepared(&house, &format!("do=redeem&redemption={redemption}&hash={redemption}&id={id}"));
    assert_eq!(answer["steps"][0]["data"], json!(Bytes::from(call.abi_encode())));
}

#[test]
fn what_the_ledger_would_refuse_is_told_in_words() {
    let (shop, _, id) = barolo();
    let [owner, stranger] = [0, 1].map(|number| shop.node.account(number).address());
    let house = opened(shop);
    for (query, reason) in [
        (format!("do=transfer&from={stranger}&to={owner}&id={id}"), "ERC1155InsufficientBalance("),
        (format!("do=transfer&from={owner}&to=0x12&id={id}"), "The field “to” should be an address"),
        (format!("do=transfer&from={owner}&to={stranger}&id={id}&amount=-1"), "The field “amount”"),
        (format!("do=gift&from={owner}&to={owner}&id={id}&days=1"), "SameParty("),
        (format!("do=list&from={owner}&id={id}&currency={owner}&price=1"), "There is no currency at"),
        ("do=buy&number=1".to_owned(), "no listing “1”"),
        ("do=%3Cb%3Eburn".to_owned(), "There is no action “<b>burn”."),
        (String::new(), "There is no action “”."),
    ] {
        let (status, answer) = prepared(&house, &query);
        assert!(matches!(status, 404 | 422), "{query}: {status}");
        assert!(answer["problem"].as_str().is_some_and(|told| told.contains(reason)), "{query}: {answer}");
    }
    let page = house.browse("/token/call?do=%3Cb%3Eburn");
    assert_eq!(page.status, 422);
    assert!(!page.body.contains("<b>"), "{}", page.body);
}

#[test]
fn who_buys_first_lets_the_contract_take_the_money() {
    let (shop, item, id) = barolo();
    let [issuer, buyer] = [0, 1].map(|number| shop.node.account(number).address());
    let euro = registry::address_of(2, *b"\0\0\0\0EUR");
    let send = |from, to, data: Vec<u8>| {
        let request = json!([{ "from": from, "to": to, "data": Bytes::from(data) }]);
        assert_eq!(shop.node.receipt(&shop.node.get("eth_sendTransaction", request))["status"], "0x1");
    };
    let create = ICashFactory::createCall { code: "EUR".into(), issuer };
    send(issuer, registry::address_of(2, [0; 7]), create.abi_encode());
    let amount = U256::from(10_000);
    send(issuer, euro, ICash::mintCall { to: buyer, amount, referenceId: B256::ZERO }.abi_encode());
    let list = IToken::listCall { id, amount: U256::from(1), currency: euro, price: U256::from(4_950), until: 0 };
    shop.does(&list);
    let query = format!("/token/call?format=json&do=buy&number=1&from={buyer}");
    let approve = ICash::approveCall { spender: ADDRESS, value: U256::from(4_950) };
    let attributes_hash = shop.asks(&IToken::itemCall { key: item }).terms.attributesHash;
    let buy = IToken::buyCall { listing: 1, amount: U256::from(1), attributesHash: attributes_hash };
    let shows = |house: &House| -> Value { serde_json::from_str(&house.browse(&query).body).expect("JSON") };
    let approved = {
        let house = opened(shop);
        let steps = shows(&house)["steps"].clone();
        assert_eq!(steps.as_array().map(Vec::len), Some(2), "{steps}");
        assert_eq!((&steps[0]["to"], &steps[0]["data"]), (&json!(euro), &json!(Bytes::from(approve.abi_encode()))));
        assert_eq!(steps[1]["data"], json!(Bytes::from(buy.abi_encode())));
        house.shows(&path(id), &["Listing 1: 1 for sale", "49.50\u{a0}EUR", "for sale"]);
        house.shows(&format!("/token/item/{item}"), &["49.50\u{a0}EUR"]);
        let request = json!([{ "from": buyer, "to": euro, "data": steps[0]["data"] }]);
        house.node.receipt(&house.node.get("eth_sendTransaction", request));
        house
    };
    let steps = shows(&approved)["steps"].clone();
    assert_eq!(steps.as_array().map(Vec::len), Some(1), "{steps}");
    assert_eq!(steps[0]["data"], json!(Bytes::from(buy.abi_encode())));
}

#[test]
fn a_redemption_is_followed_from_the_form_to_its_end() {
    let (shop, item, id) = barolo();
    let (redemption, document) = (B256::repeat_byte(0x5e), Bytes::from(vec![1; 200]));
    let request = |hash| IToken::requestRedemptionCall { redemption, id, amount: U256::from(1), deliveryHash: hash };
    shop.does(&request(keccak256(&document)));
    let house = opened(shop);
    let key = "0x04fe8c19ce0905191ebc298a9245792531f26f0cece2460639e8bc39cb7f706a";
    let form = house.shows(&format!("/token/redeem/{id}"), &["Barolo", key, "<fieldset disabled>", "Postal code"]);
    assert!(!form.contains("<form id=\"redeem\" action"), "details never leave in the clear: {form}");
    house.shows(&path(id), &["redemption requested"]);
    let page = format!("/token/redemption/{redemption}");
    house.shows(&page, &["requested", "not here yet", "data-missing", "The units were delivered"]);
    house.node.get("counterfoil_putDelivery", json!([redemption, document]));
    house.shows(&page, &["arrived", "200 bytes"]);
    house.shows(&format!("/token/item/{item}"), &["Redemptions (1)", &page]);
    let fulfil = IToken::fulfilRedemptionCall { redemption, proofHash: B256::repeat_byte(0xfd) };
    house.node.send(json!({ "to": ADDRESS, "data": Bytes::from(fulfil.abi_encode()) }));
    let page = house.shows(&page, &["fulfilled", &B256::repeat_byte(0xfd).to_string()]);
    assert!(!page.contains("For the issuer"), "{page}");
    house.shows(&path(id), &["redeemed", "the token burned"]);
}

#[test]
fn an_item_without_a_key_is_not_redeemed_by_a_form() {
    let shop = Shop::open();
    let item = shop.item("barolo", r#"{"name":"Barolo"}"#);
    let id = shop.mint(item, 1);
    let house = opened(shop);
    let form = house.shows(&format!("/token/redeem/{id}"), &["has published no key"]);
    assert!(!form.contains("fieldset"), "{form}");
}

#[test]
fn interchangeable_tokens_are_bought_and_moved_by_number() {
    let shop = Shop::open();
    let item = shop.item_with("milk", B256::repeat_byte(1), true);
    let id = shop.mint(item, 3);
    let house = opened(shop);
    house.shows(&path(id), &["any 2 units", "whoever has a balance", "name=\"amount\""]);
    house.shows(&format!("/token/item/{item}"), &["all tokens have one id", "Tokens (1)"]);
}
