//! What attributes are, what they are not, and that writing them otherwise does not change their hash.

use super::*;

const WINE: &str = r#"{
    "name": "Barolo <b>1964</b>", "classification": "wine", "description": "A bottle, 0.75 l",
    "media": [{ "kind": "image", "uri": "ipfs://label" }, { "kind": "model", "uri": "ipfs://scan" }],
    "physical": { "volume": 0.75, "closure": { "material": "cork" } },
    "origination": { "limitedEdition": "12 of 600", "placeOfOrigin": "Alba", "ethicalCertificate": "EU organic" },
    "attributes": [{ "trait_type": "Vintage", "value": 1964 }]
}"#;

#[test]
fn the_canonical_form_is_sorted_and_without_spaces() {
    let canonical = canonical_attributes(br#"{ "physical": {"b": 1.0, "a": 2}, "name":"\u00e9" }"#).expect("sound");
    assert_eq!(canonical.bytes, r#"{"name":"é","physical":{"a":2,"b":1}}"#.as_bytes());
    assert_eq!(canonical.hash, keccak256(&canonical.bytes));
}

#[test]
fn spaces_and_order_do_not_change_the_hash_and_any_attribute_does() {
    let wine = canonical_attributes(WINE.as_bytes()).expect("sound");
    let again = check_attributes(&wine.bytes, wine.hash).expect("its own form");
    assert_eq!(wine, again);
    for (before, after) in [("cork", "screw"), ("1964,", "1965,"), ("Alba", "Asti"), ("12 of", "13 of")] {
        let changed = WINE.replace(before, after);
        if changed != WINE {
            let refused = check_attributes(changed.as_bytes(), wine.hash);
            assert!(matches!(refused, Err(AttributesError::WrongHash { .. })), "{after}");
        }
    }
}

#[test]
fn markup_stays_text() {
    let wine = canonical_attributes(WINE.as_bytes()).expect("sound");
    assert!(String::from_utf8_lossy(&wine.bytes).contains("Barolo <b>1964</b>"));
}

#[test]
fn ten_megabytes_are_refused_before_they_are_read() {
    let refused = canonical_attributes(&vec![b'['; 10_000_000]);
    assert!(matches!(refused, Err(AttributesError::TooLarge(10_000_000))));
}

#[test]
fn what_is_not_of_the_schema_is_refused() {
    let table = [
        "",
        "[]",
        "{}",
        r#"{"name":1}"#,
        r#"{"name":"a","colour":"red"}"#,
        r#"{"name":"a","name":"b"}"#,
        r#"{"name":"a","media":[{"kind":"sound","uri":"x"}]}"#,
        r#"{"name":"a","media":[{"kind":"image"}]}"#,
        r#"{"name":"a","origination":{"king":"x"}}"#,
        r#"{"name":"a","physical":[]}"#,
        r#"{"name":"a"} x"#,
    ];
    for json in table {
        let refused = canonical_attributes(json.as_bytes());
        assert!(matches!(refused, Err(AttributesError::Schema(_))), "{json}: {refused:?}");
    }
    let deep = format!(r#"{{"name":"a","physical":{{"a":{}{}}}}}"#, "[".repeat(1000), "]".repeat(1000));
    assert!(matches!(canonical_attributes(deep.as_bytes()), Err(AttributesError::Schema(_))));
}

#[test]
fn empty_names_long_lists_and_inexact_numbers_are_refused() {
    let blank = canonical_attributes(br#"{"name":"  "}"#);
    assert!(matches!(blank, Err(AttributesError::NoName)));
    let traits = vec![r#"{"trait_type":"a","value":1}"#; ATTRIBUTES_MOST_ENTRIES + 1].join(",");
    let long = canonical_attributes(format!(r#"{{"name":"a","attributes":[{traits}]}}"#).as_bytes());
    assert!(matches!(long, Err(AttributesError::TooManyEntries("attributes"))));
    for (number, exact) in [("9007199254740991", true), ("9007199254740993", false), ("-9007199254740993", false)] {
        let json = format!(r#"{{"name":"a","physical":{{"a":{number}}}}}"#);
        assert_eq!(canonical_attributes(json.as_bytes()).is_ok(), exact, "{number}");
    }
}

/// RFC 9180 appendix A.3.1, the recipient's.
const KEY: &str = "04fe8c19ce0905191ebc298a9245792531f26f0cece2460639e8bc39cb7f706a826a779b4cf969b8a0e539c7f62fb3d30ad6aa8f80e30f1d128aafd68a2ce72ea0";

#[test]
fn a_delivery_key_is_a_point_to_which_can_be_encrypted() {
    let with = |key: &str| canonical_attributes(format!(r#"{{"name":"a","deliveryKey":"{key}"}}"#).as_bytes());
    let key = format!("0x{KEY}");
    let taken = with(&key).expect("sound");
    assert_eq!(taken.bytes, format!(r#"{{"deliveryKey":"{key}","name":"a"}}"#).into_bytes());
    let off_the_curve = key.replace("2ea0", "2ea1");
    let compressed = "0x02fe8c19ce0905191ebc298a9245792531f26f0cece2460639e8bc39cb7f706a82".to_owned();
    for other in
        [off_the_curve, compressed, KEY.to_owned(), format!("0x{key}"), format!("{key}00"), "0x".into(), String::new()]
    {
        assert!(matches!(with(&other), Err(AttributesError::NoDeliveryKey)), "{other}");
    }
    let number = canonical_attributes(br#"{"name":"a","deliveryKey":4}"#);
    assert!(matches!(number, Err(AttributesError::Schema(_))));
}
