//! Filters that a client polls. A filter of blocks or logs is a position, the next block to look at: nothing queues up
//! for it. A filter of waiting transactions holds a place in the chain's bounded event channel; if its client is so
//! slow that events were dropped, the filter ends and says so.

use std::{sync::Arc, time::Instant};

use alloy_primitives::B256;
use chain::{ChainError, Pooled};
use serde_json::value::RawValue;
use tokio::sync::broadcast::{Receiver, error::TryRecvError};

use super::logs::{Wanted, all, check_bounds, range, shown};
use crate::{
    convert::RpcTransaction,
    methods::{Call, Reply, Rpc},
    random_id::RandomId,
    rpc::{RpcError, json, now},
};

/// What a filter remembers between two polls.
pub(crate) enum Watch {
    Logs { wanted: Arc<Wanted>, next: u64 },
    Blocks { next: u64 },
    Pending { events: Receiver<Arc<Pooled>>, full: bool },
}

/// `eth_newFilter`: logs of blocks from now on.
pub(crate) fn new_filter(rpc: &Rpc, call: Call<'_>) -> Reply {
    let (wanted,) = call.params.parse::<(Wanted,)>()?;
    check_bounds(&wanted.filter)?;
    let next = rpc.chain.head().number().saturating_add(1);
    keep(rpc, Watch::Logs { wanted: Arc::new(wanted), next })
}

/// `eth_newBlockFilter`.
pub(crate) fn new_block_filter(rpc: &Rpc, call: Call<'_>) -> Reply {
    let () = call.params.parse()?;
    keep(rpc, Watch::Blocks { next: rpc.chain.head().number().saturating_add(1) })
}

/// `eth_newPendingTransactionFilter`: hashes, or whole transactions if asked for.
pub(crate) fn new_pending_filter(rpc: &Rpc, call: Call<'_>) -> Reply {
    let (full,) = call.params.parse::<(Option<bool>,)>()?;
    keep(rpc, Watch::Pending { events: rpc.chain.subscribe_pending(), full: full.unwrap_or(false) })
}

/// `eth_uninstallFilter`: whether there was one.
pub(crate) fn uninstall(rpc: &Rpc, call: Call<'_>) -> Reply {
    let (id,) = call.params.parse::<(RandomId,)>()?;
    now(&rpc.filters.remove(id, Instant::now()).is_some())
}

/// `eth_getFilterChanges`: what came since the last poll. At most so much as one answer may hold; the next poll goes on there.
pub(crate) fn changes(rpc: &Rpc, call: Call<'_>) -> Reply {
    let (id,) = call.params.parse::<(RandomId,)>()?;
    let head = rpc.chain.head().number();
    match rpc.filters.update(id, Instant::now(), |watch| advance(watch, head)).ok_or_else(not_found)? {
        News::Blocks { from } => rpc.aside(move |rpc| blocks(rpc, id, from, head)),
        News::Logs { wanted, from } => rpc.aside(move |rpc| logs(rpc, id, &wanted, from, head)),
        News::Pending { found, full } => rpc.aside(move |_| pending(&found, full)),
        News::Missed(count) => {
            rpc.filters.remove(id, Instant::now());
            Err(RpcError::server(format!("filter ended: {count} transactions came that were not asked for in time")))
        }
    }
}

/// `eth_getFilterLogs`: everything that a filter of logs matches, whatever was polled before.
pub(crate) fn all_logs(rpc: &Rpc, call: Call<'_>) -> Reply {
    let (id,) = call.params.parse::<(RandomId,)>()?;
    let wanted = rpc.filters.update(id, Instant::now(), |watch| match watch {
        Watch::Logs { wanted, .. } => Some(wanted.clone()),
        _ => None,
    });
    let wanted = wanted.flatten().ok_or_else(not_found)?;
    rpc.aside(move |rpc| all(rpc, &wanted))
}

/// What a poll found while it held the filter.
enum News {
    Blocks { from: u64 },
    Logs { wanted: Arc<Wanted>, from: u64 },
    Pending { found: Vec<Arc<Pooled>>, full: bool },
    Missed(u64),
}

fn advance(watch: &mut Watch, head: u64) -> News {
    let past_head = head.saturating_add(1);
    match watch {
        Watch::Blocks { next } => News::Blocks { from: std::mem::replace(next, past_head.max(*next)) },
        Watch::Logs { wanted, next } => {
            News::Logs { wanted: wanted.clone(), from: std::mem::replace(next, past_head.max(*next)) }
        }
        Watch::Pending { events, full } => drain(events, *full),
    }
}

/// Moves a position back: the answer had no room for more, or failed.
fn resume_at(rpc: &Rpc, id: RandomId, block: u64) {
    rpc.filters.update(id, Instant::now(), |watch| match watch {
        Watch::Blocks { next } | Watch::Logs { next, .. } => *next = block,
        Watch::Pending { .. } => {}
    });
}

fn drain(events: &mut Receiver<Arc<Pooled>>, full: bool) -> News {
    let most = if full { MAX_TRANSACTIONS } else { MAX_HASHES };
    let mut found = Vec::new();
    while found.len() < most {
        match events.try_recv() {
            Ok(pooled) => found.push(pooled),
            Err(TryRecvError::Lagged(count)) => return News::Missed(count),
            Err(TryRecvError::Empty | TryRecvError::Closed) => break,
        }
    }
    News::Pending { found, full }
}

fn pending(found: &[Arc<Pooled>], full: bool) -> Result<Box<RawValue>, RpcError> {
    if full {
        json(&found.iter().map(|pooled| RpcTransaction::pending(&pooled.tx)).collect::<Vec<_>>())
    } else {
        json(&found.iter().map(|pooled| pooled.hash()).collect::<Vec<_>>())
    }
}

fn blocks(rpc: &Rpc, id: RandomId, from: u64, head: u64) -> Result<Vec<B256>, RpcError> {
    let to = head.min(from.saturating_add(MAX_BLOCKS - 1));
    let hashes: Result<Vec<_>, _> = (from..=to).map(|number| block_hash(rpc, number)).collect();
    let delivered = hashes.as_ref().map_or(from, |_| to.saturating_add(1));
    if delivered <= head {
        resume_at(rpc, id, delivered);
    }
    hashes
}

/// The disk's index knows the hash of an old block without reading the block.
fn block_hash(rpc: &Rpc, number: u64) -> Result<B256, RpcError> {
    if let Some(hash) = rpc.chain.store().block_hash(number).map_err(ChainError::from)? {
        return Ok(hash);
    }
    let executed = rpc.executed(number)?.ok_or(ChainError::UnknownBlock)?;
    Ok(executed.hash())
}

fn logs(rpc: &Rpc, id: RandomId, wanted: &Wanted, from: u64, head: u64) -> Result<Box<RawValue>, RpcError> {
    let Some((first, last)) = overlap(rpc, wanted, from, head)? else { return json(&[(); 0]) };
    let mut to = last;
    let found = loop {
        match wanted.search(rpc, first, to) {
            Err(ChainError::TooManyLogs { .. }) if first < to => to = first + (to - first) / 2,
            found => break found,
        }
    };
    let delivered = found.as_ref().map_or(first, |_| to.saturating_add(1));
    if delivered <= last {
        resume_at(rpc, id, delivered);
    }
    shown(&found?)
}

/// The blocks since `from` that lie in the filter's own range.
fn overlap(rpc: &Rpc, wanted: &Wanted, from: u64, head: u64) -> Result<Option<(u64, u64)>, RpcError> {
    let Some((first, last)) = own_range(rpc, wanted)? else { return Ok(None) };
    let (first, last) = (first.max(from), last.min(head));
    Ok((first <= last).then_some((first, last)))
}

/// As `range`, but an open end stays open: it grows with the chain.
fn own_range(rpc: &Rpc, wanted: &Wanted) -> Result<Option<(u64, u64)>, RpcError> {
    let filter = &wanted.filter;
    let from = filter.get_from_block().unwrap_or(0);
    let to = filter.get_to_block().unwrap_or(u64::MAX);
    if filter.get_block_hash().is_some() {
        return range(rpc, &filter.block_option);
    }
    Ok((from <= to).then_some((from, to)))
}

fn keep(rpc: &Rpc, watch: Watch) -> Reply {
    now(&rpc.filters.insert(watch, Instant::now())?)
}

fn not_found() -> RpcError {
    RpcError::server("filter not found")
}

/// In one answer.
const MAX_BLOCKS: u64 = 10_000;
const MAX_HASHES: usize = 10_000;
/// Whole transactions are up to 128 KiB each.
const MAX_TRANSACTIONS: usize = 1_000;
