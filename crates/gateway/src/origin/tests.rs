//! Which hosts and origins pass, as tables.

use super::*;

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let pair = |(name, value): &(&'static str, &str)| {
        (header::HeaderName::from_static(name), HeaderValue::from_str(value).expect("the test's own header"))
    };
    pairs.iter().map(pair).collect()
}

fn check_host(access: &Access, host: &str, expected: bool) {
    assert_eq!(access.is_own_host(&headers(&[("host", host)]), &Uri::from_static("/")), expected, "{host}");
}

#[test]
fn local_names_are_own_hosts() {
    for host in ["localhost", "localhost:8545", "LocalHost.", "127.0.0.1:8545", "127.0.0.1", "[::1]", "[::1]:8545"] {
        check_host(&Access::default(), host, true);
    }
}

#[test]
fn other_names_are_not() {
    for host in [
        "",
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "10.0.0.1",
        "[::2]",
        "a b",
        "localhost@evil.example",
        "localhost:evil.example",
        "[::1]evil.example",
        "[::1",
    ] {
        check_host(&Access::default(), host, false);
    }
}

#[test]
fn configured_names_and_the_listening_address_are_own_hosts() {
    let access = Access { hosts: vec!["node.example".into(), "10.0.0.1".into()], ..Access::default() };
    let access = access.listening_on(([192, 168, 0, 7], 8545).into());
    check_host(&access, "Node.Example:8545", true);
    check_host(&access, "10.0.0.1", true);
    check_host(&access, "192.168.0.7:8545", true);
    check_host(&access, "192.168.0.8:8545", false);
    check_host(&Access { hosts: vec!["*".into()], ..Access::default() }, "evil.example", true);
    check_host(&Access::default().listening_on(([0, 0, 0, 0], 8545).into()), "0.0.0.0:8545", false);
}

#[test]
fn the_name_in_the_request_line_counts_before_the_header() {
    let local = headers(&[("host", "localhost")]);
    assert!(!Access::default().is_own_host(&local, &Uri::from_static("http://evil.example/")));
    assert!(Access::default().is_own_host(&HeaderMap::new(), &Uri::from_static("/")));
}

fn check_origin(access: &Access, origin: &str, expected: &Origin) {
    let headers = headers(&[("host", "localhost:8545"), ("origin", origin)]);
    assert_eq!(access.origin(&headers), *expected, "{origin}");
}

fn value(origin: &str) -> HeaderValue {
    HeaderValue::from_str(origin).expect("the test's own header")
}

#[test]
fn pages_of_the_same_host_are_no_other_site() {
    check_origin(&Access::default(), "http://localhost:8545", &Origin::Same);
    check_origin(&Access::default(), "https://LOCALHOST:8545", &Origin::Same);
    assert_eq!(Access::default().origin(&HeaderMap::new()), Origin::None);
}

#[test]
fn pages_that_nobody_named_are_foreign() {
    for origin in [
        "null",
        "",
        "http://localhost:3000",
        "http://evil.example",
        "file://",
        "chrome-extension://abc",
        "localhost:8545",
    ] {
        check_origin(&Access::default(), origin, &Origin::Foreign);
    }
}

#[test]
fn in_development_pages_of_localhost_are_trusted_on_any_port() {
    let access = Access { localhost_origins: true, ..Access::default() };
    for origin in ["http://localhost:3000", "https://localhost", "http://127.0.0.1:5173", "http://[::1]:1"] {
        check_origin(&access, origin, &Origin::Trusted(value(origin)));
    }
    for origin in ["http://localhost.evil.example", "http://evil.example:3000", "null", "http://localhost@evil.example"]
    {
        check_origin(&access, origin, &Origin::Foreign);
    }
}

#[test]
fn listed_pages_are_trusted_and_a_star_only_tolerates() {
    let access = Access { origins: vec!["https://app.example/".into()], ..Access::default() };
    check_origin(&access, "https://app.example", &Origin::Trusted(value("https://app.example")));
    check_origin(&access, "https://app.example:8443", &Origin::Foreign);
    check_origin(&access, "http://app.example", &Origin::Foreign);
    let anyone = Access { origins: vec!["*".into()], ..Access::default() };
    check_origin(&anyone, "https://x.example", &Origin::Tolerated(value("https://x.example")));
    assert!(anyone.origin(&headers(&[("origin", "https://x.example")])).is_cross_site());
}

#[test]
fn only_json_is_read_and_a_missing_type_only_from_programs() {
    let typed = |kind: &str| is_json(&headers(&[("content-type", kind)]), &Origin::None);
    for kind in ["application/json", "application/json; charset=utf-8", "Application/JSON", "application/json-rpc"] {
        assert!(typed(kind), "{kind}");
    }
    for kind in
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=application/json", ""]
    {
        assert!(!typed(kind), "{kind}");
    }
    assert!(is_json(&HeaderMap::new(), &Origin::None));
    assert!(!is_json(&HeaderMap::new(), &Origin::Foreign));
}
