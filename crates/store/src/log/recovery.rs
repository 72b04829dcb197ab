//! What the fuzz target `log_recovery` checks: no bytes in the log folder make a start panic, and what it finds is a
//! prefix of what was written. The same inputs are replayed by a test on the ordinary toolchain.

use std::sync::Arc;

use super::{Log, SEGMENT_BYTES};
use crate::{
    disk::Disk,
    faults::FaultDisk,
    record::BlockRecord,
    survey::{Survey, segment_name},
};

/// Most records that one input writes.
const MAX_RECORDS: usize = 16;

/// Takes the bytes as a record, as a segment, and as a story: records to write, then damage to do to them.
#[doc(hidden)]
pub fn check_recovery(data: &[u8]) {
    check_record(data);
    check_segment(data);
    check_story(data);
}

/// What can be read as a record is written and read back as the same.
fn check_record(data: &[u8]) {
    if let Ok(record) = BlockRecord::decode(data) {
        let mut payload = Vec::new();
        record.encode(&mut payload);
        assert_eq!(BlockRecord::decode(&payload).ok(), Some(record));
    }
}

/// Bytes as the first segment of a log.
fn check_segment(data: &[u8]) {
    let disk = FaultDisk::default();
    disk.create(&segment_name(0)).expect("memory");
    disk.damage(&segment_name(0), |bytes| bytes.extend_from_slice(data));
    recover(&disk);
}

/// Bytes as pairs of a length and a payload up to a length of zero, then as triples of a position and a change.
fn check_story(data: &[u8]) {
    let (payloads, damage) = payloads(data);
    let disk = FaultDisk::default();
    let log = Log::create(Arc::new(disk.clone()), SEGMENT_BYTES).expect("memory");
    for payload in &payloads {
        log.append(|out| out.extend_from_slice(payload)).expect("memory");
    }
    disk.damage(&segment_name(0), |bytes| do_damage(bytes, damage));
    if let Some(found) = recover(&disk) {
        assert!(found.len() <= payloads.len());
        assert!(found.iter().zip(&payloads).all(|(found, payload)| found == payload), "not a prefix");
    }
}

fn payloads(data: &[u8]) -> (Vec<&[u8]>, &[u8]) {
    let (mut payloads, mut rest) = (Vec::new(), data);
    while let Some((length, after)) = rest.split_first() {
        rest = after;
        let Some((payload, after)) = rest.split_at_checked(usize::from(*length)) else { break };
        if *length == 0 || payloads.len() == MAX_RECORDS {
            break;
        }
        payloads.push(payload);
        rest = after;
    }
    (payloads, rest)
}

/// Each three bytes cut the segment at a position (a change of zero) or flip bits there.
fn do_damage(bytes: &mut Vec<u8>, damage: &[u8]) {
    for edit in damage.as_chunks::<3>().0 {
        let position = usize::from(u16::from_be_bytes([edit[0], edit[1]]));
        match bytes.get_mut(position) {
            Some(_) if edit[2] == 0 => bytes.truncate(position),
            Some(byte) => *byte ^= edit[2],
            None => {}
        }
    }
}

/// The payloads that a start finds; `None` when it refuses the log or finds none in it.
fn recover(disk: &FaultDisk) -> Option<Vec<Vec<u8>>> {
    let survey = Survey::take(disk, None).ok()??;
    let log = Log::open(Arc::new(disk.clone()), SEGMENT_BYTES, &survey).expect("memory");
    let found: Vec<_> = survey.records.iter().map(|at| log.read(*at).expect("a record just found")).collect();
    let again = Survey::take(disk, None).expect("just repaired").expect("just found");
    assert_eq!((again.records, again.torn_bytes), (survey.records, 0), "a second start finds the same");
    Some(found)
}
