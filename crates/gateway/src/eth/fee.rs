//! Prices. The base fee is always zero and tips buy no priority, so the price to offer is genesis's least price.
//! Rules: geth's `eth/gasprice` for `eth_feeHistory`, EIP-4844 for blob fees.

use alloy_consensus::Transaction;
use alloy_eips::eip4844::BLOB_TX_MIN_BLOB_GASPRICE;
use alloy_primitives::{U64, U128};
use chain::{ChainError, Executed};
use primitives::Header;
use serde::Serialize;

use crate::{
    convert::BlockNumberOrTag,
    methods::{Call, Reply, Rpc},
    rpc::{RpcError, now},
};

/// `eth_gasPrice`.
pub(crate) fn gas_price(rpc: &Rpc, call: Call<'_>) -> Reply {
    let () = call.params.parse()?;
    now(&U64::from(rpc.suggested_gas_price()))
}

/// `eth_maxPriorityFeePerGas`: the base fee is zero, so the tip is the whole price.
pub(crate) fn max_priority_fee(rpc: &Rpc, call: Call<'_>) -> Reply {
    let () = call.params.parse()?;
    now(&U64::from(rpc.chain.rules().min_gas_price))
}

/// `eth_blobBaseFee`: EIP-4844's least price; there are no blobs that could raise it.
pub(crate) fn blob_base_fee(_: &Rpc, call: Call<'_>) -> Reply {
    let () = call.params.parse()?;
    now(&U128::from(BLOB_TX_MIN_BLOB_GASPRICE))
}

/// `eth_feeHistory`.
pub(crate) fn history(rpc: &Rpc, call: Call<'_>) -> Reply {
    let (count, newest, percentiles) = call.params.parse::<(U64, BlockNumberOrTag, Option<Vec<f64>>)>()?;
    let percentiles = percentiles.unwrap_or_default();
    check_percentiles(&percentiles)?;
    let newest = newest_number(rpc, newest)?;
    let blocks = count.to::<u64>().min(MAX_BLOCKS).min(newest.saturating_add(1));
    if blocks == 0 {
        return now(&NoHistory::default());
    }
    rpc.aside(move |rpc| fee_history(rpc, newest, blocks, &percentiles))
}

/// What geth answers when no block is asked for.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct NoHistory {
    oldest_block: U64,
    gas_used_ratio: Option<Vec<f64>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct History {
    oldest_block: U64,
    #[serde(skip_serializing_if = "Option::is_none")]
    reward: Option<Vec<Vec<U128>>>,
    /// One more than blocks: the last is the next block's.
    base_fee_per_gas: Vec<U64>,
    gas_used_ratio: Vec<f64>,
    base_fee_per_blob_gas: Vec<U128>,
    blob_gas_used_ratio: Vec<f64>,
}

/// One block at a time: together they may be larger than memory.
fn fee_history(rpc: &Rpc, newest: u64, blocks: u64, percentiles: &[f64]) -> Result<History, RpcError> {
    let oldest = newest.saturating_sub(blocks - 1);
    let (mut reward, mut gas_used_ratio) = (Vec::new(), Vec::new());
    for number in oldest..=newest {
        let executed = rpc.executed(number)?.ok_or(ChainError::UnknownBlock)?;
        reward.push(rewards(&executed, percentiles));
        gas_used_ratio.push(ratio(executed.block.header()));
    }
    let count = gas_used_ratio.len();
    Ok(History {
        oldest_block: U64::from(oldest),
        reward: (!percentiles.is_empty()).then_some(reward),
        base_fee_per_gas: vec![U64::ZERO; count + 1],
        gas_used_ratio,
        base_fee_per_blob_gas: vec![U128::from(BLOB_TX_MIN_BLOB_GASPRICE); count + 1],
        blob_gas_used_ratio: vec![0.0; count],
    })
}

/// The tip that is reached when the given per cent of the block's gas are counted, cheapest first.
fn rewards(executed: &Executed, percentiles: &[f64]) -> Vec<U128> {
    let base_fee = executed.block.header().base_fee_per_gas.unwrap_or_default();
    let transactions = executed.block.transactions().iter().enumerate();
    let mut tips: Vec<(u128, u64)> = transactions
        .map(|(index, tx)| (tx.effective_tip_per_gas(base_fee).unwrap_or_default(), executed.gas_used(index)))
        .collect();
    tips.sort_by_key(|(tip, _)| *tip);
    percentiles.iter().map(|percentile| U128::from(reward_at(&tips, *percentile))).collect()
}

/// `tips` = tip and gas used, cheapest first.
fn reward_at(tips: &[(u128, u64)], percentile: f64) -> u128 {
    let total: u64 = tips.iter().map(|(_, gas)| gas).sum();
    let threshold = (total as f64 * percentile / 100.0).floor();
    let mut counted = 0_u64;
    let reached = tips.iter().find(|(_, gas)| {
        counted = counted.saturating_add(*gas);
        counted as f64 >= threshold
    });
    reached.or(tips.last()).map_or(0, |(tip, _)| *tip)
}

fn ratio(header: &Header) -> f64 {
    header.gas_used as f64 / header.gas_limit as f64
}

fn newest_number(rpc: &Rpc, newest: BlockNumberOrTag) -> Result<u64, RpcError> {
    let head = rpc.chain.head().number();
    match newest {
        BlockNumberOrTag::Number(number) if number > head => {
            Err(RpcError::server(format!("request beyond head block: requested {number}, head {head}")))
        }
        BlockNumberOrTag::Number(number) => Ok(number),
        BlockNumberOrTag::Earliest => Ok(0),
        _ => Ok(head),
    }
}

fn check_percentiles(percentiles: &[f64]) -> Result<(), RpcError> {
    if percentiles.len() > MAX_PERCENTILES {
        return Err(RpcError::server(format!("over the query limit {MAX_PERCENTILES}")));
    }
    if let Some(wrong) = percentiles.iter().find(|percentile| !(0.0..=100.0).contains(*percentile)) {
        return Err(RpcError::server(format!("invalid reward percentile: {wrong}")));
    }
    let falling = percentiles.windows(2).position(|pair| pair[0] >= pair[1]);
    falling.map_or(Ok(()), |at| {
        let (left, right) = (percentiles[at], percentiles[at + 1]);
        Err(RpcError::server(format!("invalid reward percentile: #{at}:{left} >= #{}:{right}", at + 1)))
    })
}

const MAX_BLOCKS: u64 = 1024;
const MAX_PERCENTILES: usize = 100;

#[cfg(test)]
mod tests;
