//! `eth_getLogs`, and what filters and subscriptions share with it. The search itself is the chain's; here a filter is
//! checked and its range resolved. Limits and words are geth's `eth/filters`.

use alloy_rpc_types_eth::{Filter, FilterBlockOption};
use chain::{ChainError, FoundLog, LogQuery};
use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny},
};
use serde_json::value::RawValue;

use crate::{
    convert::{BlockNumberOrTag, Place, RpcLog},
    methods::{Call, Reply, Rpc},
    rpc::{RpcError, json},
};

/// `eth_getLogs`.
pub(crate) fn logs(rpc: &Rpc, call: Call<'_>) -> Reply {
    let (wanted,) = call.params.parse::<(Wanted,)>()?;
    check_bounds(&wanted.filter)?;
    rpc.aside(move |rpc| all(rpc, &wanted))
}

/// A filter as clients send it.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) filter: Filter,
    /// Topics that it names, wildcards included: only logs with at least so many match, as in geth.
    positions: usize,
}

impl Wanted {
    /// The logs that it matches in a range of blocks, both ends included.
    pub(super) fn search(&self, rpc: &Rpc, from: u64, to: u64) -> Result<Vec<FoundLog>, ChainError> {
        let mut found = rpc.chain.logs(&query(&self.filter, from, to, rpc.limits.logs))?;
        found.retain(|found| found.log.topics().len() >= self.positions);
        Ok(found)
    }
}

impl<'de> Deserialize<'de> for Wanted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Positions {
            topics: Option<Vec<IgnoredAny>>,
        }
        let text = <&RawValue>::deserialize(deserializer)?.get();
        let filter = serde_json::from_str(text).map_err(D::Error::custom)?;
        let Positions { topics } = serde_json::from_str(text).map_err(D::Error::custom)?;
        Ok(Self { filter, positions: topics.map_or(0, |topics| topics.len()) })
    }
}

/// Everything that a filter matches now, as JSON.
pub(super) fn all(rpc: &Rpc, wanted: &Wanted) -> Result<Box<RawValue>, RpcError> {
    match range(rpc, &wanted.filter.block_option)? {
        Some((from, to)) => shown(&wanted.search(rpc, from, to)?),
        None => json(&[(); 0]),
    }
}

/// The filter's conditions over a range of blocks, both ends included.
pub(crate) fn query(filter: &Filter, from: u64, to: u64, max_results: usize) -> LogQuery {
    LogQuery {
        from,
        to,
        addresses: filter.address.iter().copied().collect(),
        topics: std::array::from_fn(|position| filter.topics[position].iter().copied().collect()),
        max_results,
    }
}

/// Found logs as JSON.
pub(super) fn shown(found: &[FoundLog]) -> Result<Box<RawValue>, RpcError> {
    json(&found.iter().map(show).collect::<Vec<_>>())
}

/// Refuses filters whose every evaluation would be slow. Positions of topics are at most four by their type.
pub(crate) fn check_bounds(filter: &Filter) -> Result<(), RpcError> {
    let longest = filter.topics.iter().map(|topics| topics.len()).fold(filter.address.len(), usize::max);
    if longest > MAX_ALTERNATIVES {
        return Err(RpcError::invalid_params("exceed max addresses or topics per search position"));
    }
    explicit_range(&filter.block_option).map_or(Ok(()), |(from, to)| {
        if from > to { Err(RpcError::invalid_params("invalid block range params")) } else { Ok(()) }
    })
}

/// First and last block of a filter, the last no higher than the head. `None`: the range lies beyond the head.
pub(super) fn range(rpc: &Rpc, option: &FilterBlockOption) -> Result<Option<(u64, u64)>, RpcError> {
    let head = rpc.chain.head().number();
    let (from, to) = match option {
        FilterBlockOption::AtBlockHash(hash) => {
            let executed = rpc.executed(*hash)?.ok_or_else(|| RpcError::server("unknown block"))?;
            (executed.number(), executed.number())
        }
        FilterBlockOption::Range { from_block, to_block } => {
            (number(*from_block, head), number(*to_block, head).min(head))
        }
    };
    Ok((from <= to).then_some((from, to)))
}

fn number(block: Option<BlockNumberOrTag>, head: u64) -> u64 {
    match block {
        Some(BlockNumberOrTag::Number(number)) => number,
        Some(BlockNumberOrTag::Earliest) => 0,
        _ => head,
    }
}

const fn explicit_range(option: &FilterBlockOption) -> Option<(u64, u64)> {
    match option {
        FilterBlockOption::Range {
            from_block: Some(BlockNumberOrTag::Number(from)),
            to_block: Some(BlockNumberOrTag::Number(to)),
        } => Some((*from, *to)),
        _ => None,
    }
}

/// One found log with its place.
pub(crate) fn show(found: &FoundLog) -> RpcLog<'_> {
    let place = Place {
        block_hash: found.block_hash,
        block_number: found.block_number,
        timestamp: found.timestamp,
        index: found.tx_index as u64,
        base_fee: Some(0),
    };
    RpcLog::new(&found.log, found.tx_hash, place, found.log_index)
}

/// Addresses, or topics of one position (geth's limit).
const MAX_ALTERNATIVES: usize = 1_000;

#[cfg(test)]
mod tests;
