//! Every bound, and the clear words at it.

use std::time::Duration;

use gateway::{Access, Limits, Server, ServerError};
use tokio::{io::AsyncReadExt, net::TcpStream};

use crate::{
    client::{Socket, call, call_text, exchange, get, post_with, read_to_end, within},
    methods::{TestMethods, any_port, serve},
};

async fn serve_within(limits: Limits) -> Server {
    serve(&TestMethods::new(), Access::default(), limits).await
}

#[tokio::test]
async fn a_body_beyond_the_bound_is_refused_announced_or_not() {
    let server = serve_within(Limits { max_body_bytes: 100, ..Limits::default() }).await;
    let body = |length: usize| format!("{:length$}", call_text(1, "test_count", "[]"));
    assert_eq!(post_with(server.address(), &[], body(100)).await.status, 200);
    let refused = post_with(server.address(), &[], body(101)).await;
    assert_eq!((refused.status, refused.body.as_str()), (413, "the body is longer than 100 bytes\n"));
    let head = "POST / HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n";
    let chunk = format!("32\r\n{}\r\n", " ".repeat(50));
    assert_eq!(exchange(server.address(), format!("{head}{chunk}{chunk}{chunk}0\r\n\r\n")).await.status, 413);
}

#[tokio::test]
async fn a_body_that_does_not_arrive_is_given_up() {
    let server = serve_within(Limits { request_timeout: Duration::from_millis(250), ..Limits::default() }).await;
    let half = "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 50\r\n\r\n{";
    assert_eq!(exchange(server.address(), half).await.status, 408);
}

#[tokio::test]
async fn one_connection_too_many_is_told_so() {
    let server = serve_within(Limits { max_connections: 2, ..Limits::default() }).await;
    let mut socket = Socket::open(server.address()).await;
    let idle = TcpStream::connect(server.address()).await.expect("the server listens");
    let third = read_to_end(TcpStream::connect(server.address()).await.expect("the server listens")).await;
    assert_eq!((third.status, third.body.as_str()), (503, "too many connections, later"));
    assert!(socket.call("test_count", "[]").await.contains("result"), "an upgraded connection keeps its place");
    drop(idle);
    while call_or_refused(&server).await == 503 {}
}

async fn call_or_refused(server: &Server) -> u16 {
    tokio::task::yield_now().await;
    let stream = TcpStream::connect(server.address()).await.expect("the server listens");
    let mut stream = stream;
    let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, b"GET /health HTTP/1.0\r\n\r\n").await;
    let mut bytes = Vec::new();
    let _ = within(stream.read_to_end(&mut bytes)).await;
    if bytes.starts_with(b"HTTP/1.0 200") { 200 } else { 503 }
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let server = serve_within(Limits { idle_timeout: Duration::from_millis(20), ..Limits::default() }).await;
    let mut stream = TcpStream::connect(server.address()).await.expect("the server listens");
    assert_eq!(within(stream.read(&mut [0])).await.expect("closed, not broken"), 0);
}

#[tokio::test]
async fn too_many_heavy_calls_are_refused_while_cheap_ones_go_on() {
    let methods = TestMethods::new();
    let limits = Limits { max_heavy_running: 1, max_heavy_waiting: 1, ..Limits::default() };
    let server = serve(&methods, Access::default(), limits).await;
    let address = server.address();
    let running = tokio::spawn(async move { call(address, "test_work", "[]").await });
    methods.arrival().await;
    let mut two = Socket::open(address).await;
    two.send(call_text(1, "test_work", "[]")).await;
    two.send(call_text(2, "test_work", "[]")).await;
    let busy = r#"{"jsonrpc":"2.0","id":2,"error":{"code":-32005,"message":"server busy: too many calls are waiting, try again later"}}"#;
    assert_eq!(two.next().await, busy);
    assert!(call(address, "test_count", "[]").await.contains("result"));
    methods.gate.add_permits(2);
    assert!(running.await.expect("no panic").contains("passed"));
    assert_eq!(two.next().await, r#"{"jsonrpc":"2.0","id":1,"result":"passed"}"#);
}

#[tokio::test]
async fn a_call_that_takes_too_long_is_answered_so() {
    let methods = TestMethods::new();
    let limits = Limits { request_timeout: Duration::from_millis(250), ..Limits::default() };
    let server = serve(&methods, Access::default(), limits).await;
    for method in ["test_work", "test_wait"] {
        let expected = r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32002,"message":"request timed out"}}"#;
        assert_eq!(call(server.address(), method, "[]").await, expected);
    }
    methods.gate.add_permits(2);
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let first = serve_within(Limits::default()).await;
    let rooms = || gateway::Rooms {
        methods: TestMethods::new(),
        pages: None,
        health: Box::new(|| unreachable!("never asked")),
        metrics: Box::new(|_| ()),
    };
    let second = Server::start(first.address(), Access::default(), Limits::default(), rooms()).await;
    let error = second.err().expect("the port is taken");
    assert!(matches!(error, ServerError::AddressInUse { address } if address == first.address()), "{error}");
    assert!(error.to_string().starts_with(&format!("{} is in use", first.address())), "{error}");
    drop(first);
    assert!(Server::start(any_port(), Access::default(), Limits::default(), rooms()).await.is_ok());
}

#[tokio::test]
async fn a_dropped_server_is_gone() {
    let server = serve_within(Limits::default()).await;
    let address = server.address();
    assert_eq!(get(address, "/health").await.status, 200);
    drop(server);
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
}
