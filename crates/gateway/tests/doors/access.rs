//! Hosts, origins and content types, as refused and let in over the wire.

use gateway::{Access, Limits};

use crate::{
    client::{Socket, call_text, exchange, post_with, request},
    methods::{TestMethods, serve, serve_default},
};

async fn who(access: Access, headers: &[&str]) -> (u16, String, String) {
    let server = serve(&TestMethods::new(), access, Limits::default()).await;
    let answered = post_with(server.address(), headers, call_text(1, "test_who", "[]")).await;
    (answered.status, answered.head, answered.body)
}

#[tokio::test]
async fn a_foreign_host_name_is_refused_for_every_door() {
    let server = serve_default().await;
    let key = "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==";
    for (method, path) in [("POST", "/"), ("GET", "/"), ("GET", "/health"), ("GET", "/metrics"), ("OPTIONS", "/")] {
        let headers = ["host: rebound.example:8545", "content-type: application/json", "upgrade: websocket", key];
        let answered = exchange(server.address(), request(method, path, &headers, "")).await;
        assert_eq!(answered.status, 403, "{method} {path}");
        assert!(answered.body.contains("host name is not allowed"), "{}", answered.body);
    }
    let access = Access { hosts: vec!["rebound.example".into()], ..Access::default() };
    assert_eq!(who(access, &["host: rebound.example:8545"]).await.0, 200);
}

#[tokio::test]
async fn a_program_and_a_page_of_the_same_host_are_not_cross_site() {
    for headers in [&[][..], &["host: localhost:1", "origin: http://localhost:1"][..]] {
        let (_, head, body) = who(Access::default(), headers).await;
        assert!(body.contains("Http cross_site=false"), "{body}");
        assert!(!head.contains("access-control"), "{head}");
    }
}

#[tokio::test]
async fn a_foreign_page_is_known_as_such_and_may_not_read() {
    let (_, head, body) = who(Access::default(), &["origin: https://evil.example"]).await;
    assert!(body.contains("cross_site=true"), "{body}");
    assert!(!head.contains("access-control"), "{head}");
}

#[tokio::test]
async fn a_trusted_page_may_read_and_is_not_cross_site() {
    let dev = Access { localhost_origins: true, ..Access::default() };
    let (_, head, body) = who(dev, &["origin: http://localhost:3000"]).await;
    assert!(body.contains("cross_site=false"), "{body}");
    assert!(head.contains("access-control-allow-origin: http://localhost:3000\r\n"), "{head}");
    assert!(head.contains("vary: origin"), "{head}");
}

#[tokio::test]
async fn any_page_may_read_under_a_star_but_stays_cross_site() {
    let (_, head, body) =
        who(Access { origins: vec!["*".into()], ..Access::default() }, &["origin: https://x.example"]).await;
    assert!(body.contains("cross_site=true"), "{body}");
    assert!(head.contains("access-control-allow-origin: https://x.example"), "{head}");
}

#[tokio::test]
async fn a_preflight_is_granted_to_trusted_pages_only() {
    let access = Access { origins: vec!["https://app.example".into()], ..Access::default() };
    let server = serve(&TestMethods::new(), access, Limits::default()).await;
    let ask = |origin: &'static str| request("OPTIONS", "/", &[origin, "access-control-request-method: POST"], "");
    let granted = exchange(server.address(), ask("origin: https://app.example")).await;
    assert_eq!(granted.status, 204);
    for header in
        ["access-control-allow-origin: https://app.example", "allow-headers: content-type", "allow-methods: get, post"]
    {
        assert!(granted.head.contains(header), "{}", granted.head);
    }
    let refused = exchange(server.address(), ask("origin: https://evil.example")).await;
    assert_eq!(refused.status, 403);
    assert!(!refused.head.contains("access-control"), "{}", refused.head);
}

#[tokio::test]
async fn bodies_that_a_form_could_send_are_refused() {
    let server = serve_default().await;
    let body = call_text(1, "test_count", "[]");
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"] {
        let typed = request("POST", "/", &[&format!("content-type: {kind}")], &body);
        assert_eq!(exchange(server.address(), typed).await.status, 415, "{kind}");
    }
    let untyped_from_page = request("POST", "/", &["origin: https://evil.example"], &body);
    assert_eq!(exchange(server.address(), untyped_from_page).await.status, 415);
    let untyped = exchange(server.address(), request("POST", "/", &[], &body)).await;
    assert_eq!(untyped.body, r#"{"jsonrpc":"2.0","id":1,"result":0}"#, "none of the refused ones was worked");
}

#[tokio::test]
async fn a_websocket_is_refused_to_foreign_pages() {
    let server = serve_default().await;
    let refused = Socket::open_from(server.address(), Some("https://evil.example")).await;
    assert!(refused.err().is_some_and(|error| error.to_string().contains("403")));
    let same = format!("http://{}", server.address());
    let mut socket = Socket::open_from(server.address(), Some(&same)).await.expect("a page of this host");
    assert!(socket.call("test_who", "[]").await.contains("WebSocket cross_site=false"));
}
