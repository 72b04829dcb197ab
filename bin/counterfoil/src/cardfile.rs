//! A card on the disk: one file, open in one place at a time. Called by the commands that insert a card.
//!
//! What is in the file is `payments::card::file`'s matter; here it is created, locked, read, and its counter is kept. The order at a tap is
//! the whole point: the new ATC is written over the older of two slots, synced, and only then given to the card, which only then answers
//! (EMV Book 2, 8.1.1: an ATC is never used twice). The lock is held for as long as the card is inserted, so that no two processes share
//! an ATC.
//!
//! ```text
//! open -> lock -> still the file of that name? -> read, open with the passphrase -> advance: write, sync, answer -> ... -> drop: unlock
//! ```

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{Read, Write},
    os::unix::fs::{FileExt, MetadataExt},
    path::{Path, PathBuf},
};

use eyre::{Context, bail, ensure};
use payments::card::{Counter, CounterError, Counters, Personalization, file};
use rand::{Rng, rngs::OsRng};

/// An inserted card's file.
#[derive(Debug)]
pub(crate) struct CardFile {
    file: File,
    path: PathBuf,
    state: file::CardState,
    /// What `record_online` was told since the state was written.
    last_online_atc: u16,
    /// Why nothing can be written any more. A write that failed is not tried again: what is on the disk is then not known.
    fault: Option<String>,
}

impl CardFile {
    /// Writes a new card, whole or not at all; never over an existing file.
    pub(crate) fn create(path: &Path, card: &Personalization, passphrase: &str) -> eyre::Result<()> {
        let could_not = || format!("could not write {}", path.display());
        let (salt, nonce) = (OsRng.r#gen(), OsRng.r#gen());
        let content = file::encode(card, Counters::default(), passphrase, file::Stretch::default(), salt, nonce)?;
        let folder = folder_of(path);
        // Readable by its owner alone; the library makes it so.
        let mut draft = tempfile::NamedTempFile::new_in(folder).wrap_err_with(could_not)?;
        draft.write_all(&content).wrap_err_with(could_not)?;
        draft.as_file().sync_all().wrap_err_with(could_not)?;
        draft.persist_noclobber(path).map_err(|refused| refused.error).wrap_err_with(could_not)?;
        File::open(folder).and_then(|folder| folder.sync_all()).wrap_err_with(could_not)
    }

    /// Inserts a card: locks its file, reads it and opens it.
    pub(crate) fn open(path: &Path, passphrase: &str) -> eyre::Result<(Self, Personalization)> {
        let shown = || format!("card {}", path.display());
        let file = OpenOptions::new().read(true).write(true).open(path).wrap_err_with(shown)?;
        lock(&file, path).wrap_err_with(shown)?;
        let (card, state) = file::decode(&read(&file).wrap_err_with(shown)?, passphrase).wrap_err_with(shown)?;
        let last_online_atc = state.counters().last_online_atc;
        Ok((Self { file, path: path.into(), state, last_online_atc, fault: None }, card))
    }

    /// Writes the counters over the older slot; done when they outlive a power cut.
    fn keep(&mut self, counters: Counters) -> Result<(), CounterError> {
        if let Some(fault) = &self.fault {
            return Err(CounterError::NotKept(fault.clone()));
        }
        let (place, slot, state) = self.state.replaced(counters);
        if let Err(error) = self.file.write_all_at(&slot, place).and_then(|()| self.file.sync_data()) {
            let fault = format!("{}: {error}", self.path.display());
            self.fault = Some(fault.clone());
            return Err(CounterError::NotKept(fault));
        }
        self.state = state;
        Ok(())
    }
}

impl Counter for CardFile {
    fn counters(&self) -> Counters {
        Counters { last_online_atc: self.last_online_atc, ..self.state.counters() }
    }

    fn advance(&mut self) -> Result<u16, CounterError> {
        let counters = self.counters().advanced()?;
        self.keep(counters)?;
        Ok(counters.atc)
    }

    /// Written with the next transaction, or when the card is taken out: it may be lost, so it needs no sync of its own.
    fn record_online(&mut self, atc: u16) {
        self.last_online_atc = atc;
    }
}

impl Drop for CardFile {
    fn drop(&mut self) {
        if self.counters() != self.state.counters() {
            // Nobody is left to be told; the number may be lost.
            drop(self.keep(self.counters()));
        }
    }
}

/// Refuses a card that is inserted elsewhere, and a file that was exchanged between its opening and its locking.
fn lock(file: &File, path: &Path) -> eyre::Result<()> {
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => bail!("it is inserted in another reader"),
        Err(TryLockError::Error(error)) => return Err(error).wrap_err("it cannot be locked"),
    }
    let (locked, named) = (file.metadata()?, fs::metadata(path)?);
    let same = (locked.dev(), locked.ino()) == (named.dev(), named.ino());
    ensure!(same, "it was exchanged just now: try again");
    Ok(())
}

fn read(file: &File) -> eyre::Result<Vec<u8>> {
    let mut content = Vec::new();
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut content)?;
    ensure!(content.len() as u64 <= MAX_FILE_BYTES, "it is larger than any card file");
    Ok(content)
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

const MAX_FILE_BYTES: u64 = file::MAX_BYTES as u64;

#[cfg(test)]
pub(crate) mod tests;
