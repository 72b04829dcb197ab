//! Judge: the state tests and transaction tests of ethereum/tests, run with this ledger's executor, trie and decoder.
//! State tests for every fork from Cancun on, through the same `Execution` that `execute_block` drives; transaction tests for
//! every fork from Berlin on. `ETHEREUM_TESTS` names the folder that holds `GeneralStateTests` and `TransactionTests`;
//! without it the folder shared with the workspace is taken. A folder that is not there is a failure.

use std::path::{Path, PathBuf};

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
    files::judge(&folder("GeneralStateTests"), state_test::judge);
}

#[test]
fn transaction_tests_are_decoded_or_refused_as_expected() {
    files::judge(&folder("TransactionTests"), transaction_test::judge);
}

fn folder(name: &str) -> PathBuf {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors/ethereum-tests");
    let root = std::env::var_os("ETHEREUM_TESTS").map_or(default, PathBuf::from);
    root.join(name)
}
