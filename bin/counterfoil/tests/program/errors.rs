//! What goes wrong is said in one line, with what to do, and an exit code other than 0.

use std::{fs, net::TcpListener, process::Command};

use crate::running::{PROGRAM, Running, error_of, run};

fn node(folder: &std::path::Path, more: &[&str]) -> String {
    let output = Command::new(PROGRAM).args(["node", "--dev", "--data"]).arg(folder).args(more).output().unwrap();
    let error = error_of(&output);
    assert_eq!(error.trim_end().lines().count(), 1, "{error}");
    error
}

#[test]
fn an_unknown_flag_is_named() {
    let error = error_of(&run(&["node", "--dev", "--frobnicate"]));
    assert!(error.contains("--frobnicate"), "{error}");
}

#[test]
fn a_node_without_a_folder_is_told_to_name_one() {
    let error = error_of(&run(&["node"]));
    assert!(error.contains("--data"), "{error}");
}

#[test]
fn a_port_in_use_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let error = node(folder.path(), &["--http", &address, "--log", "error"]);
    assert!(error.contains(&address) && error.contains("in use"), "{error}");
}

#[test]
fn a_second_process_on_one_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let first = Running::dev(folder.path());
    let error = node(folder.path(), &["--http", "127.0.0.1:0", "--log", "error"]);
    assert!(error.contains("in use by another process"), "{error}");
    let error = node(folder.path(), &["--http", "127.0.0.1:0", "--log", "error", "--reset"]);
    assert!(error.contains("in use by another process"), "{error}");
    assert!(first.stop("-TERM").success());
}

#[test]
fn a_folder_of_another_genesis_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    Running::dev(folder.path()).stop("-TERM");
    let other = tempfile::tempdir().unwrap();
    let path = other.path().to_str().unwrap();
    assert!(run(&["genesis", "new", "--data", path, "--chain-id", "5"]).status.success());
    let genesis = other.path().join("genesis.json");
    let key = other.path().join("node.key");
    let output = Command::new(PROGRAM)
        .args(["node", "--log", "error", "--data"])
        .arg(folder.path())
        .arg("--genesis")
        .arg(genesis)
        .arg("--key")
        .arg(key)
        .output()
        .unwrap();
    let error = error_of(&output);
    assert!(error.contains("belongs to the ledger with genesis"), "{error}");
}

#[test]
fn a_folder_with_other_things_in_it_is_not_wiped() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("thesis.txt"), "years of work").unwrap();
    let error = node(folder.path(), &["--reset"]);
    assert!(error.contains("not wiped"), "{error}");
    assert!(folder.path().join("thesis.txt").exists());
}

#[test]
fn a_key_outside_the_committee_may_not_run_the_ledger_alone() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let make = |folder: &tempfile::TempDir| {
        run(&["genesis", "new", "--data", folder.path().to_str().unwrap(), "--chain-id", "5"])
    };
    assert!(make(&folder).status.success() && make(&other).status.success());
    fs::copy(other.path().join("node.key"), folder.path().join("node.key")).unwrap();
    let output = run(&["node", "--log", "error", "--data", folder.path().to_str().unwrap()]);
    let error = error_of(&output);
    assert!(error.contains("is not alone in the committee"), "{error}");
}

#[test]
fn a_broken_config_file_is_named_with_the_key_at_fault() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("node.toml");
    fs::write(&file, "htpp = \"127.0.0.1:1\"").unwrap();
    let error = node(folder.path(), &["--config", file.to_str().unwrap()]);
    assert!(error.contains("node.toml") && error.contains("htpp"), "{error}");
}
