//! Documents through the real program: brought to a node, kept over a restart and a backup, told with a redemption's counterfoil.

use std::{fs, process::Command};

use alloy_primitives::{B256, Bytes, U256, keccak256};
use alloy_sol_types::{SolCall, SolValue};
use contracts::token::{
    ADDRESS,
    abi::IToken::{self, Kind, Terms},
};
use primitives::{Address, canonical_attributes};
use serde_json::{Value, json};

use crate::running::{PROGRAM, Running, error_of, run};

const ATTRIBUTES: &str =
    r#"{ "name": "Barolo <b>1964</b>", "attributes": [{ "trait_type": "Vintage", "value": 1964 }] }"#;
const REDEMPTION: B256 = B256::repeat_byte(0x5e);
const DELIVERY: &[u8] = &[0x01; 120];

/// A call of the first development account's to the room.
fn does(node: &Running, call: &impl SolCall) {
    let accounts = node.call("eth_accounts", json!([]));
    let request = json!({ "from": accounts[0], "to": ADDRESS, "data": Bytes::from(call.abi_encode()) });
    let hash = node.call("eth_sendTransaction", json!([request]));
    loop {
        let receipt = node.call("eth_getTransactionReceipt", json!([hash]));
        if !receipt.is_null() {
            assert_eq!(receipt["status"], "0x1");
            return;
        }
    }
}

/// An item with one token, which is redeemed; answers the item and the token.
fn redeemed(node: &Running) -> (B256, B256) {
    let issuer: Address = serde_json::from_value(node.call("eth_accounts", json!([]))[0].clone()).unwrap();
    let identifier = B256::right_padding_from(b"barolo");
    let item = keccak256((issuer, identifier).abi_encode());
    let id = keccak256((item, U256::ONE).abi_encode());
    let terms = Terms {
        kind: Kind::PhysicalGood,
        attributesHash: canonical_attributes(ATTRIBUTES.as_bytes()).unwrap().hash,
        units: 1,
        unitsPerToken: 1,
        interchangeable: false,
        redeemable: true,
        possessionIsOwnership: true,
        transferable: true,
        exists: true,
        presaleFrom: 0,
        presaleUntil: 0,
        redeemFrom: 0,
        redeemUntil: 0,
        custodian: Address::ZERO,
    };
    does(node, &IToken::createItemCall { identifier, terms });
    does(node, &IToken::mintCall { item, tokens: 1 });
    let (redemption, delivery_hash) = (REDEMPTION, keccak256(DELIVERY));
    does(
        node,
        &IToken::requestRedemptionCall { redemption, id: id.into(), amount: U256::ONE, deliveryHash: delivery_hash },
    );
    does(node, &IToken::fulfilRedemptionCall { redemption, proofHash: B256::repeat_byte(1) });
    (item, id)
}

#[test]
fn a_redeemed_bottle_is_proved_with_its_attributes_and_both_outlive_the_node() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (data, restored, backup, file) = (path("data"), path("restored"), path("backup"), path("redeemed.cfl"));
    let node = Running::dev(data.as_ref());
    let (item, id) = redeemed(&node);
    let hash = canonical_attributes(ATTRIBUTES.as_bytes()).unwrap().hash;
    assert_eq!(node.call("counterfoil_putAttributes", json!([item, ATTRIBUTES])), json!(hash));
    node.call("counterfoil_putDelivery", json!([REDEMPTION, Bytes::from_static(DELIVERY)]));
    let told: Value = serde_json::from_str(&node.get(&format!("/token/{id:x}.json")).1).unwrap();
    assert_eq!((&told["name"], &told["properties"]["redeemed"]), (&json!("Barolo <b>1964</b>"), &json!(true)));

    let genesis = node.call("eth_getBlockByNumber", json!(["0x0", false]))["hash"].as_str().unwrap().to_owned();
    let exported = run(&["export", "redemption", &REDEMPTION.to_string(), "--rpc", &node.url(), "-o", &file]);
    assert!(exported.status.success(), "{}", error_of(&exported));
    let other = run(&["export", "redemption", &hash.to_string(), "--rpc", &node.url(), "-o", &file]);
    assert!(error_of(&other).contains(&format!("there is no redemption {hash}")));
    assert!(run(&["db", "backup", "--data", &data, &backup]).status.success(), "while the node runs");
    assert!(node.stop("-TERM").success());

    let verified = run(&["verify", &file, "--genesis", &genesis]);
    let said = String::from_utf8(verified.stdout).unwrap();
    assert!(verified.status.success() && said.contains("redeemed") && said.contains("Barolo"), "{said}");
    let check = run(&["db", "check", "--data", &data]);
    assert!(String::from_utf8(check.stdout).unwrap().contains("2 documents of "));
    assert!(run(&["db", "restore", "--data", &restored, &backup]).status.success());
    for folder in [&data, &restored] {
        let node = Running::dev(folder.as_ref());
        assert_eq!(node.call("counterfoil_attributes", json!([item]))["hash"], json!(hash));
        assert_eq!(node.call("counterfoil_delivery", json!([REDEMPTION])), json!(Bytes::from_static(DELIVERY)));
        assert!(node.stop("-TERM").success());
    }
    let name = hash.to_string().split_off(2);
    fs::write(format!("{data}/documents/{}/{name}", &name[..2]), "{}").unwrap();
    assert!(error_of(&run(&["db", "check", "--data", &data])).contains(&format!("document {hash} is damaged")));
}

#[test]
fn the_room_for_documents_is_set_by_a_flag_and_full_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(PROGRAM);
    let node =
        Running::start(command.args(["node", "--dev", "--documents-bytes", "4096", "--data"]).arg(folder.path()));
    let (item, _) = redeemed(&node);
    node.call("counterfoil_putAttributes", json!([item, ATTRIBUTES]));
    let params = json!([REDEMPTION, Bytes::from_static(DELIVERY)]);
    let refused = node.try_call("counterfoil_putDelivery", params).unwrap();
    assert!(refused["error"]["message"].as_str().unwrap().starts_with("no room for a document"), "{refused}");
    assert_eq!(node.call("counterfoil_delivery", json!([REDEMPTION])), Value::Null);
    let (status, metrics) = node.get("/metrics");
    assert!(status == 200 && metrics.contains("counterfoil_documents_bytes 4096"), "{metrics}");
}
