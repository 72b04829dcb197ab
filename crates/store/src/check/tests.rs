//! The verification counts what is there and finds what was changed.

use std::fs;

use tempfile::TempDir;

use super::*;
use crate::{
    Options, Store,
    keys::encode_account,
    testing::{TestBlock, TestChain},
};

/// A closed ledger of 30 blocks after genesis.
fn ledger() -> (TempDir, Vec<TestBlock>) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (mut chain, genesis) = TestChain::new(70);
    let store = Store::create(dir.path(), &Options::default(), &genesis.record, genesis.change.clone()).expect("new");
    let mut blocks = vec![genesis];
    for _ in 0..30 {
        let block = chain.next(5);
        store.append(&block.record, block.change.clone()).expect("appended");
        blocks.push(block);
    }
    store.close().expect("closed");
    (dir, blocks)
}

/// What the verification says after `change` was done behind the store's back.
fn problem(change: impl FnOnce(&Flat, &[TestBlock])) -> String {
    let (dir, blocks) = ledger();
    let flat = Flat::open(&flat_folder(dir.path()), CACHE_BYTES).expect("opened");
    change(&flat, &blocks);
    drop(flat);
    check(dir.path()).expect("verified").problem.expect("a problem")
}

#[test]
fn a_sound_folder_is_counted_and_left_as_it_is() {
    let (dir, blocks) = ledger();
    let report = check(dir.path()).expect("verified");
    let sum = |count: fn(&BlockRecord) -> usize| blocks.iter().map(|block| count(&block.record)).sum::<usize>();
    let expected = [
        blocks.len(),
        sum(|record| record.block.transactions().len()),
        sum(|record| record.receipts.iter().map(|receipt| receipt.logs.len()).sum()),
    ];
    assert_eq!(
        [report.blocks, report.transactions, report.logs].map(|count| usize::try_from(count).unwrap_or(0)),
        expected
    );
    assert_eq!((report.problem, report.flushed, report.torn_bytes), (None, Some(30), 0));
    assert!(report.index_entries > 60);
    Store::open(dir.path(), &Options::default()).expect("still sound");
}

#[test]
fn a_torn_tail_and_a_missing_state_database_are_no_problem() {
    let (dir, _) = ledger();
    fs::remove_dir_all(flat_folder(dir.path())).expect("removed");
    let segment = log_folder(dir.path()).join("00000000.log");
    let bytes = fs::read(&segment).expect("read");
    fs::write(&segment, &bytes[..bytes.len() - 5]).expect("written");
    let report = check(dir.path()).expect("verified");
    assert_eq!((report.problem, report.flushed, report.blocks), (None, None, 30));
    assert!(report.torn_bytes > 0);
    assert_eq!(fs::read(&segment).expect("read").len(), bytes.len() - 5, "nothing was cut");
}

#[test]
fn a_changed_log_is_found() {
    let (dir, _) = ledger();
    let segment = log_folder(dir.path()).join("00000000.log");
    let mut bytes = fs::read(&segment).expect("read");
    bytes[500] ^= 1;
    fs::write(&segment, bytes).expect("written");
    let problem = check(dir.path()).expect("verified").problem.expect("a problem");
    assert!(problem.contains("of the block log is damaged"), "{problem}");
}

#[test]
fn a_changed_state_is_found() {
    let problem = problem(|flat, _| {
        flat.spaces.accounts.insert([9; 32], encode_account(&Default::default())).expect("written");
    });
    assert!(problem.contains("state after block 30 has root"), "{problem}");
}

#[test]
fn a_missing_or_changed_index_entry_is_found() {
    let said = problem(|flat, blocks| {
        let block = &blocks[7].record.block;
        flat.spaces.hashes.remove(block.hash().as_slice()).expect("written");
    });
    assert!(said.contains("an entry of block 7 in `hashes` is missing"), "{said}");
    let said = problem(|flat, _| {
        flat.spaces.blocks.insert(9_u64.to_be_bytes(), [0; 48]).expect("written");
    });
    assert!(said.contains("an entry of block 9 in `blocks` differs from the log"), "{said}");
}

#[test]
fn receipts_that_the_header_does_not_commit_to_are_found() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (mut chain, genesis) = TestChain::new(71);
    let store = Store::create(dir.path(), &Options::default(), &genesis.record, genesis.change).expect("new");
    let mut block = chain.next(5);
    std::sync::Arc::make_mut(&mut block.record.receipts).iter_mut().for_each(|receipt| receipt.success = false);
    assert!(!block.record.receipts.is_empty(), "the seed gives the block a transaction");
    store.append(&block.record, block.change).expect("appended");
    store.close().expect("closed");
    let problem = check(dir.path()).expect("verified").problem.expect("a problem");
    assert!(problem.contains("the receipts of block 1 are not those"), "{problem}");
}

#[test]
fn a_running_node_and_an_empty_folder_cannot_be_verified() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    assert!(matches!(check(&dir.path().join("absent")), Err(StoreError::NoLedger { .. })));
    let (_, genesis) = TestChain::new(72);
    let _store = Store::create(dir.path(), &Options::default(), &genesis.record, genesis.change).expect("new");
    assert!(matches!(check(dir.path()), Err(StoreError::DataInUse { .. })));
}

#[test]
fn documents_are_counted_and_a_damaged_one_is_found() {
    let (dir, _) = ledger();
    let documents = crate::Documents::open(dir.path(), 1 << 20).expect("opened");
    documents.put(b"{}").expect("kept");
    let hash = documents.put(b"four").expect("kept");
    let report = check(dir.path()).expect("verified");
    assert_eq!((report.problem, report.documents), (None, Counted { documents: 2, bytes: 6 }));
    let name = alloy_primitives::hex::encode(hash);
    fs::write(dir.path().join("documents").join(&name[..2]).join(name), b"five").expect("written");
    let problem = check(dir.path()).expect("verified").problem.expect("a problem");
    assert!(problem.contains(&format!("document {hash} is damaged")), "{problem}");
}
