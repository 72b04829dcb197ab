//! What nodes and their counterfoils say of members and requests, against what the commands printed that asked and voted.

use alloy_primitives::{B256, LogData, U64};
use alloy_sol_types::SolEvent;
use contracts::admission::IAdmission::LinkRequested;

use super::*;

/// The only request so far: approved by members 1 to 3 of four, with what was fixed when it was made and who voted how.
pub(super) fn check_request(node: &Running, out: &Path, asked: &Value, votes: &[Value]) {
    let announced: LinkRequested = event(asked);
    let ballot = |(number, voted): (usize, &Value)| {
        json!({
            "voter": format!("0x{}", key_of(out, number)),
            "weight": "0x1",
            "ballot": "approve",
            "reasonCode": "0x0",
            "reasonHash": B256::ZERO,
            "height": voted["receipt"]["blockNumber"],
        })
    };
    let ballots: Vec<Value> = (1..).zip(votes).map(ballot).collect();
    let decided = &votes[2];
    let request = json!({
        "id": quantity(&asked["request"]),
        "kind": "link",
        "state": "approved",
        "nodeKey": format!("0x{}", asked["node"].as_str().unwrap()),
        "certificate": asked["certificate"],
        "account": asked["receipt"]["from"],
        "requester": B256::ZERO,
        "weight": quantity(&decided["weight"]),
        "reason": "0x0",
        "evidence": B256::ZERO,
        "policy": announced.policy,
        "epoch": U64::from(announced.epoch),
        "voters": quantity(&decided["voters"]),
        "votersWeight": "0x4",
        "madeAt": asked["receipt"]["blockNumber"],
        "deadline": quantity(&asked["deadline"]),
        "decidedAt": decided["receipt"]["blockNumber"],
        "approvals": quantity(&decided["approvals"]),
        "approvalsWeight": "0x3",
        "votes": ballots,
    });
    let found = node.call("counterfoil_requests", json!([]));
    assert_eq!(found, json!({ "total": "0x1", "requests": [request] }));
    let printed = ["weight", "voters", "votes", "approvals"].map(|field| &decided[field]);
    assert_eq!(printed, [1, 4, 3, 3]);
}

/// The node and the command name the same members; the newest is an observer since the deciding vote.
pub(super) fn check_members(node: &Running, asked: &Value, decided: &Value) {
    let row = |member: &Value| {
        json!({
            "node": member["nodeKey"].as_str().unwrap().trim_start_matches("0x"),
            "state": member["state"],
            "weight": number(&member["weight"]),
            "address": member["nodeAddress"],
            "certificate": member["certificate"],
            "notAfter": number(&member["notAfter"]),
        })
    };
    let found = node.call("counterfoil_members", json!([]));
    let members = found["members"].as_array().unwrap();
    let rows: Vec<Value> = members.iter().map(row).collect();
    assert_eq!((&found["total"], member(node, &["list"])), (&json!("0x5"), json!({ "members": rows })));
    let expected = json!({
        "state": "observer",
        "weight": "0x1",
        "certificate": asked["certificate"],
        "accounts": [asked["receipt"]["from"]],
        "admittedAt": decided["receipt"]["blockNumber"],
        "readyAt": "0x0",
        "revokedAt": "0x0",
        "committeeFrom": "0x0",
        "reason": "0x0",
    });
    check_fields(&members[4], &expected);
}

/// The deciding vote's transaction is also that of the admission.
pub(super) fn check_admission(node: &Running, folder: &Path, fifth: &Joiner, asked: &Value, decided: &Value) {
    let announced: LinkRequested = event(asked);
    let expected = json!({
        "nodeKey": fifth.id(),
        "certificate": asked["certificate"],
        "nodeAddress": format!("127.0.0.1:{}", fifth.port),
        "account": announced.account.to_string(),
        "weight": "1",
        "notAfter": announced.notAfter.to_string(),
        "request": asked["request"].to_string(),
        "policy": announced.policy,
        "voters": "4",
        "votes": "3",
        "approvals": "3",
    });
    check_fields(&proved(node, folder, &["tx", transaction(decided)], "member admitted"), &expected);
}

/// And of the revocation: asked for by member 1 for reason 9, and decided by four of five.
pub(super) fn check_revocation(node: &Running, folder: &Path, out: &Path, certificate: &str, decided: &Value) {
    let height = &decided["receipt"]["blockNumber"];
    let node_key = format!("0x{}", decided["node"].as_str().unwrap());
    let statement = proved(node, folder, &["tx", transaction(decided)], "member revoked");
    let expected = json!({
        "nodeKey": node_key,
        "certificate": certificate,
        "reason": "9",
        "evidence": B256::ZERO,
        "epoch": (number(height) / EPOCH_BLOCKS.parse::<u64>().unwrap()).to_string(),
        "request": decided["request"].to_string(),
        "voters": "5",
        "votes": "4",
        "approvals": "4",
    });
    check_fields(&statement, &expected);
    let expected = json!({
        "kind": "revocation",
        "state": "approved",
        "nodeKey": node_key,
        "certificate": certificate,
        "requester": format!("0x{}", key_of(out, 1)),
        "weight": "0x0",
        "reason": "0x9",
        "voters": "0x5",
        "decidedAt": height,
        "approvals": "0x4",
    });
    check_fields(&node.call("counterfoil_requests", json!([]))["requests"][0], &expected);
    let members = node.call("counterfoil_members", json!([]))["members"].take();
    let revoked = members.as_array().unwrap().iter().find(|member| member["nodeKey"] == node_key).unwrap();
    check_fields(revoked, &json!({ "state": "revoked", "revokedAt": height, "reason": "0x9" }));
}

/// The fields of a statement in the counterfoil of a fact, verified with nothing but the genesis hash.
pub(super) fn proved(node: &Running, folder: &Path, fact: &[&str], kind: &str) -> Value {
    let (file, url) = (folder.join("fact.cfl"), node.url());
    let file = file.to_str().unwrap();
    let exported = run(&[&["export"][..], fact, &["--rpc", &url, "-o", file]].concat());
    assert!(exported.status.success(), "{}", error_of(&exported));
    let genesis = node.call("eth_getBlockByNumber", json!(["0x0", false]))["hash"].clone();
    let verified = run(&["verify", file, "--genesis", genesis.as_str().unwrap(), "--json"]);
    assert!(verified.status.success(), "{}", error_of(&verified));
    let said: Value = serde_json::from_slice(&verified.stdout).unwrap();
    let statements = said["statements"].as_array().unwrap();
    let found = statements.iter().find(|statement| statement["kind"] == kind);
    found.unwrap_or_else(|| panic!("{said} does not say {kind}"))["fields"].clone()
}

fn check_fields(found: &Value, expected: &Value) {
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(found[name.as_str()], *value, "{name} of {found}");
    }
}

/// The first event of its kind in the receipt that a command printed.
fn event<E: SolEvent>(printed: &Value) -> E {
    let read = |log: &Value| {
        let topics = serde_json::from_value(log["topics"].clone()).ok()?;
        E::decode_log_data(&LogData::new(topics, serde_json::from_value(log["data"].clone()).ok()?)?).ok()
    };
    printed["receipt"]["logs"].as_array().unwrap().iter().find_map(read).expect("the receipt has its log")
}

fn transaction(printed: &Value) -> &str {
    printed["receipt"]["transactionHash"].as_str().unwrap()
}

/// A number of a command as methods write it.
fn quantity(printed: &Value) -> String {
    format!("{:#x}", printed.as_u64().unwrap())
}

fn number(quantity: &Value) -> u64 {
    u64::from_str_radix(quantity.as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
}
