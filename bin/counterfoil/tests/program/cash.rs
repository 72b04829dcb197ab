//! `counterfoil cash` against a real node: the till of a shop, from the first euro to a captured hold.

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
};

use serde_json::Value;

use crate::running::{PROGRAM, Running, error_of, run};

/// Development accounts 0 (the governor of a development chain) and 1.
const GOVERNOR: &str = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
const SHOPPER: &str = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";
const SHOPPER_ACCOUNT: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const SHOP: &str = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC";
/// The year 2100.
const LATE: &str = "4102444800";

struct Till<'a> {
    folder: &'a Path,
    url: String,
}

impl Till<'_> {
    fn run(&self, arguments: &[&str], key: &str, input: &str) -> Output {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).env("COUNTERFOIL_KEYSTORE", self.folder.join("keys"));
        command.env("COUNTERFOIL_PASSPHRASE_FILE", self.folder.join("passphrase"));
        command.env("COUNTERFOIL_RPC", &self.url).env("COUNTERFOIL_KEY", key);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // The program may refuse before it reads.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    }

    fn cash(&self, key: &str, arguments: &[&str]) -> Value {
        let output = self.run(&[&["cash"], arguments, &["--json"]].concat(), key, "");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn refused(&self, key: &str, arguments: &[&str]) -> String {
        error_of(&self.run(&[&["cash"], arguments].concat(), key, ""))
    }

    fn available(&self, account: &str) -> String {
        self.cash("governor", &["balance", "EUR", account])["available"].as_str().unwrap().to_owned()
    }
}

#[test]
fn a_shopper_pays_in_two_steps() {
    let folder = tempfile::tempdir().unwrap();
    let node = Running::dev(&folder.path().join("data"));
    fs::write(folder.path().join("passphrase"), "correct horse\n").unwrap();
    let till = Till { folder: folder.path(), url: node.url() };
    for (name, secret) in [("governor", GOVERNOR), ("shopper", SHOPPER)] {
        assert!(till.run(&["key", "import", name], name, secret).status.success());
    }

    let issuer = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
    let created = till.cash("governor", &["create", "EUR", "--issuer", issuer]);
    assert_eq!(created["currency"], "0xC0f0110000000000000000000200000000455552".to_owned());
    till.cash("governor", &["mint", "EUR", "--amount", "100", "--to", SHOPPER_ACCOUNT, "--reference", "first money"]);
    assert_eq!(till.available(SHOPPER_ACCOUNT), "10000");

    let hold =
        ["hold", "EUR", "--amount", "12.50", "--id", "order 17", "--to", SHOP, "--expiry", LATE, "--reference", "17"];
    till.cash("shopper", &hold);
    till.cash("shopper", &hold);
    assert_eq!(till.available(SHOPPER_ACCOUNT), "8750", "a retry holds nothing more");
    let capture = ["capture", "EUR", "--amount", "12", "--id", "order 17", "--reference", "shipped", "--final"];
    till.cash("shopper", &capture);
    assert_eq!([till.available(SHOP), till.available(SHOPPER_ACCOUNT)], ["1200", "8800"]);
    assert_eq!(till.cash("shopper", &["status", "EUR", "--id", "order 17"])["state"], "captured");

    let error = till.refused("shopper", &["transfer", "EUR", "--amount", "88.01", "--to", SHOP]);
    assert!(error.contains("refused: ERC20InsufficientBalance(sender: 0x7099"), "{error}");
    let error = till.refused("shopper", &["mint", "EUR", "--amount", "1", "--to", SHOP, "--reference", "x"]);
    assert!(error.contains("refused: NotIssuer"), "{error}");
    let error = till.refused("shopper", &["transfer", "CHF", "--amount", "1", "--to", SHOP]);
    assert!(error.contains("no currency CHF"), "{error}");
    let list = till.run(&["cash", "list"], "governor", "");
    assert!(String::from_utf8_lossy(&list.stdout).contains("supply 100.00"));
    assert!(node.stop("-TERM").success());
}

#[test]
fn a_network_of_ones_own_gets_its_governor_from_the_sole_member() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let data_path = data.to_str().unwrap();
    assert!(run(&["genesis", "new", "--data", data_path, "--chain-id", "4711"]).status.success());
    let mut command = Command::new(PROGRAM);
    let node = Running::start(command.args(["node", "--data", data_path]));
    fs::write(folder.path().join("passphrase"), "correct horse\n").unwrap();
    let till = Till { folder: folder.path(), url: node.url() };
    assert!(till.run(&["key", "import", "shopper"], "shopper", SHOPPER).status.success());
    let create = ["create", "EUR", "--issuer", SHOPPER_ACCOUNT];
    assert!(till.refused("shopper", &create).contains("refused: NotGovernor"));

    let appoint = ["network", "governor", SHOPPER_ACCOUNT, "--data", data_path, "--rpc", &node.url()];
    let output = run(&appoint);
    assert!(output.status.success(), "{output:?}");
    till.cash("shopper", &create);
    let stranger = folder.path().join("stranger.key");
    fs::write(&stranger, "11".repeat(32)).unwrap();
    let by_stranger = ["network", "governor", SHOP, "--key", stranger.to_str().unwrap(), "--rpc", &node.url()];
    assert!(error_of(&run(&by_stranger)).contains("is not the only member's"));
}
