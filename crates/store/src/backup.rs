//! A whole ledger in one file, taken while a node runs, and a data folder made from it. The block log is copied, from which the
//! next start rebuilds the state, and the documents, which nothing could be rebuilt from.
//!
//! ```text
//! magic "CFBACKUP" | format u32 | genesis hash
//! length u32, not 0 | payload of a log record          for each block from genesis on
//! 0 u32
//! keccak of a document | length u32 | the document     for each, by rising keccak
//! 32 zero bytes
//! number of blocks u64 | hash of the last block | number of documents u64 | keccak of all bytes before
//! ```
//! Format 1 had no documents: neither their lines nor their number.

use std::{
    fs::{self, File},
    io::{self, BufReader, BufWriter, Read, Write},
    path::Path,
    sync::Arc,
};

use alloy_primitives::{B256, Keccak256, keccak256};

use crate::{
    disk::{Folder, sync_folder},
    documents::{DOCUMENT_MOST_BYTES, Documents, each_document},
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
const FORMAT: u32 = 2;
/// The one before, which is read as well.
const WITHOUT_DOCUMENTS: u32 = 1;

/// What a backup file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contents {
    /// Hash of block 0.
    pub genesis: B256,
    /// Blocks, genesis included.
    pub blocks: u64,
    /// Hash of the last block.
    pub head: B256,
    /// Documents.
    pub documents: u64,
}

/// A piece of a backup file.
#[derive(Clone, Copy, Debug)]
enum Part<'a> {
    /// Payload of a log record.
    Block(&'a [u8]),
    Document(&'a [u8]),
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
    let written = write_backup(dir, &disk, &survey, target, file);
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
    let documents = Documents::open(dir, u64::MAX)?;
    read_backup(file, |part| match part {
        Part::Block(payload) => log.append_unsynced(payload).map(drop),
        Part::Document(bytes) => documents.put(bytes).map(drop),
    })?;
    log.sync()?;
    fs::rename(&unfinished, &target).and_then(|()| sync_folder(dir)).map_err(failed)?;
    Ok(contents)
}

fn write_backup(dir: &Path, disk: &Folder, survey: &Survey, target: File, file: &Path) -> Result<Contents> {
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
    let documents = write_documents(dir, &mut out, file)?;
    out.put(&[&blocks.to_be_bytes(), head.as_slice(), &documents.to_be_bytes()])
        .map_err(|error| writing(file, error))?;
    out.finish().and_then(|()| sync_folder(file.parent().unwrap_or(file))).map_err(|error| writing(file, error))?;
    Ok(Contents { genesis, blocks, head, documents })
}

/// Answers how many there are.
fn write_documents(dir: &Path, out: &mut Hashing<BufWriter<File>>, file: &Path) -> Result<u64> {
    out.put(&[&0_u32.to_be_bytes()]).map_err(|error| writing(file, error))?;
    let counted = each_document(dir, |bytes| {
        let length = u32::try_from(bytes.len()).map_err(|_| StoreError::DocumentTooLarge { bytes: bytes.len() })?;
        let parts = [keccak256(bytes).as_slice(), &length.to_be_bytes(), bytes].concat();
        out.put(&[&parts]).map_err(|error| writing(file, error))
    })?;
    out.put(&[B256::ZERO.as_slice()]).map_err(|error| writing(file, error))?;
    Ok(counted.documents)
}

/// Reads a backup file, hands each part to `take`, and checks all of it.
fn read_backup(file: &Path, mut take: impl FnMut(Part<'_>) -> Result<()>) -> Result<Contents> {
    let opened = File::open(file).map_err(|error| broken(file, error))?;
    let mut input = Hashing { inner: BufReader::new(opened), hasher: Keccak256::new() };
    let (magic, format): ([u8; 8], [u8; 4]) = (input.array(file)?, input.array(file)?);
    if &magic != MAGIC {
        return Err(broken(file, "not a backup of a ledger"));
    }
    let found = u32::from_be_bytes(format);
    if found != FORMAT && found != WITHOUT_DOCUMENTS {
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
        take(Part::Block(&payload))?;
        (parent, blocks) = (Some(record), blocks + 1);
    }
    let head = parent.map(|record| record.block.hash()).unwrap_or_default();
    let documents = if found == FORMAT { Some(read_documents(&mut input, file, take)?) } else { None };
    input.check_end(file, blocks, head, documents)?;
    Ok(Contents { genesis, blocks, head, documents: documents.unwrap_or(0) })
}

fn read_documents(
    input: &mut Hashing<BufReader<File>>,
    file: &Path,
    mut take: impl FnMut(Part<'_>) -> Result<()>,
) -> Result<u64> {
    let mut documents = 0;
    loop {
        let hash = B256::from(input.array::<32>(file)?);
        if hash.is_zero() {
            return Ok(documents);
        }
        let length = u32::from_be_bytes(input.array(file)?);
        let bytes = input.bytes(file, length, DOCUMENT_MOST_BYTES)?;
        if keccak256(&bytes) != hash {
            return Err(broken(file, format!("document {hash} is damaged")));
        }
        take(Part::Document(&bytes))?;
        documents += 1;
    }
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
        self.bytes(file, length, MAX_RECORD_BYTES).map(Some)
    }

    fn bytes(&mut self, file: &Path, length: u32, most: usize) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let read = self.inner.by_ref().take(length.into()).read_to_end(&mut bytes);
        let read = read.map_err(|error| broken(file, error))?;
        if u32::try_from(read) != Ok(length) || read > most {
            return Err(broken(file, "it ends in the middle of a block or a document"));
        }
        self.hasher.update(&bytes);
        Ok(bytes)
    }

    fn check_end(mut self, file: &Path, blocks: u64, head: B256, documents: Option<u64>) -> Result<()> {
        let (said_blocks, said_head) = (u64::from_be_bytes(self.array(file)?), B256::from(self.array::<32>(file)?));
        let said_documents = documents.map(|_| self.array(file).map(u64::from_be_bytes)).transpose()?;
        let hash = self.hasher.clone().finalize();
        let said_hash = B256::from(self.array::<32>(file)?);
        let mut rest = [0; 1];
        let trailing = self.inner.read(&mut rest).map_err(|error| broken(file, error))?;
        if (said_blocks, said_head, said_documents, said_hash, trailing) != (blocks, head, documents, hash, 0) {
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
