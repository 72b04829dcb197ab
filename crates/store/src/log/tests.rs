//! The block log against a disk that fails: what was acknowledged is there after a crash, and nothing is there by half.

use std::sync::Arc;

use proptest::prelude::*;
use rand::{Rng, SeedableRng, rngs::StdRng};

use super::*;
use crate::{
    faults::FaultDisk,
    record::BlockRecord,
    testing::{TestBlock, TestChain},
};

const SMALL_SEGMENT: u64 = 3_000;
const SEEDS: u64 = 1_000;

/// What a story of crashes ended with.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// After each crash the log was a prefix of what was appended, with everything that was acknowledged.
    Kept,
    /// Something acknowledged was gone.
    Lost,
    /// Something else than a prefix was there, or the log could not be opened.
    Wrong(String),
}

/// Appends to a log on a disk that fails somewhere, starts again, appends on, several times over.
fn story(seed: u64, disk: &FaultDisk, log_disk: Arc<dyn Disk>) -> Verdict {
    let mut random = StdRng::seed_from_u64(seed);
    let mut blocks = chain(seed, 24);
    let mut acknowledged = 0;
    for _ in 0..4 {
        plan_fault(&mut random, disk);
        let end = random.random_range(acknowledged.min(blocks.len() - 1)..blocks.len());
        acknowledged = append_until(log_disk.clone(), &blocks[..=end], acknowledged);
        if disk.has_power() && random.random_bool(0.3) {
            disk.restart_process();
        } else {
            disk.restart(random.random());
        }
        if random.random_bool(0.3) {
            // The next start may be cut off as well.
            disk.cut_power_at(disk.operations() + random.random_range(0..6));
            let _ = reopened(log_disk.clone());
            disk.restart(random.random());
        }
        let found = match recovered(log_disk.clone()) {
            Ok(found) => found,
            Err(error) => return Verdict::Wrong(error.to_string()),
        };
        if found.len() < acknowledged {
            return Verdict::Lost;
        }
        if found.iter().zip(&blocks).any(|(found, block)| *found != block.record) || found.len() > blocks.len() {
            return Verdict::Wrong("not a prefix".into());
        }
        // What recovery showed once must stay; what comes next need not be what was lost.
        acknowledged = found.len();
        if let Some(last) = acknowledged.checked_sub(1) {
            let mut fork = TestChain::fork(random.random(), &blocks[last]);
            blocks.truncate(acknowledged);
            blocks.extend(std::iter::repeat_with(|| fork.next(3)).take(8));
        }
    }
    Verdict::Kept
}

fn chain(seed: u64, length: usize) -> Vec<TestBlock> {
    let (mut chain, genesis) = TestChain::new(seed);
    std::iter::once(genesis).chain(std::iter::repeat_with(|| chain.next(3)).take(length)).collect()
}

fn plan_fault(random: &mut StdRng, disk: &FaultDisk) {
    match random.random_range(0..8) {
        0 => disk.fail_next_sync(),
        1 => disk.cut_next_write_short(),
        2 => disk.leave_free(random.random_range(0..6_000)),
        3 => {}
        _ => disk.cut_power_at(disk.operations() + random.random_range(0..40)),
    }
}

/// Appends from what the log holds on, and says how many blocks are acknowledged when it stops.
fn append_until(disk: Arc<dyn Disk>, blocks: &[TestBlock], acknowledged: usize) -> usize {
    let (log, mut held) = match reopened(disk.clone()) {
        Ok(Some(opened)) => opened,
        Ok(None) => match Log::create(disk, SMALL_SEGMENT) {
            Ok(log) => (log, 0),
            Err(_) => return acknowledged,
        },
        Err(_) => return acknowledged,
    };
    while held < blocks.len() && log.append(|out| blocks[held].record.encode(out)).is_ok() {
        held += 1;
    }
    if held < blocks.len() {
        let refused = log.append(|out| blocks[held].record.encode(out));
        assert!(matches!(refused, Err(StoreError::Stopped { .. })), "no write after a failed one: {refused:?}");
    }
    held.max(acknowledged)
}

fn reopened(disk: Arc<dyn Disk>) -> Result<Option<(Log, usize)>> {
    let Some(survey) = Survey::take(&*disk, None)? else { return Ok(None) };
    Ok(Some((Log::open(disk, SMALL_SEGMENT, &survey)?, survey.records.len())))
}

fn recovered(disk: Arc<dyn Disk>) -> Result<Vec<BlockRecord>> {
    let Some(survey) = Survey::take(&*disk, None)? else { return Ok(Vec::new()) };
    let log = Log::open(disk, SMALL_SEGMENT, &survey)?;
    let read =
        |at: &Location| BlockRecord::decode(&log.read(*at)?).map_err(|error| StoreError::corrupt(error.to_string()));
    survey.records.iter().map(read).collect()
}

#[test]
fn a_thousand_crashes_lose_nothing_that_was_acknowledged() {
    for seed in 0..SEEDS {
        let disk = FaultDisk::default();
        assert_eq!(story(seed, &disk, Arc::new(disk.clone())), Verdict::Kept, "seed {seed}");
    }
}

/// A disk whose sync does nothing.
#[derive(Debug)]
struct WithoutSync(FaultDisk);

#[derive(Debug)]
struct FileWithoutSync(Box<dyn DiskFile>);

impl Disk for WithoutSync {
    fn list(&self) -> std::io::Result<Vec<String>> {
        self.0.list()
    }

    fn create(&self, name: &str) -> std::io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(FileWithoutSync(self.0.create(name)?)))
    }

    fn open(&self, name: &str) -> std::io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(FileWithoutSync(self.0.open(name)?)))
    }

    fn remove(&self, name: &str) -> std::io::Result<()> {
        self.0.remove(name)
    }

    fn sync_names(&self) -> std::io::Result<()> {
        self.0.sync_names()
    }
}

impl DiskFile for FileWithoutSync {
    fn write_at(&self, offset: u64, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write_at(offset, bytes)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> std::io::Result<()> {
        self.0.read_at(offset, buffer)
    }

    fn length(&self) -> std::io::Result<u64> {
        self.0.length()
    }

    fn truncate(&self, length: u64) -> std::io::Result<()> {
        self.0.truncate(length)
    }

    fn sync(&self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn without_the_sync_the_crashes_do_lose_blocks() {
    let verdicts = (0..100).map(|seed| {
        let disk = FaultDisk::default();
        story(seed, &disk, Arc::new(WithoutSync(disk.clone())))
    });
    let lost = verdicts.filter(|verdict| *verdict != Verdict::Kept).count();
    assert!(lost > 50, "the checker must notice a missing sync, it did in {lost} of 100 stories");
}

/// A log of `length` blocks on a healthy disk, in several segments.
fn healthy(length: usize) -> (FaultDisk, Log, Vec<TestBlock>) {
    healthy_in(length, SMALL_SEGMENT)
}

fn healthy_in(length: usize, segment_bytes: u64) -> (FaultDisk, Log, Vec<TestBlock>) {
    let disk = FaultDisk::default();
    let blocks = chain(7, length);
    let log = Log::create(Arc::new(disk.clone()), segment_bytes).expect("healthy disk");
    for block in &blocks[..length] {
        log.append(|out| block.record.encode(out)).expect("healthy disk");
    }
    (disk, log, blocks)
}

/// One append with a fault: its error, then the number of blocks found after a restart of the process.
fn failed_append(fault: impl Fn(&FaultDisk)) -> (StoreError, usize) {
    let (disk, log, blocks) = healthy(5);
    fault(&disk);
    let error = log.append(|out| blocks[5].record.encode(out)).expect_err("the disk fails");
    let after = log.append(|out| blocks[5].record.encode(out));
    assert!(matches!(after, Err(StoreError::Stopped { .. })), "{after:?}");
    assert!(error.is_fatal());
    disk.restart_process();
    let found = recovered(Arc::new(disk)).expect("readable");
    assert!(found.iter().zip(&blocks).all(|(found, block)| *found == block.record));
    (error, found.len())
}

#[test]
fn a_full_disk_stops_the_log_and_the_next_start_finds_the_prefix() {
    let (error, found) = failed_append(|disk| disk.leave_free(0));
    assert!(matches!(error, StoreError::NoSpace { .. }), "{error}");
    assert_eq!(found, 5);
}

#[test]
fn a_short_write_stops_the_log_and_the_next_start_finds_the_prefix() {
    let (error, found) = failed_append(FaultDisk::cut_next_write_short);
    assert!(matches!(error, StoreError::ShortWrite { .. }), "{error}");
    assert_eq!(found, 5);
}

#[test]
fn a_failed_sync_stops_the_log_and_the_next_start_makes_the_record_durable() {
    let (error, found) = failed_append(FaultDisk::fail_next_sync);
    assert!(matches!(error, StoreError::Io { .. }), "{error}");
    assert_eq!(found, 6, "the record is whole in the system's memory");
}

#[test]
fn a_record_shown_after_a_failed_sync_survives_a_later_power_cut() {
    for seed in 0..50 {
        let (disk, log, blocks) = healthy(5);
        disk.fail_next_sync();
        log.append(|out| blocks[5].record.encode(out)).expect_err("the disk fails");
        disk.restart_process();
        let shown = recovered(Arc::new(disk.clone())).expect("readable").len();
        disk.restart(seed);
        assert_eq!(recovered(Arc::new(disk)).expect("readable").len(), shown, "seed {seed}");
    }
}

/// What a start says about a log of 24 blocks in which `change` was done to a segment.
fn damaged(segment_bytes: u64, change: impl FnOnce(&mut Vec<u8>)) -> std::result::Result<usize, String> {
    let (disk, _, _) = healthy_in(24, segment_bytes);
    disk.damage(&segment_name(0), change);
    recovered(Arc::new(disk)).map(|found| found.len()).map_err(|error| error.to_string())
}

#[test]
fn damage_before_a_later_record_is_an_error_and_nothing_is_cut() {
    let said = damaged(SMALL_SEGMENT, |bytes| bytes[200] ^= 1).expect_err("damaged");
    assert!(said.contains("segment 0 of the block log is damaged at byte 64"), "{said}");
    for byte in [64, 70, 75, 79, 200] {
        let said = damaged(SEGMENT_BYTES, |bytes| bytes[byte] ^= 1).expect_err("a record follows");
        assert!(said.contains("but one follows"), "{said}");
    }
    assert_eq!(damaged(SEGMENT_BYTES, |bytes| bytes.truncate(bytes.len() - 1)), Ok(23));
    assert_eq!(damaged(SEGMENT_BYTES, |bytes| bytes.extend_from_slice(b"CFRC and more")), Ok(24));
}

#[test]
fn a_missing_or_foreign_segment_is_an_error() {
    let (disk, _, _) = healthy(24);
    disk.remove(&segment_name(1)).expect("removed");
    let said = recovered(Arc::new(disk)).expect_err("missing").to_string();
    assert!(said.contains("segment 1 of the block log is missing"), "{said}");
    let said = damaged(SMALL_SEGMENT, |bytes| bytes[20] ^= 1).expect_err("header");
    assert!(said.contains("segment 0 of the block log has no valid header"), "{said}");
    let said = damaged(SMALL_SEGMENT, |bytes| bytes[11] = 9).expect_err("format");
    assert!(said.contains("format 9, this program reads format 1"), "{said}");
}

#[test]
fn bytes_that_look_like_a_record_inside_a_torn_one_are_not_taken_for_one() {
    let (disk, log, blocks) = healthy_in(5, SEGMENT_BYTES);
    let padding = 40;
    let at = log.tail.lock().end + u64::try_from(FRAME_HEADER_BYTES + padding).expect("small");
    let mut bait = vec![0; FRAME_HEADER_BYTES];
    blocks[5].record.encode(&mut bait);
    let length = payload_length(bait.len() - FRAME_HEADER_BYTES).expect("small");
    seal_frame(&mut bait, length, Salt::default(), at);
    log.append(|out| out.extend([vec![0; padding], bait].concat())).expect("healthy disk");
    let last = segment_name(u32::try_from(disk.list().expect("listed").len() - 1).expect("few"));
    disk.damage(&last, |bytes| bytes.truncate(bytes.len() - 1));
    assert_eq!(recovered(Arc::new(disk)).expect("a torn tail").len(), 5);
}

proptest! {
    #[test]
    fn any_bytes_in_a_log_are_recovered_to_a_prefix(data: Vec<u8>) {
        check_recovery(&data);
    }

    #[test]
    fn any_damage_to_a_log_leaves_a_prefix(
        payloads in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..60), 0..6),
        damage in proptest::collection::vec((0_u16..500, any::<u8>()), 0..4),
    ) {
        let records = payloads.iter().flat_map(|payload| [&[u8::try_from(payload.len()).expect("short")], &payload[..]].concat());
        let damage = damage.iter().flat_map(|(position, change)| [&position.to_be_bytes()[..], &[*change]].concat());
        let data: Vec<u8> = records.chain([0]).chain(damage).collect();
        check_recovery(&data);
    }
}

#[test]
fn a_record_comes_back_as_it_was() {
    for block in chain(3, 50) {
        let mut payload = Vec::new();
        block.record.encode(&mut payload);
        assert_eq!(BlockRecord::decode(&payload).expect("own encoding"), block.record);
        assert_eq!(BlockRecord::decode_diff(&payload).expect("own encoding"), block.record.diff);
        payload.push(0);
        assert!(BlockRecord::decode(&payload).is_err(), "a byte more");
    }
}

#[test]
fn a_record_that_could_not_be_read_again_is_refused() {
    assert_eq!(payload_length(MAX_RECORD_BYTES).expect("the largest"), 1 << 30);
    assert!(matches!(payload_length(MAX_RECORD_BYTES + 1), Err(StoreError::RecordTooLarge { .. })));
}
