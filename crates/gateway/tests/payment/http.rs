//! The door for JSON.

use std::sync::Arc;

use gateway::payment::{Door, DoorLimits, Lock, http};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::Semaphore,
};

use crate::echo::{Echo, any_port, within};

async fn open(limits: DoorLimits) -> Door {
    let lock = Lock::open(any_port()).expect("loopback");
    let at_work = Arc::new(Semaphore::new(limits.max_at_work));
    http::open(any_port(), lock, limits, Echo::new(), at_work).await.expect("a free port")
}

/// Status and body of the answer to one request.
async fn asked(door: &Door, line: &str, kind: &str, body: &str) -> (u16, String) {
    let length = body.len();
    let head = format!(
        "{line} HTTP/1.1\r\nhost: issuer\r\ncontent-type: {kind}\r\nconnection: close\r\ncontent-length: {length}"
    );
    let mut stream = TcpStream::connect(door.address()).await.expect("the door is open");
    let _sent = stream.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).await;
    let mut answer = Vec::new();
    let _closed = within(stream.read_to_end(&mut answer)).await;
    let answer = String::from_utf8(answer).expect("text");
    let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
    (head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status"), body.to_owned())
}

#[tokio::test]
async fn a_payment_is_posted_as_json() {
    let door = open(DoorLimits::default()).await;
    for kind in ["application/json", "Application/JSON; charset=utf-8"] {
        assert_eq!(asked(&door, "POST /payments", kind, "{}").await, (200, "development line: {}".into()));
    }
}

#[tokio::test]
async fn what_is_not_a_payment_is_told_so() {
    let door = open(DoorLimits { max_body_bytes: 10, ..DoorLimits::default() }).await;
    let json = "application/json";
    for (line, kind, body, status) in [
        ("POST /payments", "text/plain", "{}", 415),
        ("POST /payments", json, "{\"more\": 10}", 400),
        ("GET /payments", json, "", 405),
        ("POST /", json, "{}", 404),
        ("GET /health", json, "", 503),
    ] {
        assert_eq!(asked(&door, line, kind, body).await.0, status, "{line} {kind} {body}");
    }
}

#[tokio::test]
async fn the_door_stops() {
    let door = open(DoorLimits::default()).await;
    let address = door.address();
    assert_eq!(within(door.stop()).await, 0);
    assert!(TcpStream::connect(address).await.is_err());
}
