//! The ledger's disk as `chain` sees it: append a block, read what was, start again after anything.
//!
//! ```text
//! append: BlockRecord -> log.write -> fdatasync = committed -> queue -> flusher -> flat state, history, indexes
//! open:   look at the log -> cut what was never acknowledged -> rebuild the state -> replay -> compare roots
//! ```
//!
//! Everything up to the head is answered, whether flushed or still in the queue. A write that failed is never tried
//! again: from then on every append fails, and the caller ends the process ([`StoreError::is_fatal`]).

use std::{
    fmt,
    fs::{File, TryLockError},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread::JoinHandle,
};

use alloy_primitives::{Address, B256, Bytes};
use parking_lot::Mutex;

use crate::{
    disk::{Disk, Folder},
    documents::documents_folder,
    error::{Result, StoreError},
    flat::{self, Flat, Meta, View, unreadable},
    flush::{Pending, flush_genesis},
    flusher::{Flusher, Keep, Queue},
    history::HistoricState,
    index::Candidates,
    keys::{decode_number, decode_position},
    log::{Location, Log, SEGMENT_BYTES},
    rebuild::{Recovered, Replay, decoded, read_block},
    record::BlockRecord,
    state::{State, StateChange},
    survey::{self, Survey},
};

#[cfg(test)]
mod tests;

/// How a data folder is kept.
#[derive(Clone, Debug)]
pub struct Options {
    /// States of this many newest blocks can be read; at least [`Options::recent_blocks`].
    pub history_blocks: u64,
    /// States of all blocks can be read.
    pub archive: bool,
    /// Newest blocks given back with their states at start.
    pub recent_blocks: u64,
    /// Bytes after which a new segment of the block log is begun.
    pub segment_bytes: u64,
    /// Memory for blocks of the key-value store.
    pub cache_bytes: u64,
    /// What the documents beside the ledger may take ([`crate::Documents`]).
    pub documents_bytes: u64,
    /// If known, a folder of another ledger is refused.
    pub genesis: Option<B256>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            history_blocks: 100_000,
            archive: false,
            recent_blocks: 128,
            segment_bytes: SEGMENT_BYTES,
            cache_bytes: 64 << 20,
            documents_bytes: 1 << 30,
            genesis: None,
        }
    }
}

/// An open data folder.
pub struct Store {
    log: Arc<Log>,
    flat: Arc<Flat>,
    queue: Arc<Queue>,
    head: Mutex<Head>,
    /// Held by the one append at a time, so that readers of the head never wait for the disk.
    appending: Mutex<()>,
    genesis: B256,
    block_reads: AtomicU64,
    flusher: Option<JoinHandle<()>>,
    /// Held as long as the store is open.
    _lock: File,
}

#[derive(Clone, Copy)]
struct Head {
    number: u64,
    hash: B256,
}

impl Store {
    /// True if a ledger was begun in this folder.
    pub fn exists(dir: &Path) -> Result<bool> {
        let folder = log_folder(dir);
        if folder.is_dir() { survey::is_begun(&Folder::readable(&folder)) } else { Ok(false) }
    }

    /// [`Store::exists`] for a disk of the caller's choice.
    pub fn exists_on(disk: &dyn Disk) -> Result<bool> {
        survey::is_begun(disk)
    }

    /// Removes the ledger in a folder, unless another process has it open. What else lies there stays.
    pub fn wipe(dir: &Path) -> Result<()> {
        let _lock = lock_folder(dir)?;
        for folder in [log_folder(dir), flat_folder(dir), documents_folder(dir)] {
            if folder.is_dir() {
                std::fs::remove_dir_all(&folder).map_err(|error| StoreError::io("wiping the data folder", error))?;
            }
        }
        Ok(())
    }

    /// Begins a ledger in an empty or absent folder.
    pub fn create(dir: &Path, options: &Options, genesis: &BlockRecord, change: StateChange) -> Result<Self> {
        let folder = Folder::writable(&log_folder(dir)).map_err(|error| creating(dir, error))?;
        Self::create_on(Arc::new(folder), dir, options, genesis, change)
    }

    /// Opens a folder that holds a ledger, repairs what a crash left and rebuilds the newest states.
    pub fn open(dir: &Path, options: &Options) -> Result<(Self, Recovered)> {
        if !log_folder(dir).is_dir() {
            return Err(StoreError::NoLedger { dir: dir.into() });
        }
        let folder = Folder::writable(&log_folder(dir)).map_err(|error| creating(dir, error))?;
        Self::open_on(Arc::new(folder), dir, options)
    }

    /// [`Store::create`] with the block log on a disk of the caller's choice.
    pub fn create_on(
        disk: Arc<dyn Disk>,
        dir: &Path,
        options: &Options,
        genesis: &BlockRecord,
        change: StateChange,
    ) -> Result<Self> {
        let lock = lock_folder(dir)?;
        if survey::is_begun(&*disk)? {
            return Err(StoreError::AlreadyExists { dir: dir.into() });
        }
        let log = Log::create(disk, options.segment_bytes)?;
        let location = log.append(|out| genesis.encode(out))?;
        flat::remove(&flat_folder(dir))?;
        let flat = Flat::open(&flat_folder(dir), options.cache_bytes)?;
        flush_genesis(&flat, &Pending::new(genesis, location, change))?;
        let flusher = Flusher::new(flat, log, keep(options));
        Self::start(flusher, genesis.block.hash(), genesis, lock)
    }

    /// [`Store::open`] with the block log on a disk of the caller's choice.
    pub fn open_on(disk: Arc<dyn Disk>, dir: &Path, options: &Options) -> Result<(Self, Recovered)> {
        let lock = lock_folder(dir)?;
        let opened = match recover(disk.clone(), dir, options) {
            Err(StoreError::FlatDamaged { what }) => {
                tracing::warn!(%what, "the state database is damaged and is rebuilt from the block log");
                flat::remove(&flat_folder(dir))?;
                recover(disk, dir, options)
            }
            other => other,
        };
        let (flusher, genesis, recovered) = opened?;
        let store = Self::start(flusher, genesis, &recovered.head, lock)?;
        Ok((store, recovered))
    }

    fn start(flusher: Flusher, genesis: B256, head: &BlockRecord, lock: File) -> Result<Self> {
        let (log, flat, queue) = (flusher.log.clone(), flusher.flat.clone(), flusher.queue.clone());
        let thread = std::thread::Builder::new().name("store-flusher".into()).spawn(move || flusher.run());
        let flusher = thread.map_err(|error| StoreError::io("starting the flushing thread", error))?;
        let head = Mutex::new(Head { number: head.block.number(), hash: head.block.hash() });
        let (appending, block_reads) = (Mutex::new(()), AtomicU64::new(0));
        Ok(Self { log, flat, queue, head, appending, genesis, block_reads, flusher: Some(flusher), _lock: lock })
    }

    /// Commits a block: when this returns, no crash loses it. Waits when the flusher is far behind.
    pub fn append(&self, record: &BlockRecord, change: StateChange) -> Result<()> {
        let _one_at_a_time = self.appending.lock();
        let (number, parent) = (record.block.number(), record.block.header().parent_hash);
        let (head, head_hash) = self.head();
        if head.checked_add(1) != Some(number) || head_hash != parent {
            return Err(StoreError::NotNext { number, head });
        }
        self.queue.wait_for_room(|| self.flat.check())?;
        let location = self.log.append(|out| record.encode(out))?;
        self.queue.push(Pending::new(record, location, change));
        *self.head.lock() = Head { number, hash: record.block.hash() };
        Ok(())
    }

    /// Height and hash of the last block.
    pub fn head(&self) -> (u64, B256) {
        let head = *self.head.lock();
        (head.number, head.hash)
    }

    /// Hash of block 0.
    pub fn genesis_hash(&self) -> B256 {
        self.genesis
    }

    /// A block with its receipts, diff and certificate.
    pub fn record(&self, number: u64) -> Result<Option<BlockRecord>> {
        let Some((location, _)) = self.block(number)? else { return Ok(None) };
        self.block_reads.fetch_add(1, Ordering::Relaxed);
        read_block(&self.log, location, number).map(Some)
    }

    /// The height of a block.
    pub fn block_number(&self, hash: B256) -> Result<Option<u64>> {
        if let Some(number) = self.queue.find(|block| (block.hash == hash).then_some(block.number)) {
            return Ok(Some(number));
        }
        let view = self.flat.snapshot();
        let found = view.get(&view.spaces.hashes, hash)?;
        found.map(|bytes| decode_number(&bytes).ok_or_else(|| unreadable("hashes"))).transpose()
    }

    /// The hash of the block at a height.
    pub fn block_hash(&self, number: u64) -> Result<Option<B256>> {
        Ok(self.block(number)?.map(|(_, hash)| hash))
    }

    /// Height and position of a transaction.
    pub fn transaction(&self, hash: B256) -> Result<Option<(u64, u32)>> {
        let waiting = self.queue.find(|block| block.transactions.get(&hash).map(|index| (block.number, *index)));
        if waiting.is_some() {
            return Ok(waiting);
        }
        let view = self.flat.snapshot();
        let found = view.get(&view.spaces.transactions, hash)?;
        found.map(|bytes| decode_position(&bytes).ok_or_else(|| unreadable("transactions"))).transpose()
    }

    /// Code by its hash.
    pub fn code(&self, hash: B256) -> Result<Option<Bytes>> {
        if let Some(code) = self.queue.find(|block| block.codes.get(&hash).cloned()) {
            return Ok(Some(code));
        }
        let view = self.flat.snapshot();
        Ok(view.get(&view.spaces.codes, hash)?.map(|code| Bytes::copy_from_slice(&code)))
    }

    /// The state after an old block; waits for the flusher if that block is very new.
    pub fn state_at(&self, number: u64) -> Result<HistoricState> {
        let (head, _) = self.head();
        if number > head {
            return Err(StoreError::UnknownBlock { number, head });
        }
        self.queue.wait_for(number, || self.flat.check())?;
        let (view, meta) = self.view()?;
        if number < meta.pruned {
            return Err(StoreError::StateTooOld { number, oldest: meta.pruned });
        }
        Ok(HistoricState::new(view, number))
    }

    /// The flushed blocks of `from ..= to` that may hold a log of one of `addresses` with, at each position, one of
    /// `topics`; an empty list means any. Whoever asks looks through the newest blocks itself.
    pub fn candidates(&self, from: u64, to: u64, addresses: &[Address], topics: &[Vec<B256>; 4]) -> Result<Candidates> {
        let (view, meta) = self.view()?;
        Ok(Candidates::new(&view, from, to.min(meta.flushed), addresses, topics))
    }

    /// Height up to which indexes and old states are on the disk.
    pub fn flushed(&self) -> Result<u64> {
        Ok(self.view()?.1.flushed)
    }

    /// Records read from the log since the start.
    pub fn block_reads(&self) -> u64 {
        self.block_reads.load(Ordering::Relaxed)
    }

    /// Waits until every appended block is flushed.
    pub fn flush(&self) -> Result<()> {
        self.queue.wait_for(self.head().0, || self.flat.check())
    }

    /// Flushes everything and lets go of the folder.
    pub fn close(mut self) -> Result<()> {
        self.stop();
        self.queue.check()
    }

    fn stop(&mut self) {
        let Some(thread) = self.flusher.take() else { return };
        if !self.queue.close() {
            tracing::error!("the flushing thread does not end; what it holds is replayed at the next start");
        } else if thread.join().is_err() {
            tracing::error!("the flushing thread panicked");
        }
    }

    fn block(&self, number: u64) -> Result<Option<(Location, B256)>> {
        let waiting = self.queue.find(|block| (block.number == number).then_some((block.location, block.hash)));
        if waiting.is_some() { Ok(waiting) } else { self.flat.snapshot().block(number) }
    }

    fn view(&self) -> Result<(View, Meta)> {
        let view = self.flat.snapshot();
        let meta = view.meta()?.ok_or_else(|| unreadable("meta"))?;
        Ok((view, meta))
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("genesis", &self.genesis).field("head", &self.head().0).finish_non_exhaustive()
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Where the block log lies in a data folder.
pub(crate) fn log_folder(dir: &Path) -> PathBuf {
    dir.join("log")
}

/// Where the key-value store lies in a data folder.
pub(crate) fn flat_folder(dir: &Path) -> PathBuf {
    dir.join("flat")
}

/// Makes the folder if needed, and keeps other processes out for as long as the file is held.
pub(crate) fn lock_folder(dir: &Path) -> Result<File> {
    std::fs::create_dir_all(dir).map_err(|error| creating(dir, error))?;
    let file = File::create(dir.join("LOCK")).map_err(|error| creating(dir, error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::DataInUse { dir: dir.into() }),
        Err(TryLockError::Error(error)) => Err(StoreError::io("locking the data folder", error)),
    }
}

/// Repairs the log, rebuilds the newest states and brings the flat state up to the head.
fn recover(disk: Arc<dyn Disk>, dir: &Path, options: &Options) -> Result<(Flusher, B256, Recovered)> {
    let flat = Flat::open(&flat_folder(dir), options.cache_bytes)?;
    let meta = flat.snapshot().meta()?;
    meta.map_or(Ok(()), |meta| check_genesis(options, meta.genesis))?;
    let survey = look(&*disk, dir, &flat.snapshot(), meta)?;
    let log = Log::open(disk, options.segment_bytes, &survey)?;
    let (flat, meta) = match meta {
        Some(meta) => (flat, meta),
        None => begin_flat(flat, dir, options, &log, &survey)?,
    };
    let flusher = Flusher::new(flat, log, keep(options));
    let replay = Replay {
        flusher: &flusher,
        view: flusher.flat.snapshot(),
        flushed: meta.flushed,
        pruned: meta.pruned,
        records: &survey.records,
        recent: options.recent_blocks,
    };
    let recovered = replay.run()?;
    Ok((flusher, meta.genesis, recovered))
}

/// The log from the flushed block on, or from its first record where nothing is flushed.
pub(crate) fn look(disk: &dyn Disk, dir: &Path, view: &View, meta: Option<Meta>) -> Result<Survey> {
    let Some(Meta { flushed, .. }) = meta else {
        return Survey::take(disk, None)?.ok_or_else(|| StoreError::NoLedger { dir: dir.into() });
    };
    let lost = || StoreError::corrupt(format!("the block log no longer holds block {flushed}, which was flushed"));
    let (location, _) = view.block(flushed)?.ok_or_else(|| unreadable("blocks"))?;
    let survey = Survey::take(disk, Some(location))?.ok_or_else(lost)?;
    if survey.records.first() == Some(&location) { Ok(survey) } else { Err(lost()) }
}

/// Flat state at genesis, for a log whose flat state was lost, damaged or never finished.
fn begin_flat(flat: Flat, dir: &Path, options: &Options, log: &Log, survey: &Survey) -> Result<(Flat, Meta)> {
    drop(flat);
    let first = survey.records.first().copied().ok_or_else(|| StoreError::NoLedger { dir: dir.into() })?;
    let genesis = decoded(0, BlockRecord::decode(&log.read(first)?))?;
    check_genesis(options, genesis.block.hash())?;
    flat::remove(&flat_folder(dir))?;
    let flat = Flat::open(&flat_folder(dir), options.cache_bytes)?;
    let change = State::default().commit(&genesis.diff).change;
    flush_genesis(&flat, &Pending::new(&genesis, first, change))?;
    Ok((flat, Meta { flushed: 0, pruned: 0, genesis: genesis.block.hash() }))
}

fn check_genesis(options: &Options, found: B256) -> Result<()> {
    match options.genesis {
        Some(expected) if expected != found => Err(StoreError::OtherGenesis { expected, found }),
        _ => Ok(()),
    }
}

fn keep(options: &Options) -> Keep {
    if options.archive {
        Keep::Everything
    } else {
        Keep::Blocks(options.history_blocks.max(options.recent_blocks).max(1))
    }
}

fn creating(dir: &Path, error: std::io::Error) -> StoreError {
    StoreError::io(format!("opening data folder {}", dir.display()), error)
}
