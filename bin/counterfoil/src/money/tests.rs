//! Amounts as people write them.

use super::*;

#[test]
fn amounts_count_the_smallest_unit() {
    let sound = [("12.50", 2, 1_250), ("12.5", 2, 1_250), ("12", 2, 1_200), ("0.001", 3, 1), ("7", 0, 7), ("0", 2, 0)];
    for (text, decimals, units) in sound {
        assert_eq!(parse_amount(text, decimals).unwrap(), U256::from(units), "{text}");
    }
}

#[test]
fn what_is_no_amount_of_the_currency_is_refused() {
    let huge = "9".repeat(80);
    let wrong = ["", ".5", "5.", "1,5", "-1", "+1", "1e3", "0x10", " 1", "1.234", "1..2", "١", huge.as_str()];
    for text in wrong {
        assert!(parse_amount(text, 2).is_err(), "{text}");
    }
    assert!(parse_amount("1.0", 0).is_err());
}

#[test]
fn a_price_names_its_currency() {
    assert_eq!("12.50 EUR".parse(), Ok(Money { amount: "12.50".into(), code: "EUR".into() }));
    assert!("12.50".parse::<Money>().is_err());
}
