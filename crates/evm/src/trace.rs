//! `debug_traceTransaction`, `debug_traceBlockBy…` and `debug_traceCall`: what an execution did, as geth's built-in tracers tell it.
//! Called by the gateway's worker threads. Transactions of a block are executed again on the state before them; the tracers are
//! revm-inspectors'. Time is bounded by gas, memory by [`MAX_TRACE_BYTES`].
//!
//! Deliberately absent: JavaScript tracers, and tracers whose memory nothing bounds.

use alloy_evm::Evm as _;
use alloy_rpc_types_eth::{TransactionRequest, state::EvmOverrides};
use alloy_rpc_types_trace::geth::{
    GethDebugBuiltInTracerType as BuiltIn, GethDebugTracerType, GethDebugTracingCallOptions, GethDebugTracingOptions,
    GethTrace, TraceResult,
};
use primitives::{B256, Header, Recovered, Rules, Tx};
use revm::{DatabaseRef, context::TxEnv, context_interface::result::ResultAndState};
use revm_inspectors::tracing::{DebugInspector, TransactionContext};

mod meter;
#[cfg(test)]
mod tests;

use crate::{
    BlockState,
    call::{
        Base, CallError, During, Ground,
        scratch::{self, Scratch, commit, commit_diff},
        transact,
    },
    env,
    execution::{Execution, TransactError},
    native::Terms,
    system,
};
use meter::Metered;

/// Most that the traces of one request may take up, roughly, as held in memory and before they are JSON.
pub const MAX_TRACE_BYTES: usize = 128 * 1024 * 1024;

/// Traces one transaction of a block, or all of them.
///
/// `parent_state` is the state after the block's parent; block hashes for `BLOCKHASH` come from it too.
pub fn trace_transactions<DB: BlockState>(
    rules: &Rules,
    header: &Header,
    parent_state: &DB,
    transactions: &[Recovered<Tx>],
    which: Option<usize>,
    options: &GethDebugTracingOptions,
) -> Result<Vec<TraceResult>, CallError> {
    let (before, traced) = split(transactions, which)?;
    let inspector = Metered::new(tracer(options)?, options, MAX_TRACE_BYTES);
    let env = env::evm_env(rules, header);
    let mut db = scratch::over(parent_state);
    replay(rules, header, &mut db, before)?;
    let evm = env::evm_with_inspector(&mut db, env, Terms::of(rules), inspector);
    trace_all(evm, traced, Place { block_hash: header.hash_slow(), first: before.len() })
}

/// Traces a request on the state of `base`, as `eth_call` would execute it.
pub fn trace_call<DB: DatabaseRef>(
    base: &Base<'_, DB>,
    request: &TransactionRequest,
    options: &GethDebugTracingCallOptions,
) -> Result<GethTrace, CallError> {
    if options.tx_index.is_some() {
        return Err(CallError::Params("txIndex is not supported: trace on the state of a block".into()));
    }
    let overrides = EvmOverrides::new(options.state_overrides.clone(), options.block_overrides.clone().map(Box::new));
    let inspector = Metered::new(tracer(&options.tracing_options)?, &options.tracing_options, MAX_TRACE_BYTES);
    let mut ground = Ground::new(base, &overrides)?;
    let tx = ground.transaction(request, base.gas_cap)?;
    let mut evm = ground.evm(&tx, inspector);
    let (trace, _) = trace_one(&mut evm, tx, None)?;
    Ok(trace)
}

/// Where the traced transactions are in their block.
#[derive(Clone, Copy)]
struct Place {
    block_hash: B256,
    first: usize,
}

/// The transactions to replay and those to trace.
fn split<T>(transactions: &[T], which: Option<usize>) -> Result<(&[T], &[T]), CallError> {
    let Some(index) = which else { return Ok((&[], transactions)) };
    let (before, rest) = transactions
        .split_at_checked(index)
        .filter(|(_, rest)| !rest.is_empty())
        .ok_or(CallError::TransactionIndex { index, count: transactions.len() })?;
    Ok((before, &rest[..1]))
}

/// Brings the state to where the traced transactions find it, with the code that executes blocks.
fn replay<DB: BlockState>(
    rules: &Rules,
    header: &Header,
    db: &mut Scratch<'_, DB>,
    transactions: &[Recovered<Tx>],
) -> Result<(), CallError> {
    let mut execution = Execution::new(env::evm_env(rules, header), Terms::of(rules), &*db);
    system::before_transactions(&mut execution, rules, header).map_err(not_replayed)?;
    for tx in transactions {
        execution.transact(tx).map_err(not_replayed)?;
    }
    let diff = execution.finish();
    commit_diff(db, &diff);
    Ok(())
}

/// The block was executed before, so this is no fault of the request.
fn not_replayed(error: TransactError) -> CallError {
    CallError::Internal(format!("block could not be executed again: {error}"))
}

fn trace_all<DB: DatabaseRef>(
    mut evm: TracedEvm<'_, '_, DB>,
    transactions: &[Recovered<Tx>],
    place: Place,
) -> Result<Vec<TraceResult>, CallError> {
    let mut traces = Vec::with_capacity(transactions.len());
    for (index, tx) in transactions.iter().enumerate() {
        let context = TransactionContext {
            block_hash: Some(place.block_hash),
            tx_index: place.first.checked_add(index),
            tx_hash: Some(*tx.tx_hash()),
        };
        let (trace, executed) = trace_one(&mut evm, env::tx_env(tx), Some(context))?;
        let (db, inspector, _) = evm.components_mut();
        commit(db, executed.state);
        inspector.next_transaction()?;
        traces.push(TraceResult::new_success(trace, Some(*tx.tx_hash())));
    }
    Ok(traces)
}

type TracedEvm<'g, 'a, DB> = env::Evm<&'g mut Scratch<'a, DB>, Metered>;

/// Executes and traces, without committing.
fn trace_one<DB: DatabaseRef>(
    evm: &mut TracedEvm<'_, '_, DB>,
    tx: TxEnv,
    context: Option<TransactionContext>,
) -> Result<(GethTrace, ResultAndState), CallError> {
    let executed = transact(evm, tx.clone());
    let block = evm.block().clone();
    let (db, inspector, _) = evm.components_mut();
    inspector.check()?;
    let executed = executed.map_err(|failure| failure.during(During::Trace))?;
    inspector.count_state(&executed.state, db)?;
    let trace = inspector.result(context, &tx, &block, &executed, db)?;
    Ok((trace, executed))
}

/// The tracer of these options, if it is one of those that run here.
fn tracer(options: &GethDebugTracingOptions) -> Result<DebugInspector, CallError> {
    match &options.tracer {
        None => {}
        Some(GethDebugTracerType::BuiltInTracer(built_in)) if OFFERED.contains(built_in) => {}
        Some(GethDebugTracerType::JsTracer(name)) if name.is_empty() => {}
        Some(other) => return Err(CallError::Params(not_offered(other.as_str()))),
    }
    DebugInspector::new(options.clone()).map_err(|error| CallError::Params(error.to_string()))
}

const OFFERED: [BuiltIn; 6] = [
    BuiltIn::CallTracer,
    BuiltIn::PreStateTracer,
    BuiltIn::FourByteTracer,
    BuiltIn::FlatCallTracer,
    BuiltIn::MuxTracer,
    BuiltIn::NoopTracer,
];

/// Longest part of an unknown tracer's name, which may be a program, that is repeated to the caller.
const SHOWN_NAME_CHARS: usize = 40;

fn not_offered(name: &str) -> String {
    let name: String = name.chars().take(SHOWN_NAME_CHARS).collect();
    let offered: Vec<_> = OFFERED.map(|tracer| GethDebugTracerType::from(tracer).as_str().to_owned()).into();
    format!("tracer not found: {name:?}; there are {} and the default, JavaScript is not run", offered.join(", "))
}
