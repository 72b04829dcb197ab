//! A disk in memory that fails like a real one: the twin of [`crate::disk::Folder`] for tests.
//!
//! - A power cut keeps, loses or tears each unsynced sector on its own, at any byte, and may keep any length in between.
//! - A file whose name was not synced may be gone, a removed one may be back.
//! - A failed sync leaves its sectors readable but never writes them again (what Linux does after EIO): a later
//!   sync that succeeds says nothing about them unless they were written anew.
//! - Writes may be cut short, and the disk may be full.
//!
//! Every choice comes from a seed, so that a failing test can be run again.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    sync::Arc,
};

use parking_lot::{Mutex, MutexGuard};
use rand::{Rng, SeedableRng, rngs::StdRng};

use crate::disk::{Disk, DiskFile};

/// What a real disk writes at once or not at all; even this is torn here.
pub const SECTOR_BYTES: usize = 512;

/// The disk; clones are the same disk.
#[derive(Clone, Debug, Default)]
pub struct FaultDisk(Arc<Mutex<World>>);

#[derive(Debug, Default)]
struct World {
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    files: Vec<Contents>,
    operations: u64,
    power_fails_at: Option<u64>,
    without_power: bool,
    free_bytes: Option<usize>,
    short_write: bool,
    sync_error: bool,
    /// Files opened before a power cut are dead after it.
    boot: u32,
}

#[derive(Clone, Debug, Default)]
struct Contents {
    seen: Vec<u8>,
    durable: Vec<u8>,
    /// Sectors written since the last sync.
    dirty: BTreeSet<usize>,
    /// Sectors of a failed sync: clean for the system, perhaps never on the disk.
    doubtful: BTreeSet<usize>,
}

#[derive(Debug)]
struct FaultFile {
    disk: FaultDisk,
    file: usize,
    boot: u32,
}

impl FaultDisk {
    /// The power fails during operation `operation` (counted from the start of the disk) and stays away.
    pub fn cut_power_at(&self, operation: u64) {
        self.0.lock().power_fails_at = Some(operation);
    }

    /// False from the power cut to the restart.
    pub fn has_power(&self) -> bool {
        !self.0.lock().without_power
    }

    /// Writes and syncs done so far.
    pub fn operations(&self) -> u64 {
        self.0.lock().operations
    }

    /// The next sync fails with EIO.
    pub fn fail_next_sync(&self) {
        self.0.lock().sync_error = true;
    }

    /// The next write takes only half of its bytes.
    pub fn cut_next_write_short(&self) {
        self.0.lock().short_write = true;
    }

    /// Only this many bytes more fit on the disk.
    pub fn leave_free(&self, bytes: usize) {
        self.0.lock().free_bytes = Some(bytes);
    }

    /// A power cut now, then the disk as the next start finds it; all planned faults are over.
    pub fn restart(&self, seed: u64) {
        let mut world = self.0.lock();
        let mut random = StdRng::seed_from_u64(seed);
        for contents in &mut world.files {
            contents.survive(&mut random);
        }
        let names = surviving_names(&world, &mut random);
        let files = std::mem::take(&mut world.files);
        let boot = world.boot + 1;
        let operations = world.operations;
        *world = World { names: names.clone(), durable_names: names, files, operations, boot, ..World::default() };
    }

    /// The process ends and starts again, the machine does not: nothing is lost, all planned faults are over.
    pub fn restart_process(&self) {
        let mut world = self.0.lock();
        world.boot += 1;
        (world.power_fails_at, world.free_bytes, world.short_write, world.sync_error) = (None, None, false, false);
    }

    /// Another disk with the same bytes: what a careless copy of a running machine holds.
    pub fn copy(&self) -> Self {
        let world = self.0.lock();
        let (names, files) = (world.names.clone(), world.files.clone());
        let durable_names = names.clone();
        Self(Arc::new(Mutex::new(World { names, durable_names, files, ..World::default() })))
    }

    /// The bytes of a file as a reader sees them now.
    pub fn contents(&self, name: &str) -> Option<Vec<u8>> {
        let world = self.0.lock();
        world.names.get(name).map(|file| world.files[*file].seen.clone())
    }

    /// Changes a durable file behind everybody's back: rot, or a hand in the data folder.
    pub fn damage(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut world = self.0.lock();
        if let Some(file) = world.names.get(name).copied() {
            change(&mut world.files[file].seen);
            world.files[file].durable = world.files[file].seen.clone();
        }
    }

    fn handle(&self, file: usize, boot: u32) -> Box<dyn DiskFile> {
        Box::new(FaultFile { disk: self.clone(), file, boot })
    }
}

impl Disk for FaultDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.0.lock().powered()?.names.keys().cloned().collect())
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        let mut world = self.0.lock();
        world.powered()?;
        if world.names.contains_key(name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let file = world.files.len();
        world.files.push(Contents::default());
        world.names.insert(name.into(), file);
        world.count()?;
        Ok(self.handle(file, world.boot))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        let mut world = self.0.lock();
        let file = *world.powered()?.names.get(name).ok_or(io::ErrorKind::NotFound)?;
        Ok(self.handle(file, world.boot))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut world = self.0.lock();
        world.powered()?.names.remove(name).ok_or(io::ErrorKind::NotFound)?;
        world.count()
    }

    fn sync_names(&self) -> io::Result<()> {
        let mut world = self.0.lock();
        world.powered()?.count()?;
        world.durable_names = world.names.clone();
        Ok(())
    }
}

impl DiskFile for FaultFile {
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<usize> {
        let mut world = self.world()?;
        let taken = world.accept(bytes.len())?;
        let start = position(offset)?;
        world.files[self.file].write(start, &bytes[..taken]);
        world.count()?;
        Ok(taken)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let world = self.world()?;
        let start = position(offset)?;
        let end = start.checked_add(buffer.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        let bytes = world.files[self.file].seen.get(start..end).ok_or(io::ErrorKind::UnexpectedEof)?;
        buffer.copy_from_slice(bytes);
        Ok(())
    }

    fn length(&self) -> io::Result<u64> {
        u64::try_from(self.world()?.files[self.file].seen.len()).map_err(io::Error::other)
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        let mut world = self.world()?;
        let length = position(length)?;
        world.files[self.file].truncate(length);
        world.count()
    }

    fn sync(&self) -> io::Result<()> {
        let mut world = self.world()?;
        world.count()?;
        if std::mem::take(&mut world.sync_error) {
            world.files[self.file].fail_sync();
            return Err(io::Error::from_raw_os_error(EIO));
        }
        world.files[self.file].sync();
        Ok(())
    }
}

impl FaultFile {
    fn world(&self) -> io::Result<MutexGuard<'_, World>> {
        let mut world = self.disk.0.lock();
        world.powered()?;
        if world.boot == self.boot { Ok(world) } else { Err(no_power()) }
    }
}

impl World {
    fn powered(&mut self) -> io::Result<&mut Self> {
        if self.without_power { Err(no_power()) } else { Ok(self) }
    }

    /// Counts an operation; the power may fail in it. A write has then reached the cache, a sync has done nothing.
    fn count(&mut self) -> io::Result<()> {
        self.without_power = self.power_fails_at == Some(self.operations);
        self.operations += 1;
        self.powered().map(|_| ())
    }

    /// How many of `wanted` bytes a write takes.
    fn accept(&mut self, wanted: usize) -> io::Result<usize> {
        if std::mem::take(&mut self.short_write) {
            return Ok(wanted / 2);
        }
        let Some(free) = self.free_bytes.as_mut() else { return Ok(wanted) };
        if *free == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let taken = wanted.min(*free);
        *free -= taken;
        Ok(taken)
    }
}

impl Contents {
    fn write(&mut self, start: usize, bytes: &[u8]) {
        let end = start + bytes.len();
        let first = start.min(self.seen.len());
        self.seen.resize(self.seen.len().max(end), 0);
        self.seen[start..end].copy_from_slice(bytes);
        for sector in sectors(first, end) {
            self.dirty.insert(sector);
            self.doubtful.remove(&sector);
        }
    }

    fn truncate(&mut self, length: usize) {
        self.seen.truncate(length);
    }

    fn sync(&mut self) {
        self.durable.resize(self.seen.len(), 0);
        for sector in std::mem::take(&mut self.dirty) {
            copy_sector(&self.seen, &mut self.durable, sector, SECTOR_BYTES);
        }
    }

    fn fail_sync(&mut self) {
        self.doubtful.append(&mut self.dirty);
    }

    /// What a power cut leaves.
    fn survive(&mut self, random: &mut StdRng) {
        let (old, new) = (self.durable.len(), self.seen.len());
        let length = match random.random_range(0..3) {
            0 => old,
            1 => new,
            _ => random.random_range(old.min(new)..=old.max(new)),
        };
        let mut left = self.durable.clone();
        left.resize(length, 0);
        for sector in self.dirty.union(&self.doubtful) {
            match random.random_range(0..3) {
                0 => {}
                1 => copy_sector(&self.seen, &mut left, *sector, SECTOR_BYTES),
                _ => copy_sector(&self.seen, &mut left, *sector, random.random_range(0..SECTOR_BYTES)),
            }
        }
        *self = Self { seen: left.clone(), durable: left, ..Self::default() };
    }
}

fn surviving_names(world: &World, random: &mut StdRng) -> BTreeMap<String, usize> {
    let every: BTreeSet<&String> = world.names.keys().chain(world.durable_names.keys()).collect();
    let choose = |name: &String, random: &mut StdRng| {
        let names = if random.random() { &world.names } else { &world.durable_names };
        names.get(name).map(|file| (name.clone(), *file))
    };
    every.into_iter().filter_map(|name| choose(name, random)).collect()
}

/// Copies the first `bytes` of a sector, as far as both files reach.
fn copy_sector(from: &[u8], to: &mut [u8], sector: usize, bytes: usize) {
    let start = sector * SECTOR_BYTES;
    let end = (start + bytes).min(from.len()).min(to.len());
    if start < end {
        to[start..end].copy_from_slice(&from[start..end]);
    }
}

fn sectors(start: usize, end: usize) -> std::ops::Range<usize> {
    start / SECTOR_BYTES..end.div_ceil(SECTOR_BYTES)
}

fn position(offset: u64) -> io::Result<usize> {
    usize::try_from(offset).map_err(io::Error::other)
}

fn no_power() -> io::Error {
    io::Error::other("the power is gone")
}

/// `EIO` of Linux: the device failed.
const EIO: i32 = 5;
