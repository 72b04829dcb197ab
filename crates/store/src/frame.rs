//! Bytes of a log segment: a header of 64 bytes, then frames. A frame is a header of 16 bytes and a payload.
//!
//! ```text
//! segment header  magic "CFBLKLOG" | format u32 | index u32 | salt [16] | zeros [28] | crc32 of the 60 bytes before
//! frame header    magic "CFRC" | length u32 | crc32 of payload | crc32 of (salt, offset u64, the 12 bytes before)
//! ```
//!
//! Numbers are big-endian. The salt is random and never leaves the folder: a sender of transactions cannot write bytes
//! that look like a frame, so a frame header found after a damaged frame proves that a later record was written.
//! Called by `log` and `survey`; knows nothing of what a payload means.

use std::io;

use crate::disk::DiskFile;

/// Bytes of a segment header.
pub(crate) const SEGMENT_HEADER_BYTES: usize = 64;
/// Bytes of a frame header.
pub(crate) const FRAME_HEADER_BYTES: usize = 16;
/// The largest payload: far above any block, and a bound on what a reader allocates.
pub const MAX_RECORD_BYTES: usize = 1 << 30;
/// The format of segments that this program writes and reads.
pub(crate) const FORMAT: u32 = 1;

const SEGMENT_MAGIC: &[u8; 8] = b"CFBLKLOG";
const FRAME_MAGIC: &[u8; 4] = b"CFRC";
/// How much the search for a frame header reads at a time.
const SEARCH_BYTES: usize = 1 << 20;

/// What makes the frames of one log its own.
pub(crate) type Salt = [u8; 16];

/// What the first bytes of a segment say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SegmentHead {
    /// A segment of this program.
    Ours { index: u32, salt: Salt },
    /// A segment of another format.
    Format(u32),
    /// Not a segment header.
    Unreadable,
}

/// Where a frame lies in its segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    /// First byte of the frame header.
    pub(crate) offset: u64,
    /// Bytes of the payload.
    pub(crate) length: u32,
}

impl Frame {
    /// The first byte after the frame.
    pub(crate) fn end(self) -> u64 {
        self.offset.saturating_add(frame_bytes(self.length))
    }
}

/// Bytes of a whole frame with a payload of `length` bytes.
pub(crate) fn frame_bytes(length: u32) -> u64 {
    u64::from(length) + FRAME_HEADER_BYTES as u64
}

/// The header of segment `index`.
pub(crate) fn encode_segment_header(index: u32, salt: Salt) -> [u8; SEGMENT_HEADER_BYTES] {
    let mut header = [0; SEGMENT_HEADER_BYTES];
    header[..8].copy_from_slice(SEGMENT_MAGIC);
    header[8..12].copy_from_slice(&FORMAT.to_be_bytes());
    header[12..16].copy_from_slice(&index.to_be_bytes());
    header[16..32].copy_from_slice(&salt);
    let crc = crc32fast::hash(&header[..60]);
    header[60..].copy_from_slice(&crc.to_be_bytes());
    header
}

/// Reads a segment header.
pub(crate) fn decode_segment_header(header: &[u8; SEGMENT_HEADER_BYTES]) -> SegmentHead {
    let format = word(header, 8);
    if &header[..8] != SEGMENT_MAGIC {
        return SegmentHead::Unreadable;
    }
    if format != FORMAT {
        return SegmentHead::Format(format);
    }
    if word(header, 60) != crc32fast::hash(&header[..60]) {
        return SegmentHead::Unreadable;
    }
    let mut salt = Salt::default();
    salt.copy_from_slice(&header[16..32]);
    SegmentHead::Ours { index: word(header, 12), salt }
}

/// Fills in the first 16 bytes of `frame`, whose payload follows them; the caller bounded the length.
pub(crate) fn seal_frame(frame: &mut [u8], length: u32, salt: Salt, offset: u64) {
    let crc = crc32fast::hash(&frame[FRAME_HEADER_BYTES..]);
    frame[..4].copy_from_slice(FRAME_MAGIC);
    frame[4..8].copy_from_slice(&length.to_be_bytes());
    frame[8..12].copy_from_slice(&crc.to_be_bytes());
    let own = header_crc(&frame[..12], salt, offset);
    frame[12..16].copy_from_slice(&own.to_be_bytes());
}

/// The payload of the frame at `offset`, if a whole and undamaged one ends by `end`.
pub(crate) fn read_frame(file: &dyn DiskFile, salt: Salt, offset: u64, end: u64) -> io::Result<Option<Vec<u8>>> {
    let mut header = [0; FRAME_HEADER_BYTES];
    if offset.saturating_add(FRAME_HEADER_BYTES as u64) > end {
        return Ok(None);
    }
    file.read_at(offset, &mut header)?;
    let Some((length, crc)) = decode_frame_header(&header, salt, offset) else { return Ok(None) };
    let frame = Frame { offset, length };
    if frame.end() > end {
        return Ok(None);
    }
    let mut payload = vec![0; usize::try_from(length).unwrap_or(MAX_RECORD_BYTES)];
    file.read_at(offset + FRAME_HEADER_BYTES as u64, &mut payload)?;
    Ok((crc32fast::hash(&payload) == crc).then_some(payload))
}

/// The offset of the first frame header at or after `from`.
pub(crate) fn find_frame_header(file: &dyn DiskFile, salt: Salt, from: u64, end: u64) -> io::Result<Option<u64>> {
    let mut start = from;
    while start.saturating_add(FRAME_HEADER_BYTES as u64) <= end {
        let bytes = usize::try_from(end - start).unwrap_or(SEARCH_BYTES).min(SEARCH_BYTES);
        let mut window = vec![0; bytes];
        file.read_at(start, &mut window)?;
        if let Some(found) = find_in_window(&window, salt, start) {
            return Ok(Some(found));
        }
        let step = bytes - (FRAME_HEADER_BYTES - 1);
        start += step as u64;
    }
    Ok(None)
}

fn find_in_window(window: &[u8], salt: Salt, start: u64) -> Option<u64> {
    let headers = window.windows(FRAME_HEADER_BYTES).zip(start..);
    headers
        .filter_map(|(bytes, offset)| Some((<&[u8; FRAME_HEADER_BYTES]>::try_from(bytes).ok()?, offset)))
        .find(|(header, offset)| decode_frame_header(header, salt, *offset).is_some())
        .map(|(_, offset)| offset)
}

/// Length and checksum of the payload, if this is a frame header of this log at this place.
fn decode_frame_header(header: &[u8; FRAME_HEADER_BYTES], salt: Salt, offset: u64) -> Option<(u32, u32)> {
    let length = word(header, 4);
    let ours = &header[..4] == FRAME_MAGIC
        && usize::try_from(length).is_ok_and(|length| length <= MAX_RECORD_BYTES)
        && word(header, 12) == header_crc(&header[..12], salt, offset);
    ours.then(|| (length, word(header, 8)))
}

fn header_crc(fields: &[u8], salt: Salt, offset: u64) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&salt);
    hasher.update(&offset.to_be_bytes());
    hasher.update(fields);
    hasher.finalize()
}

/// The big-endian number of four bytes at `at`, which lies inside every header.
fn word(header: &[u8], at: usize) -> u32 {
    let mut bytes = [0; 4];
    bytes.copy_from_slice(&header[at..at + 4]);
    u32::from_be_bytes(bytes)
}
