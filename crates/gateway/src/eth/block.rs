//! Blocks, headers and what they hold. An unknown block is null, never an error.

use alloy_primitives::{B256, U64};

use crate::{
    convert::{BlockId, BlockNumberOrTag, RpcBlock, RpcHeader, RpcReceipt},
    methods::{Call, Reply, Rpc},
    rpc::{json, now},
};

/// `eth_getBlockByHash`.
pub(crate) fn by_hash(rpc: &Rpc, call: Call<'_>) -> Reply {
    let (hash, full) = call.params.parse::<(B256, Option<bool>)>()?;
    show(rpc, hash.into(), full)
}

/// `eth_getBlockByNumber`.
pub(crate) fn by_number(rpc: &Rpc, call: Call<'_>) -> Reply {
    let (number, full) = call.params.parse::<(BlockNumberOrTag, Option<bool>)>()?;
    show(rpc, number.into(), full)
}

/// `eth_getHeaderByHash`.
pub(crate) fn header_by_hash(rpc: &Rpc, call: Call<'_>) -> Reply {
    let (hash,) = call.params.parse::<(B256,)>()?;
    show_header(rpc, hash.into())
}

/// `eth_getHeaderByNumber`.
pub(crate) fn header_by_number(rpc: &Rpc, call: Call<'_>) -> Reply {
    let (number,) = call.params.parse::<(BlockNumberOrTag,)>()?;
    show_header(rpc, number.into())
}

/// `eth_getBlockReceipts`.
pub(crate) fn receipts(rpc: &Rpc, call: Call<'_>) -> Reply {
    let (at,) = call.params.parse::<(BlockId,)>()?;
    rpc.aside(move |rpc| {
        let executed = rpc.executed(at)?;
        json(&executed.as_ref().map(|executed| RpcReceipt::of_block(&executed.block, &executed.receipts)))
    })
}

/// `eth_getBlockTransactionCountByHash`.
pub(crate) fn transaction_count_by_hash(rpc: &Rpc, call: Call<'_>) -> Reply {
    let (hash,) = call.params.parse::<(B256,)>()?;
    transaction_count(rpc, hash.into())
}

/// `eth_getBlockTransactionCountByNumber`.
pub(crate) fn transaction_count_by_number(rpc: &Rpc, call: Call<'_>) -> Reply {
    let (number,) = call.params.parse::<(BlockNumberOrTag,)>()?;
    transaction_count(rpc, number.into())
}

/// `eth_getUncleCountByBlockHash`: no block has any.
pub(crate) fn uncle_count_by_hash(rpc: &Rpc, call: Call<'_>) -> Reply {
    let (hash,) = call.params.parse::<(B256,)>()?;
    uncle_count(rpc, hash.into())
}

/// `eth_getUncleCountByBlockNumber`.
pub(crate) fn uncle_count_by_number(rpc: &Rpc, call: Call<'_>) -> Reply {
    let (number,) = call.params.parse::<(BlockNumberOrTag,)>()?;
    uncle_count(rpc, number.into())
}

/// `eth_getUncleByBlockHashAndIndex`.
pub(crate) fn uncle_by_hash(_: &Rpc, call: Call<'_>) -> Reply {
    let (_, _) = call.params.parse::<(B256, U64)>()?;
    now(&())
}

/// `eth_getUncleByBlockNumberAndIndex`.
pub(crate) fn uncle_by_number(_: &Rpc, call: Call<'_>) -> Reply {
    let (_, _) = call.params.parse::<(BlockNumberOrTag, U64)>()?;
    now(&())
}

fn show(rpc: &Rpc, at: BlockId, full: Option<bool>) -> Reply {
    let full = full.unwrap_or(false);
    let shown = move |rpc: &Rpc| {
        let executed = rpc.executed(at)?;
        let block = executed.as_ref().map(|executed| RpcBlock::new(&executed.block, full));
        json(&if at.is_pending() { block.map(RpcBlock::unmade) } else { block })
    };
    if full { rpc.aside(shown) } else { rpc.about(at, shown) }
}

fn show_header(rpc: &Rpc, at: BlockId) -> Reply {
    rpc.about(at, move |rpc| {
        let executed = rpc.executed(at)?;
        let header = executed.as_ref().map(|executed| RpcHeader::of(&executed.block));
        json(&if at.is_pending() { header.map(RpcHeader::unmade) } else { header })
    })
}

fn transaction_count(rpc: &Rpc, at: BlockId) -> Reply {
    rpc.about(at, move |rpc| json(&rpc.executed(at)?.map(|executed| U64::from(executed.block.transactions().len()))))
}

fn uncle_count(rpc: &Rpc, at: BlockId) -> Reply {
    rpc.about(at, move |rpc| json(&rpc.executed(at)?.map(|_| U64::ZERO)))
}
