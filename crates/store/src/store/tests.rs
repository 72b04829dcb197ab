//! The store from outside: what was appended can be read, before and after it is flushed and after every kind of start.

mod crashes;
mod history;

use std::sync::atomic::AtomicBool;

use alloy_primitives::{U256, keccak256};
use tempfile::TempDir;

use super::*;
use crate::{
    flusher::MAX_WAITING_BLOCKS,
    testing::{ADDRESSES, TestBlock, TestChain, address},
};

/// Few states kept and small segments, so that a short chain meets every edge.
fn small() -> Options {
    Options { segment_bytes: 20_000, recent_blocks: 8, cache_bytes: 1 << 20, ..Options::default() }
}

/// A ledger with `length` blocks after genesis.
struct Ledger {
    store: Option<Store>,
    /// Removed after the store is closed.
    dir: TempDir,
    options: Options,
    chain: TestChain,
    blocks: Vec<TestBlock>,
}

impl Ledger {
    fn new(seed: u64, length: usize, options: Options) -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let (chain, genesis) = TestChain::new(seed);
        let store = Store::create(dir.path(), &options, &genesis.record, genesis.change.clone()).expect("created");
        let mut ledger = Self { store: Some(store), dir, options, chain, blocks: vec![genesis] };
        ledger.grow(length);
        ledger
    }

    fn grow(&mut self, length: usize) {
        for _ in 0..length {
            let block = self.chain.next(6);
            self.store().append(&block.record, block.change.clone()).expect("appended");
            self.blocks.push(block);
        }
    }

    fn store(&self) -> &Store {
        self.store.as_ref().expect("open")
    }

    fn close(&mut self) {
        self.store.take().expect("open").close().expect("closed");
    }

    fn open(&mut self) -> Recovered {
        let (store, recovered) = Store::open(self.dir.path(), &self.options).expect("opened");
        self.store = Some(store);
        recovered
    }

    fn open_error(&self) -> StoreError {
        Store::open(self.dir.path(), &self.options).map(|_| ()).expect_err("refused")
    }

    /// Everything that can be asked about every block gives what was appended.
    fn check_reads(&self) {
        for (number, block) in (0..).zip(&self.blocks) {
            self.check_block(number, &block.record);
        }
        let next = u64::try_from(self.blocks.len()).expect("few");
        assert_eq!(self.store().record(next).expect("read"), None);
        assert_eq!(self.store().transaction(B256::ZERO).expect("read"), None);
        assert_eq!(self.store().code(B256::ZERO).expect("read"), None);
    }

    fn check_block(&self, number: u64, record: &BlockRecord) {
        let (store, hash) = (self.store(), record.block.hash());
        assert_eq!(store.record(number).expect("read").as_ref(), Some(record));
        assert_eq!(store.block_hash(number).expect("read"), Some(hash));
        assert_eq!(store.block_number(hash).expect("read"), Some(number));
        for (tx, index) in record.block.transactions().iter().zip(0..) {
            assert_eq!(store.transaction(*tx.inner().tx_hash()).expect("read"), Some((number, index)));
        }
        for code in &record.diff.codes {
            assert_eq!(store.code(keccak256(code)).expect("read").as_ref(), Some(code));
        }
    }

    /// A start gives the head, and the newest blocks with their states.
    fn check_recovered(&self, recovered: &Recovered) {
        let last = self.blocks.last().expect("genesis");
        assert_eq!(recovered.head, last.record);
        assert_eq!(recovered.state.root(), last.state.root());
        let wanted = self.blocks.len().min(usize::try_from(self.options.recent_blocks).expect("few"));
        let newest = &self.blocks[self.blocks.len() - wanted..];
        assert_eq!(recovered.recent.len(), wanted);
        for ((record, state), block) in recovered.recent.iter().zip(newest) {
            assert_eq!(*record, block.record);
            assert_eq!(state.root(), block.state.root());
        }
    }
}

/// A store whose flusher never runs.
fn without_flusher(ledger: &mut Ledger) -> Flusher {
    ledger.close();
    let lock = lock_folder(ledger.dir.path()).expect("free");
    let flat = Flat::open(&flat_folder(ledger.dir.path()), 1 << 20).expect("readable");
    let disk = Folder::writable(&log_folder(ledger.dir.path())).expect("readable");
    let survey = Survey::take(&disk, None).expect("readable").expect("begun");
    let log = Log::open(Arc::new(disk), ledger.options.segment_bytes, &survey).expect("readable");
    let flusher = Flusher::new(flat, log, Keep::Everything);
    let last = &ledger.blocks.last().expect("genesis").record.block;
    ledger.store = Some(Store {
        log: flusher.log.clone(),
        flat: flusher.flat.clone(),
        queue: flusher.queue.clone(),
        head: Mutex::new(Head { number: last.number(), hash: last.hash() }),
        appending: Mutex::new(()),
        genesis: ledger.blocks[0].record.block.hash(),
        block_reads: AtomicU64::new(0),
        flusher: None,
        _lock: lock,
    });
    flusher
}

#[test]
fn what_was_appended_can_be_read_before_and_after_a_start() {
    let mut ledger = Ledger::new(1, 40, small());
    ledger.check_reads();
    ledger.store().flush().expect("flushed");
    ledger.check_reads();
    ledger.close();
    let recovered = ledger.open();
    ledger.check_recovered(&recovered);
    ledger.check_reads();
    assert_eq!(ledger.store().genesis_hash(), ledger.blocks[0].record.block.hash());
}

#[test]
fn a_ledger_goes_on_after_each_of_many_starts() {
    let mut ledger = Ledger::new(2, 0, small());
    for length in [0, 1, 3, 12, 5, 70] {
        ledger.grow(length);
        ledger.close();
        let recovered = ledger.open();
        ledger.check_recovered(&recovered);
    }
    ledger.check_reads();
}

#[test]
fn blocks_that_wait_for_the_flusher_are_answered_from_memory() {
    let mut ledger = Ledger::new(3, 5, small());
    let flusher = without_flusher(&mut ledger);
    ledger.grow(10);
    assert_eq!(ledger.store().flushed().expect("read"), 5);
    ledger.check_reads();
    drop(flusher);
}

#[test]
fn append_waits_while_the_queue_is_full() {
    let mut ledger = Ledger::new(4, 0, small());
    let flusher = without_flusher(&mut ledger);
    ledger.grow(MAX_WAITING_BLOCKS);
    let (next, appended) = (ledger.chain.next(3), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            ledger.store().append(&next.record, next.change.clone()).expect("appended");
            appended.store(true, Ordering::SeqCst);
        });
        std::thread::sleep(std::time::Duration::from_millis(30));
        assert!(!appended.load(Ordering::SeqCst), "the queue is full");
        scope.spawn(|| flusher.run());
        flusher.queue.close();
    });
    assert!(appended.load(Ordering::SeqCst));
}

#[test]
fn only_the_next_block_can_be_appended() {
    let ledger = Ledger::new(5, 3, small());
    let refused = |block: &TestBlock| ledger.store().append(&block.record, block.change.clone());
    assert!(matches!(refused(&ledger.blocks[3]), Err(StoreError::NotNext { number: 3, head: 3 })));
    let other = TestChain::fork(9, &ledger.blocks[2]).next(3);
    assert!(matches!(refused(&other), Err(StoreError::NotNext { number: 3, head: 3 })));
    let (mut other, _) = TestChain::new(99);
    let other = std::iter::repeat_with(|| other.next(1)).nth(3).expect("endless");
    assert!(matches!(refused(&other), Err(StoreError::NotNext { number: 4, head: 3 })));
}

#[test]
fn a_folder_in_use_or_of_another_ledger_is_refused() {
    let mut ledger = Ledger::new(6, 3, small());
    let genesis = ledger.blocks[0].clone();
    let create = |dir: &Path| Store::create(dir, &small(), &genesis.record, genesis.change.clone()).map(|_| ());
    assert!(matches!(ledger.open_error(), StoreError::DataInUse { .. }));
    assert!(matches!(create(ledger.dir.path()), Err(StoreError::DataInUse { .. })));
    ledger.close();
    assert!(matches!(create(ledger.dir.path()), Err(StoreError::AlreadyExists { .. })));
    ledger.options.genesis = Some(B256::repeat_byte(1));
    assert!(matches!(ledger.open_error(), StoreError::OtherGenesis { .. }));
    ledger.options.genesis = Some(genesis.record.block.hash());
    ledger.open();
}

#[test]
fn a_folder_without_a_ledger_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let absent = dir.path().join("absent");
    assert!(matches!(Store::open(&absent, &small()), Err(StoreError::NoLedger { .. })));
    assert!(!absent.exists());
    assert!(!Store::exists(&absent).expect("read"));
    assert!(Store::exists(Ledger::new(7, 0, small()).dir.path()).expect("read"));
}

#[test]
fn what_the_store_gives_can_be_used_from_every_thread() {
    fn check<T: Send + Sync>() {}
    check::<Store>();
    check::<HistoricState>();
    check::<Recovered>();
    check::<StoreError>();
}

#[test]
fn reads_of_blocks_are_counted() {
    let ledger = Ledger::new(8, 3, small());
    let before = ledger.store().block_reads();
    for number in 0..3 {
        ledger.store().record(number).expect("read");
    }
    ledger.store().block_hash(1).expect("read");
    assert_eq!(ledger.store().block_reads() - before, 3);
}
