//! `counterfoil issuer`, `card` and `terminal` against a real node: from a number to a captured payment and its counterfoil, over the wire.

use std::fs;

use serde_json::{Value, json};

use crate::{
    running::{error_of, run},
    street::{ACQUIRER, NUMBER, Street, text},
    till::{FRIEND as SHOP, GOVERNOR},
};

#[test]
fn a_tap_is_held_captured_and_proved() {
    let street = Street::open(false);
    let (code, first) = street.tap("SHOP-1", "12.50");
    assert_eq!((code, text(&first, "responseCode")), (0, "00"), "{first}");
    let rrn = text(&first, "rrn").to_owned();
    assert_eq!(street.payment(&rrn)["state"], "held");
    street.reconciles();
    let (code, captured) = street.terminal(&["capture", "--rrn", &rrn, "--amount", "12"]);
    assert_eq!(code, 0, "{captured}");
    assert_eq!(street.available(SHOP.account), "1200");
    street.reconciles();

    let token = text(&first, "token");
    assert_eq!(told(&street, &rrn, 0, "payment held"), [token, "SHOP-1", "1250"]);
    assert_eq!(told(&street, &rrn, 1, "payment captured"), [token, "SHOP-1", "1200"]);
}

/// Exports a transaction of a payment, and verifies it without the node: token, merchant and amount of what the file says.
fn told(street: &Street, rrn: &str, transaction: usize, kind: &str) -> [String; 3] {
    let paid = street.payment(rrn);
    let (terms, proof) = (street.path("terms.json"), street.path("proof.cfl"));
    fs::write(&terms, paid["preimage"].to_string()).unwrap();
    let hash = text(&paid["transactions"][transaction], "hash");
    let url = street.till.node.url();
    let exported = run(&["export", "tx", hash, "--preimage", &terms, "--output", &proof, "--rpc", &url]);
    assert!(exported.status.success(), "{}", String::from_utf8_lossy(&exported.stderr));
    let genesis = street.till.node.call("eth_getBlockByNumber", json!(["0x0", false]));
    let verified = run(&["verify", &proof, "--genesis", text(&genesis, "hash"), "--json"]);
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
    let verified: Value = serde_json::from_slice(&verified.stdout).unwrap();
    let said = verified["statements"].as_array().unwrap().iter().find(|said| said["kind"] == kind);
    let said = said.unwrap_or_else(|| panic!("{kind}: {verified}"));
    ["token", "merchant", "amount"].map(|name| text(&said["fields"], name).to_owned())
}

#[test]
fn two_merchants_see_two_cards_and_neither_can_use_what_it_saw() {
    let street = Street::open(false);
    let (shop, cafe) = (street.tap("SHOP-1", "20").1, street.tap("CAFE-7", "5").1);
    assert_ne!(text(&shop, "token"), text(&cafe, "token"));
    // The whole request of the shop with the cafe's id in DE 42: the card never said that.
    let stolen = text(&shop, "request").to_lowercase();
    let [at_shop, at_cafe] = ["SHOP-1         ", "CAFE-7         "].map(alloy_primitives::hex::encode);
    let place = stolen.rfind(&at_shop).unwrap();
    let position = stolen.find(&at_shop).unwrap();
    assert_ne!(place, position, "once in DE 42, once in DE 55");
    let replayed = stolen.replacen(&at_shop, &at_cafe, 1);
    let send = |message: &str| street.terminal(&["send", "--hex", message]).1["response"].as_str().unwrap().to_owned();
    let [stan, another] =
        [format!("{:06}", shop["stan"].as_u64().unwrap()), "000777".to_owned()].map(alloy_primitives::hex::encode);
    assert!(
        send(&replayed).contains(&alloy_primitives::hex::encode("94")),
        "another body under a number that was used"
    );
    send(&replayed.replacen(&stan, &another, 1));
    let listed = street.office(&["payments"]);
    let refused = &listed["payments"].as_array().unwrap()[0];
    assert_eq!((text(refused, "response"), refused["state"].as_str()), ("05", Some("declined")), "{refused}");
    assert!(refused["mismatches"].to_string().contains("merchant"), "{refused}");
    // Nor can the cafe take the money that is held for the shop.
    let (code, captured) = street.terminal(&["capture", "--rrn", text(&shop, "rrn")]);
    assert_eq!(code, 0, "{captured}");
    let capture = text(&captured["followUps"][0], "request").to_lowercase();
    let number = alloy_primitives::hex::encode(format!("{:06}", captured["followUps"][0]["stan"].as_u64().unwrap()));
    send(&capture.replacen(&at_shop, &at_cafe, 1).replacen(&number, &alloy_primitives::hex::encode("000778"), 1));
    let unfit = street.office(&["payments", "--rrn", text(&shop, "rrn")])["unfitFollowUps"].clone();
    let [unfit] = &unfit.as_array().unwrap()[..] else { panic!("{unfit}") };
    assert_eq!(
        (&unfit["mismatches"], &unfit["merchant"]),
        (&json!(["original_merchant"]), &json!("CAFE-7")),
        "{unfit}"
    );
    assert_eq!(street.office(&["payments", "--rrn", text(&cafe, "rrn")])["unfitFollowUps"], json!([]));
    street.reconciles();
}

#[test]
fn a_payment_grows_and_shrinks_and_a_purchase_is_paid_at_once() {
    let street = Street::open(false);
    let (code, record) = street.tap("SHOP-1", "20");
    assert_eq!(code, 0, "{record}");
    let rrn = text(&record, "rrn").to_owned();
    let (code, more) = street.terminal(&["increase", "--rrn", &rrn, "--amount", "10"]);
    assert_eq!((code, &more["approvedMinor"]), (0, &json!(3000)), "{more}");
    let (code, less) = street.terminal(&["reverse", "--rrn", &rrn, "--amount", "5"]);
    assert_eq!((code, &less["approvedMinor"]), (0, &json!(2500)), "{less}");
    let (code, told) = street.terminal(&["balance", "--rrn", &rrn]);
    assert_eq!((code, text(&told, "balance")), (0, "75.00 EUR"), "{told}");
    assert_eq!(street.payment(&rrn)["state"], "held");
    assert_eq!(street.terminal(&["capture", "--rrn", &rrn, "--amount", "10", "--more"]).0, 0);
    assert_eq!((street.payment(&rrn)["state"].as_str(), street.available(SHOP.account)), (Some("held"), "1000".into()));
    assert_eq!(street.terminal(&["capture", "--rrn", &rrn]).0, 0);
    assert_eq!(street.available(SHOP.account), "2500");

    let card = street.path("anna.card");
    let at = ["--merchant", "SHOP-1", "--terminal", "TERM0001", "--mcc", "5411", "--acquirer", ACQUIRER];
    let tapped = [&["--currency", "EUR", "--card", &card], &at[..]].concat();
    let (code, bought) = street.terminal(&[&["pay", "--purchase", "--amount", "7"], &tapped[..]].concat());
    assert_eq!(code, 0, "{bought}");
    let (code, asked) = street.terminal(&[&["balance"], &tapped[..]].concat());
    assert_eq!((code, text(&asked, "balance")), (0, "68.00 EUR"), "{asked}");
    let neither = street.output(&["terminal", "balance", "--issuer", "127.0.0.1:1", "--dev"], "");
    assert_eq!(neither.status.code(), Some(2), "{}", String::from_utf8_lossy(&neither.stderr));
    street.settles(text(&bought, "rrn"), "captured");
    assert_eq!(street.available(SHOP.account), "3200");
    street.reconciles();
}

#[test]
fn what_is_reversed_is_spendable_again_and_a_limit_is_a_limit() {
    let street = Street::open(false);
    let (code, record) = street.tap("SHOP-1", "60");
    assert_eq!(code, 0, "{record}");
    let (code, part) = street.tap("SHOP-1", "60");
    assert_eq!((code, text(&part, "responseCode"), &part["approvedMinor"]), (0, "10", &json!(4000)), "{part}");
    assert_eq!(street.tap("SHOP-1", "0.01").0, 10, "nothing is left");
    let (code, reversed) = street.terminal(&["reverse", "--rrn", text(&record, "rrn")]);
    assert_eq!(code, 0, "{reversed}");
    assert_eq!(street.payment(text(&record, "rrn"))["state"], "reversed");
    let undone = told(&street, text(&record, "rrn"), 1, "payment reversed");
    assert_eq!(undone, [text(&record, "token"), "SHOP-1", "6000"]);
    assert_eq!(street.tap("SHOP-1", "60").0, 0);
    let blocked = street.office(&["block", "--card", &street.card]);
    assert_eq!(blocked["status"], "blocked");
    assert_eq!(street.tap("SHOP-1", "1").0, 10);
    let lost = street.office(&["lost", "--card", &street.card]);
    assert_eq!(lost["status"], "lost");
    assert_eq!(street.office(&["lost"])["cards"][0]["card"], street.card.as_str());
    assert_eq!(text(&street.tap("SHOP-1", "1").1, "responseCode"), "41");
    assert_eq!(street.office(&["unblock", "--card", &street.card])["status"], "active");
    assert_eq!(text(&street.tap("SHOP-1", "1").1, "responseCode"), "51", "it may pay, and nothing is left");
    street.reconciles();

    // Money comes to the pool, and the vault is not told.
    let pool = serde_json::from_slice::<Value>(&fs::read(street.path("issuer/issuer.json")).unwrap()).unwrap();
    let mint = ["cash", "mint", "EUR", "--amount", "1", "--to", text(&pool, "pool"), "--reference", "unknown"];
    street.till.json(&GOVERNOR, &mint);
    let compared = street.output(&["issuer", "reconcile", "--json"], "");
    assert_eq!(compared.status.code(), Some(1), "{}", String::from_utf8_lossy(&compared.stderr));
    let compared: Value = serde_json::from_slice(&compared.stdout).unwrap();
    assert_eq!(
        (&compared["differences"][0]["what"], compared["differences"].as_array().unwrap().len()),
        (&json!("balance"), 1)
    );
}

#[test]
fn without_an_issuer_the_reversal_is_kept_and_told_later() {
    let mut street = Street::open(false);
    assert!(street.issuer.take().unwrap().stop("-TERM").success());
    let (code, record) = street.tap("SHOP-1", "10");
    assert_eq!(code, 11, "{record}");
    street.start(false);
    let (code, owed) = street.terminal(&["reverse"]);
    assert_eq!((code, &owed["owed"]), (0, &json!(0)));
    let (code, record) = street.tap("SHOP-1", "10");
    assert_eq!(code, 0, "{record}");
    street.reconciles();
}

#[test]
fn a_certificate_names_the_acquirer() {
    let street = Street::open(true);
    let (own, other) = (street.path("own"), street.path("other"));
    for (acquirer, out) in [(ACQUIRER, &own), ("999", &other)] {
        let certified = street.output(&["issuer", "acquirer", "add", "--acquirer", acquirer, "--out", out], "");
        assert!(certified.status.success(), "{}", String::from_utf8_lossy(&certified.stderr));
    }
    let port = street.issuer.as_ref().unwrap().port();
    let pay = |folder: &str, acquirer: &[&str]| {
        let [ca, cert, key] = ["authority.pem", "acquirer.pem", "acquirer.key"].map(|name| format!("{folder}/{name}"));
        let card = street.path("anna.card");
        let tls = ["--tls-ca", &ca, "--tls-cert", &cert, "--tls-key", &key, "--json", "--card", &card];
        let issuer = format!("localhost:{port}");
        let at = ["--issuer", &issuer, "--merchant", "SHOP-1", "--mcc", "5411"];
        let pay = ["terminal", "pay", "--amount", "3", "--currency", "EUR"];
        street.output(&[&pay[..], &at, &tls, acquirer].concat(), "").status.code()
    };
    let named = ["--acquirer", ACQUIRER];
    assert_eq!(pay(&own, &[]), Some(0), "the certificate tells the terminal whose it is");
    assert_eq!(pay(&own, &named), Some(0));
    assert_eq!(pay(&other, &named), Some(10), "DE 32 is not whom the certificate names");
    street.office(&["merchant", "remove", "--acquirer", ACQUIRER, "--merchant", "SHOP-1"]);
    assert_eq!(pay(&own, &[]), Some(10), "the merchant is gone");
    let removed = street.output(&["issuer", "acquirer", "remove", "--acquirer", ACQUIRER], "");
    assert!(removed.status.success(), "{}", String::from_utf8_lossy(&removed.stderr));
    assert_eq!(street.office(&["acquirer", "list"])["acquirers"], json!([{ "acquirer": "999", "certificates": 1 }]));
    assert_eq!(pay(&own, &[]), Some(11), "its certificate is not let in");
    let address = street.door();
    let plain = street.output(&["terminal", "send", "--hex", "30383030", "--issuer", &address, "--dev"], "");
    assert_eq!(plain.status.code(), Some(11), "a plain line is not answered");
}

#[test]
fn an_issuer_runs_in_the_nodes_own_process() {
    let mut street = Street::open(false);
    let (code, first) = street.tap("SHOP-1", "10");
    assert_eq!(code, 0, "{first}");
    street.move_in();
    let (code, second) = street.tap("CAFE-7", "5");
    assert_eq!(code, 0, "{second}");
    let (code, captured) = street.terminal(&["reverse", "--rrn", text(&first, "rrn")]);
    assert_eq!(code, 0, "{captured}");
    street.reconciles();
    let twice = street.output(&["issuer", "run", "--dev", "--iso", "127.0.0.1:0", "--http", "127.0.0.1:0"], "");
    assert!(error_of(&twice).contains("runs already"));
    let elsewhere = street.output(&["node", "--dev", "--issuer-iso", "127.0.0.1:0"], "");
    assert!(error_of(&elsewhere).contains("--issuer"));
}

#[test]
fn a_merchant_that_lets_the_operator_take_it_gives_money_back() {
    let street = Street::open(false);
    let rrn = text(&street.tap("SHOP-1", "30").1, "rrn").to_owned();
    assert_eq!(street.terminal(&["capture", "--rrn", &rrn]).0, 0);
    let refund = ["refund", "--rrn", &rrn, "--amount", "12.50"];
    let (code, refused) = street.terminal(&refund);
    assert_eq!((code, &refused["followUps"][1]["responseCode"]), (10, &json!("57")), "nothing was allowed: {refused}");
    street.till.json(&SHOP, &["cash", "allow", "EUR", "--amount", "20", "--spender", &street.pool]);
    let (code, refunded) = street.terminal(&refund);
    assert_eq!(code, 0, "{refunded}");
    assert_eq!(street.available(SHOP.account), "1750");
    let card = street.office(&["cards"])["cards"][0].clone();
    assert_eq!(card["accounts"], json!(["82.50 EUR"]), "{card}");
    assert_eq!(street.payment(&rrn)["refunded_minor"], 1250);
    street.reconciles();
}

/// The page of a tap, when the card is out again.
fn tapped(street: &Street, fields: &str) -> String {
    let node = &street.till.node;
    let page = node.send_form("/terminal", fields);
    let Some(live) = page.split("data-live=\"").nth(1).and_then(|rest| rest.split('"').next()) else { return page };
    // The stream ends with the tap.
    assert!(node.get(live).1.contains("event: last"));
    node.get(live.split("/live").next().unwrap()).1
}

#[test]
fn the_console_taps_cards_beside_an_issuer_in_the_nodes_process() {
    let mut street = Street::open(false);
    street.move_in();
    let cards = street.till.file("issuer").join("cards");
    fs::copy(street.path("anna.card"), cards.join("anna.card")).unwrap();
    assert!(street.till.node.get("/terminal").1.contains("<option value=\"anna\">anna (combined)"));
    let fields = "amount=12.50&currency=&merchant=12345%2FSHOP-1&category=&card=anna&passphrase=correct+horse";
    let page = tapped(&street, fields);
    for shown in ["Approved", "999900******7891", &street.card, "GET PROCESSING OPTIONS", "00 approved"] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    assert!(!page.contains(NUMBER), "{page}");
    let paid = street.office(&["payments"])["payments"][0].clone();
    assert_eq!((paid["state"].as_str(), paid["requested_minor"].as_u64()), (Some("held"), Some(1250)), "{paid}");
    let owed = street.till.file("issuer").join("terminal/owed");
    assert_eq!(fs::read_dir(owed).unwrap().count(), 0, "the reversal that was kept is forgotten");
    let page = tapped(&street, &fields.replace("correct", "wrong"));
    assert!(page.contains("No card was tapped") && page.contains("does not open"), "{page}");
    street.reconciles();
}
