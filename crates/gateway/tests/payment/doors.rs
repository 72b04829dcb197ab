//! The door for ISO 8583: frames, bounds, stops.

use std::{net::SocketAddr, time::Duration};

use gateway::payment::{DoorError, DoorLimits, Lock};

use crate::echo::{Echo, Line, open, within};

#[tokio::test]
async fn a_message_is_answered_in_a_frame() {
    let door = open(&Echo::new(), DoorLimits::default()).await;
    let mut line = Line::to(&door).await;
    for message in ["first", "second"] {
        line.send(message.as_bytes()).await;
        assert_eq!(line.next().await.unwrap(), format!("development line: {message}"));
    }
}

#[tokio::test]
async fn a_frame_may_come_byte_by_byte() {
    let door = open(&Echo::new(), DoorLimits::default()).await;
    let mut line = Line::to(&door).await;
    for byte in [0, 4, b'd', b'r', b'i', b'p'] {
        line.bytes(&[byte]).await;
    }
    assert_eq!(line.next().await.unwrap(), "development line: drip");
}

#[tokio::test]
async fn answers_come_as_they_are_ready() {
    let echo = Echo::new();
    let door = open(&echo, DoorLimits::default()).await;
    let mut line = Line::to(&door).await;
    line.send(b"wait for me").await;
    echo.arrival().await;
    line.send(b"quick").await;
    assert_eq!(line.next().await.unwrap(), "development line: quick");
    echo.let_one_go();
    assert_eq!(line.next().await.unwrap(), "development line: wait for me");
}

#[tokio::test]
async fn what_is_too_long_empty_or_unanswerable_closes_the_connection() {
    let door = open(&Echo::new(), DoorLimits { max_message_bytes: 8, ..DoorLimits::default() }).await;
    for bytes in [&b"\x00\x09"[..], b"\x00\x00", b"\xff\xff", b"\x00\x04none"] {
        let mut line = Line::to(&door).await;
        line.send(b"12345678").await;
        assert!(line.next().await.is_some());
        line.bytes(bytes).await;
        assert_eq!(line.next().await, None, "{bytes:?}");
    }
}

#[tokio::test]
async fn what_is_slow_or_idle_is_closed() {
    let short = Duration::from_millis(50);
    let limits = DoorLimits { message_timeout: short, idle_timeout: short, ..DoorLimits::default() };
    let door = open(&Echo::new(), limits).await;
    let mut slow = Line::to(&door).await;
    slow.bytes(b"\x00\x05ha").await;
    assert_eq!(slow.next().await, None);
    assert_eq!(Line::to(&door).await.next().await, None, "nothing was said");
}

#[tokio::test]
async fn only_so_many_messages_of_a_connection_are_at_work() {
    let echo = Echo::new();
    let door = open(&echo, DoorLimits { max_in_flight: 2, ..DoorLimits::default() }).await;
    let mut line = Line::to(&door).await;
    for message in ["wait 1", "wait 2", "wait 3"] {
        line.send(message.as_bytes()).await;
    }
    echo.arrival().await;
    echo.arrival().await;
    assert!(echo.arrivals.lock().try_recv().is_err(), "the third waits in the socket");
    echo.let_one_go();
    assert!(line.next().await.is_some());
    echo.arrival().await;
    echo.let_one_go();
    echo.let_one_go();
    assert!(line.next().await.is_some() && line.next().await.is_some());
}

#[tokio::test]
async fn one_connection_too_many_is_closed() {
    let door = open(&Echo::new(), DoorLimits { max_connections: 1, ..DoorLimits::default() }).await;
    let mut first = Line::to(&door).await;
    first.send(b"here").await;
    assert!(first.next().await.is_some());
    assert_eq!(Line::to(&door).await.next().await, None);
    first.send(b"still here").await;
    assert!(first.next().await.is_some());
}

#[tokio::test]
async fn a_stop_answers_what_is_at_work_and_closes_the_rest() {
    let echo = Echo::new();
    let door = open(&echo, DoorLimits::default()).await;
    let (mut busy, mut idle) = (Line::to(&door).await, Line::to(&door).await);
    idle.send(b"hello").await;
    assert!(idle.next().await.is_some());
    busy.send(b"wait").await;
    echo.arrival().await;
    let stopping = tokio::spawn(door.stop());
    assert_eq!(idle.next().await, None);
    echo.let_one_go();
    assert_eq!(busy.next().await.unwrap(), "development line: wait");
    assert_eq!(busy.next().await, None);
    assert_eq!(within(stopping).await.unwrap(), 0);
}

#[tokio::test]
async fn a_stop_does_not_wait_for_ever() {
    let echo = Echo::new();
    let door = open(&echo, DoorLimits { stop_timeout: Duration::from_millis(20), ..DoorLimits::default() }).await;
    let mut line = Line::to(&door).await;
    line.send(b"wait").await;
    echo.arrival().await;
    assert_eq!(within(door.stop()).await, 1);
    assert_eq!(line.next().await, None);
    echo.let_one_go();
}

#[test]
fn without_tls_a_door_opens_on_loopback_only() {
    for address in ["0.0.0.0:0", "192.0.2.1:1", "[::]:0"] {
        let address: SocketAddr = address.parse().unwrap();
        assert!(matches!(Lock::open(address), Err(DoorError::NotLoopback { .. })), "{address}");
    }
}
