//! One measurement on one node: set up, send, wait, check.
//!
//! Called by `mod.rs` and `large.rs`. The clock runs from the first send until every sender's last transaction has a
//! receipt; all receipts are checked after it. Whatever is refused, missing or failed makes the measurement an error: a
//! speed of unsound work is not a number.

use std::sync::Barrier;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use alloy_primitives::{B256, hex};
use eyre::{OptionExt, Report, Result, ensure, eyre};
use serde_json::{Value, json};

use super::http::{Connection, excerpt, request};
use super::load::{Kind, Lane, Load, Signed};
use super::node::{Node, own_processor_time};
use super::report::{Figures, percentile};
use super::rpc::Rpc;
use super::{Measure, Wait};

pub(super) fn measure(node: &Node, load: &Load, measure: Measure) -> Result<Figures> {
    let mut rpc = node.rpc()?;
    set_up(&mut rpc, node.mines_on_request, &load.setup)?;
    match measure {
        Measure::Load(batch) => measure_load(node, &mut rpc, load, batch),
        Measure::Idle(wait) => measure_idle(&mut rpc, load, wait),
    }
}

/// Speeds, and the processor time that a transaction cost the node and this program.
fn measure_load(node: &Node, rpc: &mut Rpc, load: &Load, batch: usize) -> Result<Figures> {
    let hashes = load.hashes();
    let transactions = f64::from(u32::try_from(hashes.len())?);
    let before = [node.processor_time()?, own_processor_time()?];
    let times = run_lanes(node, load, batch)?;
    let after = [node.processor_time()?, own_processor_time()?];
    check_receipts(rpc, load.kind, &hashes)?;
    let started = times.iter().map(|lane| lane.started).min().ok_or_eyre("no lanes")?;
    let per_s = |end: fn(&LaneTimes) -> Instant| {
        let seconds = times.iter().map(|lane| (end(lane) - started).as_secs_f64());
        transactions / seconds.fold(0.0, f64::max)
    };
    let cpu_us = |index: usize| (after[index] - before[index]).as_secs_f64() * 1e6 / transactions;
    Ok(Figures::from([
        ("tx_per_s", per_s(|lane| lane.finished)),
        ("accepted_per_s", per_s(|lane| lane.accepted)),
        ("node_cpu_us", cpu_us(0)),
        ("generator_cpu_us", cpu_us(1)),
    ]))
}

/// One transaction at a time, with a pause before each.
fn measure_idle(rpc: &mut Rpc, load: &Load, wait: Wait) -> Result<Figures> {
    let mut durations = Vec::new();
    for transaction in load.lanes.iter().flat_map(|lane| &lane.transactions) {
        durations.push(send_and_wait(rpc, load.kind, transaction, wait)?);
    }
    let at = |percent| {
        let duration = percentile(durations.clone(), percent).ok_or_eyre("nothing was sent")?;
        Ok::<_, Report>(duration.as_secs_f64() * 1e3)
    };
    Ok(Figures::from([("p50_ms", at(50)?), ("p95_ms", at(95)?)]))
}

fn send_and_wait(rpc: &mut Rpc, kind: Kind, transaction: &Signed, wait: Wait) -> Result<Duration> {
    sleep(IDLE_PAUSE);
    let start = Instant::now();
    let receipt = match wait {
        Wait::Sync => rpc.call("eth_sendRawTransactionSync", json!([hex::encode_prefixed(&transaction.raw)]))?,
        Wait::Poll => {
            rpc.send_raw(&transaction.raw)?;
            poll_receipt(rpc, transaction.hash, start)?
        }
    };
    let duration = start.elapsed();
    ensure!(is_sound(kind, transaction.hash, &receipt), "the receipt of {} is {receipt}", transaction.hash);
    Ok(duration)
}

fn poll_receipt(rpc: &mut Rpc, hash: B256, start: Instant) -> Result<Value> {
    loop {
        let receipt = rpc.receipt(hash)?;
        if !receipt.is_null() {
            return Ok(receipt);
        }
        ensure!(start.elapsed() < WAIT_LIMIT, "no receipt for {hash}");
        sleep(IDLE_POLL);
    }
}

/// Sends what prepares the chain, a part at a time that every pool holds.
pub(super) fn set_up(rpc: &mut Rpc, mines_on_request: bool, transactions: &[Signed]) -> Result<()> {
    for part in transactions.chunks(SETUP_PART) {
        for transaction in part {
            rpc.send_raw(&transaction.raw)?;
        }
        if mines_on_request {
            rpc.call("evm_mine", json!([]))?;
        }
        let hashes: Vec<B256> = part.iter().map(|transaction| transaction.hash).collect();
        wait_for_receipts(rpc, hashes.clone())?;
        for receipt in rpc.receipts(&hashes)? {
            ensure!(receipt["status"] == "0x1", "set-up failed: {receipt}");
        }
    }
    Ok(())
}

struct LaneTimes {
    started: Instant,
    accepted: Instant,
    finished: Instant,
}

fn run_lanes(node: &Node, load: &Load, batch: usize) -> Result<Vec<LaneTimes>> {
    let start = Barrier::new(load.lanes.len());
    let (sent, all_sent) = channel();
    let mut lanes = Vec::with_capacity(load.lanes.len());
    for lane in &load.lanes {
        let requests = send_requests(node.port, &lane.transactions, batch);
        lanes.push((lane, requests, Connection::open(node.port)?, node.rpc()?, sent.clone()));
    }
    drop(sent);
    thread::scope(|scope| {
        let miner = node.mines_on_request.then(|| scope.spawn(|| mine_until_finished(node.port, all_sent)));
        let start = &start;
        let threads: Vec<_> = lanes
            .into_iter()
            .map(|(lane, requests, connection, rpc, sent)| {
                scope.spawn(move || {
                    start.wait();
                    run_lane(lane, &requests, connection, rpc, sent)
                })
            })
            .collect();
        let times = threads.into_iter().map(|thread| thread.join().expect("a lane does not panic")).collect();
        miner.map_or(Ok(()), |thread| thread.join().expect("the miner does not panic"))?;
        times
    })
}

fn run_lane(
    lane: &Lane,
    requests: &[SendRequest],
    mut connection: Connection,
    mut rpc: Rpc,
    sent: Sender<()>,
) -> Result<LaneTimes> {
    let started = Instant::now();
    for request in requests {
        let answer = connection.exchange(&request.bytes)?;
        let accepted = count_accepted(answer);
        ensure!(
            accepted == request.transactions,
            "{accepted} of {} accepted: {}",
            request.transactions,
            refusal(answer)
        );
    }
    let accepted = Instant::now();
    // Only a miner listens, and only while there is one.
    let _ = sent.send(());
    wait_for_receipts(&mut rpc, lane.last.clone())?;
    Ok(LaneTimes { started, accepted, finished: Instant::now() })
}

struct SendRequest {
    bytes: Vec<u8>,
    transactions: usize,
}

fn send_requests(port: u16, transactions: &[Signed], batch: usize) -> Vec<SendRequest> {
    let requests = transactions.chunks(batch).map(|part| {
        let calls: Vec<String> = part.iter().enumerate().map(|(id, transaction)| send_call(id, transaction)).collect();
        let body = if batch == 1 { calls.concat() } else { format!("[{}]", calls.join(",")) };
        SendRequest { bytes: request(port, &body), transactions: part.len() }
    });
    requests.collect()
}

fn send_call(id: usize, transaction: &Signed) -> String {
    let raw = hex::encode_prefixed(&transaction.raw);
    format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"eth_sendRawTransaction","params":["{raw}"]}}"#)
}

/// Counts results without parsing: an accepted transaction's answer holds nothing but its hash.
pub(super) fn count_accepted(answer: &[u8]) -> usize {
    let words = answer.windows(RESULT.len());
    words.filter(|word| *word == RESULT).count()
}

fn refusal(answer: &[u8]) -> String {
    let mut words = answer.windows(ERROR.len());
    let start = words.position(|word| word == ERROR).unwrap_or_default();
    excerpt(&answer[start..])
}

/// Calls `evm_mine` every 100 ms and at once when a lane has sent everything, until all lanes have finished.
fn mine_until_finished(port: u16, all_sent: Receiver<()>) -> Result<()> {
    let mut rpc = Rpc::open(port)?;
    while all_sent.recv_timeout(MINE_INTERVAL) != Err(RecvTimeoutError::Disconnected) {
        rpc.call("evm_mine", json!([]))?;
    }
    Ok(())
}

/// Waits for all; asks only for the newest until it is there, since the others come before it.
fn wait_for_receipts(rpc: &mut Rpc, mut waiting: Vec<B256>) -> Result<()> {
    let start = Instant::now();
    while let Some(newest) = waiting.last() {
        if rpc.receipt(*newest)?.is_null() {
            ensure!(start.elapsed() < WAIT_LIMIT, "{} receipts are missing, among them {newest}", waiting.len());
            sleep(WAIT_POLL);
            continue;
        }
        waiting.pop();
        let receipts = rpc.receipts(&waiting)?;
        waiting =
            waiting.into_iter().zip(receipts).filter(|(_, receipt)| receipt.is_null()).map(|(hash, _)| hash).collect();
    }
    Ok(())
}

pub(super) fn check_receipts(rpc: &mut Rpc, kind: Kind, hashes: &[B256]) -> Result<()> {
    let receipts = rpc.receipts(hashes)?;
    let unsound: Vec<_> =
        hashes.iter().zip(&receipts).filter(|(hash, receipt)| !is_sound(kind, **hash, receipt)).collect();
    let Some((hash, receipt)) = unsound.first() else {
        return Ok(());
    };
    let missing = unsound.iter().filter(|(_, receipt)| receipt.is_null()).count();
    Err(eyre!("{missing} receipts missing, {} failed, first {hash}: {receipt}", unsound.len() - missing))
}

/// Succeeded, and a token transfer left its one log.
pub(super) fn is_sound(kind: Kind, hash: B256, receipt: &Value) -> bool {
    let logs = match kind {
        Kind::Native => 0,
        Kind::Erc20 | Kind::Cash => 1,
    };
    receipt["status"] == "0x1"
        && receipt["transactionHash"] == hash.to_string()
        && receipt["logs"].as_array().is_some_and(|list| list.len() == logs)
}

const RESULT: &[u8] = b"\"result\"";
const ERROR: &[u8] = b"\"error\"";
const MINE_INTERVAL: Duration = Duration::from_millis(100);
const SETUP_PART: usize = 50;
pub(super) const WAIT_LIMIT: Duration = Duration::from_secs(30);
const WAIT_POLL: Duration = Duration::from_millis(2);
const IDLE_PAUSE: Duration = Duration::from_millis(20);
const IDLE_POLL: Duration = Duration::from_micros(100);
