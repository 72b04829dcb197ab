//! WebSockets: calls, subscriptions, and clients that do not keep up.

use std::time::Duration;

use gateway::{Access, Limits};
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use crate::{
    client::{Socket, call_text},
    methods::{TestMethods, serve, serve_default},
};

fn event(subscription: &str, json: &str) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","method":"eth_subscription","params":{{"subscription":"{subscription}","result":{json}}}}}"#
    )
}

#[tokio::test]
async fn calls_and_batches_are_answered_and_malformed_text_is_no_end() {
    let server = serve_default().await;
    let mut socket = Socket::open(server.address()).await;
    assert_eq!(socket.call("test_count", "[]").await, r#"{"jsonrpc":"2.0","id":1,"result":0}"#);
    socket.send("{").await;
    assert!(socket.next().await.contains("-32700"));
    socket.send(r#"{"jsonrpc":"2.0","method":"test_count"}"#).await;
    socket.send(format!("[{},{}]", call_text(1, "test_count", "[]"), call_text(2, "test_who", "[]"))).await;
    let answer = socket.next().await;
    assert!(answer.starts_with(r#"[{"jsonrpc":"2.0","id":1,"result":2},{"#), "{answer}");
    assert!(answer.contains("WebSocket cross_site=false"), "{answer}");
}

#[tokio::test]
async fn a_waiting_call_does_not_hold_up_the_next_one() {
    let methods = TestMethods::new();
    let server = serve(&methods, Access::default(), Limits::default()).await;
    let mut socket = Socket::open(server.address()).await;
    socket.send(call_text(1, "test_wait", "[]")).await;
    socket.send(call_text(2, "test_work", "[]")).await;
    socket.send(call_text(3, "test_count", "[]")).await;
    assert_eq!(socket.next().await, r#"{"jsonrpc":"2.0","id":3,"result":0}"#);
    methods.gate.add_permits(2);
    let mut rest = [socket.next().await, socket.next().await];
    rest.sort();
    assert_eq!(rest, [1, 2].map(|id| format!(r#"{{"jsonrpc":"2.0","id":{id},"result":"passed"}}"#)));
}

#[tokio::test]
async fn beyond_the_bound_of_calls_in_flight_messages_wait() {
    let methods = TestMethods::new();
    let limits = Limits { max_calls_in_flight: 2, ..Limits::default() };
    let server = serve(&methods, Access::default(), limits).await;
    let mut socket = Socket::open(server.address()).await;
    for id in 1..=3 {
        socket.send(call_text(id, "test_wait", "[]")).await;
    }
    methods.arrival().await;
    methods.arrival().await;
    assert_eq!(methods.arrived.available_permits(), 0);
    methods.gate.add_permits(1);
    socket.next().await;
    methods.arrival().await;
    methods.gate.add_permits(2);
    socket.next().await;
    socket.next().await;
}

#[tokio::test]
async fn a_subscription_hears_of_each_event_until_it_ends() {
    let methods = TestMethods::new();
    let server = serve(&methods, Access::default(), Limits::default()).await;
    let mut socket = Socket::open(server.address()).await;
    let heads = socket.subscribe(r#"["newHeads"]"#).await;
    let pending = socket.subscribe(r#"["newPendingTransactions",true]"#).await;
    assert_ne!(heads, pending);
    methods.heads.send("one".into()).expect("a subscriber");
    assert_eq!(socket.next().await, event(&heads, "\"one\""));
    methods.pending.send("two".into()).expect("a subscriber");
    assert_eq!(socket.next().await, event(&pending, "\"two\""));
    assert!(socket.call("eth_unsubscribe", &format!("[\"{heads}\"]")).await.contains("true"));
    let again = socket.call("eth_unsubscribe", &format!("[\"{heads}\"]")).await;
    assert!(again.contains(r#""code":-32000,"message":"subscription not found""#), "{again}");
    let _ = methods.heads.send("three".into());
    methods.pending.send("four".into()).expect("a subscriber");
    assert_eq!(socket.next().await, event(&pending, "\"four\""));
}

#[tokio::test]
async fn the_id_is_answered_before_the_first_event_even_in_a_batch_that_waits() {
    let methods = TestMethods::new();
    let server = serve(&methods, Access::default(), Limits::default()).await;
    let mut socket = Socket::open(server.address()).await;
    socket
        .send(format!("[{},{}]", call_text(1, "eth_subscribe", r#"["newHeads"]"#), call_text(2, "test_wait", "[]")))
        .await;
    methods.arrival().await;
    methods.heads.send("early".into()).expect("a subscriber");
    assert!(socket.call("test_count", "[]").await.contains("result"));
    methods.gate.add_permits(1);
    assert!(socket.next().await.contains("passed"));
    assert!(socket.next().await.contains("early"));
}

#[tokio::test]
async fn what_cannot_be_subscribed_to_is_refused() {
    let server = serve_default().await;
    let mut socket = Socket::open(server.address()).await;
    for (params, error) in [
        ("[]", r#""code":-32602,"message":"missing value for required argument 0""#),
        (r#"["syncingg"]"#, r#""code":-32601,"message":"no \"syncingg\" subscription in eth namespace""#),
        (r#"["newPendingTransactions","x"]"#, r#""code":-32602,"message":"invalid argument 1: "#),
        (r#"["logs",{"address":"nonsense"}]"#, r#""code":-32602,"message":"invalid argument 1: "#),
        (r#"["logs"]"#, r#""code":-32000,"message":"no logs here""#),
    ] {
        let answer = socket.call("eth_subscribe", params).await;
        assert!(answer.contains(error), "{params}: {answer}");
    }
}

#[tokio::test]
async fn subscriptions_are_bounded_and_freed() {
    let methods = TestMethods::new();
    let server = serve(&methods, Access::default(), Limits { max_subscriptions: 2, ..Limits::default() }).await;
    let mut socket = Socket::open(server.address()).await;
    let first = socket.subscribe(r#"["newHeads"]"#).await;
    socket.subscribe(r#"["newHeads"]"#).await;
    let refused = socket.call("eth_subscribe", r#"["newHeads"]"#).await;
    assert!(
        refused.contains(r#""code":-32005,"message":"too many subscriptions, at most 2 per connection""#),
        "{refused}"
    );
    socket.call("eth_unsubscribe", &format!("[\"{first}\"]")).await;
    socket.subscribe(r#"["newHeads"]"#).await;
    drop(socket);
    while methods.heads.receiver_count() > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_subscriber_that_does_not_read_is_closed_with_the_reason() {
    let methods = TestMethods::new();
    let patience = Duration::from_millis(50);
    let limits = Limits { max_queued_notifications: 4, slow_subscriber_timeout: patience, ..Limits::default() };
    let server = serve(&methods, Access::default(), limits).await;
    let mut slow = Socket::open(server.address()).await;
    slow.subscribe(r#"["newPendingTransactions"]"#).await;
    let long = "x".repeat(64 * 1024);
    while methods.pending.receiver_count() > 0 {
        let _ = methods.pending.send(long.clone());
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let closing = slow.closing().await;
    assert_eq!(closing.code, CloseCode::Policy);
    assert!(closing.reason.contains("reads too slowly: too many notifications are waiting"), "{}", closing.reason);
    let metrics = crate::client::get(server.address(), "/metrics").await.body;
    assert!(metrics.contains("gateway_slow_subscribers_total 1\n"), "{metrics}");
}

#[tokio::test]
async fn a_subscriber_that_misses_events_is_closed_with_the_reason() {
    let methods = TestMethods::new();
    let server = serve(&methods, Access::default(), Limits::default()).await;
    let mut slow = Socket::open(server.address()).await;
    slow.subscribe(r#"["newHeads"]"#).await;
    for number in 0..10 {
        methods.heads.send(number.to_string()).expect("a subscriber");
    }
    let closing = slow.closing().await;
    assert_eq!(closing.code, CloseCode::Policy);
    assert!(closing.reason.contains("6 events were missed"), "{}", closing.reason);
}

#[tokio::test]
async fn a_client_that_gives_no_sign_of_life_is_closed() {
    let server = serve(
        &TestMethods::new(),
        Access::default(),
        Limits { ping_interval: Duration::from_millis(20), ..Limits::default() },
    )
    .await;
    let mut silent = Socket::open(server.address()).await;
    // Not reading is not answering pings.
    while !crate::client::get(server.address(), "/metrics").await.body.contains("gateway_websockets 0\n") {}
    assert_eq!(silent.closing().await.reason.as_str(), "no answer to a ping");
}

#[tokio::test]
async fn messages_beyond_the_bound_and_broken_frames_end_the_connection_only() {
    let methods = TestMethods::new();
    let server = serve(&methods, Access::default(), Limits { max_body_bytes: 100, ..Limits::default() }).await;
    let mut long = Socket::open(server.address()).await;
    long.send("x".repeat(101)).await;
    assert_eq!(long.closing().await.code, CloseCode::Size);
    let mut broken = Socket::open(server.address()).await;
    broken.stream().write_all(&[0xff; 64]).await.expect("an open socket");
    assert_eq!(broken.closing().await.code, CloseCode::Protocol);
    assert!(Socket::open(server.address()).await.call("test_count", "[]").await.contains("result"));
}
