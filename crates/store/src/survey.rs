//! Looks through the segments of a block log without changing a byte: which records are whole, and what follows the last.
//! Called at start-up, by the verification and by the backup. The rules:
//!
//! - Records are appended one at a time, each durable before the next begins. So only the last record of the last
//!   segment can be incomplete, and then it was never acknowledged: what follows the last whole record is a torn tail.
//! - A frame header after a damaged frame, or damage in an older segment, is therefore rot: an error, never cut off.
//! - A last segment without its header is one whose creation did not finish.

use crate::{
    disk::{Disk, DiskFile},
    error::{Result, StoreError},
    frame::{
        FORMAT, Frame, SEGMENT_HEADER_BYTES, Salt, SegmentHead, decode_segment_header, find_frame_header, read_frame,
    },
};

/// Where a record lies in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Location {
    /// Number of the segment.
    pub segment: u32,
    /// First byte of the frame.
    pub offset: u64,
    /// Bytes of the payload.
    pub length: u32,
}

/// What a look through the log found.
#[derive(Debug)]
pub(crate) struct Survey {
    pub(crate) salt: Salt,
    /// Every whole record from the start of the look on, in order.
    pub(crate) records: Vec<Location>,
    /// The last segment with a header.
    pub(crate) last_segment: u32,
    /// End of the last whole record in it, or of its header.
    pub(crate) end: u64,
    /// Bytes after that.
    pub(crate) torn_bytes: u64,
    /// A segment whose creation did not finish.
    pub(crate) unfinished: Option<u32>,
}

/// True if the first record of a log was ever written whole.
pub(crate) fn is_begun(disk: &dyn Disk) -> Result<bool> {
    let count = count_segments(disk)?;
    if count != 1 {
        return Ok(count > 1);
    }
    let Some(salt) = read_head(disk, 0, true)? else { return Ok(false) };
    let action = "reading the first block of the log";
    let file = disk.open(&segment_name(0)).map_err(|error| StoreError::io(action, error))?;
    let length = file.length().map_err(|error| StoreError::io(action, error))?;
    let start = SEGMENT_HEADER_BYTES as u64;
    let first = whole_frame(&*file, salt, start, length).map_err(|error| StoreError::io(action, error))?;
    if first.is_some() {
        return Ok(true);
    }
    let later = find_frame_header(&*file, salt, start + 1, length).map_err(|error| StoreError::io(action, error))?;
    Ok(later.is_some())
}

/// The file name of a segment.
pub(crate) fn segment_name(index: u32) -> String {
    format!("{index:08}.log")
}

impl Survey {
    /// Looks through the log from `from` on, or from its first record; `None` if no ledger was ever begun here.
    pub(crate) fn take(disk: &dyn Disk, from: Option<Location>) -> Result<Option<Self>> {
        let count = count_segments(disk)?;
        let Some(newest) = count.checked_sub(1) else { return Ok(None) };
        let Some(salt) = read_head(disk, 0, newest == 0)? else { return Ok(None) };
        let unfinished = newest > 0 && read_head(disk, newest, true)?.is_none();
        let last_segment = if unfinished { newest - 1 } else { newest };
        let (first, mut start) = from.map_or((0, SEGMENT_HEADER_BYTES as u64), |from| (from.segment, from.offset));
        let mut survey = Self {
            salt,
            records: Vec::new(),
            last_segment,
            end: start,
            torn_bytes: 0,
            unfinished: unfinished.then_some(newest),
        };
        for index in first..=last_segment {
            survey.look_through(disk, index, start, index == newest)?;
            start = SEGMENT_HEADER_BYTES as u64;
        }
        Ok((from.is_some() || !survey.records.is_empty()).then_some(survey))
    }

    fn look_through(&mut self, disk: &dyn Disk, index: u32, start: u64, may_be_torn: bool) -> Result<()> {
        let action = || format!("reading segment {index} of the block log");
        let file = disk.open(&segment_name(index)).map_err(|error| StoreError::io(action(), error))?;
        self.check_salt(disk, index)?;
        let length = durable_length(&*file).map_err(|error| StoreError::io(action(), error))?;
        let mut offset = start;
        while let Some(frame) =
            whole_frame(&*file, self.salt, offset, length).map_err(|error| StoreError::io(action(), error))?
        {
            self.records.push(Location { segment: index, offset, length: frame.length });
            offset = frame.end();
        }
        self.end = offset;
        self.torn_bytes = length.saturating_sub(offset);
        self.judge_tail(&*file, index, length, may_be_torn)
    }

    fn judge_tail(&self, file: &dyn DiskFile, index: u32, length: u64, may_be_torn: bool) -> Result<()> {
        if self.torn_bytes == 0 {
            return Ok(());
        }
        let at = self.end;
        if !may_be_torn {
            return Err(StoreError::corrupt(format!("segment {index} of the block log is damaged at byte {at}")));
        }
        let later = find_frame_header(file, self.salt, at.saturating_add(1), length)
            .map_err(|error| StoreError::io(format!("searching segment {index} of the block log"), error))?;
        later.map_or(Ok(()), |later| {
            Err(StoreError::corrupt(format!(
                "the record at byte {at} of segment {index} of the block log is damaged, but one follows at byte {later}"
            )))
        })
    }

    fn check_salt(&self, disk: &dyn Disk, index: u32) -> Result<()> {
        match read_head(disk, index, false)? {
            Some(salt) if salt == self.salt => Ok(()),
            _ => Err(StoreError::corrupt(format!("segment {index} of the block log belongs to another log"))),
        }
    }
}

/// How many segments there are; their numbers must leave no gap.
fn count_segments(disk: &dyn Disk) -> Result<u32> {
    let names = disk.list().map_err(|error| StoreError::io("listing the block log", error))?;
    let mut found: Vec<u32> = names.iter().filter_map(|name| name.strip_suffix(".log")?.parse().ok()).collect();
    found.sort_unstable();
    match found.iter().zip(0..).find(|(index, expected)| **index != *expected) {
        Some((_, missing)) => Err(StoreError::corrupt(format!("segment {missing} of the block log is missing"))),
        None => u32::try_from(found.len()).map_err(|_| StoreError::corrupt("too many segments")),
    }
}

/// The salt of a segment; `None` for one whose header was never finished, where that can be.
fn read_head(disk: &dyn Disk, index: u32, may_be_unfinished: bool) -> Result<Option<Salt>> {
    let action = || format!("reading the header of segment {index} of the block log");
    let file = disk.open(&segment_name(index)).map_err(|error| StoreError::io(action(), error))?;
    let length = file.length().map_err(|error| StoreError::io(action(), error))?;
    let mut bytes = [0; SEGMENT_HEADER_BYTES];
    if length >= SEGMENT_HEADER_BYTES as u64 {
        file.read_at(0, &mut bytes).map_err(|error| StoreError::io(action(), error))?;
    }
    match decode_segment_header(&bytes) {
        SegmentHead::Ours { index: own, salt } if own == index => Ok(Some(salt)),
        SegmentHead::Format(found) => {
            Err(StoreError::Format { what: "the block log".into(), found, supported: FORMAT })
        }
        _ if may_be_unfinished && length <= SEGMENT_HEADER_BYTES as u64 => Ok(None),
        _ => Err(StoreError::corrupt(format!("segment {index} of the block log has no valid header"))),
    }
}

/// The length that everything read below is durable up to, also while another process appends.
fn durable_length(file: &dyn DiskFile) -> std::io::Result<u64> {
    let length = file.length()?;
    file.sync()?;
    Ok(length)
}

fn whole_frame(file: &dyn DiskFile, salt: Salt, offset: u64, end: u64) -> std::io::Result<Option<Frame>> {
    let payload = read_frame(file, salt, offset, end)?;
    Ok(payload.and_then(|payload| Some(Frame { offset, length: u32::try_from(payload.len()).ok()? })))
}
