//! Documents that the ledger holds only the hash of: items' attributes, encrypted delivery details. One file each, named by
//! its keccak, so that writing one again changes nothing and no file can be another than its name says.
//!
//! ```text
//! DIR/documents/<first 2 hex digits>/<64 hex digits>        the bytes, nothing else
//!                                    <64 hex digits>.new    being written; removed at the next start
//! put:  file.new -> fsync -> rename -> fsync of the folder
//! get:  read -> keccak == name, or an error that says so
//! ```
//! Called by `chain` (which decides what is kept), `backup` and `check`. The folder's size is bounded. A document that cannot
//! be written is an error for whoever brings it, and not the end of the process: no block depends on it.

use std::{
    fmt,
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use alloy_primitives::{B256, hex, keccak256};
use parking_lot::Mutex;

use crate::{
    disk::sync_folder,
    error::{Result, StoreError},
};

#[cfg(test)]
mod tests;

/// Largest document.
pub const DOCUMENT_MOST_BYTES: usize = 1 << 20;
/// What a document takes at least, as file systems count: it bounds how many there are.
const BLOCK_BYTES: u64 = 4_096;

/// The documents of a data folder. Whoever opens them holds the folder's lock.
pub struct Documents {
    folder: PathBuf,
    most_bytes: u64,
    /// Bytes that the documents take, in whole blocks. Held while one is written.
    used_bytes: Mutex<u64>,
}

/// What was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Documents.
    pub documents: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Documents {
    /// Opens the documents of a data folder, which are to take at most `most_bytes`, and removes what was not finished.
    pub fn open(dir: &Path, most_bytes: u64) -> Result<Self> {
        let folder = documents_folder(dir);
        let opening = |error| StoreError::io("opening the documents", error);
        if !folder.is_dir() {
            fs::create_dir_all(&folder).and_then(|()| sync_folder(dir)).map_err(opening)?;
        }
        let mut used_bytes = 0_u64;
        for entry in entries(&folder).map_err(opening)? {
            match entry {
                Entry::Document { bytes, .. } => used_bytes = used_bytes.saturating_add(in_blocks(bytes)),
                Entry::Unfinished(path) => fs::remove_file(path).map_err(opening)?,
            }
        }
        Ok(Self { folder, most_bytes, used_bytes: Mutex::new(used_bytes) })
    }

    /// Keeps a document; it is durable when this returns. One that is kept already stays as it is, a damaged one is replaced.
    pub fn put(&self, bytes: &[u8]) -> Result<B256> {
        if bytes.len() > DOCUMENT_MOST_BYTES {
            return Err(StoreError::DocumentTooLarge { bytes: bytes.len() });
        }
        let hash = keccak256(bytes);
        let path = path_of(&self.folder, hash);
        let mut used_bytes = self.used_bytes.lock();
        let kept = match self.get(hash) {
            Ok(Some(_)) => return Ok(hash),
            Ok(None) => 0,
            Err(StoreError::DocumentDamaged { .. }) => fs::metadata(&path).map_or(0, |found| in_blocks(found.len())),
            Err(error) => return Err(error),
        };
        let needed = in_blocks(bytes.len() as u64);
        let used_after = used_bytes.saturating_sub(kept).saturating_add(needed);
        if used_after > self.most_bytes {
            return Err(StoreError::DocumentsFull { bytes: needed, most: self.most_bytes });
        }
        write(&path, bytes).map_err(|error| StoreError::io("writing a document", error))?;
        *used_bytes = used_after;
        Ok(hash)
    }

    /// A document by its keccak; `None` if it is not kept.
    pub fn get(&self, hash: B256) -> Result<Option<Vec<u8>>> {
        read(&self.folder, hash)
    }

    /// Bytes that the documents take, each in whole blocks of 4 KiB, and how many they may.
    pub fn size(&self) -> (u64, u64) {
        (*self.used_bytes.lock(), self.most_bytes)
    }
}

impl fmt::Debug for Documents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Documents").field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// Where documents lie in a data folder.
pub(crate) fn documents_folder(dir: &Path) -> PathBuf {
    dir.join("documents")
}

/// Hands each document of a data folder to `take`, in order of their hashes. One that is damaged is an error.
pub(crate) fn each_document(dir: &Path, mut take: impl FnMut(&[u8]) -> Result<()>) -> Result<Counted> {
    let folder = documents_folder(dir);
    let mut counted = Counted::default();
    if !folder.is_dir() {
        return Ok(counted);
    }
    for entry in entries(&folder).map_err(|error| StoreError::io("listing the documents", error))? {
        let Entry::Document { hash, .. } = entry else { continue };
        // One that is not there any more was being replaced: the next look finds it.
        let Some(bytes) = read(&folder, hash)? else { continue };
        take(&bytes)?;
        counted.documents += 1;
        counted.bytes = counted.bytes.saturating_add(bytes.len() as u64);
    }
    Ok(counted)
}

/// A file among the documents. What has another name is not ours, and is left alone.
enum Entry {
    Document { hash: B256, bytes: u64 },
    Unfinished(PathBuf),
}

fn entries(folder: &Path) -> io::Result<Vec<Entry>> {
    let mut found = Vec::new();
    for place in listed(folder)? {
        if !place.is_dir() {
            continue;
        }
        for path in listed(&place)? {
            found.extend(entry(path)?);
        }
    }
    Ok(found)
}

fn entry(path: PathBuf) -> io::Result<Option<Entry>> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
    if let Some(hash) = hash_of(&name) {
        return Ok(Some(Entry::Document { hash, bytes: fs::metadata(&path)?.len() }));
    }
    let unfinished = name.strip_suffix(UNFINISHED).and_then(hash_of);
    Ok(unfinished.map(|_| Entry::Unfinished(path)))
}

/// What is in a folder, by name.
fn listed(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort_unstable();
    Ok(paths)
}

fn path_of(folder: &Path, hash: B256) -> PathBuf {
    let name = hex::encode(hash);
    folder.join(&name[..2]).join(&name)
}

fn hash_of(name: &str) -> Option<B256> {
    let mut hash = B256::ZERO;
    let lower = name.len() == 64 && !name.bytes().any(|byte| byte.is_ascii_uppercase());
    (lower && hex::decode_to_slice(name, hash.as_mut_slice()).is_ok()).then_some(hash)
}

fn read(folder: &Path, hash: B256) -> Result<Option<Vec<u8>>> {
    let failed = |error| StoreError::io("reading a document", error);
    let file = match File::open(path_of(folder, hash)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let mut bytes = Vec::new();
    file.take(DOCUMENT_MOST_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    if keccak256(&bytes) != hash {
        return Err(StoreError::DocumentDamaged { hash });
    }
    Ok(Some(bytes))
}

/// Writes all of it under its name, or nothing. A name that could not be made durable is taken back, so that a later try
/// does not find the document and believe that it is safe.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let place = path.parent().unwrap_or(path);
    if !place.is_dir() {
        make(place)?;
    }
    let unfinished = path.with_extension(&UNFINISHED[1..]);
    let written = write_file(&unfinished, bytes).and_then(|()| fs::rename(&unfinished, path));
    if written.is_err() {
        let _ = fs::remove_file(&unfinished);
        return written;
    }
    let synced = sync_folder(place);
    if synced.is_err() {
        let _ = fs::remove_file(path);
    }
    synced
}

fn make(place: &Path) -> io::Result<()> {
    fs::create_dir(place)?;
    let synced = sync_folder(place.parent().unwrap_or(place));
    if synced.is_err() {
        let _ = fs::remove_dir(place);
    }
    synced
}

fn write_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn in_blocks(bytes: u64) -> u64 {
    bytes.max(1).div_ceil(BLOCK_BYTES).saturating_mul(BLOCK_BYTES)
}

const UNFINISHED: &str = ".new";
