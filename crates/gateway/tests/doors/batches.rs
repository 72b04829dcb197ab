//! Batches: order, notifications, bounds and what is prepared ahead.

use std::time::Duration;

use gateway::{Access, Limits};

use crate::{
    client::{call_text, post},
    methods::{TestMethods, serve, serve_default},
};

fn list(calls: &[String]) -> String {
    format!("[{}]", calls.join(","))
}

fn result(id: u32, json: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{json}}}"#)
}

fn error(id: &str, code: i32, message: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":{code},"message":"{message}"}}}}"#)
}

#[tokio::test]
async fn a_batch_is_worked_and_answered_in_order() {
    let methods = TestMethods::new();
    methods.gate.add_permits(2);
    let server = serve(&methods, Access::default(), Limits::default()).await;
    let calls = [
        call_text(5, "test_count", "[]"),
        call_text(4, "test_work", "[]"),
        call_text(3, "test_count", "[]"),
        call_text(2, "test_wait", "[]"),
        call_text(1, "test_count", "[]"),
    ];
    let expected = [result(5, "0"), result(4, "\"passed\""), result(3, "1"), result(2, "\"passed\""), result(1, "2")];
    assert_eq!(post(server.address(), list(&calls)).await, list(&expected));
}

#[tokio::test]
async fn elements_that_are_no_calls_are_answered_in_their_place() {
    let server = serve_default().await;
    let calls = [
        call_text(1, "test_count", "[]"),
        "7".into(),
        r#"{"jsonrpc":"2.0","id":"x"}"#.into(),
        call_text(2, "no", "[]"),
    ];
    let expected = [
        result(1, "0"),
        error("null", -32600, "invalid request"),
        error("\"x\"", -32600, "invalid request"),
        error("2", -32601, "the method no does not exist/is not available"),
    ];
    assert_eq!(post(server.address(), list(&calls)).await, list(&expected));
}

#[tokio::test]
async fn notifications_leave_no_gap_and_alone_no_answer() {
    let server = serve_default().await;
    let silent = r#"{"jsonrpc":"2.0","method":"test_count"}"#.to_owned();
    assert_eq!(post(server.address(), list(&[silent.clone(), silent.clone()])).await, "");
    let calls = [silent.clone(), call_text(1, "test_count", "[]"), silent];
    assert_eq!(post(server.address(), list(&calls)).await, list(&[result(1, "3")]));
}

async fn check_prepared() {
    let server = serve_default().await;
    let word = |id: u32| call_text(id, "test_prepared", &format!(r#"["{id}"]"#));
    let calls = [word(1), call_text(2, "test_count", "[]"), word(3), call_text(4, "test_prepared", "[]")];
    let expected = [result(1, "\"prepared 1\""), result(2, "0"), result(3, "\"prepared 3\""), result(4, "null")];
    assert_eq!(post(server.address(), list(&calls)).await, list(&expected));
    assert_eq!(post(server.address(), word(1)).await, result(1, "null"));
}

#[tokio::test]
async fn costly_parts_are_prepared_ahead_on_one_thread() {
    check_prepared().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn costly_parts_are_prepared_ahead_on_many_threads() {
    check_prepared().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_preparations_of_a_batch_overlap() {
    if rayon::current_num_threads() < 2 {
        return;
    }
    let server = serve_default().await;
    let meet = |id| call_text(id, "test_prepared", r#"["meet"]"#);
    let expected = [result(1, "\"prepared meet\""), result(2, "\"prepared meet\"")];
    assert_eq!(post(server.address(), list(&[meet(1), meet(2)])).await, list(&expected));
}

#[tokio::test]
async fn a_batch_beyond_the_bound_is_refused_as_a_whole() {
    let limits = Limits { max_batch_calls: 3, ..Limits::default() };
    let server = serve(&TestMethods::new(), Access::default(), limits).await;
    let calls: Vec<_> = (1..=4).map(|id| call_text(id, "test_count", "[]")).collect();
    assert_eq!(post(server.address(), list(&calls)).await, list(&[error("1", -32600, "batch too large")]));
    assert_eq!(post(server.address(), list(&calls[..1])).await, list(&[result(1, "0")]));
}

#[tokio::test]
async fn when_the_answer_grows_too_long_the_rest_is_not_worked() {
    let limits = Limits { max_batch_response_bytes: 1_000, ..Limits::default() };
    let server = serve(&TestMethods::new(), Access::default(), limits).await;
    let calls =
        [call_text(1, "test_long", "[1000]"), call_text(2, "test_count", "[]"), call_text(3, "test_count", "[]")];
    let long = format!("\"{}\"", "x".repeat(1_000));
    let expected =
        [result(1, &long), error("2", -32003, "response too large"), error("3", -32003, "response too large")];
    assert_eq!(post(server.address(), list(&calls)).await, list(&expected));
    assert_eq!(post(server.address(), call_text(9, "test_count", "[]")).await, result(9, "0"));
}

#[tokio::test]
async fn when_time_is_over_the_rest_is_not_worked() {
    let limits = Limits { request_timeout: Duration::from_millis(250), ..Limits::default() };
    let server = serve(&TestMethods::new(), Access::default(), limits).await;
    let calls = [call_text(1, "test_wait", "[]"), call_text(2, "test_count", "[]")];
    let expected = [error("1", -32002, "request timed out"), error("2", -32002, "request timed out")];
    assert_eq!(post(server.address(), list(&calls)).await, list(&expected));
    assert_eq!(post(server.address(), call_text(9, "test_count", "[]")).await, result(9, "0"));
}
