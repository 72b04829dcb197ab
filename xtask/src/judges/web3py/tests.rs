//! The comparison's rules, one short case each.

use super::compare::{Known, Outcomes, compare};

const NOTHING: &str = "";
const LISTED: &str = r#"
    [[fails]]
    reason = "ours differs"
    tests = ["a"]
"#;
const RACING: &str = r#"
    [[races]]
    reason = "who is faster"
    tests = ["a"]
"#;

/// Test `a` ends as given on our node and on the peer; the reason of its finding, empty where there is none.
fn check(ours: &str, theirs: &str, known: &str) -> String {
    let outcome = |result: &str| match result {
        "absent" => String::new(),
        result => format!(r#"{{"name":"a","outcome":"{result}","reason":"why"}}"#),
    };
    let parse = |result| Outcomes::parse(&outcome(result)).expect("the line is well formed");
    let known = Known::parse(known).expect("the list is well formed");
    let verdict = compare(&parse(ours), &parse(theirs), &known);
    verdict.failures().find(|check| check.name == "a").map_or_else(String::new, |check| check.reason.clone())
}

#[test]
fn what_the_peer_passes_must_pass() {
    assert_eq!(check("passed", "passed", NOTHING), "");
    assert_eq!(check("failed", "passed", NOTHING), "the peer passes it, we fail it: why");
    assert_eq!(check("error", "passed", NOTHING), "the peer passes it, we fail it: why");
}

#[test]
fn the_list_excuses_nothing_that_the_peer_passes() {
    assert!(check("failed", "passed", LISTED).starts_with("the peer passes it"));
}

#[test]
fn what_both_fail_must_be_listed() {
    assert!(check("failed", "failed", NOTHING).contains("not in known.toml: why"));
    assert_eq!(check("failed", "failed", LISTED), "");
    assert_eq!(check("failed", "skipped", LISTED), "");
}

#[test]
fn what_has_come_right_is_taken_off_the_list() {
    assert!(check("passed", "failed", LISTED).contains("take it out"));
    assert_eq!(check("passed", "failed", NOTHING), "");
}

#[test]
fn a_race_may_end_either_way() {
    assert_eq!(check("passed", "failed", RACING), "");
    assert_eq!(check("failed", "failed", RACING), "");
    assert_eq!(check("failed", "passed", RACING), "");
}

#[test]
fn what_web3_py_itself_excuses_is_no_failure() {
    assert_eq!(check("skipped", "passed", NOTHING), "");
}

#[test]
fn a_test_that_only_one_node_ran_is_found() {
    assert!(!check("absent", "passed", NOTHING).is_empty());
    assert!(!check("passed", "absent", NOTHING).is_empty());
    assert!(!check("absent", "absent", LISTED).is_empty());
}

#[test]
fn a_peer_that_passes_nearly_nothing_is_a_failure_of_the_judge() {
    let none = Outcomes::parse("").expect("no line is well formed");
    let verdict = compare(&none, &none, &Known::parse(NOTHING).expect("an empty list"));
    assert_eq!(verdict.failures().count(), 1);
}

#[test]
fn a_list_names_each_test_once_and_says_why() {
    let twice = "[[fails]]\nreason = \"x\"\ntests = [\"a\", \"a\"]";
    let unexplained = "[[fails]]\nreason = \" \"\ntests = [\"a\"]";
    assert!(Known::parse(twice).is_err() && Known::parse(unexplained).is_err());
}
