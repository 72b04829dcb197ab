//! Verification of a whole data folder, for `db check`. Every record of the block log is read and compared with what its
//! header commits to; the state is replayed from genesis with the root compared at each block; the flat state must have
//! the root of the block that it claims; every index must point at what is there; every document must be what its name says. Nothing is repaired: opening the folder
//! does that. The node must not run (the state database can only be opened once).

use std::{collections::BTreeMap, path::Path};

use alloy_consensus::{TxReceipt, proofs::calculate_receipt_root};
use alloy_primitives::Bloom;
use fjall::Keyspace;

use crate::{
    disk::Folder,
    documents::{Counted, each_document},
    error::{Result, StoreError},
    flat::{Flat, Meta, View},
    flush::Pending,
    log::read_record,
    rebuild::{build_state, check_link, check_root, decoded},
    record::BlockRecord,
    state::State,
    store::{flat_folder, lock_folder, log_folder, look},
    survey::Survey,
};

#[cfg(test)]
mod tests;

const CACHE_BYTES: u64 = 16 << 20;

/// What a verification counted, and what it stumbled over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Blocks whose record is whole and agrees with its header.
    pub blocks: u64,
    /// Transactions in them.
    pub transactions: u64,
    /// Logs in their receipts.
    pub logs: u64,
    /// Bytes of the records.
    pub bytes: u64,
    /// Bytes of an incomplete record at the end: the trace of a crash, cut off at the next start.
    pub torn_bytes: u64,
    /// Height of the flat state; `None` if there is none, and the next start builds it.
    pub flushed: Option<u64>,
    /// Index entries that were looked up.
    pub index_entries: u64,
    /// Documents beside the ledger.
    pub documents: Counted,
    /// The first thing that is not as it should be.
    pub problem: Option<String>,
}

/// Verifies the folder. An error is something that kept the verification from running at all.
pub fn check(dir: &Path) -> Result<Report> {
    if !log_folder(dir).is_dir() {
        return Err(StoreError::NoLedger { dir: dir.into() });
    }
    let _lock = lock_folder(dir)?;
    let mut report = Report::default();
    match report.check(dir) {
        Err(error @ (StoreError::NoLedger { .. } | StoreError::DataInUse { .. })) => Err(error),
        Err(error) => Ok(Report { problem: Some(error.to_string()), ..report }),
        Ok(()) => Ok(report),
    }
}

impl Report {
    fn check(&mut self, dir: &Path) -> Result<()> {
        let disk = Folder::readable(&log_folder(dir));
        let survey = Survey::take(&disk, None)?.ok_or_else(|| StoreError::NoLedger { dir: dir.into() })?;
        self.torn_bytes = survey.torn_bytes;
        let flat = open_flat(dir)?;
        let flushed = flat.as_ref().map(Flushed::of).transpose()?.flatten();
        self.flushed = flushed.as_ref().map(|flushed| flushed.meta.flushed);
        if let Some(flushed) = &flushed {
            look(&disk, dir, &flushed.view, Some(flushed.meta))?;
        }
        let mut state = State::default();
        let mut parent = None;
        for (location, number) in survey.records.iter().zip(0..) {
            let payload = read_record(&disk, survey.salt, *location)?;
            let record = decoded(number, BlockRecord::decode(&payload))?;
            check_place(parent.as_ref(), &record)?;
            check_receipts(&record)?;
            let commit = state.commit(&record.diff);
            check_root(&record, &commit.state)?;
            state = commit.state;
            self.count(&record, payload.len());
            if let Some(flushed) = flushed.as_ref().filter(|flushed| number <= flushed.meta.flushed) {
                self.index_entries += flushed.check_indexes(&Pending::new(&record, *location, commit.change))?;
                if number == flushed.meta.flushed {
                    flushed.check_state(&record)?;
                }
            }
            parent = Some(record);
        }
        self.documents = each_document(dir, |_| Ok(()))?;
        Ok(())
    }

    fn count(&mut self, record: &BlockRecord, bytes: usize) {
        let number_of = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        self.blocks += 1;
        self.transactions += number_of(record.block.transactions().len());
        self.logs += number_of(record.receipts.iter().map(|receipt| receipt.logs.len()).sum());
        self.bytes += number_of(bytes);
    }
}

/// The flat state, its indexes, and how far they go.
struct Flushed {
    view: View,
    meta: Meta,
}

impl Flushed {
    fn of(flat: &Flat) -> Result<Option<Self>> {
        let view = flat.snapshot();
        Ok(view.meta()?.map(|meta| Self { view, meta }))
    }

    /// Compares every entry that the block must have in the indexes; answers how many there are.
    fn check_indexes(&self, block: &Pending) -> Result<u64> {
        let (mut count, mut result) = (0, Ok(()));
        let mut check = |space: &Keyspace, key: &[u8], value: &[u8]| {
            count += 1;
            if result.is_ok() {
                result = self.check_entry(block.number, space, key, value);
            }
        };
        block.index_entries(&self.view.spaces, &mut check);
        for (hash, code) in &block.codes {
            check(&self.view.spaces.codes, hash.as_slice(), code);
        }
        result.map(|()| count)
    }

    fn check_entry(&self, number: u64, space: &Keyspace, key: &[u8], value: &[u8]) -> Result<()> {
        let found = self.view.get(space, key)?;
        if found.as_deref() == Some(value) {
            return Ok(());
        }
        let what = if found.is_some() { "differs from the log" } else { "is missing" };
        Err(StoreError::corrupt(format!("an entry of block {number} in `{}` {what}", &**space.name())))
    }

    /// The flat state must be the one of the block that it claims, with the root in that block's header.
    fn check_state(&self, record: &BlockRecord) -> Result<()> {
        check_root(record, &build_state(&self.view, BTreeMap::new(), BTreeMap::new())?)
    }
}

fn open_flat(dir: &Path) -> Result<Option<Flat>> {
    let folder = flat_folder(dir);
    if folder.is_dir() { Flat::open(&folder, CACHE_BYTES).map(Some) } else { Ok(None) }
}

/// Genesis comes first, and every other block follows the one before.
fn check_place(parent: Option<&BlockRecord>, record: &BlockRecord) -> Result<()> {
    match parent {
        Some(parent) => check_link(parent, record),
        None if record.block.number() == 0 => Ok(()),
        None => Err(StoreError::corrupt("the first record of the block log is not block 0")),
    }
}

/// Receipts and bloom are what the header commits to; the transactions root was checked when the block was decoded.
fn check_receipts(record: &BlockRecord) -> Result<()> {
    let receipts: Vec<_> = record.receipts.iter().map(TxReceipt::with_bloom_ref).collect();
    let bloom = receipts.iter().fold(Bloom::ZERO, |bloom, receipt| bloom | receipt.logs_bloom);
    let header = record.block.header();
    if header.receipts_root == calculate_receipt_root(&receipts) && header.logs_bloom == bloom {
        return Ok(());
    }
    let number = record.block.number();
    Err(StoreError::corrupt(format!("the receipts of block {number} are not those that its header commits to")))
}
