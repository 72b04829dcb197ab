//! What each list of arguments is decoded to, or refused with.

use alloy_primitives::U64;

use super::*;

/// A required number and an optional one, from the text of `params`.
fn check(params: &str, expected: Result<(u64, Option<u64>), &str>) {
    let raw: &RawValue = serde_json::from_str(params).expect("the test's own JSON");
    let decoded = Params::new(Some(raw)).parse::<(U64, Option<U64>)>();
    let decoded = decoded.map(|(a, b)| (a.to(), b.map(|b| b.to()))).map_err(|error| error.message.into_owned());
    assert_eq!(decoded, expected.map_err(str::to_owned), "{params}");
}

#[test]
fn optional_arguments_may_be_absent_or_null() {
    check(r#"["0x1","0x2"]"#, Ok((1, Some(2))));
    check(r#"["0x1"]"#, Ok((1, None)));
    check(r#" [ "0x1" , null ] "#, Ok((1, None)));
}

#[test]
fn what_does_not_fit_is_named_by_its_place() {
    check("[]", Err("missing value for required argument 0"));
    check("null", Err("missing value for required argument 0"));
    check(r#"[null,"0x2"]"#, Err("missing value for required argument 0"));
    check(r#"["0x1","0x2","0x3"]"#, Err("too many arguments, want at most 2"));
    check(r#"{"a":"0x1"}"#, Err("non-array args"));
    check(r#""0x1""#, Err("non-array args"));
    check("7", Err("non-array args"));
}

#[test]
fn a_wrong_type_says_which_argument_without_line_or_column() {
    let raw: &RawValue = serde_json::from_str(r#"["0x1",{}]"#).expect("the test's own JSON");
    let error = Params::new(Some(raw)).parse::<(U64, U64)>().expect_err("an object is not a number");
    assert!(error.message.starts_with("invalid argument 1: "), "{}", error.message);
    assert!(!error.message.contains("line"), "{}", error.message);
}

#[test]
fn a_method_without_arguments_takes_none() {
    assert!(Params::default().parse::<()>().is_ok());
    let raw: &RawValue = serde_json::from_str("[1]").expect("the test's own JSON");
    let error = Params::new(Some(raw)).parse::<()>().expect_err("one is too many");
    assert_eq!(error.message, "too many arguments, want at most 0");
}

#[test]
fn arguments_nested_deeper_than_the_stack_are_refused() {
    let deep = format!("[{}{}]", "[".repeat(100_000), "]".repeat(100_000));
    let raw: &RawValue = serde_json::from_str(&deep).expect("brackets are balanced");
    assert!(Params::new(Some(raw)).parse::<(serde_json::Value,)>().is_err());
}
