//! Starts after everything that can happen to a data folder: power cuts, lost flushes, damage, interrupted creation.

use std::fs;

use rand::{Rng, SeedableRng, rngs::StdRng};

use super::*;
use crate::faults::FaultDisk;

fn copy_folder(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    fs::create_dir_all(to).expect("made");
    for entry in fs::read_dir(from).expect("listed") {
        let entry = entry.expect("listed");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("known").is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            // Journals are mostly zeros put there in advance.
            let bytes = fs::read(entry.path()).expect("read");
            let used = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
            let journal = target.extension().is_some_and(|name| name == "jnl");
            fs::write(target, if journal { &bytes[..used] } else { &bytes }).expect("copied");
        }
    }
}

/// The journals of the state database, oldest first.
fn journals(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(flat_folder(dir)).expect("listed").map(|entry| entry.expect("listed").path());
    let mut journals: Vec<_> = entries.filter(|path| path.extension().is_some_and(|name| name == "jnl")).collect();
    journals.sort();
    journals
}

/// Files of the tables of every keyspace.
fn tables(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("listed").map(|entry| entry.expect("listed").path()) {
        if entry.is_dir() && entry.ends_with("tables") {
            found.extend(fs::read_dir(entry).expect("listed").map(|entry| entry.expect("listed").path()));
        } else if entry.is_dir() {
            found.extend(tables(&entry));
        }
    }
    found
}

#[test]
fn flushes_that_were_lost_are_replayed_from_the_log() {
    for (seed, flushed, lost) in [(30, 0, 1), (31, 3, 2), (32, 20, 30), (33, 5, 200)] {
        let mut ledger = Ledger::new(seed, flushed, small());
        ledger.close();
        let (old, flat) = (ledger.dir.path().join("old"), flat_folder(ledger.dir.path()));
        copy_folder(&flat, &old);
        ledger.open();
        ledger.grow(lost);
        ledger.close();
        copy_folder(&old, &flat);
        let recovered = ledger.open();
        ledger.check_recovered(&recovered);
        ledger.check_reads();
        ledger.grow(3);
        ledger.close();
        let recovered = ledger.open();
        ledger.check_recovered(&recovered);
    }
}

#[test]
fn a_journal_of_the_state_database_cut_anywhere_costs_nothing_but_replay() {
    let mut random = StdRng::seed_from_u64(34);
    let mut ledger = Ledger::new(34, 60, small());
    ledger.store().flush().expect("flushed");
    ledger.close();
    let (whole, flat) = (ledger.dir.path().join("whole"), flat_folder(ledger.dir.path()));
    copy_folder(&flat, &whole);
    for _ in 0..20 {
        copy_folder(&whole, &flat);
        let journal = journals(ledger.dir.path()).pop().expect("a journal");
        let bytes = fs::read(&journal).expect("read");
        let used = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        fs::write(&journal, &bytes[..random.random_range(0..used)]).expect("written");
        let recovered = ledger.open();
        ledger.check_recovered(&recovered);
        ledger.check_reads();
        ledger.close();
    }
}

#[test]
fn a_lost_state_database_is_rebuilt_from_the_log() {
    let mut ledger = Ledger::new(35, 100, small());
    ledger.close();
    fs::remove_dir_all(flat_folder(ledger.dir.path())).expect("removed");
    let recovered = ledger.open();
    ledger.check_recovered(&recovered);
    ledger.check_reads();
    for (number, block) in (0..).zip(&ledger.blocks) {
        let then = ledger.store().state_at(number).expect("kept");
        for address in (0..ADDRESSES).map(address) {
            assert_eq!(then.account(address).expect("read"), block.state.account(address));
        }
    }
}

#[test]
fn a_damaged_state_database_is_rebuilt_from_the_log() {
    let mut ledger = Ledger::new(36, 30, small());
    ledger.store().flush().expect("flushed");
    let accounts = ledger.store().flat.spaces.accounts.clone();
    accounts.rotate_memtable_and_wait().expect("in a table");
    let table_folder = accounts.path().to_owned();
    drop(accounts);
    ledger.close();
    let (whole, flat) = (ledger.dir.path().join("whole"), flat_folder(ledger.dir.path()));
    copy_folder(&flat, &whole);
    let mut random = StdRng::seed_from_u64(36);
    for damaged in [journals(ledger.dir.path()), tables(&table_folder)].concat() {
        let mut bytes = fs::read(whole.join(damaged.strip_prefix(&flat).expect("inside"))).expect("read");
        let used = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        bytes[random.random_range(0..used)] ^= 0x40;
        copy_folder(&whole, &flat);
        fs::write(&damaged, bytes).expect("written");
        let recovered = ledger.open();
        ledger.check_recovered(&recovered);
        ledger.check_reads();
        ledger.close();
    }
}

#[test]
fn a_state_database_that_fails_ends_the_store_instead_of_holding_it() {
    let mut ledger = Ledger::new(36, 5, small());
    ledger.store().flush().expect("flushed");
    let accounts = ledger.store().flat.spaces.accounts.clone();
    fs::remove_dir_all(flat_folder(ledger.dir.path())).expect("removed");
    accounts.rotate_memtable().expect("queued for a table that cannot be written");
    drop(accounts);
    let closed = ledger.store.take().expect("open").close();
    assert!(matches!(closed, Err(StoreError::Stopped { .. })), "{closed:?}");
    let recovered = ledger.open();
    ledger.check_recovered(&recovered);
}

#[test]
fn a_state_database_of_another_version_is_refused_and_kept() {
    let mut ledger = Ledger::new(36, 3, small());
    ledger.close();
    let flat = Flat::open(&flat_folder(ledger.dir.path()), 1 << 20).expect("opened");
    flat.spaces.meta.insert("format", 9_u32.to_be_bytes()).expect("written");
    drop(flat);
    let error = ledger.open_error();
    assert!(matches!(error, StoreError::Format { found: 9, supported: 1, .. }), "{error}");
}

#[test]
fn a_state_that_is_not_the_one_in_the_header_is_refused() {
    let mut ledger = Ledger::new(37, 30, small());
    ledger.store().flush().expect("flushed");
    let flat = ledger.store().flat.clone();
    flat.spaces.accounts.insert([7; 32], crate::keys::encode_account(&Default::default())).expect("written");
    drop(flat);
    ledger.close();
    let error = ledger.open_error();
    assert!(matches!(error, StoreError::RootMismatch { number: 23, .. }), "{error}");
    fs::remove_dir_all(flat_folder(ledger.dir.path())).expect("the remedy that the error names");
    let recovered = ledger.open();
    ledger.check_recovered(&recovered);
}

#[test]
fn a_log_that_lost_what_was_flushed_is_refused() {
    let mut ledger = Ledger::new(38, 30, Options { segment_bytes: 1 << 20, ..small() });
    ledger.close();
    let segment = log_folder(ledger.dir.path()).join("00000000.log");
    let bytes = fs::read(&segment).expect("read");
    fs::write(&segment, &bytes[..bytes.len() - 10]).expect("written");
    let error = ledger.open_error().to_string();
    assert!(error.contains("the block log no longer holds block 30, which was flushed"), "{error}");
}

#[test]
fn a_record_that_does_not_follow_or_cannot_be_read_is_refused() {
    let refused = |write: fn(&Ledger, &mut Vec<u8>)| {
        let mut ledger = Ledger::new(38, 5, small());
        ledger.store().log.append(|out| write(&ledger, out)).expect("appended");
        ledger.close();
        ledger.open_error().to_string()
    };
    let error = refused(|_, out| out.extend_from_slice(b"no record"));
    assert!(error.contains("the record of block 6 cannot be read"), "{error}");
    let error = refused(|ledger, out| TestChain::fork(1, &ledger.blocks[4]).next(2).record.encode(out));
    assert!(error.contains("the block log holds block 5 where block 6 should be"), "{error}");
    let error = refused(|_, out| {
        let (mut other, _) = TestChain::new(99);
        std::iter::repeat_with(|| other.next(1)).nth(5).expect("endless").record.encode(out);
    });
    assert!(error.contains("block 6 in the block log does not follow the block before it"), "{error}");
}

#[test]
fn a_failed_sync_ends_all_appending() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let disk = FaultDisk::default();
    let (mut chain, genesis) = TestChain::new(39);
    let store = Store::create_on(Arc::new(disk.clone()), dir.path(), &small(), &genesis.record, genesis.change);
    let store = store.expect("created");
    let block = chain.next(3);
    disk.fail_next_sync();
    let error = store.append(&block.record, block.change.clone()).expect_err("the disk fails");
    assert!(matches!(error, StoreError::Io { .. }) && error.is_fatal(), "{error}");
    let error = store.append(&block.record, block.change).expect_err("no retry");
    assert!(matches!(error, StoreError::Stopped { .. }) && error.is_fatal(), "{error}");
    assert_eq!(store.head().0, 0, "a block that is not durable is never shown");
}

#[test]
fn a_creation_cut_off_anywhere_can_be_done_again() {
    let (_, genesis) = TestChain::new(40);
    let mut begun = 0;
    for operation in 0..12 {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let disk = FaultDisk::default();
        let create = || {
            let (disk, change) = (Arc::new(disk.clone()), genesis.change.clone());
            Store::create_on(disk, dir.path(), &small(), &genesis.record, change).map(|_| ())
        };
        disk.cut_power_at(operation);
        let created = create();
        disk.restart(operation);
        if survey::is_begun(&disk).expect("readable") {
            begun += 1;
        } else {
            assert!(created.is_err());
            create().expect("begun anew");
        }
        let (_, recovered) = Store::open_on(Arc::new(disk.clone()), dir.path(), &small()).expect("opened");
        assert_eq!(recovered.head, genesis.record);
    }
    assert!((1..12).contains(&begun), "both happened: {begun} of 12 were begun");
}

/// The whole store through power cuts, with flushes lost as well.
#[test]
fn a_store_survives_power_cuts_with_lost_flushes() {
    for seed in 0..8 {
        let mut random = StdRng::seed_from_u64(seed);
        let dir = tempfile::tempdir().expect("a temporary folder");
        let (old, flat) = (dir.path().join("old"), flat_folder(dir.path()));
        let disk = FaultDisk::default();
        let (_, genesis) = TestChain::new(seed);
        let mut blocks = vec![genesis.clone()];
        let on = || Arc::new(disk.clone());
        drop(Store::create_on(on(), dir.path(), &small(), &genesis.record, genesis.change).expect("created"));
        for _ in 0..3 {
            copy_folder(&flat, &old);
            let (store, _) = Store::open_on(on(), dir.path(), &small()).expect("opened");
            let mut chain = TestChain::fork(random.random(), blocks.last().expect("genesis"));
            disk.cut_power_at(disk.operations() + random.random_range(0..60));
            for _ in 0..random.random_range(0..40) {
                let block = chain.next(4);
                if store.append(&block.record, block.change.clone()).is_err() {
                    break;
                }
                blocks.push(block);
            }
            drop(store);
            disk.restart(random.random());
            if random.random() {
                copy_folder(&old, &flat);
            }
            let (store, recovered) = Store::open_on(on(), dir.path(), &small()).expect("opened");
            let (acknowledged, head) = (blocks.last().expect("genesis"), &recovered.head.block);
            if head.number() == acknowledged.record.block.number() {
                assert_eq!(recovered.state.root(), acknowledged.state.root(), "seed {seed}");
                assert_eq!(recovered.head, acknowledged.record, "seed {seed}");
            } else {
                assert_eq!(head.header().parent_hash, acknowledged.record.block.hash(), "seed {seed}");
                let state = acknowledged.state.commit(&recovered.head.diff);
                let record = recovered.head.clone();
                blocks.push(TestBlock { record, change: state.change, state: state.state });
            }
            drop(store);
        }
    }
}
