//! Transactions and their receipts, by hash or by place. What is not there is null.

use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{B256, Bytes, U64};
use chain::{Executed, Located};
use primitives::Tx;

use crate::{
    convert::{BlockId, BlockNumberOrTag, Place, RpcReceipt, RpcTransaction},
    methods::{Call, Reply, Rpc},
    rpc::{Answer, CallResult, json},
};

/// `eth_getTransactionByHash`, waiting or mined.
pub(crate) fn by_hash(rpc: &Rpc, call: Call<'_>) -> Reply {
    let (hash,) = call.params.parse::<(B256,)>()?;
    located(rpc, hash, |found| match found {
        None => json(&()),
        Some(Located::Pending(pooled)) => json(&RpcTransaction::pending(&pooled.tx)),
        Some(Located::Mined { executed, index }) => json(&shown(&executed, index)),
    })
}

/// `eth_getTransactionByBlockHashAndIndex`.
pub(crate) fn by_block_hash(rpc: &Rpc, call: Call<'_>) -> Reply {
    let (hash, index) = call.params.parse::<(B256, U64)>()?;
    by_place(rpc, hash.into(), index)
}

/// `eth_getTransactionByBlockNumberAndIndex`.
pub(crate) fn by_block_number(rpc: &Rpc, call: Call<'_>) -> Reply {
    let (number, index) = call.params.parse::<(BlockNumberOrTag, U64)>()?;
    by_place(rpc, number.into(), index)
}

/// `eth_getRawTransactionByHash` and `debug_getRawTransaction`: the EIP-2718 bytes, waiting or mined.
pub(crate) fn raw_by_hash(rpc: &Rpc, call: Call<'_>) -> Reply {
    let (hash,) = call.params.parse::<(B256,)>()?;
    located(rpc, hash, |found| match found {
        None => json(&()),
        Some(Located::Pending(pooled)) => json(&raw(pooled.tx.inner())),
        Some(Located::Mined { executed, index }) => json(&raw_in(&executed, index)),
    })
}

/// `eth_getRawTransactionByBlockHashAndIndex`.
pub(crate) fn raw_by_block_hash(rpc: &Rpc, call: Call<'_>) -> Reply {
    let (hash, index) = call.params.parse::<(B256, U64)>()?;
    raw_by_place(rpc, hash.into(), index)
}

/// `eth_getRawTransactionByBlockNumberAndIndex`.
pub(crate) fn raw_by_block_number(rpc: &Rpc, call: Call<'_>) -> Reply {
    let (number, index) = call.params.parse::<(BlockNumberOrTag, U64)>()?;
    raw_by_place(rpc, number.into(), index)
}

/// `eth_getTransactionReceipt`: null until the transaction is in a block, and so final.
pub(crate) fn receipt(rpc: &Rpc, call: Call<'_>) -> Reply {
    let (hash,) = call.params.parse::<(B256,)>()?;
    located(rpc, hash, |found| match found {
        Some(Located::Mined { executed, index }) => json(&receipt_in(&executed, index)),
        _ => json(&()),
    })
}

/// The receipt number `index` of a block.
pub(crate) fn receipt_in(executed: &Executed, index: usize) -> Option<RpcReceipt<'_>> {
    let receipt = executed.receipts.get(index)?;
    let tx = executed.block.transactions().get(index)?;
    let gas_before = receipt.cumulative_gas_used.saturating_sub(executed.gas_used(index));
    let place = Place::in_block(&executed.block, index);
    Some(RpcReceipt::new(tx, receipt, place, gas_before, executed.first_log_index(index)))
}

/// Answers about a transaction: at once if it is in memory, else after a look at the disk.
fn located(rpc: &Rpc, hash: B256, answer: impl FnOnce(Option<Located>) -> CallResult + Send + 'static) -> Reply {
    match rpc.located_in_memory(hash) {
        None => rpc.aside(move |rpc| answer(rpc.chain.transaction(hash)?)),
        found => answer(found).map(Answer::Now),
    }
}

fn by_place(rpc: &Rpc, at: BlockId, index: U64) -> Reply {
    rpc.about(at, move |rpc| {
        let executed = rpc.executed(at)?;
        json(&executed.as_deref().and_then(|executed| shown(executed, position(index))))
    })
}

fn raw_by_place(rpc: &Rpc, at: BlockId, index: U64) -> Reply {
    rpc.about(at, move |rpc| {
        let executed = rpc.executed(at)?;
        json(&executed.as_deref().and_then(|executed| raw_in(executed, position(index))))
    })
}

fn shown(executed: &Executed, index: usize) -> Option<RpcTransaction<'_>> {
    let tx = executed.block.transactions().get(index)?;
    Some(RpcTransaction::mined(tx, Place::in_block(&executed.block, index)))
}

fn raw_in(executed: &Executed, index: usize) -> Option<Bytes> {
    executed.block.transactions().get(index).map(|tx| raw(tx.inner()))
}

fn raw(tx: &Tx) -> Bytes {
    tx.encoded_2718().into()
}

/// An index that no block can have stands for those too large for this machine.
fn position(index: U64) -> usize {
    usize::try_from(index.to::<u64>()).unwrap_or(usize::MAX)
}
