//! A payment is told only where currency's log and preimage agree on it.

use alloy_primitives::{Address, Bytes, Log, U256, address, keccak256};
use alloy_sol_types::SolEvent;

use super::{super::events, *};

const EUR: Address = address!("c0f0110000000000000000000200000000455552");
const CONFIG: &[u8] = br#"{"config":{"chainId":31337}}"#;
const TERMS: &str = r#"{"acquirer":"12345","amountMinor":"1250","chainId":"31337","currency":"EUR","kind":"card.payment.v1","merchant":"SHOP-1","salt":"0x0101010101010101010101010101010101010101010101010101010101010101","terminal":"TERM0001","token":"9999990123456785"}"#;

fn held(terms: &str, contract: Address, amount: u64) -> Log {
    let event = cash::Held {
        id: keccak256(terms),
        from: Address::repeat_byte(1),
        to: Address::repeat_byte(2),
        operator: Address::repeat_byte(1),
        amount: U256::from(amount),
        expiry: 1,
        referenceId: B256::ZERO,
    };
    Log { address: contract, data: event.encode_log_data() }
}

fn captured(terms: &str) -> Log {
    let event = cash::Captured {
        id: keccak256(terms),
        from: Address::repeat_byte(1),
        to: Address::repeat_byte(2),
        referenceId: B256::ZERO,
        amount: U256::from(1_000),
        captured: U256::from(1_000),
        released: U256::from(250),
        isFinal: true,
        holdReferenceId: B256::ZERO,
    };
    Log { address: EUR, data: event.encode_log_data() }
}

fn released(terms: &str) -> Log {
    let event = cash::Released {
        id: keccak256(terms),
        from: Address::repeat_byte(1),
        to: Address::repeat_byte(2),
        by: Address::repeat_byte(1),
        amount: U256::from(250),
        captured: U256::from(1_000),
        holdReferenceId: B256::ZERO,
    };
    Log { address: EUR, data: event.encode_log_data() }
}

/// Kinds of what a log says of payments when the file holds these terms, and their fields.
fn told(log: &Log, terms: &str) -> Vec<(&'static str, Vec<Field>)> {
    let shown = [Bytes::from(terms.as_bytes().to_vec())];
    let preimages = Preimages::of(&shown, &[keccak256(terms)]).expect("it leads to the log");
    let claims = payments(&events::claims(log), &preimages, CONFIG);
    claims.into_iter().map(|claim| (claim.kind, claim.fields)).collect()
}

#[test]
fn a_payment_is_told_with_token_merchant_and_amount() {
    let told = told(&held(TERMS, EUR, 1_250), TERMS);
    let [(kind, fields)] = told.as_slice() else { panic!("{told:?}") };
    let shown: Vec<_> = fields.iter().map(|field| (field.name, field.value.as_str())).collect();
    assert_eq!(*kind, "payment held");
    assert_eq!(
        shown[..5],
        [
            ("token", "9999990123456785"),
            ("merchant", "SHOP-1"),
            ("terminal", "TERM0001"),
            ("acquirer", "12345"),
            ("amount", "1250"),
        ]
    );
}

#[test]
fn a_capture_says_what_went_to_the_merchant() {
    let told = told(&captured(TERMS), TERMS);
    let [("payment captured", fields)] = told.as_slice() else { panic!("{told:?}") };
    let amounts: Vec<_> =
        fields.iter().filter(|field| field.name == "amount" || field.name == "capturedInAll").collect();
    assert_eq!(amounts.iter().map(|field| field.value.as_str()).collect::<Vec<_>>(), ["1000", "1000"]);
}

#[test]
fn a_reversal_says_what_is_the_payers_again() {
    let told = told(&released(TERMS), TERMS);
    let [("payment reversed", fields)] = told.as_slice() else { panic!("{told:?}") };
    let value = |name| fields.iter().find(|field| field.name == name).map(|field| field.value.as_str());
    assert_eq!(["token", "merchant", "amount"].map(value), ["9999990123456785", "SHOP-1", "250"].map(Some));
}

#[test]
fn whatever_disagrees_says_nothing() {
    let changed = |from: &str, to: &str| TERMS.replace(from, to);
    for (case, terms) in [
        ("another network", changed("31337", "31338")),
        ("another currency", changed("EUR", "USD")),
        ("another kind", changed("payment.v1", "payment.v2")),
        ("not canonical", changed(",\"token\"", ", \"token\"")),
        ("one field more", changed("{\"acq", "{\"aaa\":\"1\",\"acq")),
    ] {
        assert_eq!(told(&held(&terms, EUR, 1_250), &terms), [], "{case}");
    }
    assert_eq!(told(&held(TERMS, EUR, 1_251), TERMS), [], "another amount was held");
    assert_eq!(told(&held(TERMS, Address::repeat_byte(9), 1_250), TERMS), [], "a contract that is no currency");
    assert_eq!(told(&held(&changed("SHOP-1", "SHOP-2"), EUR, 1_250), &changed("EUR", "EUR")), [], "another payment");
}
