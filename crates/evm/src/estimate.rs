//! `eth_estimateGas`: the least gas limit with which a request succeeds, within 1.5 %. Called by the gateway.
//! The steps and their bounds are geth's (`eth/gasestimator`): highest limit that chain, sender and node allow, plain transfers at
//! once, one execution at the top, one at what it seemed to need, then bisection.

use alloy_rpc_types_eth::{TransactionRequest, state::EvmOverrides};
use primitives::{Fork, U256};
use revm::{
    Database, DatabaseRef,
    context::TxEnv,
    context_interface::result::{ExecutionResult, HaltReason, ResultGas},
    inspector::NoOpInspector,
    primitives::eip7825,
};

use crate::call::{Base, CallError, During, Failure, Ground, output};

/// The least gas of any transaction; a plain transfer needs no more.
const TRANSFER_GAS: u64 = 21_000;
/// What a call with value hands to the called code for nothing; the first guess leaves room for it.
const CALL_STIPEND: u64 = 2_300;
/// The search stops when the bounds are nearer to each other than this many thousandths of the upper one.
const ERROR_PER_MILLE: u64 = 15;

/// The gas limit to send the request with.
pub fn estimate_gas<DB: DatabaseRef>(
    base: &Base<'_, DB>,
    request: &TransactionRequest,
    overrides: &EvmOverrides,
) -> Result<u64, CallError> {
    let mut ground = Ground::new(base, overrides)?;
    let tx = ground.transaction(request, base.gas_cap)?;
    let highest = highest_gas(&mut ground, base, request, &tx)?;
    let mut trials = Trials { ground, tx };
    // What goes wrong here goes wrong below too, and is told there.
    if trials.is_plain_transfer()? && trials.succeeds_with(TRANSFER_GAS).unwrap_or(false) {
        return Ok(TRANSFER_GAS);
    }
    let gas = trials.first(highest)?;
    trials.search(gas, highest)
}

/// How executions with different gas limits end.
struct Trials<'a, DB> {
    ground: Ground<'a, DB>,
    tx: TxEnv,
}

impl<DB: DatabaseRef> Trials<'_, DB> {
    fn is_plain_transfer(&mut self) -> Result<bool, CallError> {
        let Some(to) = self.tx.kind.to().filter(|_| self.tx.data.is_empty()) else { return Ok(false) };
        let account = self.ground.db.basic(*to).map_err(CallError::internal)?;
        Ok(account.is_none_or(|account| account.is_empty_code_hash()))
    }

    /// `None` if the limit is below what the transaction costs before it runs.
    fn run(&mut self, gas_limit: u64) -> Result<Option<ExecutionResult>, CallError> {
        let tx = TxEnv { gas_limit, ..self.tx.clone() };
        match self.ground.execute(tx, NoOpInspector) {
            Ok(executed) => Ok(Some(executed.result)),
            Err(Failure::Invalid(invalid)) if invalid.is_short_of_gas() => Ok(None),
            Err(failure) => Err(failure.during(During::Estimate(gas_limit))),
        }
    }

    fn succeeds_with(&mut self, gas_limit: u64) -> Result<bool, CallError> {
        Ok(self.run(gas_limit)?.is_some_and(|result| result.is_success()))
    }

    /// Executes with the highest limit: if that fails, nothing lower can succeed.
    fn first(&mut self, highest: u64) -> Result<ResultGas, CallError> {
        match self.run(highest)? {
            Some(ExecutionResult::Success { gas, .. }) => Ok(gas),
            None | Some(ExecutionResult::Halt { reason: HaltReason::OutOfGas(_), .. }) => {
                Err(CallError::GasAllowance(highest))
            }
            Some(failed) => Err(output(failed).err().unwrap_or(CallError::GasAllowance(highest))),
        }
    }

    /// Bisects between a limit that fails and one that succeeds.
    fn search(&mut self, gas: ResultGas, highest: u64) -> Result<u64, CallError> {
        // Every transaction uses some gas, so both bounds are above zero and the next limit always lies between them.
        let mut bounds = Bounds { fails: gas.tx_gas_used().saturating_sub(1), succeeds: highest };
        let peak = gas.total_gas_spent().max(gas.floor_gas());
        let guess = first_guess(peak);
        if guess < bounds.succeeds {
            bounds.narrow(guess, self.succeeds_with(guess)?);
        }
        while let Some(middle) = bounds.next() {
            bounds.narrow(middle, self.succeeds_with(middle)?);
        }
        Ok(bounds.succeeds)
    }
}

struct Bounds {
    fails: u64,
    succeeds: u64,
}

impl Bounds {
    const fn narrow(&mut self, gas: u64, succeeded: bool) {
        if succeeded {
            self.succeeds = gas;
        } else {
            self.fails = gas;
        }
    }

    /// The next limit to try; nearer to the lower bound, since most need little more than they use.
    fn next(&self) -> Option<u64> {
        let gap = self.succeeds.checked_sub(self.fails).filter(|gap| *gap > 1)?;
        let near = u128::from(gap) * 1000 < u128::from(self.succeeds) * u128::from(ERROR_PER_MILLE);
        (!near).then(|| (self.fails + gap / 2).min(self.fails.saturating_mul(2)))
    }
}

/// A call keeps back a 64th of its gas from what it calls (EIP-150).
fn first_guess(peak: u64) -> u64 {
    u64::try_from((u128::from(peak) + u128::from(CALL_STIPEND)) * 64 / 63).unwrap_or(u64::MAX)
}

/// The highest limit worth trying: the request's or the block's, the cap of EIP-7825, what the sender can pay, what the node allows.
fn highest_gas<DB: DatabaseRef>(
    ground: &mut Ground<'_, DB>,
    base: &Base<'_, DB>,
    request: &TransactionRequest,
    tx: &TxEnv,
) -> Result<u64, CallError> {
    let mut highest = request.gas.filter(|gas| *gas >= TRANSFER_GAS).unwrap_or(ground.env.block_env.gas_limit);
    if base.rules.fork >= Fork::Osaka {
        highest = highest.min(eip7825::TX_GAS_LIMIT_CAP);
    }
    if tx.gas_price > 0 {
        highest = highest.min(affordable_gas(ground, tx)?);
    }
    Ok(highest.min(base.gas_cap))
}

fn affordable_gas<DB: DatabaseRef>(ground: &mut Ground<'_, DB>, tx: &TxEnv) -> Result<u64, CallError> {
    let balance = ground.db.basic(tx.caller).map_err(CallError::internal)?.unwrap_or_default().balance;
    if !tx.value.is_zero() && tx.value >= balance {
        return Err(CallError::FundsForTransfer);
    }
    let gas = (balance - tx.value) / U256::from(tx.gas_price);
    Ok(u64::try_from(gas).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests;
