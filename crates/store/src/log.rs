//! The block log: the one truth on the disk. Segments of records, one record for each block from genesis on.
//! [`Log::append`] is the commit point: one write and one fdatasync. After a write or sync that failed nothing more is
//! written; whether the record is there is found out at the next start.
//! Called by `store`. Bytes are in `frame`, the look at what a crash left in `survey`, the meaning of payloads in `record`.

use std::sync::Arc;

use parking_lot::Mutex;

use crate::{
    disk::{Disk, DiskFile},
    error::{Result, StoreError},
    frame::{
        FRAME_HEADER_BYTES, SEGMENT_HEADER_BYTES, Salt, encode_segment_header, frame_bytes, read_frame, seal_frame,
    },
    survey::{Survey, segment_name},
};
pub use crate::{frame::MAX_RECORD_BYTES, survey::Location};

mod recovery;
#[cfg(test)]
mod tests;

#[doc(hidden)]
pub use recovery::check_recovery;

/// Bytes after which a new segment is begun.
pub const SEGMENT_BYTES: u64 = 256 << 20;

/// Memory kept between two appends.
const KEPT_FRAME_BYTES: usize = 8 << 20;
const APPENDING: &str = "appending a block to the log";

/// An open log.
#[derive(Debug)]
pub(crate) struct Log {
    disk: Arc<dyn Disk>,
    salt: Salt,
    segment_bytes: u64,
    tail: Mutex<Tail>,
}

/// Where the next record goes.
#[derive(Debug)]
struct Tail {
    segment: u32,
    file: Box<dyn DiskFile>,
    end: u64,
    /// The frame being written; kept for its memory.
    frame: Vec<u8>,
    /// Records are written that [`Log::sync`] must still make durable.
    unsynced: bool,
    /// Why nothing is written any more.
    failed: Option<String>,
}

/// When a record becomes durable.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Durable {
    Now,
    AtSync,
}

impl Log {
    /// Begins a log in a folder where no ledger was ever begun; what an earlier attempt left is removed.
    pub(crate) fn create(disk: Arc<dyn Disk>, segment_bytes: u64) -> Result<Self> {
        remove_every_segment(&*disk)?;
        let salt = rand::random();
        let file = create_segment(&*disk, 0, salt)?;
        Ok(Self::at(disk, salt, segment_bytes, 0, file, SEGMENT_HEADER_BYTES as u64))
    }

    /// Opens a log after a look at it: cuts the torn tail, and makes sure that its last record is durable.
    pub(crate) fn open(disk: Arc<dyn Disk>, segment_bytes: u64, survey: &Survey) -> Result<Self> {
        if let Some(unfinished) = survey.unfinished {
            disk.remove(&segment_name(unfinished)).map_err(|error| repairing(unfinished, error))?;
        }
        let segment = survey.last_segment;
        let file = disk.open(&segment_name(segment)).map_err(|error| repairing(segment, error))?;
        repair(&*file, survey).map_err(|error| repairing(segment, error))?;
        disk.sync_names().map_err(|error| repairing(segment, error))?;
        Ok(Self::at(disk, survey.salt, segment_bytes, segment, file, survey.end))
    }

    fn at(
        disk: Arc<dyn Disk>,
        salt: Salt,
        segment_bytes: u64,
        segment: u32,
        file: Box<dyn DiskFile>,
        end: u64,
    ) -> Self {
        let tail = Mutex::new(Tail { segment, file, end, frame: Vec::new(), unsynced: false, failed: None });
        Self { disk, salt, segment_bytes, tail }
    }

    /// Writes the payload that `encode` gives and makes it durable: when this returns, no crash loses it.
    pub(crate) fn append(&self, encode: impl FnOnce(&mut Vec<u8>)) -> Result<Location> {
        self.put(encode, Durable::Now)
    }

    /// Writes a payload that becomes durable with [`Log::sync`]: for a log that nobody may open before that.
    pub(crate) fn append_unsynced(&self, payload: &[u8]) -> Result<Location> {
        self.put(|out| out.extend_from_slice(payload), Durable::AtSync)
    }

    /// Makes every record durable.
    pub(crate) fn sync(&self) -> Result<()> {
        let tail = &mut *self.tail.lock();
        tail.check()?;
        tail.sync().inspect_err(|error| tail.failed = Some(error.to_string()))
    }

    /// The payload at a place that an index named; anything but a whole frame there is damage.
    pub(crate) fn read(&self, location: Location) -> Result<Vec<u8>> {
        read_record(&*self.disk, self.salt, location)
    }

    fn put(&self, encode: impl FnOnce(&mut Vec<u8>), durable: Durable) -> Result<Location> {
        let tail = &mut *self.tail.lock();
        tail.check()?;
        let mut frame = std::mem::take(&mut tail.frame);
        frame.clear();
        frame.resize(FRAME_HEADER_BYTES, 0);
        encode(&mut frame);
        let length = payload_length(frame.len() - FRAME_HEADER_BYTES)?;
        let location = self.write(tail, &mut frame, length, durable);
        frame.truncate(KEPT_FRAME_BYTES);
        frame.shrink_to(KEPT_FRAME_BYTES);
        tail.frame = frame;
        location.inspect_err(|error| tail.failed = Some(error.to_string()))
    }

    fn write(&self, tail: &mut Tail, frame: &mut [u8], length: u32, durable: Durable) -> Result<Location> {
        let full = tail.end.saturating_add(frame_bytes(length)) > self.segment_bytes;
        if full && tail.end > SEGMENT_HEADER_BYTES as u64 {
            self.begin_segment(tail)?;
        }
        seal_frame(frame, length, self.salt, tail.end);
        write_all(&*tail.file, tail.end, frame, APPENDING)?;
        tail.unsynced = true;
        if durable == Durable::Now {
            tail.sync()?;
        }
        let location = Location { segment: tail.segment, offset: tail.end, length };
        tail.end += frame_bytes(length);
        Ok(location)
    }

    fn begin_segment(&self, tail: &mut Tail) -> Result<()> {
        tail.sync()?;
        let next = tail.segment.checked_add(1).ok_or_else(|| StoreError::corrupt("too many segments"))?;
        tail.file = create_segment(&*self.disk, next, self.salt)?;
        (tail.segment, tail.end) = (next, SEGMENT_HEADER_BYTES as u64);
        Ok(())
    }
}

impl Tail {
    fn check(&self) -> Result<()> {
        self.failed.as_ref().map_or(Ok(()), |reason| Err(StoreError::Stopped { reason: reason.clone() }))
    }

    fn sync(&mut self) -> Result<()> {
        if std::mem::take(&mut self.unsynced) {
            self.file.sync().map_err(|error| StoreError::io(APPENDING, error))?;
        }
        Ok(())
    }
}

/// Reads one record of a log that nobody needs to have open.
pub(crate) fn read_record(disk: &dyn Disk, salt: Salt, location: Location) -> Result<Vec<u8>> {
    let Location { segment, offset, length } = location;
    let action = || format!("reading segment {segment} of the block log");
    let file = disk.open(&segment_name(segment)).map_err(|error| StoreError::io(action(), error))?;
    let end = file.length().map_err(|error| StoreError::io(action(), error))?;
    let payload = read_frame(&*file, salt, offset, end).map_err(|error| StoreError::io(action(), error))?;
    payload.filter(|payload| u32::try_from(payload.len()) == Ok(length)).ok_or_else(|| {
        StoreError::corrupt(format!("segment {segment} of the block log holds no valid record at byte {offset}"))
    })
}

/// A new segment whose header and name are durable.
fn create_segment(disk: &dyn Disk, index: u32, salt: Salt) -> Result<Box<dyn DiskFile>> {
    let action = format!("creating segment {index} of the block log");
    let file = disk.create(&segment_name(index)).map_err(|error| StoreError::io(&action, error))?;
    write_all(&*file, 0, &encode_segment_header(index, salt), &action)?;
    file.sync().map_err(|error| StoreError::io(&action, error))?;
    disk.sync_names().map_err(|error| StoreError::io(&action, error))?;
    Ok(file)
}

/// One write; a part of it is a failure.
fn write_all(file: &dyn DiskFile, offset: u64, bytes: &[u8], action: &str) -> Result<()> {
    let written = file.write_at(offset, bytes).map_err(|error| StoreError::io(action, error))?;
    if written < bytes.len() {
        return Err(StoreError::ShortWrite { action: action.into(), written, wanted: bytes.len() });
    }
    Ok(())
}

/// A sync that failed before the last start may have left the last record readable but not on the disk, and the system
/// will not write it again by itself. So the start of the segment and the last record are written once more.
fn repair(file: &dyn DiskFile, survey: &Survey) -> std::io::Result<()> {
    rewrite(file, 0, SEGMENT_HEADER_BYTES as u64)?;
    if let Some(last) = survey.records.last().filter(|last| last.segment == survey.last_segment) {
        rewrite(file, last.offset, survey.end)?;
    }
    if survey.torn_bytes > 0 {
        tracing::warn!(
            bytes = survey.torn_bytes,
            "cutting an incomplete record, never acknowledged, off the block log"
        );
        file.truncate(survey.end)?;
    }
    file.sync()
}

fn rewrite(file: &dyn DiskFile, start: u64, end: u64) -> std::io::Result<()> {
    let mut bytes = vec![0; usize::try_from(end - start).map_err(std::io::Error::other)?];
    file.read_at(start, &mut bytes)?;
    if file.write_at(start, &bytes)? < bytes.len() {
        return Err(std::io::ErrorKind::WriteZero.into());
    }
    Ok(())
}

fn remove_every_segment(disk: &dyn Disk) -> Result<()> {
    let action = "clearing an unfinished block log";
    for name in disk.list().map_err(|error| StoreError::io(action, error))? {
        if name.ends_with(".log") {
            disk.remove(&name).map_err(|error| StoreError::io(action, error))?;
        }
    }
    disk.sync_names().map_err(|error| StoreError::io(action, error))
}

fn payload_length(bytes: usize) -> Result<u32> {
    let length = u32::try_from(bytes).ok().filter(|_| bytes <= MAX_RECORD_BYTES);
    length.ok_or(StoreError::RecordTooLarge { bytes })
}

fn repairing(segment: u32, error: std::io::Error) -> StoreError {
    StoreError::io(format!("repairing segment {segment} of the block log"), error)
}
