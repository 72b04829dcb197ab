//! House rules as tests: the map names every crate, files say what they are for, arrows point down, nothing is left over.
//!
//! Run with the other tests. The rules are those of ARCHITECTURE.md and of its dependency table; each failure names the
//! file and what to do.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use crate::workspace::{output, root};

/// Who may depend on whom, in dev-dependencies too. A crate that is not here may depend on none of ours.
const ALLOWED: [(&str, &[&str]); 13] = [
    ("primitives", &[]),
    ("proof", &["primitives"]),
    ("contracts", &["primitives"]),
    ("evm", &["primitives", "contracts"]),
    ("store", &["primitives"]),
    ("consensus", &["primitives"]),
    ("chain", &["primitives", "proof", "contracts", "evm", "store", "consensus"]),
    ("payments", &["primitives", "contracts"]),
    ("vault", &["primitives", "payments"]),
    ("gateway", &["primitives", "proof", "contracts", "evm", "store", "consensus", "chain", "payments", "vault"]),
    (
        "counterfoil",
        &["primitives", "proof", "contracts", "evm", "store", "consensus", "chain", "payments", "vault", "gateway"],
    ),
    ("sim", &["primitives", "proof", "contracts", "evm", "store", "consensus", "chain"]),
    ("xtask", &[]),
];

/// Edges that only tests have: Ethereum's state tests compare the roots that our executor and our trie make together; the tests of the
/// engines switch their simulator on.
const ALLOWED_IN_TESTS: [(&str, &str); 2] = [("evm", "store"), ("consensus", "consensus")];

const LINES_MAX: usize = 700;

#[test]
fn the_map_names_every_crate() {
    let map = read("ARCHITECTURE.md");
    let names = |name: &String| map.contains(&format!("`{name}`")) || map.contains(&format!("/{name}"));
    check(crates().into_keys().filter(|name| !names(name)), "is missing from ARCHITECTURE.md");
}

#[test]
fn every_source_file_begins_by_saying_what_it_is_for() {
    let silent = rust_files().into_iter().filter(|file| {
        let text = read(file);
        let header = if file.ends_with("build.rs") { "//" } else { "//!" };
        !text.starts_with(header)
    });
    check(silent, "has no header comment");
}

#[test]
fn dependencies_point_down_only() {
    let crates = crates();
    let mut wrong = Vec::new();
    for (name, manifest) in &crates {
        for (table, dependency) in dependencies(manifest) {
            if crates.contains_key(&dependency) && !may_depend(name, &table, &dependency) {
                wrong.push(format!("{name} -> {dependency} ({table})"));
            }
        }
    }
    check(wrong.into_iter(), "is no allowed dependency: see ALLOWED in xtask/src/tidy.rs");
}

#[test]
fn the_table_of_dependencies_has_every_crate() {
    let known: Vec<_> = ALLOWED.iter().map(|(name, _)| *name).collect();
    check(crates().keys().filter(|name| !known.contains(&name.as_str())), "is not in ALLOWED of xtask/src/tidy.rs");
}

#[test]
fn no_file_is_longer_than_one_subject() {
    let long = rust_files().into_iter().filter(|file| !is_test(file) && read(file).lines().count() > LINES_MAX);
    check(long, "has more than 700 lines: find its two subjects");
}

#[test]
fn nothing_is_left_over() {
    // Put together here, so that this file does not hold them.
    let marks = [["TO", "DO"], ["FIX", "ME"], ["todo", "!("], ["unimplemented", "!("], ["/wo", "rk/"], ["/ro", "ot/"]];
    let marks: Vec<_> = marks.iter().map(|halves| halves.concat()).collect();
    let found = tracked_files().into_iter().filter_map(|file| {
        let bytes = fs::read(root().join(&file)).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        let mark = marks.iter().find(|mark| holds_word(&text, mark))?;
        Some(format!("{file}: {mark}"))
    });
    check(found, "must not be in a tracked file");
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    let lax = crates().into_iter().filter(|(_, manifest)| {
        let takes = manifest.get("lints").and_then(|lints| lints.get("workspace"));
        takes.and_then(toml::Value::as_bool) != Some(true)
    });
    check(lax.map(|(name, _)| name), "has no `lints.workspace = true`");
}

fn may_depend(name: &str, table: &str, dependency: &str) -> bool {
    let allowed = ALLOWED.iter().any(|(from, to)| *from == name && to.contains(&dependency));
    allowed || (table == "dev-dependencies" && ALLOWED_IN_TESTS.contains(&(name, dependency)))
}

/// Each package of the workspace with its manifest.
fn crates() -> BTreeMap<String, toml::Table> {
    let manifests = tracked_files().into_iter().filter(|file| file.ends_with("/Cargo.toml"));
    let parsed = manifests.map(|file| read(&file).parse::<toml::Table>().expect("cargo reads it too"));
    let named =
        parsed.filter_map(|manifest| Some((manifest.get("package")?.get("name")?.as_str()?.to_owned(), manifest)));
    named.filter(|(_, manifest)| !manifest.contains_key("workspace")).collect()
}

/// The table and the name of each dependency, of every target too.
fn dependencies(manifest: &toml::Table) -> Vec<(String, String)> {
    let targets = manifest.get("target").and_then(toml::Value::as_table);
    let of_targets = targets.into_iter().flat_map(|targets| targets.values()).filter_map(toml::Value::as_table);
    [manifest]
        .into_iter()
        .chain(of_targets)
        .flat_map(|tables| TABLES.iter().filter_map(|table| Some((*table, tables.get(*table)?.as_table()?))))
        .flat_map(|(table, entries)| entries.iter().map(move |(key, value)| (table.to_owned(), package(key, value))))
        .collect()
}

/// A dependency may be renamed; what counts is the package.
fn package(key: &str, value: &toml::Value) -> String {
    value.get("package").and_then(toml::Value::as_str).unwrap_or(key).to_owned()
}

/// Whether the mark begins a word in the text: four letters within a checksum mean nothing.
fn holds_word(text: &str, mark: &str) -> bool {
    text.match_indices(mark).any(|(start, _)| {
        let before = text[..start].chars().next_back();
        !before.is_some_and(|character| character.is_alphanumeric() || character == '+')
    })
}

fn is_test(file: &str) -> bool {
    file.ends_with("tests.rs") || file.split('/').any(|part| ["tests", "benches", "fuzz"].contains(&part))
}

fn rust_files() -> Vec<String> {
    tracked_files().into_iter().filter(|file| file.ends_with(".rs")).collect()
}

/// What git knows of, and what it would add: a new file is checked before its first commit. A deleted one is not.
fn tracked_files() -> Vec<String> {
    let mut list = Command::new("git");
    list.args(["ls-files", "--cached", "--others", "--exclude-standard"]);
    let listed = output(list.current_dir(root())).expect("the sources are a git work tree");
    let files = listed.lines().map(str::to_owned);
    files.filter(|file| root().join(file).is_file()).collect()
}

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn check(found: impl Iterator<Item = impl ToString>, rule: &str) {
    let found: Vec<_> = found.map(|name| format!("{} {rule}", name.to_string())).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

const TABLES: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];
