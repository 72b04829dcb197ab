//! `counterfoil member` against a network of one: a second node asks with its own certificate, is voted in, and is revoked again;
//! members renew.

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

    fn row_of(&self, index: usize) -> Value {
        self.member(&["list"]).unwrap()["members"][index].take()
    }

    fn state_of(&self, index: usize) -> String {
        self.row_of(index)["state"].as_str().unwrap().into()
    }

    /// Makes a certificate, with more flags if there are any, and says in which file it is.
    fn certificate(&self, name: &str, address: &str, more: &[&str]) -> String {
        let file = self.path(&format!("{}.der", address.replace(':', "-")));
        let flags = ["member", "certificate", "--name", name, "--address", address, "-o", &file];
        let made = run(&[&flags, more].concat());
        assert!(made.status.success(), "{}", error_of(&made));
        file
    }

    fn status_of(&self, renewed: &Value, field: &str) -> Value {
        self.member(&["status", renewed[field].as_str().unwrap()]).unwrap()["status"].take()
    }
}

#[test]
fn a_second_node_is_voted_in_and_revoked() {
    let network = Network::start();
    let (founder, key) = (network.path("founder"), network.path("applicant.key"));
    let file = network.certificate("Bank", "node.bank.example:30303", &["--key", &key]);

    let via = network.node.url();
    let join = ["join", "--key", &key, "--certificate", &file, "--weight", "5", "--via", &via];
    let asked = network.member(&join).unwrap();
    assert_eq!(asked["request"], 1, "{asked}");
    let certificate = asked["certificate"].as_str().unwrap();
    let open = network.member(&["requests"]).unwrap()["requests"][0].take();
    assert_eq!((&open["state"], &open["weight"]), (&json!("open"), &json!(5)));
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

#[test]
fn a_member_of_genesis_brings_a_certificate_and_renews_it() {
    let network = Network::start();
    let founder = network.path("founder");
    let renew = |file: &str| network.member(&["renew", "--data", &founder, "--certificate", file]);
    let make = |address: &str| network.certificate("Founder", address, &["--data", &founder]);

    let first = renew(&make("one.example:1")).unwrap();
    assert_eq!(first["before"], format!("0x{}", "0".repeat(64)), "{first}");
    assert_eq!(network.row_of(0)["address"], "one.example:1");

    let second = renew(&make("two.example:2")).unwrap();
    assert_eq!(second["before"], first["certificate"], "{second}");
    assert!(second["overlapUntil"].as_u64().unwrap() > 0, "{second}");
    assert_eq!(network.row_of(0)["address"], "two.example:2");
    assert_eq!(network.row_of(0)["certificate"], second["certificate"]);
    // Both, until the overlap ends.
    assert_eq!(network.status_of(&second, "before"), "valid");
    assert_eq!(network.status_of(&second, "certificate"), "valid");

    let third = renew(&make("three.example:3")).unwrap_err();
    assert!(third.contains("OverlapRuns"), "{third}");
    let stranger = network.member(&["renew", "--key", &network.path("applicant.key"), "--certificate", "none.der"]);
    assert!(stranger.unwrap_err().contains("UnknownMember"));
}

#[test]
fn a_node_joins_and_renews_with_p256_certificates() {
    let network = Network::start();
    let (founder, key, pem) = (network.path("founder"), network.path("applicant.key"), network.path("certificate.pem"));
    let kind = ["--key", &key, "--kind", "p256", "--certificate-key", &pem];
    let file = network.certificate("Bank", "one.example:1", &kind);
    assert!(fs::read_to_string(&pem).unwrap().starts_with("-----BEGIN PRIVATE KEY-----"));

    let unproved = network.member(&["join", "--key", &key, "--certificate", &file]).unwrap_err();
    assert!(unproved.contains("InvalidPossession"), "{unproved}");
    let proved = |verb: &str, file: &str| {
        network.member(&[verb, "--key", &key, "--certificate", file, "--certificate-key", &pem])
    };
    let asked = proved("join", &file).unwrap();
    assert_eq!(asked["request"], 1, "{asked}");
    let voted = network.member(&["vote", "1", "approve", "--data", &founder]).unwrap();
    assert_eq!(voted["state"], "approved", "{voted}");

    let renewed = proved("renew", &network.certificate("Bank", "two.example:2", &kind)).unwrap();
    assert_eq!(renewed["before"], asked["certificate"], "{renewed}");
    assert_eq!(network.row_of(1)["certificate"], renewed["certificate"]);
    let other = proved("renew", &network.certificate("Another bank", "three.example:3", &kind)).unwrap_err();
    assert!(other.contains("SubjectIsFixed") || other.contains("OverlapRuns"), "{other}");
}
