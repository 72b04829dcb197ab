//! Judge: the state tests and transaction tests of ethereum/tests, run with this ledger's executor, trie and decoder.
//! State tests for every fork from Cancun on, through the same `Execution` that `execute_block` drives; transaction tests for
//! every fork from Berlin on. `ETHEREUM_TESTS` names the folder that holds `GeneralStateTests` and `TransactionTests`, of which
//! it may lack one; without it the folder shared with the workspace is taken, with both. No folder or nothing to judge in it is
//! a failure.

use std::path::{Path, PathBuf};

use files::Case;
use serde_json::Value;

#[path = "ethereum/fields.rs"]
mod fields;
#[path = "ethereum/files.rs"]
mod files;
#[path = "ethereum/state_test.rs"]
mod state_test;
#[path = "ethereum/transaction.rs"]
mod transaction;
#[path = "ethereum/transaction_test.rs"]
mod transaction_test;
mod world;

#[test]
fn general_state_tests_end_in_the_expected_states() {
    judge("GeneralStateTests", state_test::judge);
}

#[test]
fn transaction_tests_are_decoded_or_refused_as_expected() {
    judge("TransactionTests", transaction_test::judge);
}

const KINDS: [&str; 2] = ["GeneralStateTests", "TransactionTests"];

fn judge(kind: &str, judge_test: fn(&Value) -> Vec<Case>) {
    let given = std::env::var_os("ETHEREUM_TESTS").map(PathBuf::from);
    let is_partial = given.as_ref().is_some_and(|root| KINDS.iter().any(|kind| root.join(kind).is_dir()));
    let root = given.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join(SHARED));
    let folder = root.join(kind);
    if is_partial && !folder.is_dir() {
        println!("{} holds no {kind}", root.display());
        return;
    }
    files::judge(&folder, judge_test);
}

/// Beside the workspace.
const SHARED: &str = "../../../shared/vectors/ethereum-tests";
