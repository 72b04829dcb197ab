//! One payment, one preimage, one id.

use alloy_primitives::b256;

use super::*;

fn preimage() -> Preimage {
    Preimage {
        acquirer: "12345".into(),
        amount_minor: "1250".into(),
        chain_id: "31337".into(),
        currency: "EUR".into(),
        kind: KIND.into(),
        merchant: "SHOP \"1\"".into(),
        salt: B256::repeat_byte(0xab),
        terminal: "TERM0001".into(),
        token: "9999990123456785".into(),
    }
}

const TEXT: &str = concat!(
    r#"{"acquirer":"12345","amountMinor":"1250","chainId":"31337","currency":"EUR","kind":"card.payment.v1","#,
    r#""merchant":"SHOP \"1\"","salt":"0xabababababababababababababababababababababababababababababababab","#,
    r#""terminal":"TERM0001","token":"9999990123456785"}"#,
);

#[test]
fn a_preimage_is_written_in_one_way() {
    assert_eq!(String::from_utf8(preimage().bytes()).unwrap(), TEXT);
    assert_eq!(preimage().id(), keccak256(TEXT));
    assert_ne!(preimage().id(), b256!("0000000000000000000000000000000000000000000000000000000000000000"));
}

#[test]
fn a_preimage_is_read_only_as_it_is_written() {
    assert_eq!(Preimage::parse(TEXT.as_bytes()), Some(preimage()));
    for other in [
        TEXT.replace("card.payment.v1", "card.payment.v2"),
        TEXT.replace(":\"1250", ": \"1250"),
        TEXT.replace("0xab", "0xAB"),
        TEXT.replace(",\"terminal\":\"TERM0001\"", ""),
        TEXT.replace("{\"acquirer\"", "{\"more\":\"1\",\"acquirer\""),
        format!("{TEXT}\n"),
    ] {
        assert_eq!(Preimage::parse(other.as_bytes()), None, "{other}");
    }
}

#[test]
fn neighbouring_values_cannot_be_mistaken_for_each_other() {
    let moved = Preimage { merchant: "SHOP".into(), terminal: " \"1\"TERM0001".into(), ..preimage() };
    assert_ne!(moved.id(), preimage().id());
}
