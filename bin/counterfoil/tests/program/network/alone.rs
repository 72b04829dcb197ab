//! What nodes do without being asked: members vote for those whom they were told to approve, and a node that decided in a network does not
//! decide alone again.

use super::*;

/// Where three members approve by themselves of whoever asks.
const APPROVED_HOST: &str = "127.0.0.1";
/// Of a node that nobody approves by himself.
const OTHER_ADDRESS: &str = "10.9.9.9:30303";

#[test]
fn members_vote_by_themselves_for_hosts_that_they_were_told() {
    let folder = tempfile::tempdir().unwrap();
    let port = ports();
    let (out, _) = make(folder.path(), port, &[]);
    let approving = |number: u32| {
        let config = out.join(format!("node-{number}.toml"));
        Running::start(Command::new(PROGRAM).args(["node", "--approve-links", APPROVED_HOST, "--config"]).arg(config))
    };
    let nodes: Vec<Running> = (1..=3).map(approving).chain([start(&out, 4)]).collect();
    wait_for("the network makes blocks", || nodes[0].call("eth_blockNumber", json!([])) != "0x0");

    let id = |asked: Value| json!(format!("{:#x}", asked["request"].as_u64().unwrap()));
    let [key, certificate] = elsewhere(&out);
    let other = id(member(&nodes[0], &["join", "--certificate", &certificate, "--key", &key]));
    let fifth = Joiner::new(&out, port + 4);
    let fifth = id(fifth.member(&nodes[0], &["join", "--certificate", &fifth.certificate]));

    let request = |id: &Value| {
        let all = nodes[3].call("counterfoil_requests", json!([]));
        all["requests"].as_array().unwrap().iter().find(|request| request["id"] == *id).unwrap().clone()
    };
    wait_for("the fifth is approved", || request(&fifth)["state"] == "approved");
    let votes = request(&fifth)["votes"].as_array().unwrap().clone();
    let silent = key_of(&out, 4);
    assert_eq!(votes.len(), 3);
    assert!(votes.iter().all(|vote| vote["ballot"] == "approve" && vote["voter"] != format!("0x{silent}")));
    // Who asked before, from elsewhere, is left to the members.
    let left = request(&other);
    assert_eq!((&left["state"], &left["votes"]), (&json!("open"), &json!([])));
    assert_eq!(vote(&nodes[3], &out, 4, left["id"].as_str().unwrap().trim_start_matches("0x"))["votes"], 1);
}

/// Key and certificate of somebody whose node is where nobody approves by himself.
fn elsewhere(out: &Path) -> [String; 2] {
    let [key, certificate] = ["other.key", "other.der"].map(|name| out.join(name).to_str().unwrap().to_owned());
    fs::write(&key, "5b".repeat(32)).unwrap();
    let arguments = ["--key", &key, "--name", "Other", "--address", OTHER_ADDRESS, "-o", &certificate];
    let made = run(&[&["member", "certificate"], &arguments[..]].concat());
    assert!(made.status.success(), "{}", error_of(&made));
    [key, certificate]
}

#[test]
fn who_decided_in_a_network_does_not_decide_alone_again() {
    let folder = tempfile::tempdir().unwrap();
    let (port, payer) = (ports(), PrivateKeySigner::from_slice(&[7; 32]).unwrap());
    let founder = found_alone(folder.path(), &payer);
    let path = founder.to_str().unwrap();
    let address = format!("127.0.0.1:{port}");
    let listening = ["node", "--data", path, "--listen", &address, "--local-peers"];
    let node = Running::start(Command::new(PROGRAM).args(listening));
    receipt(&node, &pay(&node, &payer, 0));
    node.kill();

    let refused = run(&["node", "--data", path, "--http", "127.0.0.1:0"]);
    assert!(!refused.status.success());
    let said = error_of(&refused);
    assert!(said.contains("no way back") && said.contains("--listen"), "{said}");

    let node = Running::start(Command::new(PROGRAM).args(listening));
    receipt(&node, &pay(&node, &payer, 1));
}
