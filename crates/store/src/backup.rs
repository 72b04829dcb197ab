//! A whole ledger in one file, taken while a node runs, and a data folder made from it. Only the block log is copied: the
//! next start rebuilds everything else from it.
//!
//! ```text
//! magic "CFBACKUP" | format u32 | genesis hash
//! length u32, not 0 | payload of a log record          for each block from genesis on
//! 0 u32 | number of blocks u64 | hash of the last block | keccak of all bytes before
//! ```

use std::{
    fs::{self, File},
    io::{self, BufReader, BufWriter, Read, Write},
    path::Path,
    sync::Arc,
};

use alloy_primitives::{B256, Keccak256};

use crate::{
    disk::{Folder, sync_folder},
    error::{Result, StoreError},
    log::{Log, MAX_RECORD_BYTES, SEGMENT_BYTES, read_record},
    rebuild::{check_link, decoded},
    record::BlockRecord,
    store::{lock_folder, log_folder},
    survey::{self, Survey},
};

#[cfg(test)]
mod tests;

const MAGIC: &[u8; 8] = b"CFBACKUP";
const FORMAT: u32 = 1;

/// What a backup file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contents {
    /// Hash of block 0.
    pub genesis: B256,
    /// Blocks, genesis included.
    pub blocks: u64,
    /// Hash of the last block.
    pub head: B256,
}

/// Copies the ledger in `dir` into a new file, up to the last record that is durable now. Needs no lock: the log only
/// grows. A file that could not be finished is removed.
pub fn backup(dir: &Path, file: &Path) -> Result<Contents> {
    let disk = Folder::readable(&log_folder(dir));
    let no_ledger = || StoreError::NoLedger { dir: dir.into() };
    if !log_folder(dir).is_dir() {
        return Err(no_ledger());
    }
    let survey = Survey::take(&disk, None)?.ok_or_else(no_ledger)?;
    let target = File::create_new(file).map_err(|error| writing(file, error))?;
    let written = write_backup(&disk, &survey, target, file);
    if written.is_err() {
        let _ = fs::remove_file(file);
    }
    written
}

/// Makes a data folder from a backup file. The folder counts as a ledger only when every record is in and durable.
pub fn restore(file: &Path, dir: &Path) -> Result<Contents> {
    let _lock = lock_folder(dir)?;
    let target = log_folder(dir);
    if target.is_dir() && survey::is_begun(&Folder::readable(&target))? {
        return Err(StoreError::AlreadyExists { dir: dir.into() });
    }
    let contents = read_backup(file, |_| Ok(()))?;
    let unfinished = dir.join("log.restoring");
    let failed = |error| StoreError::io("restoring a backup", error);
    for leftover in [&unfinished, &target] {
        remove_folder(leftover).map_err(failed)?;
    }
    let disk = Folder::writable(&unfinished).map_err(failed)?;
    let log = Log::create(Arc::new(disk), SEGMENT_BYTES)?;
    read_backup(file, |payload| log.append_unsynced(payload).map(|_| ()))?;
    log.sync()?;
    fs::rename(&unfinished, &target).and_then(|()| sync_folder(dir)).map_err(failed)?;
    Ok(contents)
}

fn write_backup(disk: &Folder, survey: &Survey, target: File, file: &Path) -> Result<Contents> {
    let mut out = Hashing { inner: BufWriter::new(target), hasher: Keccak256::new() };
    let mut parent: Option<BlockRecord> = None;
    let mut genesis = B256::ZERO;
    for (location, number) in survey.records.iter().zip(0..) {
        let payload = read_record(disk, survey.salt, *location)?;
        let record = decoded(number, BlockRecord::decode(&payload))?;
        match &parent {
            Some(parent) => check_link(parent, &record)?,
            None => {
                genesis = record.block.hash();
                out.put(&[MAGIC, &FORMAT.to_be_bytes()[..], genesis.as_slice()])
                    .map_err(|error| writing(file, error))?;
            }
        }
        out.put(&[&location.length.to_be_bytes(), &payload]).map_err(|error| writing(file, error))?;
        parent = Some(record);
    }
    let head = parent.map(|record| record.block.hash()).unwrap_or_default();
    let blocks = u64::try_from(survey.records.len()).unwrap_or(u64::MAX);
    out.put(&[&0_u32.to_be_bytes(), &blocks.to_be_bytes(), head.as_slice()]).map_err(|error| writing(file, error))?;
    out.finish().and_then(|()| sync_folder(file.parent().unwrap_or(file))).map_err(|error| writing(file, error))?;
    Ok(Contents { genesis, blocks, head })
}

/// Reads a backup file, hands each payload to `take`, and checks all of it.
fn read_backup(file: &Path, mut take: impl FnMut(&[u8]) -> Result<()>) -> Result<Contents> {
    let opened = File::open(file).map_err(|error| broken(file, error))?;
    let mut input = Hashing { inner: BufReader::new(opened), hasher: Keccak256::new() };
    let (magic, format): ([u8; 8], [u8; 4]) = (input.array(file)?, input.array(file)?);
    if &magic != MAGIC {
        return Err(broken(file, "not a backup of a ledger"));
    }
    if u32::from_be_bytes(format) != FORMAT {
        let found = u32::from_be_bytes(format);
        return Err(StoreError::Format { what: format!("backup file {}", file.display()), found, supported: FORMAT });
    }
    let genesis = B256::from(input.array::<32>(file)?);
    let mut parent: Option<BlockRecord> = None;
    let mut blocks = 0;
    while let Some(payload) = input.payload(file)? {
        let record = BlockRecord::decode(&payload).map_err(|error| broken(file, format!("block {blocks}: {error}")))?;
        match &parent {
            Some(parent) => check_link(parent, &record).map_err(|error| broken(file, error))?,
            None if record.block.hash() != genesis => return Err(broken(file, "the first block is not its genesis")),
            None => {}
        }
        take(&payload)?;
        (parent, blocks) = (Some(record), blocks + 1);
    }
    let head = parent.map(|record| record.block.hash()).unwrap_or_default();
    input.check_end(file, blocks, head)?;
    Ok(Contents { genesis, blocks, head })
}

/// A file and the keccak of what went through so far.
struct Hashing<T> {
    inner: T,
    hasher: Keccak256,
}

impl Hashing<BufWriter<File>> {
    fn put(&mut self, parts: &[&[u8]]) -> io::Result<()> {
        for part in parts {
            self.hasher.update(part);
            self.inner.write_all(part)?;
        }
        Ok(())
    }

    fn finish(mut self) -> io::Result<()> {
        self.inner.write_all(self.hasher.finalize().as_slice())?;
        self.inner.into_inner()?.sync_all()
    }
}

impl Hashing<BufReader<File>> {
    fn array<const N: usize>(&mut self, file: &Path) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        self.inner.read_exact(&mut bytes).map_err(|error| broken(file, error))?;
        self.hasher.update(bytes);
        Ok(bytes)
    }

    /// The next payload; `None` at the end. Memory grows with what the file holds, not with what it claims.
    fn payload(&mut self, file: &Path) -> Result<Option<Vec<u8>>> {
        let length = u32::from_be_bytes(self.array(file)?);
        if length == 0 {
            return Ok(None);
        }
        let mut payload = Vec::new();
        let read = self.inner.by_ref().take(length.into()).read_to_end(&mut payload);
        let read = read.map_err(|error| broken(file, error))?;
        if u32::try_from(read) != Ok(length) || read > MAX_RECORD_BYTES {
            return Err(broken(file, "it ends in the middle of a block"));
        }
        self.hasher.update(&payload);
        Ok(Some(payload))
    }

    fn check_end(mut self, file: &Path, blocks: u64, head: B256) -> Result<()> {
        let (said_blocks, said_head) = (u64::from_be_bytes(self.array(file)?), B256::from(self.array::<32>(file)?));
        let hash = self.hasher.clone().finalize();
        let said_hash = B256::from(self.array::<32>(file)?);
        let mut rest = [0; 1];
        let trailing = self.inner.read(&mut rest).map_err(|error| broken(file, error))?;
        if (said_blocks, said_head, said_hash, trailing) != (blocks, head, hash, 0) {
            return Err(broken(file, "its checksum does not match"));
        }
        Ok(())
    }
}

fn remove_folder(path: &Path) -> io::Result<()> {
    if path.is_dir() { fs::remove_dir_all(path) } else { Ok(()) }
}

fn writing(file: &Path, error: io::Error) -> StoreError {
    StoreError::io(format!("writing backup file {}", file.display()), error)
}

fn broken(file: &Path, reason: impl ToString) -> StoreError {
    StoreError::Backup { file: file.into(), reason: reason.to_string() }
}
