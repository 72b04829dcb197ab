//! A data folder that the program from before protocol versions made (testdata/version-0: a development node's log with three
//! payments) opens, goes on as it was, and gains the rooms when its only member says so.

use std::{fs, path::Path, process::Output};

use serde_json::{Value, json};

use crate::running::{Running, error_of, run};

fn old_folder() -> tempfile::TempDir {
    let source = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/version-0"));
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("log")).unwrap();
    for file in ["genesis.json", "log/00000000.log"] {
        fs::copy(source.join(file), folder.path().join(file)).unwrap();
    }
    folder
}

/// One payment is one block here.
fn pay(node: &Running, times: usize) {
    let accounts = node.call("eth_accounts", json!([]));
    for _ in 0..times {
        let tx = json!({ "from": accounts[0], "to": accounts[1], "value": "0x1" });
        let hash = node.call("eth_sendTransaction", json!([tx]));
        while node.call("eth_getTransactionReceipt", json!([hash])).is_null() {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
    }
}

fn height(node: &Running) -> u64 {
    let height = node.call("eth_blockNumber", json!([]));
    u64::from_str_radix(height.as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
}

/// The protocol version in force, and the code of the protocol room.
fn protocol(node: &Running) -> (Value, Value) {
    let version = node.call("eth_call", json!([{ "to": address(), "data": "0x54fd4d50" }, "latest"]));
    (version, node.call("eth_getCode", json!([address(), "latest"])))
}

fn address() -> String {
    contracts::protocol::ADDRESS.to_string()
}

fn upgrade(node: &Running, more: &[&str]) -> Output {
    let url = format!("http://127.0.0.1:{}", node.port());
    run(&[&["network", "upgrade", "--dev", "--rpc", &url], more].concat())
}

fn word(number: u8) -> Value {
    json!(format!("0x{number:064x}"))
}

#[test]
fn a_folder_of_the_first_program_opens_goes_on_upgrades_and_gains_the_rooms() {
    let folder = old_folder();
    let node = Running::dev(folder.path());
    let block_3 = node.call("eth_getBlockByNumber", json!(["0x3", false]))["hash"].clone();
    assert_eq!(block_3, "0x59a8543d28d6778bc7f8ff3637813327f1f6c62e3f0e262a96236eafdc71b962");
    pay(&node, 2);
    assert_eq!((height(&node), protocol(&node)), (5, (word(0), json!("0x"))));
    let output = upgrade(&node, &[]);
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("protocol version 2 begins with the first block of epoch 1"), "{said}");
    assert_eq!(protocol(&node), (word(0), json!("0xef")));
    pay(&node, usize::try_from(63 - height(&node)).unwrap());
    assert_eq!(protocol(&node).0, word(0));
    pay(&node, 1);
    assert_eq!((height(&node), protocol(&node)), (64, (word(2), json!("0xef"))));
    for room in contracts::registry::ROOMS {
        let code = node.call("eth_getCode", json!([room.address(), "latest"]));
        assert_eq!(code, "0xef", "{}", room.word);
    }
    let error = error_of(&upgrade(&node, &[]));
    assert!(error.contains("in force already"), "{error}");
    let root = node.call("eth_getBlockByNumber", json!(["latest", false]))["stateRoot"].clone();
    assert!(node.stop("-TERM").success());
    let again = Running::dev(folder.path());
    assert_eq!(again.call("eth_getBlockByNumber", json!(["latest", false]))["stateRoot"], root);
    assert_eq!(protocol(&again).0, word(2));
}

#[test]
fn a_new_development_network_has_the_rooms_from_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let node = Running::dev(folder.path());
    assert_eq!((height(&node), protocol(&node)), (0, (word(2), json!("0xef"))));
    let proof = node.call("eth_getProof", json!([address(), ["0x0"], "latest"]));
    assert_eq!(proof["storageProof"][0]["value"], "0x2");
    assert!(!proof["storageProof"][0]["proof"].as_array().unwrap().is_empty());
}

#[test]
fn a_development_folder_of_version_1_opens_goes_on_and_gains_admission() {
    let (new, old) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    assert!(Running::dev(new.path()).stop("-TERM").success());
    let genesis = fs::read_to_string(new.path().join("genesis.json")).unwrap();
    let mut genesis: Value = serde_json::from_str(&genesis).unwrap();
    genesis["counterfoil"]["upgrades"] = json!([{ "version": 1, "epoch": 0 }]);
    fs::write(old.path().join("genesis.json"), genesis.to_string()).unwrap();
    let seed = primitives::keccak256(b"counterfoil development node");
    fs::write(old.path().join("node.key"), format!("{seed:x}")).unwrap();
    let path = old.path().to_str().unwrap();
    let made = Running::start(std::process::Command::new(crate::running::PROGRAM).args(["node", "--data", path]));
    assert_eq!(protocol(&made).0, word(1));
    assert!(made.stop("-TERM").success());
    let node = Running::dev(old.path());
    assert!(upgrade(&node, &[]).status.success());
    pay(&node, usize::try_from(64 - height(&node)).unwrap());
    assert_eq!(protocol(&node).0, word(2));
    let room = contracts::admission::ADDRESS.to_string();
    assert_eq!(node.call("eth_getCode", json!([room, "latest"])), "0xef");
}

#[test]
fn a_new_network_has_the_rooms_too_and_its_hash_is_the_one_that_genesis_hash_prints() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let made = run(&["genesis", "new", "--data", path, "--chain-id", "5"]);
    assert!(made.status.success());
    let file = folder.path().join("genesis.json");
    let hash = String::from_utf8(run(&["genesis", "hash", file.to_str().unwrap()]).stdout).unwrap();
    assert!(String::from_utf8(made.stdout).unwrap().contains(hash.trim()));
    let node = Running::start(std::process::Command::new(crate::running::PROGRAM).args(["node", "--data", path]));
    assert_eq!(node.call("eth_getBlockByNumber", json!(["0x0", false]))["hash"], hash.trim());
    assert_eq!(protocol(&node), (word(2), json!("0xef")));
}

#[test]
fn an_upgrade_without_the_members_key_is_refused_in_words() {
    let folder = old_folder();
    let node = Running::dev(folder.path());
    let stranger = folder.path().join("stranger.key");
    fs::write(&stranger, "11".repeat(32)).unwrap();
    let url = format!("http://127.0.0.1:{}", node.port());
    let refused = |more: &[&str]| error_of(&run(&[&["network", "upgrade", "--rpc", &url], more].concat()));
    let key = stranger.to_str().unwrap();
    assert!(refused(&["--key", key]).contains("is not the only member's"));
    assert!(refused(&["--dev", "--epoch", "0"]).contains("has begun already"));
    assert!(refused(&["--dev", "--to", "99"]).contains("a newer program is needed"));
    assert!(refused(&[]).contains("--data"));
}

#[test]
fn abi_prints_json_and_solidity_and_names_what_there_is() {
    let print = |arguments: &[&str]| String::from_utf8(run(arguments).stdout).unwrap();
    let room: Value = serde_json::from_str(&print(&["abi", "protocol"])).unwrap();
    let alone: Value = serde_json::from_str(&print(&["abi", "IProtocol"])).unwrap();
    assert_eq!(room["IProtocol"], alone);
    let names: Vec<_> = alone.as_array().unwrap().iter().filter_map(|item| item["name"].as_str()).collect();
    for name in ["schedule", "version", "UpgradeScheduled", "InvalidSignature", "NotPayable"] {
        assert!(names.contains(&name), "{names:?}");
    }
    let solidity = print(&["abi", "protocol", "--solidity"]);
    assert!(solidity.starts_with("interface IProtocol {") && solidity.contains("function schedule("), "{solidity}");
    assert!(error_of(&run(&["abi", "nothing"])).contains("protocol"));
}
