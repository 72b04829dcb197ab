//! Running a request on the state of a block without making a transaction of it: `eth_call`, and the ground on which estimates,
//! access lists and traces of calls stand. Called by the gateway's worker threads. No I/O, no clock: a call is bounded by its gas.
//! Rules: geth's `DoCall`. The sender may be a contract, its nonce is not looked at, the balance must cover `gas * price + value`;
//! without a price the base fee counts as zero.
//!
//! ```text
//! Base (rules, header, state, gas cap) + overrides -> Ground -> TxEnv -> ExecutionResult -> bytes or CallError
//! ```

use alloy_evm::{Evm as _, EvmEnv};
use alloy_rpc_types_eth::{TransactionRequest, state::EvmOverrides};
use primitives::{Bytes, Header, Rules};
use revm::{
    Database, DatabaseRef, Inspector,
    context::{TxEnv, result::EVMError},
    context_interface::result::{ExecutionResult, ResultAndState},
    inspector::NoOpInspector,
    state::EvmState,
};

mod error;
#[cfg(test)]
pub(crate) mod fixture;
pub(crate) mod request;
pub(crate) mod scratch;
#[cfg(test)]
mod tests;

pub(crate) use error::EXECUTION_REVERTED;
pub use error::{CallError, During, Invalid, halt_message, revert_message};

use crate::{
    env::{self, Evm},
    native::Terms,
    overrides::{PrecompileMoves, apply_state_overrides},
};
use scratch::Scratch;

/// The block that a request stands on. `DB` is the chain's view of a state, or a database of a test.
#[derive(Debug)]
pub struct Base<'a, DB> {
    /// Rules of the chain.
    pub rules: &'a Rules,
    /// Header of the block; its number, time and beneficiary are what the call sees.
    pub header: &'a Header,
    /// State after the block.
    pub db: &'a DB,
    /// Most gas that one request may use on this node.
    pub gas_cap: u64,
}

/// `eth_call`: what the call returns.
pub fn call<DB: DatabaseRef>(
    base: &Base<'_, DB>,
    request: &TransactionRequest,
    overrides: &EvmOverrides,
) -> Result<Bytes, CallError> {
    let mut ground = Ground::new(base, overrides)?;
    let tx = ground.transaction(request, base.gas_cap)?;
    let gas = tx.gas_limit;
    let executed = ground.execute(tx, NoOpInspector).map_err(|failure| failure.during(During::Call(gas)))?;
    output(executed.result)
}

/// What an execution returned, or why it returned nothing.
pub(crate) fn output(result: ExecutionResult) -> Result<Bytes, CallError> {
    match result {
        ExecutionResult::Success { output, .. } => Ok(output.into_data()),
        ExecutionResult::Revert { output, .. } => Err(CallError::Revert(output)),
        ExecutionResult::Halt { reason, .. } => Err(CallError::Halt(halt_message(&reason))),
    }
}

/// State and environment of one request after its overrides. Executions leave the state as it is.
pub(crate) struct Ground<'a, DB> {
    pub(crate) db: Scratch<'a, DB>,
    pub(crate) env: EvmEnv,
    terms: Terms,
    moves: PrecompileMoves,
}

/// An execution and the inspector that watched it.
pub(crate) struct Executed<I> {
    pub(crate) result: ExecutionResult,
    pub(crate) state: EvmState,
    pub(crate) inspector: I,
}

/// Why an execution did not even begin, or broke off.
#[derive(Debug)]
pub(crate) enum Failure {
    Invalid(Invalid),
    Broken(CallError),
}

/// The EVM over the state of a request.
pub(crate) type GroundEvm<'g, 'a, DB, I> = Evm<&'g mut Scratch<'a, DB>, I>;

impl<'a, DB: DatabaseRef> Ground<'a, DB> {
    pub(crate) fn new(base: &Base<'a, DB>, overrides: &EvmOverrides) -> Result<Self, CallError> {
        let mut db = scratch::over(base.db);
        let mut env = call_env(base.rules, base.header);
        if let Some(block) = &overrides.block {
            alloy_evm::overrides::apply_block_overrides((**block).clone(), &mut db, &mut env.block_env);
        }
        let mut moves = PrecompileMoves::default();
        if let Some(state) = &overrides.state {
            moves = PrecompileMoves::read(state, env::evm(&mut db, env.clone(), Terms::of(base.rules)).components().2)?;
            apply_state_overrides(state, &mut db)?;
        }
        Ok(Self { db, env, terms: Terms::of(base.rules), moves })
    }

    /// The request with at most `gas_cap` gas, which is also what it gets if it names none.
    pub(crate) fn transaction(&mut self, request: &TransactionRequest, gas_cap: u64) -> Result<TxEnv, CallError> {
        let gas_limit = request.gas.unwrap_or(gas_cap).min(gas_cap);
        let sender = self.db.basic(request.from.unwrap_or_default()).map_err(CallError::internal)?.unwrap_or_default();
        let tx = request::tx_env(request, self.env.cfg_env.chain_id, gas_limit, sender.nonce)?;
        Ok(request::with_any_nonce(tx))
    }

    pub(crate) fn execute<'g, I>(&'g mut self, tx: TxEnv, inspector: I) -> Result<Executed<I>, Failure>
    where
        I: Inspector<EvmContext<'g, 'a, DB>>,
    {
        let mut evm = self.evm(&tx, inspector);
        let ResultAndState { result, state } = transact(&mut evm, tx)?;
        Ok(Executed { result, state, inspector: evm.into_inner().inspector })
    }

    /// An EVM for this transaction, with the precompiles where the overrides put them.
    pub(crate) fn evm<'g, I>(&'g mut self, tx: &TxEnv, inspector: I) -> GroundEvm<'g, 'a, DB, I>
    where
        I: Inspector<EvmContext<'g, 'a, DB>>,
    {
        let mut env = self.env.clone();
        if request::is_free(tx) {
            env.block_env.basefee = 0;
        }
        let mut evm = env::evm_with_inspector(&mut self.db, env, self.terms.clone(), inspector);
        if !self.moves.is_empty() {
            self.moves.apply(evm.components_mut().2);
        }
        evm
    }
}

/// revm's context of an EVM over the state of a request.
pub(crate) type EvmContext<'g, 'a, DB> = alloy_evm::eth::EthEvmContext<&'g mut Scratch<'a, DB>>;

impl Failure {
    pub(crate) fn during(self, during: During) -> CallError {
        match self {
            Self::Invalid(invalid) => CallError::Invalid { invalid, during },
            Self::Broken(error) => error,
        }
    }
}

/// The environment of calls: as for transactions, but for nonce, sender's code, gas cap and block gas limit.
pub(crate) fn call_env(rules: &Rules, header: &Header) -> EvmEnv {
    let mut env = env::evm_env(rules, header);
    env.cfg_env.disable_nonce_check = true;
    env.cfg_env.disable_eip3607 = true;
    env.cfg_env.disable_block_gas_limit = true;
    env.cfg_env.tx_gas_limit_cap = Some(u64::MAX);
    env
}

/// Executes without committing; what is wrong with the transaction comes in geth's words.
pub(crate) fn transact<E>(evm: &mut E, tx: TxEnv) -> Result<ResultAndState, Failure>
where
    E: alloy_evm::Evm<
            Tx = TxEnv,
            HaltReason = revm::context_interface::result::HaltReason,
            Error = EVMError<<<E as alloy_evm::Evm>::DB as Database>::Error>,
            BlockEnv = revm::context::BlockEnv,
        >,
{
    request::check_set_code(&tx).map_err(Failure::Invalid)?;
    let base_fee = evm.block().basefee;
    evm.transact_raw(tx.clone()).map_err(|error| match error {
        EVMError::Transaction(reason) => Failure::Invalid(Invalid::new(reason, &tx, base_fee)),
        other => Failure::Broken(CallError::internal(other)),
    })
}
