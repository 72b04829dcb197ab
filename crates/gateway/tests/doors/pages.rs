//! Pages behind the doors: who is shown them, what a browser may do with them, and how a live stream ends.

use std::{sync::Arc, time::Duration};

use axum::http::StatusCode;
use bytes::Bytes;
use futures::{StreamExt, stream};
use gateway::{
    Access, Limits, Pages, Server, Stopped,
    pages::{Form, Opened, Page, Piece, Visit},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    client::{Answered, exchange, get, request, within},
    methods::{TestMethods, any_port, rooms},
};

/// A page at `/` and `/slow`, a stream that says something once at `/live`, one that never ends at `/flood`.
struct TestPages;

impl Pages for TestPages {
    fn open(&self, visit: &Visit<'_>) -> Opened {
        match visit.path {
            "/" => Opened::Now(page(StatusCode::OK, format!("<p>{}", visit.query))),
            "/slow" => Opened::Heavy(Box::new(|| page(StatusCode::OK, "<p>slow".to_owned()))),
            "/crash" => Opened::Heavy(Box::new(|| panic!("a page that cannot be made"))),
            "/live" => {
                Opened::Live(stream::iter([Piece::Now(Bytes::from("data: 1\n\n"))]).chain(stream::pending()).boxed())
            }
            "/broken" => {
                let crash = Piece::Heavy(Box::new(|| panic!("a piece that cannot be made")));
                Opened::Live(stream::iter([made("data: 1\n\n"), crash, made("data: 2\n\n")]).boxed())
            }
            "/flood" => Opened::Live(stream::repeat_with(|| Piece::Now(Bytes::from(vec![b'.'; 1 << 20]))).boxed()),
            _ => Opened::Nowhere(page(StatusCode::NOT_FOUND, "<p>nowhere".to_owned())),
        }
    }

    fn takes(&self, path: &str) -> Option<usize> {
        (path == "/echo").then_some(10)
    }

    fn send(&self, _: &Visit<'_>, form: Form) -> Opened {
        Opened::Now(page(StatusCode::OK, format!("{} {}", form.kind, String::from_utf8_lossy(&form.body))))
    }
}

fn made(text: &'static str) -> Piece {
    Piece::Heavy(Box::new(move || Bytes::from(text)))
}

fn page(status: StatusCode, body: String) -> Page {
    Page { status, kind: "text/html; charset=utf-8", cache: "no-store", location: None, body: body.into() }
}

async fn serve(limits: Limits) -> Server {
    let rooms = gateway::Rooms { pages: Some(Arc::new(TestPages)), ..rooms(&TestMethods::new()) };
    Server::start(any_port(), Access::default(), limits, rooms).await.expect("a free port")
}

async fn browse(server: &Server, method: &str, path: &str) -> Answered {
    exchange(server.address(), request(method, path, &["accept: text/html,*/*;q=0.8"], "")).await
}

/// A stream whose first bytes have come.
async fn listen(server: &Server, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.address()).await.expect("the server listens");
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("an open socket");
    let mut first = [0; 12];
    within(stream.read_exact(&mut first)).await.expect("an answer");
    assert_eq!(&first, b"HTTP/1.1 200");
    stream
}

async fn until_metrics_say(server: &Server, line: &str) {
    while !get(server.address(), "/metrics").await.body.lines().any(|found| found == line) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn browsers_are_shown_pages_and_programs_a_line_of_text() {
    let server = serve(Limits::default()).await;
    assert_eq!(browse(&server, "GET", "/?a=b").await.body, "<p>a=b");
    assert!(get(server.address(), "/").await.body.starts_with("Counterfoil node"));
    let nowhere = browse(&server, "GET", "/nowhere").await;
    assert_eq!((nowhere.status, nowhere.body.as_str()), (404, "<p>nowhere"));
    assert_eq!(get(server.address(), "/nowhere").await.body, "nothing is here; JSON-RPC is at /\n");
    assert_eq!(browse(&server, "GET", "/slow").await.body, "<p>slow");
    assert_eq!(browse(&server, "POST", "/slow").await.status, 404);
}

#[tokio::test]
async fn a_browser_may_load_what_this_node_serves_and_nothing_else() {
    let server = serve(Limits::default()).await;
    for path in ["/", "/slow", "/nowhere"] {
        let head = browse(&server, "GET", path).await.head;
        for header in [
            "content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
             img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'\r\n",
            "x-content-type-options: nosniff\r\n",
            "referrer-policy: same-origin\r\n",
            "x-frame-options: deny\r\n",
        ] {
            assert!(format!("{head}\r\n").contains(header), "{path} {header} {head}");
        }
    }
}

#[tokio::test]
async fn forms_are_taken_where_there_is_one_from_our_own_pages_and_up_to_a_size() {
    let server = serve(Limits::default()).await;
    let send = async |path: &str, headers: &[&str], body: &str| {
        exchange(server.address(), request("POST", path, headers, body)).await
    };
    assert_eq!(send("/echo", &["content-type: text/plain"], "ten bytes.").await.body, "text/plain ten bytes.");
    assert_eq!(send("/echo", &["origin: http://localhost"], "").await.body, " ");
    assert_eq!(send("/echo", &[], "eleven bytes").await.status, 413);
    for origin in ["http://evil.example", "null"] {
        let refused = send("/echo", &[&format!("origin: {origin}")], "x").await;
        assert_eq!(refused.status, 403, "{refused:?}");
    }
    assert_eq!(send("/live", &[], "x").await.status, 404);
    assert_eq!(send("/health", &[], "x").await.status, 405);
}

#[tokio::test]
async fn a_page_is_asked_for_its_head_only() {
    let server = serve(Limits::default()).await;
    let head = browse(&server, "HEAD", "/slow").await;
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert!(head.head.contains("content-length: 7"), "{}", head.head);
    let live = browse(&server, "HEAD", "/live").await;
    assert_eq!((live.status, live.body.as_str()), (200, ""));
    assert!(live.head.contains("content-type: text/event-stream"), "{}", live.head);
}

#[tokio::test]
async fn a_foreign_host_is_shown_no_page() {
    let server = serve(Limits::default()).await;
    let rebound = request("GET", "/", &["host: evil.example", "accept: text/html"], "");
    assert_eq!(exchange(server.address(), rebound).await.status, 403);
}

#[tokio::test]
async fn a_page_that_breaks_is_an_error_and_the_server_goes_on() {
    let server = serve(Limits::default()).await;
    assert_eq!(browse(&server, "GET", "/crash").await.status, 503);
    assert_eq!(browse(&server, "GET", "/slow").await.status, 200);
}

#[tokio::test]
async fn a_live_stream_ends_when_the_server_stops() {
    let server = serve(Limits::default()).await;
    let mut live = listen(&server, "/live").await;
    let stopping = tokio::spawn(server.stop());
    let mut rest = Vec::new();
    within(live.read_to_end(&mut rest)).await.expect("an end");
    assert!(String::from_utf8_lossy(&rest).contains("data: 1\n\n"));
    assert_eq!(within(stopping).await.expect("no panic"), Stopped { cut_off: 0 });
}

#[tokio::test]
async fn pieces_are_made_in_order_and_one_that_cannot_be_made_ends_the_stream() {
    let server = serve(Limits::default()).await;
    let mut broken = listen(&server, "/broken").await;
    let mut text = String::new();
    while !text.contains("\r\n0\r\n\r\n") {
        let mut bytes = [0; 1_024];
        let read = within(broken.read(&mut bytes)).await.expect("an open socket");
        assert_ne!(read, 0, "cut off after {text}");
        text.push_str(&String::from_utf8_lossy(&bytes[..read]));
    }
    assert!(text.contains("data: 1\n\n") && !text.contains("data: 2"), "{text}");
    within(until_metrics_say(&server, "gateway_live_streams 0")).await;
}

#[tokio::test]
async fn who_does_not_read_is_cut_off() {
    let limits = Limits { slow_subscriber_timeout: Duration::from_millis(50), ..Limits::default() };
    let server = serve(limits).await;
    let _unread = listen(&server, "/flood").await;
    within(until_metrics_say(&server, "gateway_slow_subscribers_total 1")).await;
    within(until_metrics_say(&server, "gateway_live_streams 0")).await;
    // Only the connection that asks.
    within(until_metrics_say(&server, "gateway_connections 1")).await;
}

#[tokio::test]
async fn who_leaves_is_noticed() {
    let server = serve(Limits { ping_interval: Duration::from_millis(20), ..Limits::default() }).await;
    let live = listen(&server, "/live").await;
    within(until_metrics_say(&server, "gateway_live_streams 1")).await;
    drop(live);
    within(until_metrics_say(&server, "gateway_live_streams 0")).await;
}

#[tokio::test]
async fn a_live_stream_is_not_idle_and_keeps_its_place() {
    let limits = Limits {
        max_connections: 1,
        idle_timeout: Duration::from_millis(20),
        ping_interval: Duration::from_millis(40),
        ..Limits::default()
    };
    let server = serve(limits).await;
    let mut live = listen(&server, "/live").await;
    let mut seen = String::new();
    while seen.matches("\n:\n\n").count() + seen.matches("\r\n:\n\n").count() < 5 {
        let mut bytes = [0; 256];
        let length = within(live.read(&mut bytes)).await.expect("an open socket");
        assert_ne!(length, 0, "closed after {seen}");
        seen.push_str(str::from_utf8(&bytes[..length]).expect("text"));
    }
    assert_eq!(get(server.address(), "/health").await.status, 503, "the only place is taken");
}
