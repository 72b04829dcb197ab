//! The door for JSON.

use std::sync::Arc;

use alloy_primitives::U256;
use gateway::payment::{Door, DoorLimits, Lock, http};
use payments::message::{Request, Response, ResponseCode};
use rcgen::ExtendedKeyUsagePurpose;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    sync::Semaphore,
};
use tokio_rustls::rustls::ClientConfig;

use crate::{
    authority::Authority,
    bank::{ACQUIRER, Bank},
    echo::{Echo, Line, any_port, within},
    tls::connect,
};

async fn open(limits: DoorLimits) -> Door {
    let lock = Lock::open(any_port()).expect("loopback");
    let at_work = Arc::new(Semaphore::new(limits.max_at_work));
    http::open(any_port(), lock, limits, Echo::new(), at_work).await.expect("a free port")
}

/// Status and body of the answer to one request.
async fn asked(door: &Door, line: &str, kind: &str, body: &str) -> (u16, String) {
    let stream = TcpStream::connect(door.address()).await.expect("the door is open");
    said(stream, line, kind, body).await.expect("an answer")
}

/// The same of any stream; `None` if nothing is answered.
async fn said<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    line: &str,
    kind: &str,
    body: &str,
) -> Option<(u16, String)> {
    let length = body.len();
    let head = format!(
        "{line} HTTP/1.1\r\nhost: issuer\r\ncontent-type: {kind}\r\nconnection: close\r\ncontent-length: {length}"
    );
    let _sent = stream.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).await;
    let _flushed = stream.flush().await;
    let mut answer = Vec::new();
    let _closed = within(stream.read_to_end(&mut answer)).await;
    let answer = String::from_utf8(answer).expect("text");
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    Some((status, body.to_owned()))
}

/// The same of a client with a certificate, or without; `None` if the door does not let it in.
async fn certified(door: &Door, client: Arc<ClientConfig>, line: &str, body: &str) -> Option<(u16, String)> {
    let Line(stream) = connect(door, client).await?;
    said(stream, line, "application/json", body).await
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

/// What an issuer says to a message that was posted.
fn response((status, body): (u16, String)) -> Response {
    assert_eq!(status, 200, "{body}");
    Response::from_json(body.as_bytes()).expect("an answer")
}

#[test]
fn an_acquirer_speaks_for_itself_by_its_certificate() {
    let (mut bank, authority, stranger) = (Bank::open(), Authority::new(), Authority::new());
    let request = Request::from(bank.tap(1_250));
    let (json, limits) = (request.to_json(), DoorLimits::default());
    let at_work = Arc::new(Semaphore::new(limits.max_at_work));
    let lock = Lock::Mutual(authority.server(), authority.certified());
    let (own, other) = (authority.acquirer(ACQUIRER), authority.acquirer("999"));
    bank.town.node.runtime.block_on(async {
        let opening = http::open(any_port(), lock, limits, Arc::clone(&bank.service), at_work);
        let door = opening.await.expect("a free port");
        let post = |client| certified(&door, client, "POST /payments", &json);
        assert_eq!(post(authority.anonymous()).await, None, "no certificate");
        let strange = authority.client_of(&stranger, ACQUIRER, ExtendedKeyUsagePurpose::ClientAuth);
        assert_eq!(post(strange).await, None, "another authority's");
        let refused = response(post(Arc::clone(&other)).await.expect("it is let in"));
        assert_eq!(refused.response_code, ResponseCode::NotPermitted, "DE 32 is another");
        let paid = response(post(Arc::clone(&own)).await.expect("it is let in"));
        assert!(paid.answers(&request), "{paid:?}");
        assert_eq!(paid.response_code, ResponseCode::Approved);
        let again = response(post(Arc::clone(&own)).await.expect("it is let in"));
        assert_eq!(again, paid, "a repeat");
        let (status, health) = certified(&door, own, "GET /health", "").await.expect("it is let in");
        let health: Value = serde_json::from_str(&health).expect("JSON");
        assert_eq!((status, &health["status"], &health["trouble"]), (200, &json!("ok"), &Value::Null), "{health}");
        assert_eq!(within(door.stop()).await, 0);
    });
    assert_eq!(bank.held(), (1_250, U256::from(1_250)), "once");
}
