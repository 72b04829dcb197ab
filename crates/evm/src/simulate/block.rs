//! One simulated block: overrides, the calls that the protocol makes, the calls of the request, and the header over all of it.

use alloy_eips::eip7685::{EMPTY_REQUESTS_HASH, Requests};
use alloy_evm::{Evm as _, EvmEnv};
use alloy_network_primitives::BlockTransactions;
use alloy_primitives::{Bytes, Log, Sealed};
use alloy_rpc_types_eth::{
    Block as RpcBlock, BlockOverrides, Header as RpcHeader, Log as RpcLog, Transaction as RpcTransaction,
    TransactionRequest, TransactionTrait, Withdrawals,
    simulate::{SimCallResult, SimulateError, SimulatePayload, SimulatedBlock},
};
use primitives::{B256, Block, Fork, Header, Receipt, Recovered, Rules, StateDiff, Tx, U256};
use revm::{
    Database, DatabaseRef,
    context_interface::result::{ExecutionResult, ResultAndState},
};

use super::{SimulatedRpcBlock, chain::Planned, changes::Changes, transaction::unsigned, transfers::TransferLogs};
use crate::{
    BlockState,
    call::{
        Base, CallError, During, call_env, halt_message,
        request::{is_free, tx_env, with_any_nonce},
        revert_message,
        scratch::{Scratch, commit, commit_diff},
        transact,
    },
    env::{self, Evm},
    execute::Outcome,
    execution::Execution,
    header::seal_header,
    native::Terms,
    overrides::{PrecompileMoves, Rewritten, apply_state_overrides},
    system,
};

/// The state as the simulated blocks leave it, and what is left of the gas of the request.
pub(super) struct Simulation<'a, DB> {
    rules: &'a Rules,
    options: &'a SimulatePayload,
    db: Scratch<'a, DB>,
    changes: Changes,
    /// Native contracts whose code was overridden so far.
    rewritten: Rewritten,
    gas_left: u64,
}

/// The transactions of a block as far as they have been executed.
#[derive(Default)]
struct Filled {
    transactions: Vec<Recovered<Tx>>,
    receipts: Vec<Receipt>,
    calls: Vec<Called>,
    gas_used: u64,
}

/// A call with its logs, which may be more than those of its receipt.
struct Called {
    result: ExecutionResult,
    logs: Vec<Log>,
}

type BlockEvm<'s, 'a, DB> = Evm<&'s mut Scratch<'a, DB>, TransferLogs>;

impl<'a, DB: BlockState> Simulation<'a, DB> {
    pub(super) fn new(base: &Base<'a, DB>, db: Scratch<'a, DB>, options: &'a SimulatePayload) -> Self {
        Self {
            rules: base.rules,
            options,
            db,
            changes: Changes::default(),
            rewritten: Rewritten::default(),
            gas_left: base.gas_cap,
        }
    }

    pub(super) fn block(
        &mut self,
        planned: Planned<'_>,
        parent_hash: B256,
        state_root: &mut dyn FnMut(&StateDiff) -> Result<B256, CallError>,
    ) -> Result<SimulatedRpcBlock, CallError> {
        let frame = Header { parent_hash, ..planned.header.clone() };
        let env = self.environment(&frame, &planned.overrides);
        let moves = self.override_state(&planned, &env)?;
        self.begin(&frame)?;
        let Filled { transactions, receipts, calls, gas_used } = self.fill(&planned, &frame, env, &moves)?;
        let (requests_hash, extra_data) = self.end(&frame)?;
        let diff = self.changes.take(&self.db)?;
        let root = state_root(&diff)?;
        let outcome = Outcome {
            transactions,
            receipts,
            gas_used,
            requests_hash,
            extra_data,
            diff,
            rejected: Vec::new(),
            left_over: None,
        };
        let header = seal_header(&frame, &outcome, &outcome.roots(), root);
        let block = Block::seal(header, outcome.transactions);
        self.db.cache.block_hashes.insert(U256::from(block.number()), block.hash());
        Ok(shown(&block, calls, self.options.return_full_transactions))
    }

    fn environment(&mut self, header: &Header, overrides: &BlockOverrides) -> EvmEnv {
        let mut env = call_env(self.rules, header);
        env.cfg_env.disable_nonce_check = !self.options.validation;
        // What the header has no place for; the rest of the overrides is in the header.
        let beside_header = BlockOverrides {
            blob_base_fee: overrides.blob_base_fee,
            block_hash: overrides.block_hash.clone(),
            ..Default::default()
        };
        alloy_evm::overrides::apply_block_overrides(beside_header, &mut self.db, &mut env.block_env);
        env
    }

    fn override_state(&mut self, planned: &Planned<'_>, env: &EvmEnv) -> Result<PrecompileMoves, CallError> {
        let mut moves = PrecompileMoves::default();
        if let Some(overrides) = planned.state {
            let evm = env::evm(&mut self.db, env.clone(), Terms::of(self.rules));
            moves = PrecompileMoves::read(overrides, evm.components().2)?;
            apply_state_overrides(overrides, &mut self.db)?;
            self.changes.record_overrides(overrides);
        }
        moves.carry_on(&mut self.rewritten);
        Ok(moves)
    }

    fn begin(&mut self, header: &Header) -> Result<(), CallError> {
        let mut execution = Execution::new(env::evm_env(self.rules, header), Terms::of(self.rules), &self.db);
        system::before_transactions(&mut execution, self.rules, header).map_err(CallError::internal)?;
        let diff = execution.finish();
        self.keep(&diff);
        Ok(())
    }

    fn end(&mut self, header: &Header) -> Result<(Option<B256>, Bytes), CallError> {
        let mut execution = Execution::new(env::evm_env(self.rules, header), Terms::of(self.rules), &self.db);
        let requests = system::after_transactions(&mut execution, self.rules, header).map_err(CallError::internal)?;
        let extra_data = system::extra_data(&mut execution, self.rules, header).map_err(CallError::internal)?;
        let diff = execution.finish();
        self.keep(&diff);
        Ok(((self.rules.fork >= Fork::Prague).then(|| requests_hash(&requests)), extra_data))
    }

    fn keep(&mut self, diff: &StateDiff) {
        commit_diff(&mut self.db, diff);
        self.changes.record_diff(diff);
    }

    fn fill(
        &mut self,
        planned: &Planned<'_>,
        header: &Header,
        env: EvmEnv,
        moves: &PrecompileMoves,
    ) -> Result<Filled, CallError> {
        let mut filling = Filling {
            evm: env::evm_with_inspector(&mut self.db, env, Terms::of(self.rules), TransferLogs::default()),
            changes: &mut self.changes,
            gas_left: &mut self.gas_left,
            gas_limit: header.gas_limit,
            options: self.options,
            filled: Filled::default(),
        };
        filling.evm.set_inspector_enabled(self.options.trace_transfers);
        moves.apply(filling.evm.components_mut().2);
        for request in planned.calls {
            filling.call(request)?;
        }
        Ok(filling.filled)
    }
}

/// A block while its calls are executed.
struct Filling<'s, 'a, DB: DatabaseRef> {
    evm: BlockEvm<'s, 'a, DB>,
    changes: &'s mut Changes,
    gas_left: &'s mut u64,
    gas_limit: u64,
    options: &'s SimulatePayload,
    filled: Filled,
}

impl<DB: DatabaseRef> Filling<'_, '_, DB> {
    fn call(&mut self, request: &TransactionRequest) -> Result<(), CallError> {
        let gas = self.gas(request)?;
        let nonce = self.nonce(request)?;
        let tx = tx_env(request, self.evm.chain_id(), gas, nonce)?;
        let transaction = unsigned(&tx);
        let tx = if self.options.validation { tx } else { with_any_nonce(tx) };
        self.evm.cfg.disable_base_fee = !self.options.validation && is_free(&tx);
        let ResultAndState { result, state } =
            transact(&mut self.evm, tx).map_err(|failure| failure.during(During::Simulation(gas)))?;
        self.changes.record_transaction(&state);
        commit(self.evm.components_mut().0, state);
        *self.gas_left = self.gas_left.saturating_sub(result.tx_gas_used());
        self.keep(transaction, result);
        Ok(())
    }

    /// The gas limit asked for or what is left of the block, cut to what is left of the request.
    fn gas(&self, request: &TransactionRequest) -> Result<u64, CallError> {
        let used = self.filled.gas_used;
        let wanted = request.gas.unwrap_or(self.gas_limit.saturating_sub(used));
        let needed = used.saturating_add(wanted);
        if needed > self.gas_limit {
            return Err(CallError::BlockGas { needed, limit: self.gas_limit });
        }
        if *self.gas_left == 0 {
            return Err(CallError::ClientLimit("the gas that one request may use is used up"));
        }
        Ok(wanted.min(*self.gas_left))
    }

    fn nonce(&mut self, request: &TransactionRequest) -> Result<u64, CallError> {
        let sender = request.from.unwrap_or_default();
        let account = self.evm.components_mut().0.basic(sender).map_err(CallError::internal)?;
        Ok(account.unwrap_or_default().nonce)
    }

    fn keep(&mut self, transaction: Recovered<Tx>, result: ExecutionResult) {
        let filled = &mut self.filled;
        filled.gas_used = filled.gas_used.saturating_add(result.tx_gas_used());
        let logs = if result.is_success() { result.logs().to_vec() } else { Vec::new() };
        let traced = self.evm.components_mut().1.take();
        filled.receipts.push(Receipt {
            tx_type: transaction.tx_type(),
            success: result.is_success(),
            cumulative_gas_used: filled.gas_used,
            logs: logs.clone(),
        });
        filled.transactions.push(transaction);
        filled.calls.push(Called { result, logs: if self.options.trace_transfers { traced } else { logs } });
    }
}

/// EIP-7685.
fn requests_hash(requests: &Requests) -> B256 {
    if requests.is_empty() { EMPTY_REQUESTS_HASH } else { requests.requests_hash() }
}

/// The block as JSON-RPC shows it.
fn shown(block: &Block, calls: Vec<Called>, full: bool) -> SimulatedRpcBlock {
    let size = U256::from(block.encode().len());
    let sealed = Sealed::new_unchecked(block.header().clone(), block.hash());
    let header = RpcHeader::from_consensus(sealed, None, Some(size));
    let transactions = if full {
        BlockTransactions::Full((0..).zip(block.transactions()).map(|at| full_transaction(block, at)).collect())
    } else {
        BlockTransactions::Hashes(block.transactions().iter().map(|tx| *tx.tx_hash()).collect())
    };
    let inner = RpcBlock::new(header, transactions).with_withdrawals(Some(Withdrawals::default()));
    SimulatedBlock { inner, calls: call_results(block, calls) }
}

fn full_transaction(block: &Block, (index, tx): (u64, &Recovered<Tx>)) -> RpcTransaction<Tx> {
    RpcTransaction {
        block_hash: Some(block.hash()),
        block_number: Some(block.number()),
        transaction_index: Some(index),
        effective_gas_price: Some(tx.effective_gas_price(block.header().base_fee_per_gas)),
        block_timestamp: Some(block.header().timestamp),
        inner: tx.clone(),
    }
}

/// Logs are numbered through the block.
fn call_results(block: &Block, calls: Vec<Called>) -> Vec<SimCallResult> {
    let mut log_indexes = 0_u64..;
    let mut results = Vec::with_capacity(calls.len());
    for (transaction_index, (tx, called)) in (0..).zip(block.transactions().iter().zip(calls)) {
        let logs = called.logs.into_iter().zip(log_indexes.by_ref()).map(|(inner, log_index)| RpcLog {
            inner,
            block_hash: Some(block.hash()),
            block_number: Some(block.number()),
            block_timestamp: Some(block.header().timestamp),
            transaction_hash: Some(*tx.tx_hash()),
            transaction_index: Some(transaction_index),
            log_index: Some(log_index),
            removed: false,
        });
        results.push(call_result(called.result, logs.collect()));
    }
    results
}

fn call_result(result: ExecutionResult, logs: Vec<RpcLog>) -> SimCallResult {
    let gas = *result.gas();
    let error = failure(&result);
    SimCallResult {
        return_data: if result.is_success() { result.into_output().unwrap_or_default() } else { Default::default() },
        logs,
        gas_used: gas.tx_gas_used(),
        max_used_gas: Some(gas.total_gas_spent().max(gas.floor_gas())),
        status: error.is_none(),
        error,
    }
}

fn failure(result: &ExecutionResult) -> Option<SimulateError> {
    match result {
        ExecutionResult::Success { .. } => None,
        ExecutionResult::Revert { output, .. } => Some(SimulateError {
            code: SimulateError::EXECUTION_REVERTED_CODE,
            message: revert_message(output),
            data: Some(output.clone()),
        }),
        ExecutionResult::Halt { reason, .. } => Some(SimulateError {
            code: SimulateError::VM_EXECUTION_ERROR_CODE,
            message: halt_message(reason),
            data: None,
        }),
    }
}
