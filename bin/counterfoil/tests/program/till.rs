//! People with keys at a development node: what the stories of `cash` and `token` have in common.

use std::{
    fs,
    io::Write,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

use crate::running::{PROGRAM, Running, error_of};

/// Development account 0, the governor of a development chain's money.
pub(crate) const GOVERNOR: Person = Person {
    name: "governor",
    secret: "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
    account: "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
};
/// Development account 1.
pub(crate) const SHOPPER: Person = Person {
    name: "shopper",
    secret: "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
    account: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
};
/// Development account 2.
pub(crate) const FRIEND: Person = Person {
    name: "friend",
    secret: "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
    account: "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
};
/// The year 2100.
pub(crate) const LATE: &str = "4102444800";

/// Somebody with a key.
pub(crate) struct Person {
    pub(crate) name: &'static str,
    secret: &'static str,
    pub(crate) account: &'static str,
}

/// A development node, and a folder with everybody's keys.
pub(crate) struct Till {
    folder: TempDir,
    pub(crate) node: Running,
}

impl Till {
    /// At a development chain.
    pub(crate) fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let node = Running::dev(&folder.path().join("data"));
        Self::at(folder, node)
    }

    /// At the chain of `data` in this folder.
    pub(crate) fn at(folder: TempDir, node: Running) -> Self {
        fs::write(folder.path().join("passphrase"), "correct horse\n").unwrap();
        let till = Self { folder, node };
        for person in [GOVERNOR, SHOPPER, FRIEND] {
            assert!(till.run(&person, &["key", "import", person.name], person.secret).status.success());
        }
        till
    }

    /// A file in the folder.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs the program in somebody's name.
    pub(crate) fn run(&self, person: &Person, arguments: &[&str], input: &str) -> Output {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).env("COUNTERFOIL_KEYSTORE", self.file("keys")).current_dir(&self.folder);
        command.env("COUNTERFOIL_PASSPHRASE_FILE", self.file("passphrase"));
        command.env("COUNTERFOIL_RPC", self.node.url()).env("COUNTERFOIL_SIGNER", person.name);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // The program may refuse before it reads.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    }

    /// What machines are told.
    pub(crate) fn json(&self, person: &Person, arguments: &[&str]) -> Value {
        let output = self.run(person, &[arguments, &["--json"]].concat(), "");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// What people are told.
    pub(crate) fn text(&self, person: &Person, arguments: &[&str]) -> String {
        let output = self.run(person, arguments, "");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// The one line that says why not.
    pub(crate) fn refused(&self, person: &Person, arguments: &[&str]) -> String {
        let error = error_of(&self.run(person, arguments, ""));
        assert_eq!(error.trim_end().lines().count(), 1, "{error}");
        error
    }
}
