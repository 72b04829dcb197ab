//! `counterfoil key`: what people and machines see of it.

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
};

use crate::running::{PROGRAM, error_of};

/// The first development account.
const SECRET: &str = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
const ADDRESS: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";

fn key(folder: &Path, arguments: &[&str], input: &str) -> Output {
    fs::write(folder.join("passphrase"), "correct horse\n").unwrap();
    let mut command = Command::new(PROGRAM);
    command.arg("key").args(arguments).env("COUNTERFOIL_KEYSTORE", folder.join("keys"));
    command.env("COUNTERFOIL_PASSPHRASE_FILE", folder.join("passphrase"));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // The program may refuse before it reads.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn text(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn an_imported_key_is_listed_with_its_account_and_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    let imported = text(&key(folder.path(), &["import", "treasury", "--json"], SECRET));
    assert!(imported.contains(ADDRESS), "{imported}");
    let made = text(&key(folder.path(), &["new", "till"], ""));
    assert!(made.starts_with("till  0x"), "{made}");
    let listed = text(&key(folder.path(), &["list"], ""));
    assert_eq!(listed, format!("{made}treasury  {ADDRESS}\n").replace("till  ", "till      "));
    let json: serde_json::Value = serde_json::from_str(&text(&key(folder.path(), &["list", "--json"], ""))).unwrap();
    assert_eq!(json["keys"][1]["name"], "treasury");
    let kept = fs::read_to_string(folder.path().join("keys/treasury.json")).unwrap();
    assert!(!kept.contains(SECRET.trim_start_matches("0x")), "{kept}");
}

#[test]
fn what_is_no_key_is_refused_without_being_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let error = error_of(&key(folder.path(), &["import", "treasury"], "0xabcdef"));
    assert!(error.contains("32 bytes") && !error.contains("abcdef"), "{error}");
}
