//! `counterfoil member` against a network of one: a second node asks with its own certificate, is voted in, and is revoked again.

use std::{fs, path::Path, process::Command};

use serde_json::{Value, json};

use crate::running::{PROGRAM, Running, error_of, run};

struct Network {
    node: Running,
    folder: tempfile::TempDir,
}

impl Network {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("founder");
        let made = run(&["genesis", "new", "--data", data.to_str().unwrap(), "--chain-id", "77"]);
        assert!(made.status.success(), "{}", error_of(&made));
        let node = Running::start(Command::new(PROGRAM).args(["node", "--data"]).arg(&data));
        fs::write(folder.path().join("applicant.key"), "5a".repeat(32)).unwrap();
        Self { node, folder }
    }

    fn path(&self, name: &str) -> String {
        Path::join(self.folder.path(), name).to_str().unwrap().into()
    }

    fn member(&self, arguments: &[&str]) -> Result<Value, String> {
        let mut command = Command::new(PROGRAM);
        command.arg("member").args(arguments).arg("--json").env("COUNTERFOIL_RPC", self.node.url());
        let output = command.output().unwrap();
        match output.status.success() {
            true => Ok(serde_json::from_slice(&output.stdout).unwrap()),
            false => Err(error_of(&output)),
        }
    }

    /// What a file says of a certificate, verified with nothing but the genesis hash.
    fn proved_status(&self, certificate: &str) -> Value {
        let file = self.path("member.cfl");
        let exported = run(&["export", "member", certificate, "--rpc", &self.node.url(), "-o", &file]);
        assert!(exported.status.success(), "{}", error_of(&exported));
        let genesis = self.node.call("eth_getBlockByNumber", json!(["0x0", false]))["hash"].clone();
        let verified = run(&["verify", &file, "--genesis", genesis.as_str().unwrap(), "--json"]);
        assert!(verified.status.success(), "{}", error_of(&verified));
        let said: Value = serde_json::from_slice(&verified.stdout).unwrap();
        let statements = said["statements"].as_array().unwrap();
        let status = statements.iter().find(|statement| statement["kind"] == "member status").unwrap();
        status["fields"]["status"].clone()
    }

    fn state_of(&self, index: usize) -> String {
        let members = self.member(&["list"]).unwrap();
        members["members"][index]["state"].as_str().unwrap().into()
    }
}

#[test]
fn a_second_node_is_voted_in_and_revoked() {
    let network = Network::start();
    let (founder, key) = (network.path("founder"), network.path("applicant.key"));
    let file = network.path("applicant.der");
    let made = run(&[
        "member",
        "certificate",
        "--key",
        &key,
        "--name",
        "Bank",
        "--address",
        "node.bank.example:30303",
        "-o",
        &file,
    ]);
    assert!(made.status.success(), "{}", error_of(&made));

    let asked = network.member(&["join", "--key", &key, "--certificate", &file]).unwrap();
    assert_eq!(asked["request"], 1, "{asked}");
    let certificate = asked["certificate"].as_str().unwrap();
    assert_eq!(network.member(&["requests"]).unwrap()["requests"][0]["state"], "open");
    let stranger = network.member(&["vote", "1", "approve", "--key", &key]).unwrap_err();
    assert!(stranger.contains("NotMember") || stranger.contains("UnknownMember"), "{stranger}");
    let voted = network.member(&["vote", "1", "approve", "--data", &founder, "--reason", "known"]).unwrap();
    assert_eq!(voted["state"], "approved", "{voted}");
    assert_eq!(network.state_of(1), "observer");
    assert_eq!(network.proved_status(certificate), "valid");

    let asked = network.member(&["revoke", certificate, "--data", &founder, "--reason", "key-compromise"]).unwrap();
    let request = asked["request"].to_string();
    let voted = network.member(&["vote", &request, "approve", "--data", &founder]).unwrap();
    assert_eq!(voted["state"], "approved", "{voted}");
    assert_eq!(network.state_of(1), "revoked");
    assert_eq!(network.proved_status(certificate), "revoked");
    assert_eq!(network.proved_status(&format!("0x{}", "7".repeat(64))), "unknown");
    assert_eq!(network.member(&["status", certificate]).unwrap()["status"], "revoked");
    assert_eq!(network.member(&["status", certificate, "--height", "0"]).unwrap()["status"], "unknown");
    let again = network.member(&["join", "--key", &key, "--certificate", &file]).unwrap_err();
    assert!(again.contains("MemberIsRevoked"), "{again}");
}
