//! `counterfoil recover` with real processes: two of four members are gone for good, one of those who are left begins anew, both go
//! on, a new node follows through all of it, and a counterfoil of what came after verifies only with the checkpoint.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use alloy_signer_local::PrivateKeySigner;
use serde_json::{Value, json};

use crate::{
    network::{pay, ports, receipt, start},
    running::{PROGRAM, Running, error_of, run},
};

/// Four members, their data folders and keys.
struct Network {
    _folder: tempfile::TempDir,
    out: PathBuf,
    /// Node keys by number.
    keys: BTreeMap<u32, String>,
    port: u16,
    payer: PrivateKeySigner,
}

impl Network {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (out, payer) = (folder.path().join("network"), PrivateKeySigner::from_slice(&[7; 32]).unwrap());
        let (fund, port) = (format!("{}=1000000000000000000", payer.address()), ports());
        let port_text = port.to_string();
        let flags = ["--out", out.to_str().unwrap(), "--port", &port_text, "--fund", &fund, "--epoch-blocks", "16"];
        let made = run(&[&["network", "new"], &flags[..]].concat());
        assert!(made.status.success(), "{}", error_of(&made));
        let said = String::from_utf8(made.stdout).unwrap();
        let key_of = |line: &str| {
            let (number, key) = line.strip_prefix("node-")?.split_once(' ')?;
            Some((number.parse().ok()?, key.split(' ').next()?.to_owned()))
        };
        let keys = said.lines().filter_map(key_of).collect();
        Self { _folder: folder, out, keys, port, payer }
    }

    fn data(&self, number: u32) -> String {
        self.path(&format!("node-{number}"))
    }

    fn path(&self, name: &str) -> String {
        self.out.join(name).to_str().unwrap().into()
    }

    /// Blocks in the log of a stopped node.
    fn blocks(&self, number: u32) -> u64 {
        let checked = run(&["db", "check", "--data", &self.data(number)]);
        assert!(checked.status.success(), "{}", error_of(&checked));
        let said = String::from_utf8(checked.stdout).unwrap();
        said.split(' ').next().unwrap().parse().unwrap()
    }

    fn recover(&self, number: u32, removed: &[u32], more: &[&str]) -> Result<Value, String> {
        let data = self.data(number);
        let removed = removed.iter().flat_map(|gone| ["--remove", self.keys[gone].as_str()]);
        let arguments: Vec<&str> = ["recover", "--data", &data].into_iter().chain(removed).collect();
        let output = run(&[&arguments, more].concat());
        match output.status.success() {
            true => Ok(serde_json::from_slice(&output.stdout).unwrap()),
            false => Err(error_of(&output)),
        }
    }

    fn start_with(&self, number: u32, more: &[&str]) -> Running {
        let mut command = Command::new(PROGRAM);
        command.args(["node", "--config"]).arg(self.out.join(format!("node-{number}.toml"))).args(more);
        Running::start(&mut command)
    }

    /// A fifth node is voted in, and started with nothing but genesis and the recovery.
    fn joins(&self, survivors: &[Running; 2], numbers: [u32; 2], recovery: &str) -> Running {
        let (key, file, data) = (self.path("fifth.key"), self.path("fifth.der"), self.path("fifth"));
        fs::write(&key, "5a".repeat(32)).unwrap();
        let address = format!("127.0.0.1:{}", self.port + 4);
        let flags = ["--key", &key, "--name", "Fifth", "--address", &address, "-o", &file];
        let made = run(&[&["member", "certificate"], &flags[..]].concat());
        assert!(made.status.success(), "{}", error_of(&made));
        let request = member(&survivors[0], &["join", "--key", &key, "--certificate", &file])["request"].to_string();
        let votes = numbers.map(|number| {
            let data = self.data(number);
            member(&survivors[0], &["vote", &request, "approve", "--data", &data])["state"].clone()
        });
        assert_eq!(votes, ["open", "approved"]);
        let genesis = self.path("genesis.json");
        let mut command = Command::new(PROGRAM);
        command.args(["node", "--data", &data, "--key", &key, "--genesis", &genesis, "--recovery", recovery]);
        Running::start(command.args(["--listen", &address, "--local-peers"]))
    }

    /// Whether the payment in a transaction verifies.
    fn verifies(&self, node: &Running, hash: &Value, more: &[&str]) -> Result<(), String> {
        let file = self.path("payment.cfl");
        let exported = run(&["export", "tx", hash.as_str().unwrap(), "--rpc", &node.url(), "-o", &file]);
        assert!(exported.status.success(), "{}", error_of(&exported));
        let genesis = node.call("eth_getBlockByNumber", json!(["0x0", false]))["hash"].clone();
        let verified = run(&[&["verify", &file, "--genesis", genesis.as_str().unwrap()], more].concat());
        if verified.status.success() { Ok(()) } else { Err(error_of(&verified)) }
    }
}

#[test]
fn two_of_four_are_lost_for_good_and_the_others_go_on_without_them() {
    let network = Network::new();
    let mut nodes: Vec<Running> = (1..=4).map(|number| start(&network.out, number)).collect();
    let sent: Vec<Value> = (0..10).map(|nonce| pay(&nodes[0], &network.payer, nonce)).collect();
    nodes.iter().for_each(|node| sent.iter().for_each(|hash| drop(receipt(node, hash))));
    nodes.drain(2..).for_each(|lost| lost.kill());
    nodes.drain(..).for_each(|node| assert!(node.stop("-TERM").success()));
    // Whoever has the highest block recovers.
    let (signer, other) = if network.blocks(1) >= network.blocks(2) { (1, 2) } else { (2, 1) };

    check_refusals(&network, signer, other);
    let done = network.recover(signer, &[4, 3], &["--yes", "--json"]).unwrap();
    let left = done["committee"].as_array().unwrap();
    assert!(left.len() == 2 && left.contains(&json!(network.keys[&1])) && left.contains(&json!(network.keys[&2])));
    let checkpoint = ["--checkpoint", done["checkpoint"].as_str().unwrap()];

    // The recovery is in the signer's folder; the other takes a copy.
    let recovery = done["recovery"].as_str().unwrap();
    let survivors = [network.start_with(signer, &[]), network.start_with(other, &["--recovery", recovery])];
    let later: Vec<Value> = (10..20).map(|nonce| pay(&survivors[1], &network.payer, nonce)).collect();
    survivors.iter().for_each(|node| later.iter().for_each(|hash| drop(receipt(node, hash))));
    let kept = Path::new(&network.data(other)).join("recovery.json");
    assert_eq!(fs::read(kept).unwrap(), fs::read(recovery).unwrap());

    // What was before is proved by genesis alone, what came after by the checkpoint beside it.
    assert_eq!(network.verifies(&survivors[0], &sent[9], &[]), Ok(()));
    let unpinned = network.verifies(&survivors[0], &later[9], &[]).unwrap_err();
    assert!(unpinned.contains("the network was recovered there"), "{unpinned}");
    assert_eq!(network.verifies(&survivors[0], &later[9], &checkpoint), Ok(()));
    assert_eq!(network.verifies(&survivors[1], &later[9], &checkpoint), Ok(()));

    // A new member follows from genesis on, through the recovery.
    let new = network.joins(&survivors, [signer, other], recovery);
    later.iter().for_each(|hash| drop(receipt(&new, hash)));
    let block = |node: &Running| node.call("eth_getBlockByNumber", json!([height_of(&survivors[0], &later[9]), false]));
    assert_eq!(block(&new), block(&survivors[0]));
}

fn height_of(node: &Running, hash: &Value) -> Value {
    receipt(node, hash)["blockNumber"].clone()
}

fn member(node: &Running, arguments: &[&str]) -> Value {
    let mut command = Command::new(PROGRAM);
    let output = command.arg("member").args(arguments).args(["--json", "--rpc", &node.url()]).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", error_of(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Nothing of it changes the folder.
fn check_refusals(network: &Network, signer: u32, other: u32) {
    let refused = |removed: &[u32], more: &[&str]| network.recover(signer, removed, more).unwrap_err();
    assert!(refused(&[signer, 3], &["--yes"]).contains("is this node"));
    assert!(refused(&[4], &["--yes"]).contains("3 are a quorum"));
    assert!(refused(&[], &["--yes"]).contains("who is gone?"));
    assert!(refused(&[3, 4], &[]).contains("nothing was done"));
    let key = Path::new(&network.data(3)).join("node.key");
    let stranger = network.path("stranger.key");
    fs::write(&stranger, "5a".repeat(32)).unwrap();
    assert!(refused(&[3, 4], &["--yes", "--key", &stranger]).contains("is not in the committee"));
    assert!(refused(&[other, 3], &["--yes", "--key", key.to_str().unwrap()]).contains("is this node"));
}
