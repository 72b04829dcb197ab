//! Cards as the issuer's own people see them, and what nobody sees.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::bank::{Bank, NUMBERS, form};

/// Whether a text has a number as digits, as the hex of its letters, or as base64 of either.
fn shows_number(text: &str, number: &str) -> bool {
    let bytes = alloy_primitives::hex::decode(number).expect("an even number of digits");
    let dense: String = text.chars().filter(|letter| !letter.is_whitespace() && *letter != '-').collect();
    let shapes = [
        number.to_owned(),
        alloy_primitives::hex::encode(number),
        STANDARD.encode(number).trim_end_matches('=').to_owned(),
        STANDARD.encode(bytes).trim_end_matches('=').to_owned(),
    ];
    shapes.iter().any(|shape| dense.contains(shape.as_str()))
}

#[test]
fn cards_are_listed_with_their_keys_limits_and_counters() {
    let bank = Bank::open();
    bank.tap("SHOP-1", "12.50");
    let (anna, ben) = (bank.anna.to_string(), bank.ben.to_string());
    let list = bank.house.shows(
        "/cards",
        &[&anna, &ben, "999900******7891", "999902******7899", ">blocked<", "own key", "issuer-wide key", "12/49"],
    );
    assert!(list.contains("387.50\u{a0}EUR of 400.00\u{a0}EUR"), "what is held cannot be spent: {list}");
    assert!(list.contains("at most 50.00\u{a0}EUR a payment, 99.00\u{a0}EUR a day"), "{list}");
    let page = format!("/card/{anna}");
    bank.house
        .shows(&page, &["Highest counter</dt><dd>1<", "rederive", "merchant-id", "href=\"/authorization/1\"", "none"]);
    let page = bank.house.shows(&format!("/card/{ben}"), &["issuer-wide key: whoever takes it", "It has made none"]);
    assert!(page.contains("50.00\u{a0}EUR"), "its limit: {page}");
    bank.house.shows(&format!("/cards?after={}", anna.max(ben)), &["There are no more.", "← First"]);
}

#[test]
fn a_card_that_is_not_there_is_not_found() {
    let bank = Bank::open();
    let nobody = (0..)
        .map(|count| format!("{count:012}"))
        .find(|text| *text != bank.anna.to_string() && *text != bank.ben.to_string());
    for reference in [nobody.as_deref().expect("one of three"), "1", "abc", NUMBERS[0], "%3Cb%3E"] {
        let page = bank.house.browse(&format!("/card/{reference}"));
        assert_eq!(page.status, 404, "{reference}");
        assert!(!page.body.contains("<b>"), "{}", page.body);
    }
    bank.house.shows(&format!("/card/{}?before=1.x", bank.anna), &["It has made none"]);
    bank.house.shows(&format!("/card/{}?before=1.0", bank.anna), &["There are none that are older."]);
}

/// The search is tried on a page that repeats what was asked for.
#[test]
fn no_page_shows_a_real_number() {
    let bank = Bank::open();
    let planted = bank.house.browse(&format!("/authorization/{}", NUMBERS[0])).body;
    assert!(shows_number(&planted, NUMBERS[0]), "what is planted is found");
    for shape in
        [alloy_primitives::hex::encode(NUMBERS[0]), STANDARD.encode(NUMBERS[0]), "9999 0012 3456 7891".to_owned()]
    {
        assert!(shows_number(&format!("<td>{shape}</td>"), NUMBERS[0]), "{shape}");
    }

    let approved = bank.tap("SHOP-1", "12.50");
    let declined = bank.send(&form("CAFE-7", "1", "ben", "open sesame"));
    assert_eq!(declined.status, 303, "{declined:?}");
    let place = declined.head.lines().find_map(|line| line.strip_prefix("location: ")).expect("a page").to_owned();
    crate::live::Source::open(&bank.house, &format!("{place}/live"), "").read_until(&bank.house, "event: last\n");
    let (anna, ben) = (format!("/card/{}", bank.anna), format!("/card/{}", bank.ben));
    let pages = ["/authorizations", "/authorization/1", "/authorization/2", "/cards", "/terminal", "/", "/blocks"];
    for path in pages.into_iter().chain([approved.as_str(), &place, &anna, &ben]) {
        let page = bank.house.browse(path);
        assert_eq!(page.status, 200, "{path}");
        for number in NUMBERS {
            assert!(!shows_number(&page.body, number), "{path} shows a number");
        }
    }
}
