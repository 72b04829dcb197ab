//! The key-value store behind the log: state, history and indexes, one fjall database in the folder `flat`.
//! All of it can be made again from the block log, so it is never synced on the way of a block, and one that is found
//! damaged at start is thrown away and rebuilt. Formats are in `keys`, writing in `flush`. fjall 3.1: a batch over several keyspaces is atomic.

use std::{fs, path::Path, time::Duration};

use alloy_primitives::B256;
use fjall::{
    Database, Keyspace, KeyspaceCreateOptions, OwnedWriteBatch, PersistMode, Readable, Snapshot, UserValue,
    config::FilterPolicy,
};

use crate::{
    error::{Result, StoreError},
    keys::{decode_block_entry, decode_number},
    log::Location,
};

/// The format of the folder `flat`.
pub(crate) const FORMAT: u32 = 1;
/// Written before a keyspace's memory is put into a table; there are eleven keyspaces, of which eight grow with every block.
const MEMTABLE_BYTES: u64 = 16 << 20;
/// fjall's journals: what is replayed after a crash.
const JOURNAL_BYTES: u64 = 256 << 20;
/// What may be left in the journal at the end: replayed in a moment, not worth tables of their own.
const REPLAYED_BYTES: u64 = 4 << 20;
const SETTLING_POLL: Duration = Duration::from_millis(2);
/// Open table files.
const OPEN_FILES: usize = 256;
const WORKERS: usize = 2;

/// The open database.
pub(crate) struct Flat {
    pub(crate) db: Database,
    pub(crate) spaces: Spaces,
}

/// One handle for each keyspace; see `keys` for what they hold.
#[derive(Clone)]
pub(crate) struct Spaces {
    pub(crate) accounts: Keyspace,
    pub(crate) storage: Keyspace,
    pub(crate) codes: Keyspace,
    pub(crate) blocks: Keyspace,
    pub(crate) hashes: Keyspace,
    pub(crate) transactions: Keyspace,
    pub(crate) account_history: Keyspace,
    pub(crate) storage_history: Keyspace,
    pub(crate) emptied: Keyspace,
    pub(crate) logs: Keyspace,
    pub(crate) meta: Keyspace,
}

impl Spaces {
    fn every(&self) -> [&Keyspace; 11] {
        let Self { accounts, storage, codes, blocks, hashes, transactions, .. } = self;
        let Self { account_history, storage_history, emptied, logs, meta, .. } = self;
        [accounts, storage, codes, blocks, hashes, transactions, account_history, storage_history, emptied, logs, meta]
    }
}

/// What `meta` says; absent until genesis is flushed whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Meta {
    /// The last block whose changes are in.
    pub(crate) flushed: u64,
    /// History up to this block is gone: states from here on can be read.
    pub(crate) pruned: u64,
    pub(crate) genesis: B256,
}

impl Flat {
    /// Opens the database, or makes an empty one.
    pub(crate) fn open(folder: &Path, cache_bytes: u64) -> Result<Self> {
        open_database(folder, cache_bytes).map_err(|error| StoreError::flat("opening it", error))
    }

    /// A consistent view over every keyspace.
    pub(crate) fn snapshot(&self) -> View {
        View { snapshot: self.db.snapshot(), spaces: self.spaces.clone() }
    }

    /// Writes a batch: all of it or nothing.
    pub(crate) fn commit(&self, batch: OwnedWriteBatch) -> Result<()> {
        batch.commit().map_err(|error| StoreError::flat("writing it", error))
    }

    /// Puts what is in memory into tables, so that the next start has little journal to replay.
    pub(crate) fn settle(&self) -> Result<()> {
        if self.db.write_buffer_size() > REPLAYED_BYTES {
            for space in self.spaces.every() {
                space.rotate_memtable().map_err(|error| StoreError::flat("writing its tables", error))?;
            }
        }
        while self.spaces.every().iter().any(|space| space.sealed_memtable_count() > 0) {
            self.check()?;
            std::thread::sleep(SETTLING_POLL);
        }
        self.persist()
    }

    /// The error of a background thread of the database, if one failed.
    pub(crate) fn check(&self) -> Result<()> {
        self.db.persist(PersistMode::Buffer).map_err(|error| StoreError::flat("writing its tables", error))
    }

    /// Makes what was committed durable.
    pub(crate) fn persist(&self) -> Result<()> {
        self.db.persist(PersistMode::SyncData).map_err(|error| StoreError::flat("syncing it", error))
    }
}

/// A consistent view of the database at one flushed height.
#[derive(Clone)]
pub(crate) struct View {
    snapshot: Snapshot,
    pub(crate) spaces: Spaces,
}

impl View {
    pub(crate) fn get(&self, space: &Keyspace, key: impl AsRef<[u8]>) -> Result<Option<UserValue>> {
        self.snapshot.get(space, key).map_err(reading)
    }

    /// Keys and values of `from ..= to` in rising order.
    pub(crate) fn range(&self, space: &Keyspace, from: &[u8], to: &[u8]) -> Entries {
        Entries(self.snapshot.range(space, from..=to))
    }

    pub(crate) fn every(&self, space: &Keyspace) -> Entries {
        Entries(self.snapshot.iter(space))
    }

    /// `None` when genesis was never flushed whole.
    pub(crate) fn meta(&self) -> Result<Option<Meta>> {
        let get = |name: &str| self.get(&self.spaces.meta, name);
        if let Some(format) = get("format")? {
            check_format(&format)?;
        }
        let (Some(flushed), Some(pruned), Some(genesis)) = (get("flushed")?, get("pruned")?, get("genesis")?) else {
            return Ok(None);
        };
        let meta = (decode_number(&flushed), decode_number(&pruned), B256::try_from(&*genesis));
        let (Some(flushed), Some(pruned), Ok(genesis)) = meta else { return Err(unreadable("meta")) };
        Ok(Some(Meta { flushed, pruned, genesis }))
    }

    /// Where a flushed block lies in the log, and its hash.
    pub(crate) fn block(&self, number: u64) -> Result<Option<(Location, B256)>> {
        let entry = self.get(&self.spaces.blocks, number.to_be_bytes())?;
        entry.map(|bytes| decode_block_entry(&bytes).ok_or_else(|| unreadable("blocks"))).transpose()
    }
}

/// Entries of a keyspace, read while iterating.
pub(crate) struct Entries(fjall::Iter);

impl Iterator for Entries {
    type Item = Result<(fjall::UserKey, UserValue)>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|guard| guard.into_inner().map_err(reading))
    }
}

/// A value that this program did not write.
pub(crate) fn unreadable(space: &str) -> StoreError {
    StoreError::flat_damaged(format!("an entry of `{space}` cannot be read"))
}

fn reading(error: fjall::Error) -> StoreError {
    StoreError::flat("reading it", error)
}

fn check_format(bytes: &[u8]) -> Result<()> {
    let found = bytes.try_into().map(u32::from_be_bytes).map_err(|_| unreadable("meta"))?;
    if found == FORMAT {
        return Ok(());
    }
    Err(StoreError::Format { what: "the state database".into(), found, supported: FORMAT })
}

fn open_database(folder: &Path, cache_bytes: u64) -> fjall::Result<Flat> {
    let db = Database::builder(folder)
        .cache_size(cache_bytes)
        .max_journaling_size(JOURNAL_BYTES)
        .max_cached_files(Some(OPEN_FILES))
        .worker_threads(WORKERS)
        .open()?;
    // History and postings are only ever ranged over: point-read filters would cost memory for nothing.
    let pointwise = || KeyspaceCreateOptions::default().max_memtable_size(MEMTABLE_BYTES);
    let ranged = || pointwise().filter_policy(FilterPolicy::disabled());
    let spaces = Spaces {
        accounts: db.keyspace("accounts", pointwise)?,
        storage: db.keyspace("storage", pointwise)?,
        codes: db.keyspace("codes", pointwise)?,
        blocks: db.keyspace("blocks", pointwise)?,
        hashes: db.keyspace("hashes", pointwise)?,
        transactions: db.keyspace("transactions", pointwise)?,
        account_history: db.keyspace("account_history", ranged)?,
        storage_history: db.keyspace("storage_history", ranged)?,
        emptied: db.keyspace("emptied", pointwise)?,
        logs: db.keyspace("logs", ranged)?,
        meta: db.keyspace("meta", pointwise)?,
    };
    Ok(Flat { db, spaces })
}

/// Throws a database away, to be rebuilt.
pub(crate) fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(StoreError::io("removing the state database", error))
        }
        _ => Ok(()),
    }
}
