//! The whole way of a counterfoil through the program: a node, `export`, `verify`, and a byte changed.

use std::{fs, path::Path, process::Output};

use serde_json::{Value, json};

use crate::running::{Running, error_of, run};

fn send(node: &Running) -> Value {
    let accounts = node.call("eth_accounts", json!([]));
    let request = json!({ "from": accounts[0], "to": accounts[1], "value": "0x7b" });
    let hash = node.call("eth_sendTransaction", json!([request]));
    loop {
        let receipt = node.call("eth_getTransactionReceipt", json!([hash]));
        if !receipt.is_null() {
            return receipt;
        }
    }
}

fn verify(file: &Path, genesis: &str, more: &[&str]) -> Output {
    run(&[&["verify", file.to_str().unwrap(), "--genesis", genesis], more].concat())
}

fn printed(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn a_counterfoil_is_exported_verified_and_refused_when_a_byte_is_changed() {
    let folder = tempfile::tempdir().unwrap();
    let node = Running::dev(folder.path());
    let receipt = send(&node);
    let genesis = node.call("eth_getBlockByNumber", json!(["0x0", false]))["hash"].as_str().unwrap().to_owned();
    let url = format!("http://127.0.0.1:{}", node.port());
    let (binary, text) = (folder.path().join("paid.cfl"), folder.path().join("paid.json"));
    let hash = receipt["transactionHash"].as_str().unwrap();
    let export = |file: &Path, more: &[&str]| {
        printed(&run(&[&["export", "tx", hash, "--rpc", &url, "-o", file.to_str().unwrap()], more].concat()));
    };
    export(&binary, &[]);
    export(&text, &["--json"]);
    let block = receipt["blockHash"].as_str().unwrap();
    assert!(node.stop("-TERM").success(), "what follows needs no node");

    for file in [&binary, &text] {
        let said = printed(&verify(file, &genesis, &[]));
        assert!(said.starts_with("verified\n") && said.contains("value moved") && said.contains("123"), "{said}");
        let found: Value = serde_json::from_str(&printed(&verify(file, &genesis, &["--json"]))).unwrap();
        assert_eq!((&found["verified"], &found["block"]), (&json!(true), &json!(block)));
        printed(&verify(file, &genesis, &["--checkpoint", &format!("1:{block}")]));
        let other = error_of(&verify(file, block, &[]));
        assert!(other.starts_with("error: refused: the genesis hash is "), "{other}");
        let elsewhere = error_of(&verify(file, &genesis, &["--checkpoint", &format!("1:{genesis}")]));
        assert!(elsewhere.contains("the checkpoint says"), "{elsewhere}");
    }
    let mut bytes = fs::read(&binary).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&binary, bytes).unwrap();
    let refused = verify(&binary, &genesis, &["--json"]);
    let verdict: Value = serde_json::from_slice(&refused.stdout).unwrap();
    assert_eq!(verdict["verified"], json!(false));
    let error = error_of(&refused);
    assert_eq!((error.lines().count(), error.contains("the seal")), (1, true), "{error}");
}

#[test]
fn what_is_no_counterfoil_is_refused_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let genesis = format!("0x{}", "11".repeat(32));
    for content in ["", "{}", "hello", "{\"version\":2}", "\u{c0}"] {
        let file = folder.path().join("nothing.cfl");
        fs::write(&file, content).unwrap();
        let error = error_of(&verify(&file, &genesis, &[]));
        assert!(error.starts_with("error: refused: ") && error.lines().count() == 1, "{content}: {error}");
    }
    let missing = error_of(&verify(&folder.path().join("missing.cfl"), &genesis, &[]));
    assert!(missing.contains("missing.cfl"), "{missing}");
}
