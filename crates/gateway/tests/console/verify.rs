//! Counterfoils that are uploaded, with nothing but a form.

use serde_json::json;

use crate::{House, network::Node};

/// A node, a file in both forms about its only transaction.
fn exported() -> (House, Vec<u8>, String) {
    let node = Node::start();
    let receipt = node.send(json!({ "to": node.account(1).address(), "value": "0x3039" }));
    let file = node.get("counterfoil_export", json!(["tx", { "hash": receipt["transactionHash"] }]));
    let bytes = alloy_primitives::hex::decode(file["cfl"].as_str().expect("hex")).expect("bytes");
    (House::open(node), bytes, file["json"].to_string())
}

/// What a browser sends.
fn form(file: &[u8], genesis: &str, checkpoint: &str) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, content) in
        [("file\"; filename=\"x.cfl", file), ("genesis", genesis.as_bytes()), ("checkpoint", checkpoint.as_bytes())]
    {
        body.extend(format!("--AaB03x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n").into_bytes());
        body.extend_from_slice(content);
        body.extend(b"\r\n");
    }
    body.extend(b"--AaB03x--\r\n");
    body
}

fn upload(house: &House, body: &[u8]) -> (u16, String) {
    let answer = house.send("/verify", "multipart/form-data; boundary=AaB03x", body);
    (answer.status, answer.body)
}

#[test]
fn a_true_counterfoil_is_told_in_words() {
    let (house, file, json) = exported();
    house.shows("/verify", &["enctype=\"multipart/form-data\"", &house.node.chain.genesis_hash().to_string()]);
    for file in [&file[..], json.as_bytes()] {
        let (status, page) = upload(&house, &form(file, "", ""));
        assert_eq!(status, 200, "{page}");
        for text in
            ["<h2 id=\"verdict-title\">True</h2>", "own genesis hash", "transaction succeeded", "value moved", "12345"]
        {
            assert!(page.contains(text), "{text}: {page}");
        }
    }
}

#[test]
fn who_brings_the_genesis_hash_is_not_warned() {
    let (house, file, _) = exported();
    let genesis = house.node.chain.genesis_hash().to_string();
    let checkpoint = format!("0:{genesis}");
    let (status, page) = upload(&house, &form(&file, &genesis, &checkpoint));
    assert_eq!(status, 200, "{page}");
    assert!(!page.contains("own genesis hash"), "{page}");
    assert!(page.contains(&checkpoint), "what was filled in stays: {page}");
}

#[test]
fn everything_else_is_refused_with_the_reason() {
    let (house, file, _) = exported();
    let mut altered = file.clone();
    *altered.last_mut().expect("not empty") ^= 1;
    let other = "0x".to_owned() + &"11".repeat(32);
    for (body, reason) in [
        (form(&altered, "", ""), "the seal is not that of the content"),
        (form(&file, &other, ""), "the genesis hash is"),
        (form(&file, "0x12", ""), "the genesis hash is not 0x and 64 hex digits"),
        (form(&file, "", "<b>7"), "the checkpoint is not HEIGHT:HASH"),
        (form(&file, "", &format!("7:{other}")), "the file holds no block of height 7"),
        (form(b"", "", ""), "there is no file, or an empty one"),
        (form(b"<b>rubbish", "", ""), "not a counterfoil"),
        (form(b"{\"a\":1}", "", ""), "not the JSON form"),
    ] {
        let (status, page) = upload(&house, &body);
        assert_eq!(status, 422, "{page}");
        assert!(page.contains(reason) && page.contains("Refused"), "{reason}: {page}");
        assert!(!page.contains("<b>"), "{page}");
    }
}

#[test]
fn what_is_no_such_form_or_too_long_is_refused_unread() {
    let (house, file, _) = exported();
    assert_eq!(house.send("/verify", "application/octet-stream", &file).status, 400);
    assert_eq!(house.send("/verify", "multipart/form-data; boundary=other", &form(&file, "", "")).status, 400);
    assert_eq!(upload(&house, &form(&vec![0; 1024 * 1024], "", "")).0, 413);
    assert_eq!(house.send("/token", "text/plain", b"").status, 404);
}
