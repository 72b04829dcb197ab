//! The other form: equal in meaning in both directions, as strict, and silent about values in its errors.

use serde_json::{Value, json};

use super::*;

#[test]
fn every_request_and_every_answer_survives_json() {
    for vector in vectors() {
        let bytes = vector.bytes();
        if let Ok(request) = Request::parse(&bytes) {
            let again = Request::from_json(request.to_json().as_bytes()).unwrap();
            assert_eq!(hex::encode_upper(again.encode().unwrap()), vector.hex, "{}", vector.name);
        }
        if let Ok(response) = Response::parse(&bytes) {
            let again = Response::from_json(response.to_json().as_bytes()).unwrap();
            assert_eq!(hex::encode_upper(again.encode().unwrap()), vector.hex, "{}", vector.name);
        }
    }
}

fn purchase_json() -> Value {
    let request = Request::parse(&vector("purchase that takes a part").bytes()).unwrap();
    serde_json::from_str(&request.to_json()).unwrap()
}

#[test]
fn a_request_reads_as_a_person_would_write_it() {
    let mut shown = purchase_json();
    let chip = shown.as_object_mut().unwrap().remove("iccData").unwrap();
    assert!(chip.as_str().unwrap().starts_with("9F0206000000001250"));
    let expected = json!({
        "operation": "authorization",
        "repeat": false,
        "token": "9999991234567893",
        "processing": { "transaction": "purchase", "fromAccount": "00", "toAccount": "00" },
        "amountMinor": 1250,
        "currency": "EUR",
        "sent": "1127133000",
        "stan": "000123",
        "localTime": "143000",
        "localDate": "1127",
        "expiry": "2812",
        "merchantCategory": "5311",
        "acquirerCountry": "276",
        "entryMode": "052",
        "cardSequence": "001",
        "condition": "00",
        "acquirer": "12345",
        "forwarder": "987",
        "track2": "9999991234567893D28122010000012300000",
        "retrievalReference": "633114000123",
        "terminal": "TERM0001",
        "merchant": "SHOP-0001",
        "merchantPlace": "Corner shop              Berlin       DE",
        "takesPartial": true,
    });
    assert_eq!(shown, expected);
}

#[test]
fn an_answer_reads_as_a_person_would_write_it() {
    let response = Response::parse(&vector("approved in part").bytes()).unwrap();
    let shown: Value = serde_json::from_str(&response.to_json()).unwrap();
    assert_eq!(shown["messageType"], "0110");
    assert_eq!(shown["responseCode"], "10");
    assert_eq!(shown["amountMinor"], 1000);
    let asked =
        json!({ "account": "00", "kind": "originalAmount", "currency": "EUR", "amountMinor": { "debit": 1250 } });
    assert_eq!(shown["amounts"][0], asked);
}

#[test]
fn network_requests_say_their_operation() {
    let check = |text: Value, expected: &str| {
        let request = Request::from_json(text.to_string().as_bytes()).unwrap();
        assert_eq!(request.mti().to_string(), expected);
    };
    check(json!({ "operation": "signOn", "sent": "1127133000", "stan": "000001" }), "0800");
    check(json!({ "operation": "echo", "repeat": true, "sent": "1127133000", "stan": "000001" }), "0801");
}

#[test]
fn only_what_can_be_iso_8583_is_taken_and_errors_show_no_value() {
    let check = |name: &str, value: Value, expected: &str| {
        let mut text = purchase_json();
        match value {
            Value::Null => drop(text.as_object_mut().unwrap().remove(name)),
            value => text[name] = value,
        }
        let error = Request::from_json(text.to_string().as_bytes()).unwrap_err().to_string();
        assert!(error.contains(expected), "{name}: {error}");
        assert!(!error.contains("41111"), "{name}: {error}");
    };
    check("token", Value::Null, "missing field `token`");
    check("token", json!(4_111_111_111_111_111_u64), "expected a string");
    check("token", json!("4111111111111112"), "wrong form");
    check("operation", json!("4111111111111111"), "expected an operation");
    check("amountMinor", json!("4111111111111111"), "expected u64");
    check("amountMinor", json!(-1), "expected u64");
    check("amountMinor", json!(4_111_111_111_111_111_u64), "DE 4");
    check("4111111111111111", json!(1), "expected one of");
    check("stan", json!("12"), "expected digits of the width of the element");
    check("sent", json!("4111111111"), "expected MMDDhhmmss");
    check("currency", json!("EURO"), "expected a currency");
    check("retrievalReference", json!("a-b"), "DE 37");
    check("terminal", json!("longer than eight"), "expected printable characters");
    check("iccData", json!("xy"), "expected BER-TLV");
    check("iccData", json!("41".repeat(1001)), "expected BER-TLV");
    check("iccData", Value::Null, "DE 55 (integrated circuit card data) is missing");
    check("track2", json!("4111111111111111D2812"), "DE 35 (track 2 data) does not say the same as DE 2");
    check("others", json!({ "4": "303030" }), "DE 4");
    check("others", json!({ "48": "4111x" }), "expected bytes in hex");
    check("others", json!({ "999": "41" }), "expected u8");
    check("others", json!({ "65": "4111111111111111" }), "DE 65");
    check("processing", json!({ "transaction": "refund" }), "cannot ask for this transaction");
}

#[test]
fn json_has_bounds() {
    let long = vec![b' '; MAX_JSON_BYTES + 1];
    let expected = MessageError::LongJson { bytes: MAX_JSON_BYTES + 1, limit: MAX_JSON_BYTES };
    assert_eq!(Request::from_json(&long), Err(expected));
    let deep = "[".repeat(MAX_JSON_BYTES);
    assert!(matches!(Request::from_json(deep.as_bytes()), Err(MessageError::Json { .. })));
    let twice = br#"{"operation":"echo","operation":"echo","sent":"1127133000","stan":"000001"}"#;
    assert!(Request::from_json(twice).unwrap_err().to_string().contains("duplicate field `operation`"));
}

#[test]
fn a_currency_that_is_on_no_list_is_its_number() {
    let request = Request::parse(&purchase(&[(49, Some("001"))])).unwrap();
    assert!(request.to_json().contains(r#""currency":"001""#));
    assert_eq!(Request::from_json(request.to_json().as_bytes()).unwrap(), request);
}
