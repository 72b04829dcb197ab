//! `counterfoil token` against a real node: three bottles of wine become tokens, one is sold, one is given, one is redeemed with
//! an address that the grower alone can read.

use std::{fs, os::unix::fs::PermissionsExt};

use serde_json::{Value, json};

use crate::till::{FRIEND, GOVERNOR as GROWER, LATE, SHOPPER, Till};

const ADDRESS: &str = "Ada Lovelace\nHerengracht 1\nAmsterdam\n";

/// An item with a delivery key, and three tokens of it.
struct Cellar {
    till: Till,
    item: String,
    ids: Vec<String>,
}

impl Cellar {
    fn stocked() -> Self {
        let till = Till::open();
        till.json(&GROWER, &["cash", "create", "EUR", "--issuer", GROWER.account]);
        let mint = ["cash", "mint", "EUR", "--amount", "100", "--to", SHOPPER.account, "--reference", "first money"];
        till.json(&GROWER, &mint);
        let key = till.json(&GROWER, &["token", "delivery-key", "new", "-o", "grower.key"])["deliveryKey"].clone();
        write_attributes(&till, "barolo.json", "Barolo 2019", &key);
        let created = till.json(&GROWER, &create("barolo", "barolo.json", &[]));
        let item = text(&created["item"]);
        let minted = till.json(&GROWER, &["token", "mint", &item, "3"]);
        let ids = minted["ids"].as_array().unwrap().iter().map(text).collect();
        Self { till, item, ids }
    }

    fn state(&self, id: &str) -> Value {
        self.till.json(&GROWER, &["token", "show", "token", id])["state"].clone()
    }

    fn holder(&self, id: &str) -> Value {
        self.till.json(&GROWER, &["token", "show", "token", id])["holder"].clone()
    }
}

fn create<'a>(identifier: &'a str, attributes: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let terms = ["token", "create", "--identifier", identifier, "--attributes", attributes, "--kind", "physical-good"];
    [&terms, &["--units", "3", "--redeemable"][..], more].concat()
}

fn write_attributes(till: &Till, file: &str, name: &str, key: &Value) {
    let attributes = json!({ "name": name, "physical": { "volumeMl": 750 }, "deliveryKey": key });
    fs::write(till.file(file), attributes.to_string()).unwrap();
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[test]
fn an_item_is_sold_given_redeemed_and_delivered() {
    let cellar = Cellar::stocked();
    let till = &cellar.till;
    let [sold, given, kept] = &cellar.ids[..] else { panic!("three tokens") };
    sell(&cellar, sold);
    give(&cellar, given);
    redeem_and_deliver(&cellar, sold);

    let owned = till.json(&FRIEND, &["token", "show", "owner", FRIEND.account])["tokens"].clone();
    assert_eq!(owned, json!([{ "id": given, "amount": "1", "locked": "0" }]));
    let table = till.text(&FRIEND, &["token", "show", "item", &cellar.item, "--tokens"]);
    assert_eq!(table.lines().count(), 4, "{table}");
    assert!(table.contains("redeemed") && table.contains(kept), "{table}");
    let solvency = till.json(&FRIEND, &["token", "solvency", &cellar.item]);
    assert_eq!(solvency, json!({ "unitsLive": 2, "unitsHeld": 2, "solvent": true }));
    let items = till.json(&FRIEND, &["token", "items"])["items"].clone();
    assert_eq!((items.as_array().unwrap().len(), &items[0]["redeemed"]), (1, &json!(1)));
}

fn sell(cellar: &Cellar, id: &str) {
    let till = &cellar.till;
    let listed = till.json(&GROWER, &["token", "list", id, "--price", "12.50 EUR"]);
    let (number, price) = (listed["listing"].to_string(), &listed["price"]);
    assert_eq!(price, "1250");
    assert!(till.text(&SHOPPER, &["token", "show", "offer", &number]).contains("12.50 EUR"));
    let error = till.refused(&SHOPPER, &["token", "buy", &number]);
    assert!(error.contains("12.50 EUR") && error.contains("--approve"), "{error}");
    let other = format!("0x{}", "11".repeat(32));
    let error = till.refused(&SHOPPER, &["token", "buy", &number, "--approve", "--attributes", &other]);
    assert!(error.contains("refused: WrongAttributes"), "{error}");
    let told = till.text(&SHOPPER, &["token", "buy", &number, "--approve"]);
    assert!(told.starts_with("price  12.50 EUR\n") && told.contains(listed["attributes"].as_str().unwrap()), "{told}");
    assert_eq!(cellar.holder(id), SHOPPER.account);
    let earned = till.json(&GROWER, &["cash", "balance", "EUR", GROWER.account]);
    assert_eq!(earned["balance"], "1250");
}

fn give(cellar: &Cellar, id: &str) {
    let till = &cellar.till;
    let gift = till.json(&GROWER, &["token", "gift", id, "--to", FRIEND.account, "--until", LATE, "--note", "cheers"]);
    let number = gift["gift"].to_string();
    assert_eq!(cellar.state(id), "gift pending");
    let error = till.refused(&SHOPPER, &["token", "accept", &number]);
    assert!(error.contains("refused: NotParty(caller: 0x7099"), "{error}");
    till.json(&FRIEND, &["token", "accept", &number]);
    assert_eq!(cellar.holder(id), FRIEND.account);
    assert_eq!(till.json(&FRIEND, &["token", "show", "offer", &number])["state"], "accepted");
}

fn redeem_and_deliver(cellar: &Cellar, id: &str) {
    let till = &cellar.till;
    fs::write(till.file("address.txt"), ADDRESS).unwrap();
    let redeem = ["token", "redeem", id, "--details", "address.txt", "--redemption", "order 1"];
    let error = till.refused(&GROWER, &redeem);
    assert!(error.contains("refused: ERC1155InsufficientBalance(sender: 0xf39F"), "a former owner: {error}");
    let first = till.json(&SHOPPER, &redeem);
    let again = till.json(&SHOPPER, &redeem);
    assert_eq!((&first["delivery"], &again["encryptedBefore"]), (&again["delivery"], &json!(true)));
    assert_eq!(cellar.state(id), "redemption requested");
    let delivery = ["token", "delivery", "order 1", "--delivery-key", "grower.key"];
    assert_eq!(till.text(&GROWER, &delivery), ADDRESS);
    assert_eq!(till.json(&GROWER, &delivery), json!({ "details": ADDRESS }));
    let document = till.node.call("counterfoil_delivery", json!([first["redemption"]]));
    let said = text(&document);
    assert!(said.starts_with("0x0104") && !said.contains("4164612"), "form 1 and a point, and not the name: {said}");
    till.json(&GROWER, &["token", "delivery-key", "new", "-o", "other.key"]);
    let error = till.refused(&GROWER, &["token", "delivery", "order 1", "--delivery-key", "other.key"]);
    assert!(error.contains("does not open it"), "{error}");

    let fulfil = ["token", "fulfil", "order 1", "--proof", "signed for"];
    let error = till.refused(&SHOPPER, &fulfil);
    assert!(error.contains("refused: NotIssuer"), "{error}");
    till.json(&GROWER, &fulfil);
    till.json(&GROWER, &fulfil);
    assert_eq!(cellar.state(id), "redeemed");
    assert_eq!(till.json(&SHOPPER, &["token", "show", "redemption", "order 1"])["state"], "fulfilled");
    let error = till.refused(&GROWER, &["token", "fail", "order 1", "--reason", "lost"]);
    assert!(error.contains("refused: RedemptionIsFinal"), "{error}");
}

#[test]
fn the_link_is_computed_from_what_is_published() {
    let Cellar { till, ids, .. } = &Cellar::stocked();
    let said = till.json(&SHOPPER, &["token", "link", &ids[2]]);
    assert_eq!((&said["matches"], &said["computed"]), (&json!(true), &said["ledger"]));
    assert_eq!((&said["instance"], &said["firstUnit"]), (&json!(3), &json!(3)));
    assert_eq!(said["attributesFrom"], "the document that the node serves");
    assert_eq!(till.json(&SHOPPER, &["token", "link", &ids[0], "--attributes", "barolo.json"])["matches"], json!(true));
    fs::write(till.file("forged.json"), "{\"name\":\"Barolo 1919\"}").unwrap();
    let output = till.run(&SHOPPER, &["token", "link", &ids[0], "--attributes", "forged.json"], "");
    assert!(!output.status.success());
    assert!(String::from_utf8(output.stdout).unwrap().contains("matches         no"));
}

#[test]
fn attributes_are_served_changed_and_refused_when_they_are_others() {
    let Cellar { till, item, .. } = &Cellar::stocked();
    let shown = till.json(&SHOPPER, &["token", "attributes", "show", item]);
    assert_eq!(shown["attributes"]["name"], "Barolo 2019");
    assert!(till.text(&SHOPPER, &["token", "attributes", "show", item]).contains("\"volumeMl\": 750"));

    write_attributes(till, "other.json", "Barolo 2020", &shown["attributes"]["deliveryKey"]);
    let error = till.refused(&SHOPPER, &["token", "attributes", "upload", item, "other.json"]);
    assert!(error.contains("counterfoil_putAttributes"), "{error}");
    let error = till.refused(&SHOPPER, &["token", "attributes", "change", item, "other.json"]);
    assert!(error.contains("refused: NotIssuer"), "{error}");
    till.json(&GROWER, &["token", "attributes", "change", item, "other.json"]);
    assert_eq!(till.json(&SHOPPER, &["token", "attributes", "show", item])["attributes"]["name"], "Barolo 2020");

    fs::write(till.file("large.json"), vec![b' '; 10_000_000]).unwrap();
    let error = till.refused(&GROWER, &create("large", "large.json", &[]));
    assert!(error.contains("attributes have 10000000 bytes; at most 65536 are taken"), "{error}");
    let error = till.refused(&GROWER, &create("barolo", "other.json", &[]));
    assert!(error.contains("refused: ItemAlreadyExists"), "{error}");
    let error = till.refused(&GROWER, &["token", "mint", item, "1"]);
    assert!(error.contains("refused: UnitsExhausted") && error.contains("units: 3, needed: 4"), "{error}");
}

#[test]
fn what_is_promised_is_redeemed_when_it_exists_and_a_failure_gives_it_back() {
    let till = &Till::open();
    let key = till.json(&GROWER, &["token", "delivery-key", "new", "-o", "grower.key"])["deliveryKey"].clone();
    let mode = fs::metadata(till.file("grower.key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let shown = till.json(&GROWER, &["token", "delivery-key", "show", "--delivery-key", "grower.key"]);
    assert_eq!(shown["deliveryKey"], key);
    let error = till.refused(&GROWER, &["token", "delivery-key", "new", "-o", "grower.key"]);
    assert!(error.contains("grower.key"), "a key is never written over: {error}");

    write_attributes(till, "wine.json", "Barolo 2030", &key);
    let terms = ["--promised", "--interchangeable", "--units-per-token", "3", "--custodian", FRIEND.account];
    let item = text(&till.json(&GROWER, &create("wine", "wine.json", &terms))["item"]);
    till.json(&GROWER, &["token", "mint", &item, "1"]);
    let redeem = ["token", "redeem", &item, "--delivery-hash", &item, "--redemption", "order 2"];
    let error = till.refused(&GROWER, &redeem);
    assert!(error.contains("refused: NotYetInExistence"), "{error}");
    till.json(&GROWER, &["token", "exists", &item]);
    till.json(&GROWER, &redeem);
    till.json(&GROWER, &["token", "fail", "order 2", "--reason", "bottles broke"]);
    let owned = till.json(&GROWER, &["token", "show", "owner", GROWER.account])["tokens"].clone();
    assert_eq!(owned, json!([{ "id": item, "amount": "1", "locked": "0" }]));

    let error = till.refused(&GROWER, &["token", "reserve", &item, "0", "--report", "empty shelf"]);
    assert!(error.contains("refused: NotCustodian"), "{error}");
    till.json(&FRIEND, &["token", "reserve", &item, "0", "--report", "empty shelf"]);
    assert_eq!(till.json(&FRIEND, &["token", "solvency", &item])["solvent"], json!(false));
    till.json(&GROWER, &["token", "condition", &item, "--report", "dusty"]);
    assert_eq!(till.json(&FRIEND, &["token", "show", "token", &item])["conditionsInAll"], 1);
}

#[test]
fn tokens_are_leased_transferred_and_given_away() {
    let cellar = Cellar::stocked();
    let (till, ids) = (&cellar.till, &cellar.ids);
    let offer = ["token", "lease", "offer", &ids[0], "--to", SHOPPER.account, "--until", LATE, "--rent", "1 EUR"];
    let lease = till.json(&GROWER, &offer)["lease"].to_string();
    assert!(till.text(&SHOPPER, &["token", "show", "offer", &lease]).contains("1.00 EUR"));
    till.json(&SHOPPER, &["token", "lease", "take", &lease, "--approve"]);
    assert_eq!(cellar.state(&ids[0]), "leased");
    let error = till.refused(&GROWER, &["token", "transfer", &ids[0], "--to", FRIEND.account]);
    assert!(error.contains("refused: TokensLocked"), "{error}");
    till.json(&SHOPPER, &["token", "lease", "end", &lease]);

    till.json(&GROWER, &["token", "transfer", &ids[0], "--to", FRIEND.account]);
    till.json(&FRIEND, &["token", "approve", SHOPPER.account]);
    let onward = ["token", "transfer", &ids[0], "--from", FRIEND.account, "--to", SHOPPER.account];
    till.json(&SHOPPER, &onward);
    assert_eq!(cellar.holder(&ids[0]), SHOPPER.account);
    till.json(&GROWER, &["token", "give-away", &ids[1], "--to", FRIEND.account]);
    assert_eq!(cellar.holder(&ids[1]), FRIEND.account);

    let listing = till.json(&GROWER, &["token", "list", &ids[2], "--price", "3 EUR"])["listing"].to_string();
    till.json(&GROWER, &["token", "unlist", &listing]);
    let gift = till.json(&GROWER, &["token", "gift", &ids[2], "--to", FRIEND.account, "--until", LATE]);
    till.json(&GROWER, &["token", "take-back", &gift["gift"].to_string()]);
    assert_eq!(cellar.state(&ids[2]), "free");
    till.json(&FRIEND, &["token", "accept-tokens"]);
    let error = till.refused(&FRIEND, &["token", "show", "offer", "99"]);
    assert!(error.contains("no offer 99"), "{error}");
}
