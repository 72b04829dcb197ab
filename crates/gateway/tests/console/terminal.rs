//! The terminal beside the node: a form, a tap, and what was said byte by byte.

use crate::{
    bank::{Bank, form},
    client::{exchange, request},
    live::Source,
};

#[test]
fn a_tap_shows_each_step_and_both_sides() {
    let bank = Bank::open();
    bank.house.shows(
        "/terminal",
        &["SHOP-1 (acquirer 12345, EUR)", "ben (issuer-wide, issuer-wide key)", "type=\"password\""],
    );
    let place = bank.tap("SHOP-1", "12.50");
    let (record, payment) = (bank.record(), bank.newest());
    let token = record.token.clone().expect("a token").to_string();
    let [arqc, arpc] = [&record.arqc, &record.arpc].map(|bytes| bytes.as_ref().expect("it was said").to_string());
    let page = bank.house.shows(
        &place,
        &[
            ">Approved<",
            "SELECT F0434F554E54455201",
            "GET PROCESSING OPTIONS",
            "READ RECORD 1 of file 1",
            "GENERATE AC: an ARQC is wanted",
            "EXTERNAL AUTHENTICATE",
            "GENERATE AC: a TC is wanted",
            "0100 authorization request",
            "DE 55</span> integrated circuit card data",
            "Merchant identifier",
            "00 approved",
            &token,
            &arqc,
            &arpc,
            "What the merchant sees",
            "What the issuer sees",
            "999900******7891",
            &bank.anna.to_string(),
            "href=\"/authorization/1\"",
        ],
    );
    assert!(!page.contains("data-live") && !page.contains("http-equiv"), "it is over");
    let merchant = page.split("What the issuer sees").next().expect("the merchant's side");
    assert!(!merchant.contains("999900") && !merchant.contains(&bank.anna.to_string()), "the merchant sees neither");
    assert_eq!(payment.token.to_string(), token);
}

#[test]
fn two_merchants_see_two_tokens_of_one_card() {
    let bank = Bank::open();
    let tokens = ["SHOP-1", "CAFE-7"].map(|merchant| {
        bank.tap(merchant, "5");
        bank.record().token.expect("a token").to_string()
    });
    assert_ne!(tokens[0], tokens[1]);
    bank.house.shows(&format!("/card/{}", bank.anna), &["/authorization/1", "/authorization/2"]);
}

#[test]
fn a_blocked_card_is_declined_and_the_page_says_by_whom() {
    let bank = Bank::open();
    let answered = bank.send(&form("SHOP-1", "5", "ben", "open sesame"));
    let place = answered.head.lines().find_map(|line| line.strip_prefix("location: ")).expect("a page").to_owned();
    Source::open(&bank.house, &format!("{place}/live"), "").read_until(&bank.house, "event: last\n");
    bank.house.shows(&place, &[">Declined<", "the issuer declined with 62", "62 restricted card", ">blocked<"]);
}

#[test]
fn a_card_refuses_what_it_cannot_make_a_token_of() {
    let bank = Bank::open();
    let place = bank.tap("SHOP-1", "0");
    bank.house.shows(
        &place,
        &["Not completed: card error", "6985 conditions of use not satisfied", "the card said no number"],
    );
}

#[test]
fn steps_are_shown_while_the_card_is_in_the_terminal() {
    let bank = Bank::open();
    bank.hold_taps();
    let place = bank.begin("SHOP-1", "12.50");
    let mut source = Source::open(&bank.house, &format!("{place}/live"), "");
    while !source.next(&bank.house)["html"].as_str().expect("a piece").contains("0100 authorization request") {}
    let page = bank.house.shows(&place, &["The card is in the terminal", "data-live=\"", "http-equiv=\"refresh\""]);
    assert!(!page.contains("What the issuer sees"), "nobody knows yet");
    let busy = bank.send(&form("CAFE-7", "1", "anna", "open sesame"));
    assert_eq!(busy.status, 422);
    assert!(busy.body.contains("Another card is in the terminal"), "{}", busy.body);
    bank.let_go();
    source.read_until(&bank.house, "event: last\n");
    bank.house.shows(&place, &[">Approved<", "What the issuer sees"]);
}

#[test]
fn a_wrong_passphrase_taps_nothing_and_is_not_repeated() {
    let bank = Bank::open();
    let answered = bank.send(&form("SHOP-1", "5", "anna", "wrong-horse"));
    let place = answered.head.lines().find_map(|line| line.strip_prefix("location: ")).expect("a page").to_owned();
    Source::open(&bank.house, &format!("{place}/live"), "").read_until(&bank.house, "event: last\n");
    let page = bank.house.shows(&place, &["No card was tapped", "the card does not open", "Nothing yet."]);
    assert!(!page.contains("wrong-horse"), "{page}");
    bank.house.shows("/authorizations", &["Nothing was asked yet."]);
}

#[test]
fn a_form_that_makes_no_sense_says_which_field() {
    let bank = Bank::open();
    let sound = form("SHOP-1", "5", "anna", "open sesame");
    for (from, to, field) in [
        ("SHOP-1", "NOBODY", "merchant"),
        ("amount=5", "amount=five", "amount"),
        ("amount=5", "amount=5.001", "amount"),
        ("amount=5", "amount=-5", "amount"),
        ("amount=5", "amount=99999999999999999999999", "amount"),
        ("currency=", "currency=XXX", "currency"),
        ("category=", "category=54", "category"),
        ("card=anna", "card=", "card"),
    ] {
        let answered = bank.send(&sound.replacen(from, to, 1));
        assert_eq!(answered.status, 422, "{to}: {answered:?}");
        assert!(answered.body.contains(&format!("“{field}”")), "{to}: {}", answered.body);
        assert!(!answered.body.contains("sesame"), "{}", answered.body);
    }
    let bytes = bank.house.send("/terminal", "application/x-www-form-urlencoded", &[0xff, 0x26, 0x3d]);
    assert_eq!(bytes.status, 422);
    assert_eq!(bank.send(&"x".repeat(5_000)).status, 413);
    bank.house.shows("/authorizations", &["Nothing was asked yet."]);
}

#[test]
fn pages_of_other_sites_tap_no_card() {
    let bank = Bank::open();
    let headers = ["origin: https://evil.example", "content-type: application/x-www-form-urlencoded"];
    let asked = request("POST", "/terminal", &headers, form("SHOP-1", "5", "anna", "open sesame"));
    let answered = bank.house.node.runtime.block_on(exchange(bank.house.server.address(), asked));
    assert_eq!(answered.status, 403, "{answered:?}");
    bank.house.shows("/authorizations", &["Nothing was asked yet."]);
}

#[test]
fn a_tap_that_is_not_remembered_is_not_found() {
    let bank = Bank::open();
    for id in ["0x1", "1", "x", "0x1/2"] {
        let page = bank.house.browse(&format!("/terminal/tap/{id}"));
        assert_eq!(page.status, 404, "{id}");
        assert!(page.body.contains("not remembered"), "{}", page.body);
        assert_eq!(bank.house.browse(&format!("/terminal/tap/{id}/live")).status, 404, "{id}");
    }
    assert_eq!(bank.house.browse("/terminal/pat/0x1").status, 404);
}
