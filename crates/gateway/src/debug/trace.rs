//! Executions step by step: `debug_trace...`. The tracers are `evm`'s; here a block and the state before it are found.

use std::sync::Arc;

use alloy_primitives::{B256, Bytes};
use alloy_rlp::Decodable;
use alloy_rpc_types_eth::TransactionRequest;
use alloy_rpc_types_trace::geth::{GethDebugTracingCallOptions, GethDebugTracingOptions, GethTrace, TraceResult};
use chain::Executed;
use evm::trace::{trace_call, trace_transactions};
use primitives::Tx;

use super::raw::known;
use crate::{
    convert::{BlockId, BlockNumberOrTag},
    eth::call::Ground,
    methods::{Call, Reply, Rpc},
    rpc::RpcError,
};

/// `debug_traceTransaction`.
pub(crate) fn transaction(rpc: &Rpc, call: Call<'_>) -> Reply {
    let (hash, options) = call.params.parse::<(B256, Option<GethDebugTracingOptions>)>()?;
    rpc.aside(move |rpc| {
        let mined = rpc.chain.mined(hash)?;
        let (executed, index) = mined.ok_or_else(|| RpcError::server("transaction not found"))?;
        only_result(Retraced::of(rpc, executed, options)?.traces(Some(index))?)
    })
}

/// `debug_traceCall`.
pub(crate) fn call(rpc: &Rpc, call: Call<'_>) -> Reply {
    type Arguments = (TransactionRequest, Option<BlockId>, Option<GethDebugTracingCallOptions>);
    let (request, at, options) = call.params.parse::<Arguments>()?;
    rpc.aside(move |rpc| {
        let ground = Ground::at(rpc, at)?;
        Ok(trace_call(&ground.base(), &request, &options.unwrap_or_default())?)
    })
}

/// `debug_traceBlockByNumber`.
pub(crate) fn block_by_number(rpc: &Rpc, call: Call<'_>) -> Reply {
    let (number, options) = call.params.parse::<(BlockNumberOrTag, Option<GethDebugTracingOptions>)>()?;
    trace_block(rpc, number.into(), options)
}

/// `debug_traceBlockByHash`.
pub(crate) fn block_by_hash(rpc: &Rpc, call: Call<'_>) -> Reply {
    let (hash, options) = call.params.parse::<(B256, Option<GethDebugTracingOptions>)>()?;
    trace_block(rpc, hash.into(), options)
}

/// `debug_traceBlock`: a block of this chain, given as RLP.
pub(crate) fn block(rpc: &Rpc, call: Call<'_>) -> Reply {
    let (rlp, options) = call.params.parse::<(Bytes, Option<GethDebugTracingOptions>)>()?;
    let block = alloy_consensus::Block::<Tx>::decode(&mut rlp.as_ref());
    let header = block.map_err(|error| RpcError::server(format!("could not decode block: {error}")))?.header;
    trace_block(rpc, header.hash_slow().into(), options)
}

fn trace_block(rpc: &Rpc, at: BlockId, options: Option<GethDebugTracingOptions>) -> Reply {
    rpc.aside(move |rpc| Retraced::of(rpc, known(rpc, at)?, options)?.traces(None))
}

/// A block, the state that it was executed on, and how to trace it.
struct Retraced {
    executed: Arc<Executed>,
    before: Ground,
    options: GethDebugTracingOptions,
}

impl Retraced {
    fn of(rpc: &Rpc, executed: Arc<Executed>, options: Option<GethDebugTracingOptions>) -> Result<Self, RpcError> {
        if executed.number() == 0 {
            return Err(RpcError::server("genesis is not traceable"));
        }
        let before = Ground::at(rpc, Some(executed.block.header().parent_hash.into()))?;
        Ok(Self { executed, before, options: options.unwrap_or_default() })
    }

    /// The trace of one transaction, or of all of them.
    fn traces(&self, which: Option<usize>) -> Result<Vec<TraceResult>, RpcError> {
        let (block, base) = (&self.executed.block, self.before.base());
        let transactions = block.transactions();
        Ok(trace_transactions(base.rules, block.header(), base.db, transactions, which, &self.options)?)
    }
}

fn only_result(traces: Vec<TraceResult>) -> Result<GethTrace, RpcError> {
    match traces.into_iter().next() {
        Some(TraceResult::Success { result, .. }) => Ok(result),
        Some(TraceResult::Error { error, .. }) => Err(RpcError::server(error)),
        None => Err(RpcError::server("transaction not found")),
    }
}
