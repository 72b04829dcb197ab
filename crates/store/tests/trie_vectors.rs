//! The trie against the TrieTests of ethereum/tests. `ETHEREUM_TESTS` names another checkout of that suite.

use alloy_primitives::{B256, Bytes, hex, keccak256};
use serde_json::{Map, Value};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};
use store::trie::{Change, Key, Trie};

#[test]
fn the_trie_tests_of_ethereum_pass() {
    let folder = suite().join("TrieTests");
    let files = files(&folder);
    assert!(!files.is_empty(), "no trie tests in {}", folder.display());
    let cases: usize = files.iter().map(|file| check_file(file)).sum();
    assert!(cases > 0, "the files in {} hold no case", folder.display());
}

fn suite() -> PathBuf {
    let beside_the_workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors/ethereum-tests");
    std::env::var_os("ETHEREUM_TESTS").map_or(beside_the_workspace, PathBuf::from)
}

/// All but `trietestnextprev`, which asks for neighbours of keys and names no root.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| {
        panic!("cannot read {}: {error}; set ETHEREUM_TESTS to the suite's folder", folder.display())
    });
    let paths = entries.map(|entry| entry.expect("the folder can be read").path());
    paths.filter(|path| name(path).ends_with(".json") && !name(path).contains("nextprev")).collect()
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().to_lowercase()
}

/// Tells how many cases the file has.
fn check_file(path: &Path) -> usize {
    let text = fs::read_to_string(path).expect("the file can be read");
    let cases: Map<String, Value> = serde_json::from_str(&text).expect("a trie test is an object of cases");
    let secure = name(path).contains("secure");
    for (case, content) in &cases {
        let what = format!("{} in {}", case, path.display());
        let root: B256 = content["root"].as_str().expect("a root").parse().expect("32 bytes");
        match &content["in"] {
            Value::Array(steps) => check_ordered(
                &steps.iter().map(|step| change(&step[0], &step[1], secure)).collect::<Vec<_>>(),
                root,
                &what,
            ),
            Value::Object(entries) => check_unordered(entries, secure, root, &what),
            other => panic!("{what}: unknown form of input {other}"),
        }
    }
    cases.len()
}

/// Steps one commit each, then all in one commit, where the last word on a key counts.
fn check_ordered(steps: &[Change<Bytes>], root: B256, what: &str) {
    assert_eq!(one_by_one(steps.iter()).root(), root, "{what}, step by step");
    assert_eq!(at_once(steps).root(), root, "{what}, at once");
}

/// Entries in any order: as they stand, backward, and at once.
fn check_unordered(entries: &Map<String, Value>, secure: bool, root: B256, what: &str) {
    let entries: Vec<_> =
        entries.iter().map(|(key, value)| change(&Value::from(key.as_str()), value, secure)).collect();
    check_ordered(&entries, root, what);
    assert_eq!(one_by_one(entries.iter().rev()).root(), root, "{what}, backward");
}

fn one_by_one<'a>(steps: impl Iterator<Item = &'a Change<Bytes>>) -> Trie<Bytes> {
    steps.fold(Trie::default(), |trie, step| trie.commit(std::slice::from_ref(step)))
}

fn at_once(steps: &[Change<Bytes>]) -> Trie<Bytes> {
    let last: BTreeMap<_, _> = steps.iter().cloned().collect();
    Trie::default().commit(&last.into_iter().collect::<Vec<_>>())
}

/// A null or empty value deletes; in secure tries keys are hashed.
fn change(key: &Value, value: &Value, secure: bool) -> Change<Bytes> {
    let key = bytes(key).expect("a key is a string");
    let key = if secure { keccak256(key).into() } else { Key::new(&key).expect("a plain key has at most 32 bytes") };
    (key, bytes(value).filter(|value| !value.is_empty()))
}

/// Hexadecimal after 0x, else the text itself; `None` for null.
fn bytes(value: &Value) -> Option<Bytes> {
    let text = value.as_str()?;
    Some(match text.strip_prefix("0x") {
        Some(digits) => hex::decode(digits).expect("hexadecimal after 0x").into(),
        None => Bytes::copy_from_slice(text.as_bytes()),
    })
}
