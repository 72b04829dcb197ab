//! Which methods there are, and those that answer the same whatever happened.

use gateway::{Rpc, rpc::Methods};
use serde_json::json;

use crate::{admission, network::Node};

#[test]
fn every_name_of_the_table_answers_and_no_other() {
    let node = admission::open();
    for name in Rpc::NAMES {
        if let Err(error) = node.ask(name, json!([])) {
            assert_eq!(error.code, -32602, "{name}: {error}");
        }
    }
    for name in
        ["evm_mine", "evm_snapshot", "anvil_setBalance", "hardhat_reset", "eth_mining", "personal_sign", "", "eth_"]
    {
        let message = format!("the method {name} does not exist/is not available");
        assert_eq!(node.refused(name, json!([])), (-32601, message));
    }
}

#[test]
fn names_are_sorted_and_stand_once() {
    assert!(Rpc::NAMES.is_sorted_by(|one, next| one < next));
    assert!(Rpc::PREPARED.iter().all(|name| Rpc::NAMES.contains(name)));
}

#[test]
fn a_node_says_what_it_is() {
    let node = Node::start();
    let check = |method, params, expected| assert_eq!(node.get(method, params), expected, "{method}");
    check("eth_chainId", json!([]), json!("0x7a69"));
    check("net_version", json!([]), json!("31337"));
    check("net_listening", json!([]), json!(true));
    check("net_peerCount", json!([]), json!("0x0"));
    check("eth_syncing", json!([]), json!(false));
    check("eth_blockNumber", json!([]), json!("0x0"));
    check(
        "rpc_modules",
        json!([]),
        json!({ "counterfoil": "1.0", "debug": "1.0", "eth": "1.0", "net": "1.0", "rpc": "1.0", "txpool": "1.0", "web3": "1.0" }),
    );
    let hello_world = "0x47173285a8d7341e5e972fc677286384f802f8ef42a5ec5f03bbfa254cb01fad";
    check("web3_sha3", json!(["0x68656c6c6f20776f726c64"]), json!(hello_world));
    let version = node.get("web3_clientVersion", json!([]));
    assert!(version.as_str().is_some_and(|version| version.starts_with("counterfoil/v")));
}

#[test]
fn eth_config_lists_the_rules_in_force() {
    let node = Node::start();
    let config = node.get("eth_config", json!([]));
    let current = &config["current"];
    assert_eq!((&config["next"], &config["last"]), (&json!(null), &json!(null)));
    assert_eq!((&current["activationTime"], &current["chainId"]), (&json!(0), &json!("0x7a69")));
    assert_eq!(current["blobSchedule"], json!({ "target": 0, "max": 0, "baseFeeUpdateFraction": 5_007_716 }));
    assert_eq!(current["forkId"].as_str().map(str::len), Some(10));
    let precompiles = current["precompiles"].as_object().expect("an object");
    assert_eq!(precompiles.len(), 18);
    assert_eq!(precompiles["P256VERIFY"], "0x0000000000000000000000000000000000000100");
    assert_eq!(current["systemContracts"], json!({}));
}

#[test]
fn arguments_that_do_not_fit_are_named() {
    let node = Node::start();
    let missing = "missing value for required argument 0".to_owned();
    assert_eq!(node.refused("eth_getBalance", json!([])), (-32602, missing));
    let (code, message) = node.refused("eth_getBalance", json!(["0x12"]));
    assert!(code == -32602 && message.starts_with("invalid argument 0: "), "{message}");
    assert_eq!(node.refused("eth_chainId", json!([1])), (-32602, "too many arguments, want at most 0".to_owned()));
    assert_eq!(node.refused("eth_chainId", json!({})), (-32602, "non-array args".to_owned()));
}
