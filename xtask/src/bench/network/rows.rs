//! What each row of `bench network` measures, from the cluster that it needs to the figures that it gives.
//!
//! Called by `mod.rs`. Times are milliseconds. A transaction's time runs from when it was due at a node until that node served its
//! block and receipt.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use alloy_primitives::B256;
use eyre::{OptionExt, Result, ensure};
use serde_json::json;

use super::super::drive::WAIT_LIMIT;
use super::super::load::{Kind, Load};
use super::super::report::{Figures, median, percentile, rounded};
use super::check::check;
use super::cluster::{Cluster, MEMBERS, Shape};
use super::drive::{Driven, Kill, Pace, drive};
use super::watch::{Seen, to_f64};
use crate::workspace::succeed;

/// Four nodes, a fixed rate.
pub(super) fn at_fixed_rate(program: &Path, shape: Shape, seconds: u64) -> Result<Figures> {
    let mut cluster = Cluster::network(program, shape, MEMBERS)?;
    let load = Load::on_fresh_chain(Kind::Erc20, (transactions_in(seconds, RATE_PER_S)?, LANES))?;
    let driven = drive(&mut cluster, &load, Pace::Every(period(RATE_PER_S)), None)?;
    check(&driven, &load, &mut cluster.rpc(0)?)?;
    let mut figures = latency_figures(&driven, |_| true)?;
    figures.extend(block_figures(&driven.blocks[0])?);
    figures.insert("cpu_us_per_tx", cpu_us(&driven));
    cluster.stop()?;
    Ok(figures)
}

/// The same; one node is killed in the middle.
pub(super) fn with_one_killed(program: &Path, shape: Shape, seconds: u64) -> Result<Figures> {
    let mut cluster = Cluster::network(program, shape, MEMBERS)?;
    let load = Load::on_fresh_chain(Kind::Erc20, (transactions_in(seconds, RATE_PER_S)?, LANES))?;
    let kill = Kill { node: MEMBERS - 1, after: Duration::from_secs(seconds) / 2 };
    let driven = drive(&mut cluster, &load, Pace::Every(period(RATE_PER_S)), Some(kill))?;
    check(&driven, &load, &mut cluster.rpc(0)?)?;
    let killed = driven.killed.ok_or_eyre("nobody was killed")?;
    let before = latency_figures(&driven, |due| due < killed - SETTLING)?;
    let after = latency_figures(&driven, |due| due >= killed)?;
    let settled = latency_figures(&driven, |due| due >= killed + SETTLING)?;
    let served_by_killed: usize = driven.blocks[kill.node].iter().map(|block| block.transactions.len()).sum();
    cluster.stop()?;
    Ok(Figures::from([
        ("p50_ms", before["p50_ms"]),
        ("after_p50_ms", after["p50_ms"]),
        ("after_p95_ms", after["p95_ms"]),
        ("settled_p50_ms", settled["p50_ms"]),
        ("settled_p95_ms", settled["p95_ms"]),
        ("longest_gap_ms", longest_gap_ms(&driven.blocks[0])),
        ("receipts_kept", count(served_by_killed)),
    ]))
}

/// As many as `cluster` takes, with a bounded number on their way.
pub(super) fn highest_rate(mut cluster: Cluster, transactions: usize) -> Result<Figures> {
    let load = Load::on_fresh_chain(Kind::Erc20, (transactions, LANES))?;
    let driven = drive(&mut cluster, &load, Pace::Window(WINDOW / LANES), None)?;
    check(&driven, &load, &mut cluster.rpc(0)?)?;
    let last = driven.blocks.iter().flatten().map(|block| block.served).max().ok_or_eyre("no blocks")?;
    let mut figures = latency_figures(&driven, |_| true)?;
    figures.remove("late_ms");
    figures.insert("tx_per_s", rounded(count(driven.sent.len()) / (last - driven.started).as_secs_f64()));
    figures.insert("cpu_us_per_tx", cpu_us(&driven));
    cluster.stop()?;
    Ok(figures)
}

/// A long run of small blocks, which has many epochs, and a node that joins behind it. The first figures are those of the epochs.
pub(super) fn epochs_and_catch_up(program: &Path, shape: Shape, blocks: u64) -> Result<[Figures; 2]> {
    let mut cluster = Cluster::network(program, shape, MEMBERS)?;
    cluster.admit_joiner()?;
    // The network is faster than its interval only by mistake, so this many seconds are at least so many blocks' time.
    let seconds = blocks * shape.min_block_interval_ms.max(1) / 1_000;
    let load = Load::on_fresh_chain(Kind::Erc20, (transactions_in(seconds, SMALL_RATE_PER_S)?, LANES))?;
    let driven = drive(&mut cluster, &load, Pace::Every(period(SMALL_RATE_PER_S)), None)?;
    check(&driven, &load, &mut cluster.rpc(0)?)?;
    let switches = switch_figures(&driven.blocks[0], shape.epoch_blocks, &cluster)?;
    let made = &driven.blocks[0];
    let [first, last] = [made.first().ok_or_eyre("no blocks")?, made.last().ok_or_eyre("no blocks")?];
    let made_per_s = to_f64(last.number - first.number) / (last.served - first.served).as_secs_f64();
    let joined = join(&mut cluster, last.number)?;
    let per_s = to_f64(last.number) / joined.as_secs_f64();
    cluster.stop()?;
    let catch_up = Figures::from([
        ("blocks", to_f64(last.number)),
        ("tx_per_block", rounded(count(driven.sent.len()) / count(made.len()))),
        ("seconds", rounded(joined.as_secs_f64())),
        ("blocks_per_s", rounded(per_s)),
        ("made_blocks_per_s", rounded(made_per_s)),
        ("ratio", rounded(per_s / made_per_s)),
    ]);
    Ok([switches, catch_up])
}

/// From the start of the process until it serves the block that was the newest when it started.
fn join(cluster: &mut Cluster, height: u64) -> Result<Duration> {
    // A node that joins has a disk of its own. Here its first sync would also write what four others have left in the page cache.
    succeed(&mut Command::new("sync"))?;
    let start = Instant::now();
    let joiner = cluster.start_joiner()?;
    let mut rpc = cluster.rpc(joiner)?;
    let (mut newest, mut progress) = (0, Instant::now());
    while newest < height {
        std::thread::sleep(JOIN_POLL);
        let head = rpc.call("eth_blockNumber", json!([]))?;
        let head = head.as_str().and_then(|text| text.strip_prefix("0x")).ok_or_eyre("no block number")?;
        let head = u64::from_str_radix(head, 16)?;
        if head > newest {
            (newest, progress) = (head, Instant::now());
        }
        ensure!(progress.elapsed() < WAIT_LIMIT, "the joiner stands at block {newest} of {height} for {WAIT_LIMIT:?}");
    }
    Ok(start.elapsed())
}

/// Percentiles of the transactions that were due at such times.
fn latency_figures(driven: &Driven, wanted: impl Fn(Instant) -> bool) -> Result<Figures> {
    let served: Vec<HashMap<B256, Instant>> = driven.blocks.iter().map(|blocks| times(blocks)).collect();
    let mut durations = Vec::new();
    for sent in driven.sent.iter().filter(|sent| wanted(sent.due)) {
        let at = served[sent.node].get(&sent.hash).ok_or_eyre("a transaction that its node never served")?;
        durations.push(*at - sent.due);
    }
    let at =
        |percent| Ok::<_, eyre::Report>(ms(percentile(durations.clone(), percent).ok_or_eyre("nothing was sent")?));
    let late = driven.sent.iter().map(|sent| sent.late).collect();
    Ok(Figures::from([
        ("p50_ms", at(50)?),
        ("p95_ms", at(95)?),
        ("p99_ms", at(99)?),
        ("late_ms", ms(percentile(late, 99).unwrap_or_default())),
    ]))
}

fn times(blocks: &[Seen]) -> HashMap<B256, Instant> {
    blocks.iter().flat_map(|block| block.transactions.iter().map(|hash| (*hash, block.served))).collect()
}

/// How long a block takes from its own time until a node serves it, and how far blocks are apart.
fn block_figures(blocks: &[Seen]) -> Result<Figures> {
    let propose = blocks.iter().map(Seen::propose_to_served_ms).collect();
    let intervals = blocks.windows(2).map(|pair| to_f64(pair[1].proposed_ms() - pair[0].proposed_ms())).collect();
    Ok(Figures::from([
        ("propose_to_served_ms", median(propose).ok_or_eyre("no blocks")?),
        ("block_interval_ms", median(intervals).ok_or_eyre("no two blocks")?),
    ]))
}

/// How much longer than between other blocks it takes from the last block of an epoch to the first of the next.
fn switch_figures(blocks: &[Seen], epoch_blocks: u64, cluster: &Cluster) -> Result<Figures> {
    let gaps = |at_switch: bool| {
        let pairs = blocks.windows(2).filter(move |pair| pair[1].number.is_multiple_of(epoch_blocks) == at_switch);
        pairs.map(|pair| ms(pair[1].served - pair[0].served)).collect::<Vec<_>>()
    };
    let switches = gaps(true);
    let (number, slowest) = (switches.len(), switches.iter().copied().fold(0.0, f64::max));
    let at_switch = median(switches).ok_or_eyre("no epoch ended")?;
    let ordinary = median(gaps(false)).ok_or_eyre("no two blocks")?;
    let [mut seconds, mut times] = [0.0, 0.0];
    for node in cluster.running() {
        seconds += cluster.metric(node, "counterfoil_epoch_switch_seconds_sum")?;
        times += cluster.metric(node, "counterfoil_epoch_switch_seconds_count")?;
    }
    Ok(Figures::from([
        ("switches", count(number)),
        ("at_switch_ms", at_switch),
        ("ordinary_ms", ordinary),
        ("switch_ms", rounded(at_switch - ordinary)),
        ("slowest_ms", slowest),
        ("in_node_mean_ms", rounded(seconds / times.max(1.0) * 1e3)),
    ]))
}

fn longest_gap_ms(blocks: &[Seen]) -> f64 {
    blocks.windows(2).map(|pair| ms(pair[1].served - pair[0].served)).fold(0.0, f64::max)
}

fn cpu_us(driven: &Driven) -> f64 {
    rounded(driven.processor_time.as_secs_f64() * 1e6 / count(driven.sent.len()))
}

fn transactions_in(seconds: u64, per_s: u32) -> Result<usize> {
    Ok(usize::try_from(seconds * u64::from(per_s))?)
}

fn period(per_s: u32) -> Duration {
    Duration::from_secs(1) / per_s
}

fn ms(duration: Duration) -> f64 {
    rounded(duration.as_secs_f64() * 1e3)
}

fn count(number: usize) -> f64 {
    to_f64(number as u64)
}

/// Of the bar.
const RATE_PER_S: u32 = 1_000;
/// A few transactions in every block.
const SMALL_RATE_PER_S: u32 = 200;
/// Two at each node.
const LANES: usize = 2 * MEMBERS;
/// Transactions on their way at the highest rate.
const WINDOW: usize = 4_096;
/// After a kill, and before it, so that what is under way when it happens belongs to neither side.
const SETTLING: Duration = Duration::from_secs(8);
const JOIN_POLL: Duration = Duration::from_millis(10);
