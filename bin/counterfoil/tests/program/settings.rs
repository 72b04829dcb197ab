//! Starting, configuring, stopping, and the commands around the node.

use std::{fs, process::Command};

use serde_json::{Value, json};

use crate::running::{PROGRAM, Running, error_of, run};

#[test]
fn a_ledger_is_continued_and_wiped_on_request() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let node = Running::dev(&data);
    let accounts = node.call("eth_accounts", json!([]));
    assert_eq!(accounts.as_array().unwrap().len(), 10);
    let transaction = json!({ "from": accounts[0], "to": accounts[1], "value": "0x1" });
    let hash = node.call("eth_sendTransaction", json!([transaction]));
    while node.call("eth_getTransactionReceipt", json!([hash])).is_null() {}
    assert!(node.stop("-TERM").success());

    let node = Running::dev(&data);
    assert_eq!(node.call("eth_blockNumber", json!([])), "0x1");
    assert!(node.stop("-INT").success());

    let node = Running::start(Command::new(PROGRAM).args(["node", "--dev", "--reset", "--data"]).arg(&data));
    assert_eq!(node.call("eth_blockNumber", json!([])), "0x0");
}

#[test]
fn environment_and_file_set_flags_and_the_command_line_wins() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("node.toml");
    fs::write(&file, "dev = true\nmax-batch-calls = 1\nhttp = \"256.0.0.1:1\"").unwrap();
    let output = run(&["node", "--config", file.to_str().unwrap()]);
    assert!(error_of(&output).contains("node.toml"), "a bad value in the file is refused");

    fs::write(&file, "dev = true\nmax-batch-calls = 1\nhttp = \"127.0.0.1:1\"").unwrap();
    let mut command = Command::new(PROGRAM);
    command.args(["node", "--config"]).arg(&file).env("COUNTERFOIL_DATA", folder.path().join("data"));
    let node = Running::start(&mut command);
    assert_eq!(node.call("eth_chainId", json!([])), "0x7a69");
    assert!(folder.path().join("data").join("genesis.json").exists());
}

#[test]
fn a_network_of_ones_own_is_made_and_run() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let path = data.to_str().unwrap();
    let rich = "0x00000000000000000000000000000000000000aa=12345";
    let made = run(&["genesis", "new", "--data", path, "--chain-id", "99", "--fund", rich]);
    assert!(made.status.success());
    let hash = run(&["genesis", "hash", data.join("genesis.json").to_str().unwrap()]);
    let hash = String::from_utf8(hash.stdout).unwrap();
    let node = Running::start(Command::new(PROGRAM).args(["node", "--data", path]));
    let block = node.call("eth_getBlockByNumber", json!(["0x0", false]));
    assert_eq!(block["hash"], hash.trim());
    assert_eq!(node.call("eth_chainId", json!([])), "0x63");
    assert_eq!(node.call("eth_getBalance", json!(["0x00000000000000000000000000000000000000aa", "latest"])), "0x3039");
    assert_eq!(node.call("eth_accounts", json!([])), json!([]));
    let again = run(&["genesis", "new", "--data", path, "--chain-id", "99"]);
    assert!(error_of(&again).contains("exists already"));
}

#[test]
fn an_unsafe_genesis_is_refused_by_name_unless_it_is_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    assert!(run(&["genesis", "new", "--data", path, "--chain-id", "99"]).status.success());
    let file = folder.path().join("genesis.json");
    let mut genesis: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    let half = json!({ "measure": "members", "comparison": "above", "numerator": 1, "denominator": 2 });
    genesis["counterfoil"]["admission"] = json!({ "policy": { "approvals": half } });
    fs::write(&file, genesis.to_string()).unwrap();

    let error = error_of(&run(&["node", "--data", path, "--http", "127.0.0.1:0", "--log", "error"]));
    assert!(error.contains("approvals do not need more than two thirds"), "{error}");
    assert!(error.contains("--allow-unsafe"), "{error}");
    let node = Running::start(Command::new(PROGRAM).args(["node", "--allow-unsafe", "--data", path]));
    assert_eq!(node.call("eth_chainId", json!([])), "0x63");
    assert!(node.stop("-TERM").success());
}

#[test]
fn health_and_metrics_are_served() {
    let folder = tempfile::tempdir().unwrap();
    let node = Running::dev(folder.path());
    assert_ne!(node.port(), 0);
    let (status, health) = node.get("/health");
    assert_eq!((status, serde_json::from_str(&health).unwrap()), (200, json!({ "status": "ok", "head": 0 })));
    let (status, metrics) = node.get("/metrics");
    assert_eq!(status, 200);
    assert!(metrics.contains("\ncounterfoil_head_number 0\n"), "{metrics}");
}

#[test]
fn a_ledger_is_checked_backed_up_and_restored() {
    let folder = tempfile::tempdir().unwrap();
    let (data, restored, file) =
        (folder.path().join("data"), folder.path().join("restored"), folder.path().join("ledger.backup"));
    let (data_text, file_text) = (data.to_str().unwrap(), file.to_str().unwrap());
    let node = Running::dev(&data);
    let accounts = node.call("eth_accounts", json!([]));
    for _ in 0..5 {
        let transaction = json!({ "from": accounts[0], "to": accounts[1], "value": "0x1" });
        let hash = node.call("eth_sendTransaction", json!([transaction]));
        while node.call("eth_getTransactionReceipt", json!([hash])).is_null() {}
    }
    let head = node.call("eth_getBlockByNumber", json!(["latest", true]));
    assert!(run(&["db", "backup", "--data", data_text, file_text]).status.success(), "while the node runs");
    assert!(error_of(&run(&["db", "check", "--data", data_text])).contains("in use"));
    assert!(node.stop("-TERM").success());

    let check = run(&["db", "check", "--data", data_text]);
    assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stderr));
    assert!(run(&["db", "restore", "--data", restored.to_str().unwrap(), file_text]).status.success());
    let node = Running::dev(&restored);
    assert_eq!(node.call("eth_getBlockByNumber", json!(["latest", true])), head);
}

#[test]
fn the_demo_tells_its_story() {
    let told = run(&["demo"]);
    let text = String::from_utf8(told.stdout).unwrap();
    assert!(told.status.success(), "{text}{}", String::from_utf8_lossy(&told.stderr));
    let chapters = [
        "Ben's balance of 1000 units is proven",
        "token redeemed",
        "it is refused:",
        "Emil's card says these too",
        "in its own merchant's bytes only",
        "refused with 05",
        "card payment held, as of block",
        "card payment captured, as of block",
        "A fifth makes its own X.509 certificate",
        "It asks to be linked",
        "member 3 approves",
        "request 1 is approved",
        "It says that it is ready",
        "on five members decide, and four must sign",
        "The fifth asks that member 4 be revoked",
        "member 5 approves",
        "request 2 is approved",
        "Its connections are dropped, as it and the others show",
        "admission member status: valid, as of block",
        "admission member status: revoked, as of block",
    ];
    for chapter in chapters {
        assert!(text.contains(chapter), "{chapter}: {text}");
    }
}
