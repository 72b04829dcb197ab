//! Transactions one after the other over one journal: nothing is written back until the end, so that an account or slot that
//! many transactions of a block touch is read once and compared once. `execute_block` drives it; the judges of
//! ethereum/tests drive it directly, with environments that this ledger's headers never have.

use alloy_evm::{EvmEnv, EvmInternals};
use alloy_primitives::Bytes;
use contracts::{Host, Res, Stop, admission, protocol};
use primitives::{Address, Committee, NodeId, Receipt, Recovered, StateDiff, Tx};
use revm::{
    Database, ExecuteEvm,
    context::{ContextSetters, ContextTr, JournalTr, TxEnv},
    context_interface::result::{EVMError, ExecutionResult, HaltReason, InvalidTransaction},
    handler::{Handler, MainnetHandler, SYSTEM_ADDRESS},
    primitives::KECCAK_EMPTY,
};

use crate::{
    creation::{BlockEvm, BlockState},
    diff::{Origins, state_diff},
    env::{evm, natives, tx_env},
    native::{JournalHost, Natives, Terms},
    validity::Invalid,
};

/// A block, or part of one, being executed over the state that `D` reads.
#[expect(missing_debug_implementations, reason = "the EVM has no Debug")]
pub struct Execution<D: BlockState> {
    evm: BlockEvm<D>,
    natives: Natives,
    gas_used: u64,
}

/// Why a transaction has no result.
#[derive(Debug, thiserror::Error)]
pub enum TransactError {
    /// It may not be executed here; the state is as before.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The state could not be read: nothing can be concluded about the transaction.
    #[error("state could not be read: {0}")]
    State(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The environment lacks what the fork needs.
    #[error("block environment: {0}")]
    Environment(String),
}

impl<D: BlockState> Execution<D> {
    /// Nothing executed yet.
    pub fn new(env: EvmEnv, terms: Terms, db: D) -> Self {
        let natives = natives(terms.clone(), &env);
        Self { evm: BlockEvm(evm(Origins::new(db), env, terms).into_inner()), natives, gas_used: 0 }
    }

    /// Makes room for the accounts of so many transactions, which otherwise are moved each time that the map of them grows.
    pub(crate) fn reserve(&mut self, transactions: usize) {
        let accounts = transactions.min(RESERVED_TRANSACTIONS_MAX) * ACCOUNTS_PER_TRANSACTION;
        self.evm.0.ctx.journaled_state.inner.state.reserve(accounts);
    }

    /// Gas used by all transactions so far.
    pub const fn gas_used(&self) -> u64 {
        self.gas_used
    }

    /// Executes one transaction on top of those before it. An invalid one leaves no trace.
    pub fn transact(&mut self, tx: &Recovered<Tx>) -> Result<Receipt, TransactError> {
        self.evm.0.ctx.set_tx(tx_env(tx));
        let run: Result<_, EvmError<D>> = MainnetHandler::default().run(&mut self.evm);
        let result = run.map_err(|error| self.transact_error(error, tx))?;
        self.gas_used = self.gas_used.saturating_add(result.tx_gas_used());
        Ok(Receipt {
            tx_type: tx.tx_type(),
            success: result.is_success(),
            cumulative_gas_used: self.gas_used,
            logs: result.into_logs(),
        })
    }

    /// Calls a system contract as the protocol does (EIP-2935, 4788, 7002, 7251): no fee, no nonce, 30 million gas.
    pub(crate) fn system_call(
        &mut self,
        contract: Address,
        data: Bytes,
    ) -> Result<ExecutionResult<HaltReason>, TransactError> {
        self.evm.0.ctx.set_tx(TxEnv {
            caller: SYSTEM_ADDRESS,
            kind: contract.into(),
            data,
            gas_limit: SYSTEM_CALL_GAS,
            ..TxEnv::default()
        });
        let run: Result<_, EvmError<D>> = MainnetHandler::default().run_system_call(&mut self.evm);
        run.map_err(read_error)
    }

    /// Begins an epoch: the protocol version that is due comes into force. Its rooms' constructors leave no logs.
    pub(crate) fn begin_epoch(&mut self, version_by_genesis: u32) -> Result<(), TransactError> {
        self.by_protocol(|host| protocol::begin_epoch(host, version_by_genesis).map(drop)).map_err(not_begun)
    }

    /// Takes members out that are gone for good. No logs either.
    pub(crate) fn recover(&mut self, removed: &[NodeId]) -> Result<(), TransactError> {
        self.by_protocol(|host| admission::recover(host, removed)).map_err(not_recovered)
    }

    /// Ends an epoch: the committee of the next one is fixed. No logs either.
    pub(crate) fn end_epoch(&mut self) -> Result<(), TransactError> {
        self.by_protocol(admission::end_epoch).map_err(not_ended)
    }

    /// The committee of the next epoch, fixed by [`Self::end_epoch`]; `None` while the room is not open.
    pub(crate) fn next_committee(&mut self) -> Result<Option<Committee>, TransactError> {
        self.by_protocol(|host| {
            let next = host.epoch().saturating_add(1);
            admission::committee_of_epoch(host, next)
        })
        .map_err(not_ended)
    }

    /// Work of native contracts that no transaction pays for.
    fn by_protocol<T>(&mut self, work: impl FnOnce(&mut dyn Host) -> Res<T>) -> Res<T> {
        let mut host = JournalHost::unpaid(EvmInternals::from_context(&mut self.evm.0.ctx), &self.natives);
        let done = work(&mut host);
        drop(host);
        self.evm.0.ctx.journal_mut().commit_tx();
        self.evm.0.ctx.journal_mut().take_logs();
        done
    }

    /// Whether an account holds code at this point of the block.
    pub(crate) fn has_code(&self, address: Address) -> Result<bool, TransactError> {
        let journal = &self.evm.0.ctx.journaled_state;
        let code_hash = match journal.inner.state.get(&address) {
            Some(account) if account.is_selfdestructed_locally() => None,
            Some(account) => Some(account.info.code_hash),
            None => journal.database.peek(address).map_err(state_error)?.map(|info| info.code_hash),
        };
        Ok(code_hash.is_some_and(|hash| hash != KECCAK_EMPTY))
    }

    /// Ends the block: what it changed.
    pub fn finish(mut self) -> StateDiff {
        let state = self.evm.0.finalize();
        state_diff(&state, self.evm.0.ctx.journaled_state.database)
    }

    fn transact_error(&self, error: EvmError<D>, tx: &Recovered<Tx>) -> TransactError {
        match error {
            EVMError::Transaction(reason) => Invalid::from_revm(reason, tx.inner(), self.evm.0.ctx.cfg.chain_id).into(),
            other => read_error(other),
        }
    }
}

/// Sender and receiver.
const ACCOUNTS_PER_TRANSACTION: usize = 2;
/// An iterator may promise more than a block holds.
const RESERVED_TRANSACTIONS_MAX: usize = 5_000;

/// Gas of a call by the protocol, by each of the four EIPs.
const SYSTEM_CALL_GAS: u64 = 30_000_000;

type EvmError<D> = EVMError<<Origins<D> as Database>::Error, InvalidTransaction>;

fn read_error<E: std::error::Error + Send + Sync + 'static>(error: EVMError<E, InvalidTransaction>) -> TransactError {
    match error {
        EVMError::Database(error) => state_error(error),
        other => TransactError::Environment(other.to_string()),
    }
}

fn not_begun(stop: Stop) -> TransactError {
    match stop {
        Stop::Database(message) => TransactError::State(message.into()),
        Stop::Revert(data) => TransactError::Environment(
            protocol::error_in_words(&data)
                .or_else(|| admission::error_in_words(&data))
                .unwrap_or_else(|| format!("a room did not open: {data}")),
        ),
        other => TransactError::Environment(format!("a room did not open: {other:?}")),
    }
}

fn not_ended(stop: Stop) -> TransactError {
    match stop {
        Stop::Database(message) => TransactError::State(message.into()),
        other => TransactError::Environment(format!("the epoch did not end: {other:?}")),
    }
}

fn not_recovered(stop: Stop) -> TransactError {
    match stop {
        Stop::Database(message) => TransactError::State(message.into()),
        other => TransactError::Environment(format!("members could not be taken out: {other:?}")),
    }
}

fn state_error(error: impl std::error::Error + Send + Sync + 'static) -> TransactError {
    TransactError::State(Box::new(error))
}
