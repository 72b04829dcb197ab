//! The faulty disk of a node, and how far each of its files is synced: so that a power cut is counted by what it did to writes, not by
//! what it might have done.

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use store::{
    disk::{Disk, DiskFile},
    faults::FaultDisk,
};

/// The disk; clones are the same disk.
#[derive(Clone, Debug, Default)]
pub(crate) struct WatchedDisk {
    faulty: FaultDisk,
    synced: Synced,
}

/// The length that each file had when it was synced last; the log only appends.
#[derive(Clone, Debug, Default)]
struct Synced(Arc<Mutex<BTreeMap<String, usize>>>);

impl Synced {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Files of which a power cut did not leave all that was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lost {
    /// Nothing of what was not synced is there.
    pub(crate) dropped: u64,
    /// It is neither gone nor there as it was written.
    pub(crate) torn: u64,
}

impl Lost {
    fn count(&mut self, unsynced: &[u8], left: &[u8]) {
        if unsynced == left {
            return;
        }
        if left.is_empty() {
            self.dropped += 1;
        } else {
            self.torn += 1;
        }
    }
}

impl WatchedDisk {
    /// The disk itself, whose faults can be planned.
    pub(crate) const fn faulty(&self) -> &FaultDisk {
        &self.faulty
    }

    /// Another disk with the same bytes.
    pub(crate) fn copy(&self) -> Self {
        Self { faulty: self.faulty.copy(), synced: Synced::default() }
    }

    /// The power failed: what was not synced is kept, lost or torn by this seed.
    pub(crate) fn lose_power(&self, seed: u64) -> Lost {
        let before = self.contents();
        self.faulty.restart(seed);
        let after = self.contents();
        let mut synced = self.synced.lock();
        let mut lost = Lost::default();
        for (name, written) in before {
            let from = synced.get(&name).copied().unwrap_or_default().min(written.len());
            let left = after.get(&name).and_then(|left| left.get(from..)).unwrap_or_default();
            lost.count(&written[from..], left);
        }
        *synced = after.into_iter().map(|(name, left)| (name, left.len())).collect();
        lost
    }

    /// All files as a reader sees them now; with or without power, which a copy always has.
    fn contents(&self) -> BTreeMap<String, Vec<u8>> {
        let copy = self.faulty.copy();
        let names = copy.list().unwrap_or_default();
        names.into_iter().filter_map(|name| copy.contents(&name).map(|bytes| (name, bytes))).collect()
    }

    fn watched(&self, name: &str, file: Box<dyn DiskFile>) -> Box<dyn DiskFile> {
        Box::new(WatchedFile { file, name: name.to_owned(), synced: self.synced.clone() })
    }
}

impl Disk for WatchedDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        self.faulty.list()
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        Ok(self.watched(name, self.faulty.create(name)?))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        Ok(self.watched(name, self.faulty.open(name)?))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.faulty.remove(name)
    }

    fn sync_names(&self) -> io::Result<()> {
        self.faulty.sync_names()
    }
}

#[derive(Debug)]
struct WatchedFile {
    file: Box<dyn DiskFile>,
    name: String,
    synced: Synced,
}

impl DiskFile for WatchedFile {
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<usize> {
        self.file.write_at(offset, bytes)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.file.read_at(offset, buffer)
    }

    fn length(&self) -> io::Result<u64> {
        self.file.length()
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        self.file.truncate(length)
    }

    fn sync(&self) -> io::Result<()> {
        self.file.sync()?;
        let length = usize::try_from(self.file.length()?).map_err(io::Error::other)?;
        self.synced.lock().insert(self.name.clone(), length);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEEDS: u64 = 64;
    const SYNCED: &[u8] = &[1; 700];
    const UNSYNCED: &[u8] = &[2; 1_500];

    /// What a power cut of this seed does to a file of which `UNSYNCED` was not synced, and what it leaves of it.
    fn cut(seed: u64) -> (Lost, Vec<u8>) {
        let disk = WatchedDisk::default();
        let file = disk.create("log").unwrap();
        disk.sync_names().unwrap();
        file.write_at(0, SYNCED).unwrap();
        file.sync().unwrap();
        file.write_at(700, UNSYNCED).unwrap();
        let lost = disk.lose_power(seed);
        let left = disk.contents().remove("log").unwrap();
        (lost, left)
    }

    #[test]
    fn a_power_cut_is_counted_by_what_it_leaves() {
        let mut all = Lost::default();
        for seed in 0..SEEDS {
            let (lost, left) = cut(seed);
            let expected = match &left[SYNCED.len()..] {
                [] => Lost { dropped: 1, torn: 0 },
                UNSYNCED => Lost::default(),
                _ => Lost { dropped: 0, torn: 1 },
            };
            assert_eq!(lost, expected, "{seed}");
            all = Lost { dropped: all.dropped + lost.dropped, torn: all.torn + lost.torn };
        }
        assert!(all.dropped > 0 && all.torn > 0, "{all:?}");
    }

    #[test]
    fn a_power_cut_that_finds_all_synced_counts_nothing() {
        for seed in 0..SEEDS {
            let disk = WatchedDisk::default();
            let file = disk.create("log").unwrap();
            disk.sync_names().unwrap();
            file.write_at(0, SYNCED).unwrap();
            file.sync().unwrap();
            assert_eq!(disk.lose_power(seed), Lost::default());
            assert_eq!(disk.lose_power(seed), Lost::default());
        }
    }
}
