//! A stop: nothing new, what is at work finishes, what does not is cut off.

use std::time::Duration;

use gateway::{Access, Limits, Stopped};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use crate::{
    client::{Socket, call, call_text, within},
    methods::{TestMethods, serve},
};

#[tokio::test]
async fn requests_at_work_are_answered_and_nothing_new_is_accepted() {
    let methods = TestMethods::new();
    let server = serve(&methods, Access::default(), Limits::default()).await;
    let address = server.address();
    let by_http = tokio::spawn(async move { call(address, "test_work", "[]").await });
    let mut socket = Socket::open(address).await;
    socket.send(call_text(2, "test_wait", "[]")).await;
    methods.arrival().await;
    methods.arrival().await;
    let stopping = tokio::spawn(server.stop());
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    methods.gate.add_permits(2);
    assert!(by_http.await.expect("no panic").contains("passed"));
    assert!(socket.next().await.contains("passed"));
    let closing = socket.closing().await;
    assert_eq!((closing.code, closing.reason.as_str()), (CloseCode::Away, "the node is stopping"));
    assert_eq!(within(stopping).await.expect("no panic"), Stopped { cut_off: 0 });
}

#[tokio::test]
async fn idle_connections_do_not_hold_up_a_stop() {
    let server = serve(&TestMethods::new(), Access::default(), Limits::default()).await;
    let _idle = TcpStream::connect(server.address()).await.expect("the server listens");
    call(server.address(), "test_count", "[]").await;
    assert_eq!(within(server.stop()).await, Stopped { cut_off: 0 });
}

#[tokio::test]
async fn what_does_not_finish_is_cut_off() {
    let methods = TestMethods::new();
    let limits = Limits { stop_timeout: Duration::from_millis(20), ..Limits::default() };
    let server = serve(&methods, Access::default(), limits).await;
    let mut socket = Socket::open(server.address()).await;
    socket.send(call_text(1, "test_wait", "[]")).await;
    methods.arrival().await;
    assert_eq!(within(server.stop()).await, Stopped { cut_off: 1 });
}
