//! What each body is read as.

use super::*;

/// Each call as `id method params`, each refusal as `id message`; notifications have the id `-`.
fn shown(body: &[u8]) -> Vec<String> {
    match read(body, 3) {
        Err(error) => vec![error.message.into_owned()],
        Ok(Body::Single(call)) => vec![shown_call(&call)],
        Ok(Body::Batch(batch)) if batch.calls.len() == batch.count => batch.calls.iter().map(shown_call).collect(),
        Ok(Body::Batch(batch)) => vec![format!("{} of {}", batch.calls.len(), batch.count)],
    }
}

fn shown_call(call: &Result<Call<'_>, Refused<'_>>) -> String {
    match call {
        Ok(call) => {
            let id = call.id.map_or("-", |id| id.0);
            format!("{id} {} {}", call.method, call.params.raw().map_or("-", RawValue::get))
        }
        Err(refused) => format!("{} {}", refused.id.0, refused.error.message),
    }
}

fn check(body: &str, expected: &[&str]) {
    assert_eq!(shown(body.as_bytes()), expected, "{body}");
}

#[test]
fn a_call_is_read_with_its_id_as_it_came() {
    check(r#"{"jsonrpc":"2.0","id":1,"method":"m","params":[ 1 ]}"#, &["1 m [ 1 ]"]);
    check(r#" { "method" : "m", "id" : "a\"b" , "jsonrpc" : "2.0" } "#, &[r#""a\"b" m -"#]);
    check(r#"{"jsonrpc":"2.0","id":null,"method":"m","params":null}"#, &["null m -"]);
    check(r#"{"jsonrpc":"2.0","id":-1.5e9999999,"method":"m"}"#, &["-1.5e9999999 m -"]);
    check(r#"{"jsonrpc":"2.0","method":"m","extra":{"deep":[1]}}"#, &["- m -"]);
    check(r#"{"jsonrpc":"2.0","id":1,"method":"\u006d\n"}"#, &["1 m\n -"]);
}

#[test]
fn what_is_no_json_is_a_parse_error() {
    for body in
        ["", " ", "{", "[", "nul", "{]", "[1,]", "{\"jsonrpc\":\"2.0\",", "{} {}", "[] x", "\u{feff}{}", "{\"a\":01}"]
    {
        check(body, &["parse error"]);
    }
    assert_eq!(shown(b"\xff\xfe"), ["parse error"]);
    assert_eq!(shown(b"{\"jsonrpc\":\"2.0\",\"id\":\"\xff\",\"method\":\"m\"}"), ["parse error"]);
}

#[test]
fn json_that_is_no_call_is_an_invalid_request() {
    for body in ["{}", "1", "\"x\"", "null", "true", r#"{"method":"m"}"#, r#"{"jsonrpc":"1.0","method":"m"}"#] {
        check(body, &["null invalid request"]);
    }
    check(r#"{"jsonrpc":"2.0","id":7,"method":5}"#, &["7 invalid request"]);
    check(r#"{"jsonrpc":"2.0","id":7,"method":""}"#, &["7 invalid request"]);
    check(r#"{"jsonrpc":"2.0","id":7,"result":1}"#, &["7 invalid request"]);
    check(r#"{"jsonrpc":2.0,"id":"x","method":"m"}"#, &["\"x\" invalid request"]);
    check(r#"{"jsonrpc":"2.0","id":7,"method":null}"#, &["7 invalid request"]);
}

#[test]
fn an_id_that_is_no_id_is_not_repeated() {
    for id in ["{}", "[1]", "true", "false"] {
        check(&format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"m"}}"#), &["null invalid request"]);
    }
}

#[test]
fn a_repeated_member_is_refused() {
    check(r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"m"}"#, &["null invalid request"]);
    check(r#"{"jsonrpc":"2.0","id":1,"method":"m","method":"n"}"#, &["null invalid request"]);
}

#[test]
fn a_batch_is_read_element_by_element() {
    check("[]", &[]);
    check(
        r#"[{"jsonrpc":"2.0","id":1,"method":"m"}, 5, {"jsonrpc":"2.0","method":"n"}]"#,
        &["1 m -", "null invalid request", "- n -"],
    );
    check("[[]]", &["null invalid request"]);
    check(r#"["2.0",1,"m"]"#, &["null invalid request"; 3]);
    check(r#"[["2.0",1,"m",[]]]"#, &["null invalid request"]);
}

#[test]
fn beyond_the_bound_elements_are_only_counted() {
    check("[1,2,3,4,5]", &["3 of 5"]);
    check("[1,2,3,4,5", &["parse error"]);
}

#[test]
fn depth_costs_no_stack() {
    let deep = "[".repeat(1_000_000) + &"]".repeat(1_000_000);
    check(&deep, &["null invalid request"]);
    check(&"[".repeat(1_000_000), &["parse error"]);
    check(&"{\"a\":".repeat(1_000_000), &["parse error"]);
    let call = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"m","params":{deep}}}"#);
    assert_eq!(shown(call.as_bytes()), [format!("1 m {deep}")]);
}
