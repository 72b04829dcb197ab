//! What an issuer decided, as its own people see it.

use alloy_primitives::hex;
use payments::terminal::Stamp;

use crate::{
    House,
    bank::{ACQUIRER, Bank, now},
    live::Source,
    network::Node,
};

/// The request of the last tap with another trace number, and somebody else's id in DE 42 if that is wanted.
fn replayed(bank: &Bank, stan: u32, merchant: Option<&str>) -> Vec<u8> {
    let request = hex::encode(&bank.record().request.expect("it was sent").0);
    let ascii = |text: &str| hex::encode(text);
    let own = ascii(&format!("{:06}", bank.record().stan));
    let mut changed = request.replacen(&own, &ascii(&format!("{stan:06}")), 1);
    if let Some(merchant) = merchant {
        // DE 42 comes before DE 55, where the card's own word on it is.
        changed = changed.replacen(&ascii("SHOP-1         "), &ascii(&format!("{merchant:<15}")), 1);
    }
    hex::decode(changed).expect("hex")
}

#[test]
fn a_node_without_an_issuer_says_so_and_how_to_have_one() {
    let house = House::open(Node::start());
    for path in
        ["/authorizations", "/authorization/1", "/cards", "/card/123456789012", "/terminal", "/terminal/tap/0x1"]
    {
        let page = house.browse(path);
        assert_eq!(page.status, 404, "{path}");
        assert!(page.body.contains("No issuer of cards here") && page.body.contains("--issuer DIR"), "{}", page.body);
        assert!(!page.body.contains("href=\"/cards\""), "nothing leads there");
    }
    for path in ["/authorizations/live", "/authorization/1/live", "/terminal/tap/0x1/live", "/cards/", "/terminal/x"] {
        assert_eq!(house.browse(path).status, 404, "{path}");
    }
    assert_eq!(house.send("/terminal", "application/x-www-form-urlencoded", b"amount=1").status, 404);
}

#[test]
fn a_payment_is_listed_and_shown_with_its_transactions() {
    let bank = Bank::open();
    bank.house.shows("/authorizations", &["Nothing was asked yet."]);
    bank.tap("SHOP-1", "12.50");
    let (anna, payment) = (bank.anna.to_string(), bank.newest());
    let list = ["SHOP-1", "12.50\u{a0}EUR", "999900******7891", ">held<", "approved", "href=\"/authorization/1\""];
    bank.house.shows("/authorizations", &list);
    let hold = payment.hold.clone().expect("a hold").id.to_string();
    let (token, rrn) = (payment.token.to_string(), payment.rrn);
    let whole = bank.house.shows(
        "/authorization/1",
        &[
            &anna,
            &token,
            &rrn,
            &hold,
            "Everything fitted.",
            "0100 authorization",
            "href=\"/tx/0x",
            ACQUIRER,
            "999900******7891",
        ],
    );
    assert!(whole.contains("CONSOLE1") && whole.contains("<dt>Captured</dt><dd>0.00"), "{whole}");
}

#[test]
fn a_capture_and_a_follow_up_that_does_not_fit_stand_with_their_payment() {
    let bank = Bank::open();
    bank.tap("SHOP-1", "12.50");
    let mut record = bank.record();
    let mut capture =
        record.capture(Some(1_200), false, Stamp { stan: 471_900, moment: now() }).expect("it can be captured");
    let request = capture.attempt().expect("a message").encode().expect("a message");
    let strange = hex::encode(&request).replacen(&hex::encode("SHOP-1         "), &hex::encode("CAFE-7         "), 1);
    let strange = strange.replacen(&hex::encode("471900"), &hex::encode("471901"), 1);
    assert_eq!(bank.message(&hex::decode(strange).expect("hex")), "25");
    assert_eq!(bank.message(&request), "00");
    let page = bank.house.shows(
        "/authorization/1",
        &[
            ">captured<",
            "12.00\u{a0}EUR",
            "0220 completion",
            "original_merchant",
            "25 original not found",
            "<td data-label=\"What\">capture</td>",
        ],
    );
    assert!(page.contains("Everything fitted."), "the payment itself did");
}

#[test]
fn what_did_not_fit_is_named_to_the_issuer_alone() {
    let bank = Bank::open();
    bank.tap("SHOP-1", "12.50");
    assert_eq!(bank.message(&replayed(&bank, 900, Some("CAFE-7"))), "05");
    bank.house.shows("/authorizations", &["CAFE-7", "none proved", ">declined<", "05", "merchant</span>"]);
    let page = bank.house.shows("/authorization/2", &["DE 42 against 9F16", "no card is named", "do not honour"]);
    assert!(!page.contains(&bank.anna.to_string()), "it led to no card");
    assert!(page.contains("No transaction was signed for it."), "{page}");
}

#[test]
fn what_was_decided_arrives_without_a_reload() {
    let bank = Bank::open();
    let page = bank.house.shows("/authorizations", &["data-live=\"/authorizations/live?after="]);
    let live = page.split("data-live=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("an address");
    let mut list = Source::open(&bank.house, live, "");
    bank.tap("CAFE-7", "3.20");
    let mut piece = list.next(&bank.house)["html"].as_str().expect("a piece").to_owned();
    while !piece.contains(">held<") {
        piece = list.next(&bank.house)["html"].as_str().expect("a piece").to_owned();
    }
    assert!(piece.contains("CAFE-7") && piece.contains("3.20\u{a0}EUR"), "{piece}");
    // Whoever comes back later is told at once.
    let mut late = Source::open(&bank.house, "/authorization/1/live?after=0", "");
    assert!(late.next(&bank.house)["html"].as_str().expect("a piece").contains("CAFE-7"));
    let mut nothing = Source::open(&bank.house, "/authorization/99/live", "");
    assert!(nothing.next(&bank.house)["problem"].as_str().expect("a reason").contains("99"));
}

#[test]
fn a_long_list_is_cut_into_parts() {
    let bank = Bank::open();
    bank.tap("SHOP-1", "1.00");
    for stan in 0..27 {
        assert_eq!(bank.message(&replayed(&bank, 600 + stan, Some("CAFE-7"))), "05");
    }
    let first = bank.house.shows("/authorizations", &["href=\"/authorizations?before=4\"", "/authorization/28"]);
    assert_eq!(first.matches("<tr data-key").count(), 25);
    let second = bank.house.shows("/authorizations?before=4", &["← Newest", "href=\"/authorization/1\""]);
    assert_eq!((second.matches("<tr data-key").count(), second.contains("data-live")), (3, false));
    bank.house.shows("/authorizations?before=1", &["There are none that are older."]);
    bank.house.shows("/authorizations?before=x", &["/authorization/28"]);
}

#[test]
fn what_is_not_there_is_not_found() {
    let bank = Bank::open();
    for path in ["/authorization/1", "/authorization/x", "/authorization/18446744073709551615", "/authorization/-1"] {
        assert_eq!(bank.house.browse(path).status, 404, "{path}");
    }
}
