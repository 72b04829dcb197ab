//! A ledger goes through a backup file unchanged, and a damaged file is refused.

use tempfile::TempDir;

use super::*;
use crate::{
    Options, Store,
    testing::{TestBlock, TestChain},
};

/// A running ledger with a few blocks.
fn ledger(length: usize) -> (TempDir, Store, Vec<TestBlock>) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (mut chain, genesis) = TestChain::new(60);
    let options = Options { segment_bytes: 10_000, ..Options::default() };
    let store = Store::create(dir.path(), &options, &genesis.record, genesis.change.clone()).expect("created");
    let mut blocks = vec![genesis];
    for _ in 0..length {
        let block = chain.next(5);
        store.append(&block.record, block.change.clone()).expect("appended");
        blocks.push(block);
    }
    (dir, store, blocks)
}

#[test]
fn a_backup_of_a_running_ledger_restores_to_the_same_ledger() {
    let (dir, store, blocks) = ledger(60);
    let (file, target) = (dir.path().join("backup"), dir.path().join("target"));
    let saved = backup(dir.path(), &file).expect("written");
    let last = &blocks[60].record;
    let genesis = blocks[0].record.block.hash();
    assert_eq!(saved, Contents { genesis, blocks: 61, head: last.block.hash(), documents: 0 });
    assert_eq!(restore(&file, &target).expect("restored"), saved);
    let (restored, recovered) = Store::open(&target, &Options::default()).expect("opened");
    assert_eq!(recovered.head, *last);
    assert_eq!(recovered.state.root(), store.record(60).expect("read").expect("there").block.header().state_root);
    for (number, block) in (0..).zip(&blocks) {
        assert_eq!(restored.record(number).expect("read").as_ref(), Some(&block.record));
    }
}

#[test]
fn a_backup_taken_while_blocks_come_is_a_prefix_of_the_ledger() {
    let (dir, store, blocks) = ledger(5);
    let mut chain = TestChain::fork(61, &blocks[5]);
    let later: Vec<_> = (0..300).map(|_| chain.next(5)).collect();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for block in &later {
                store.append(&block.record, block.change.clone()).expect("appended");
            }
        });
        for number in 0..20 {
            let file = dir.path().join(format!("backup-{number}"));
            let saved = backup(dir.path(), &file).expect("written");
            let head = store.block_hash(saved.blocks - 1).expect("read");
            // The last record may be durable a moment before its append returns.
            assert!(head.is_none_or(|head| head == saved.head));
            read_backup(&file, |_| Ok(())).expect("whole");
        }
    });
}

#[test]
fn a_folder_with_a_ledger_and_a_file_that_exists_are_not_overwritten() {
    let (dir, _store, _) = ledger(3);
    let file = dir.path().join("backup");
    backup(dir.path(), &file).expect("written");
    assert!(backup(dir.path(), &file).is_err());
    let other = ledger(1);
    drop(other.1);
    assert!(matches!(restore(&file, other.0.path()), Err(StoreError::AlreadyExists { .. })));
    assert!(matches!(restore(&file, dir.path()), Err(StoreError::DataInUse { .. })));
    let empty = dir.path().join("empty");
    assert!(matches!(backup(&empty, &dir.path().join("other")), Err(StoreError::NoLedger { .. })));
}

#[test]
fn a_backup_with_any_byte_changed_or_missing_is_refused() {
    let (dir, _store, _) = ledger(3);
    let (file, target) = (dir.path().join("backup"), dir.path().join("target"));
    backup(dir.path(), &file).expect("written");
    let whole = fs::read(&file).expect("read");
    let refused = |bytes: &[u8]| {
        fs::write(&file, bytes).expect("written");
        restore(&file, &target).is_err() && !Store::exists(&target).expect("read")
    };
    for at in (0..whole.len()).step_by(7).chain(whole.len() - 32..whole.len()) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        assert!(refused(&bytes), "byte {at}");
        assert!(refused(&whole[..at]), "{at} bytes");
    }
    assert!(refused(&[&whole[..], &[0]].concat()), "a byte more");
}

#[test]
fn documents_go_through_a_backup_and_any_byte_of_them_counts() {
    let (dir, _store, _) = ledger(1);
    let documents = Documents::open(dir.path(), 1 << 20).expect("opened");
    let hashes = [&b""[..], b"{}", &[7; 5_000]].map(|bytes| documents.put(bytes).expect("kept"));
    let (file, target) = (dir.path().join("backup"), dir.path().join("target"));
    assert_eq!(backup(dir.path(), &file).expect("written").documents, 3);
    let whole = fs::read(&file).expect("read");
    let refused = |bytes: &[u8]| {
        fs::write(&file, bytes).expect("written");
        restore(&file, &target).is_err() && !Store::exists(&target).expect("read")
    };
    for at in (whole.len() - 5_300..whole.len()).step_by(11) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        assert!(refused(&bytes), "byte {at}");
        assert!(refused(&whole[..at]), "{at} bytes");
    }
    fs::write(&file, &whole).expect("written");
    assert_eq!(restore(&file, &target).expect("restored").documents, 3);
    let restored = Documents::open(&target, 1 << 20).expect("opened");
    for hash in hashes {
        assert_eq!(restored.get(hash).expect("read"), documents.get(hash).expect("read"));
        assert!(restored.get(hash).expect("read").is_some());
    }
}

#[test]
fn a_backup_without_documents_as_older_programs_wrote_it_is_restored() {
    let (dir, _store, blocks) = ledger(3);
    let (file, target) = (dir.path().join("backup"), dir.path().join("target"));
    backup(dir.path(), &file).expect("written");
    let mut bytes = fs::read(&file).expect("read");
    // Its number, no documents, the end of the documents, blocks and head, the number of documents, the checksum.
    bytes[11] = 1;
    let end = bytes.split_off(bytes.len() - 32 - 40 - 40);
    bytes.extend(&end[32..72]);
    bytes.extend(keccak256(&bytes));
    fs::write(&file, bytes).expect("written");
    let contents = restore(&file, &target).expect("restored");
    assert_eq!((contents.blocks, contents.documents, contents.head), (4, 0, blocks[3].record.block.hash()));
}

#[test]
fn a_restore_that_was_cut_off_can_be_done_again() {
    let (dir, _store, _) = ledger(10);
    let (file, target) = (dir.path().join("backup"), dir.path().join("target"));
    backup(dir.path(), &file).expect("written");
    fs::create_dir_all(target.join("log.restoring")).expect("made");
    fs::write(target.join("log.restoring/00000000.log"), b"part").expect("written");
    assert!(!Store::exists(&target).expect("read"));
    assert_eq!(restore(&file, &target).expect("restored").blocks, 11);
    assert!(Store::exists(&target).expect("read"));
}
