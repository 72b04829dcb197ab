//! What each body is answered with.

use crate::{
    client::{call, exchange, get, post, post_with, request},
    methods::serve_default,
};

#[tokio::test]
async fn a_call_is_answered_under_its_id() {
    let server = serve_default().await;
    let echo =
        |id: &str, word: &str| format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"test_echo","params":[{word}]}}"#);
    for (id, word) in [("1", r#""hello""#), (r#""a""#, "[1,{}]"), ("null", "1e99999"), ("-0.5", r#""\u0000""#)] {
        let expected = format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{word}}}"#);
        assert_eq!(post(server.address(), echo(id, word)).await, expected);
    }
}

#[tokio::test]
async fn errors_carry_code_message_and_data() {
    let server = serve_default().await;
    let expected =
        r#"{"jsonrpc":"2.0","id":1,"error":{"code":3,"message":"execution reverted: no \"luck\"","data":"0xab"}}"#;
    assert_eq!(call(server.address(), "test_fail", "[]").await, expected);
    let expected = r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"the method evm_mine does not exist/is not available"}}"#;
    assert_eq!(call(server.address(), "evm_mine", "[]").await, expected);
    let expected =
        r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"missing value for required argument 0"}}"#;
    assert_eq!(call(server.address(), "test_long", "[]").await, expected);
    let expected = r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"notifications not supported"}}"#;
    assert_eq!(call(server.address(), "eth_subscribe", r#"["newHeads"]"#).await, expected);
}

#[tokio::test]
async fn malformed_bodies_are_named_and_the_server_lives_on() {
    let server = serve_default().await;
    let error = |code: i32, message: &str| {
        format!(r#"{{"jsonrpc":"2.0","id":null,"error":{{"code":{code},"message":"{message}"}}}}"#)
    };
    let (parse, invalid) = (error(-32700, "parse error"), error(-32600, "invalid request"));
    let deep = "[".repeat(500_000);
    for body in ["", "x", "{", "[{]", "{\"a\":}", &deep] {
        assert_eq!(post(server.address(), body).await, parse, "{body:.20}");
    }
    assert_eq!(post(server.address(), b"\xff\xff").await, parse);
    for body in ["{}", "7", "null", r#"{"jsonrpc":"2.0","id":[],"method":"x"}"#, r#"{"jsonrpc":"2.0","method":{}}"#] {
        assert_eq!(post(server.address(), body).await, invalid, "{body}");
    }
    assert_eq!(post(server.address(), "[]").await, error(-32600, "empty batch"));
    let deep_params = format!("[{}{}]", "[".repeat(100_000), "]".repeat(100_000));
    assert!(call(server.address(), "test_echo", &deep_params).await.contains("result"));
}

#[tokio::test]
async fn a_notification_is_worked_and_not_answered() {
    let server = serve_default().await;
    let answered = post_with(server.address(), &[], r#"{"jsonrpc":"2.0","method":"test_count"}"#).await;
    assert_eq!((answered.status, answered.body.as_str()), (204, ""));
    assert_eq!(call(server.address(), "test_count", "[]").await, r#"{"jsonrpc":"2.0","id":1,"result":1}"#);
}

#[tokio::test]
async fn several_requests_share_a_connection() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let server = serve_default().await;
    let mut stream = tokio::net::TcpStream::connect(server.address()).await.expect("the server listens");
    let body = crate::client::call_text(1, "test_count", "[]");
    let head = format!("POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n", body.len());
    stream.write_all(format!("{head}{body}{head}{body}").as_bytes()).await.expect("an open socket");
    let mut seen = String::new();
    while !seen.contains(r#""result":1}"#) {
        let mut bytes = [0; 4_096];
        let length = crate::client::within(stream.read(&mut bytes)).await.expect("an open socket");
        assert_ne!(length, 0, "closed after {seen}");
        seen.push_str(str::from_utf8(&bytes[..length]).expect("answers are text"));
    }
    assert!(seen.find(r#""result":0}"#) < seen.find(r#""result":1}"#), "{seen}");
}

#[tokio::test]
async fn a_body_in_chunks_is_read_whole() {
    let server = serve_default().await;
    let chunked = "POST / HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n\
                   11\r\n{\"jsonrpc\":\"2.0\",\r\n20\r\n\"id\":1,\"method\":\"test_count\"   }\r\n0\r\n\r\n";
    assert_eq!(exchange(server.address(), chunked).await.body, r#"{"jsonrpc":"2.0","id":1,"result":0}"#);
}

#[tokio::test]
async fn health_and_metrics_have_their_pages_and_the_rest_has_none() {
    let server = serve_default().await;
    call(server.address(), "test_count", "[]").await;
    let health = get(server.address(), "/health").await;
    assert_eq!((health.status, health.body.as_str()), (200, r#"{"status":"ok","head":7}"#));
    let metrics = get(server.address(), "/metrics").await;
    assert!(metrics.body.contains("gateway_calls_total{method=\"test_count\"} 1\n"), "{}", metrics.body);
    assert!(metrics.body.contains("# TYPE chain_head gauge\nchain_head 7\n"), "{}", metrics.body);
    assert!(get(server.address(), "/").await.body.starts_with("Counterfoil node"));
    assert_eq!(get(server.address(), "/other").await.status, 404);
    for (method, path) in [("PUT", "/"), ("DELETE", "/"), ("POST", "/health"), ("POST", "/metrics")] {
        assert_eq!(exchange(server.address(), request(method, path, &[], "")).await.status, 405, "{method} {path}");
    }
}

#[tokio::test]
async fn what_is_no_http_ends_its_connection_only() {
    let server = serve_default().await;
    for bytes in
        [&b"\x16\x03\x01\x02\x00\x01\x00\x01"[..], b"GET\r\n\r\n", b"\0\0\0\0\r\n\r\n", b"POST / HTTP/9.9\r\n\r\n"]
    {
        let mut stream = tokio::net::TcpStream::connect(server.address()).await.expect("the server listens");
        tokio::io::AsyncWriteExt::write_all(&mut stream, bytes).await.expect("an open socket");
    }
    assert_eq!(call(server.address(), "test_count", "[]").await, r#"{"jsonrpc":"2.0","id":1,"result":0}"#);
}
