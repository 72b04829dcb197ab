//! `eth_createAccessList`: which addresses and slots a request touches, and what it costs with them declared. Called by the gateway.
//! Rules: geth's `AccessList`. Run, collect, run again with the list, until the list no longer grows; the sender, the called address,
//! precompiles and EIP-7702 authorities are warm anyway and stay out, unless their slots are touched.

use alloy_rpc_types_eth::{AccessList, AccessListItem, AccessListResult, TransactionRequest, state::EvmOverrides};
use contracts::registry::is_reserved;
use primitives::{B256, TxType, U256};
use revm::{DatabaseRef, context::TxEnv, context_interface::result::ExecutionResult, state::EvmState};
use revm_inspectors::access_list::AccessListInspector;

use crate::call::{Base, CallError, During, EXECUTION_REVERTED, Ground, halt_message};

/// Most runs of one request. A list grows in each run but the last; contracts that need more are made to.
const MAX_RUNS: usize = 32;
/// Most gas of all runs of one request, as a multiple of what one run may use.
const MAX_GAS_RUNS: u64 = 4;

/// The access list of the request, the gas used with it, and what went wrong if the request fails.
pub fn create_access_list<DB: DatabaseRef>(
    base: &Base<'_, DB>,
    request: &TransactionRequest,
    overrides: &EvmOverrides,
) -> Result<AccessListResult, CallError> {
    let mut ground = Ground::new(base, overrides)?;
    let mut tx = ground.transaction(request, base.gas_cap)?;
    declare_type(&mut tx);
    let mut gas_left = base.gas_cap.saturating_mul(MAX_GAS_RUNS);
    for _ in 0..MAX_RUNS {
        let (result, touched) = run(&mut ground, tx.clone())?;
        if touched == tx.access_list {
            return Ok(answer(&result, touched));
        }
        let Some(left) = gas_left.checked_sub(result.tx_gas_used()) else { break };
        (gas_left, tx.access_list) = (left, touched);
    }
    Err(CallError::ClientLimit("access list keeps changing with the gas that it costs"))
}

fn run<DB: DatabaseRef>(ground: &mut Ground<'_, DB>, tx: TxEnv) -> Result<(ExecutionResult, AccessList), CallError> {
    let inspector = AccessListInspector::from(tx.access_list.clone());
    let executed = ground.execute(tx, inspector).map_err(|failure| failure.during(During::AccessList))?;
    let mut touched = executed.inspector.into_access_list();
    add_native_slots(&mut touched, &executed.state);
    Ok((executed.result, touched))
}

/// Native contracts run no opcodes that an inspector could see; their slots are in the journal.
fn add_native_slots(list: &mut AccessList, state: &EvmState) {
    let natives = state.iter().filter(|(address, _)| is_reserved(**address));
    let mut natives: Vec<_> = natives.filter(|(_, account)| !account.storage.is_empty()).collect();
    natives.sort_unstable_by_key(|(address, _)| **address);
    for (address, account) in natives {
        let index = list.0.iter().position(|item| item.address == *address);
        let index = index.unwrap_or_else(|| {
            list.0.push(AccessListItem { address: *address, storage_keys: Vec::new() });
            list.0.len() - 1
        });
        let keys = &mut list.0[index].storage_keys;
        keys.extend(account.storage.keys().map(|slot| B256::from(*slot)));
        keys.sort_unstable();
        keys.dedup();
    }
}

/// A legacy transaction carries no list; with one it is an EIP-2930 transaction.
fn declare_type(tx: &mut TxEnv) {
    if tx.tx_type == u8::from(TxType::Legacy) {
        tx.tx_type = TxType::Eip2930.into();
    }
}

fn answer(result: &ExecutionResult, access_list: AccessList) -> AccessListResult {
    let error = match result {
        ExecutionResult::Success { .. } => None,
        ExecutionResult::Revert { .. } => Some(EXECUTION_REVERTED.to_owned()),
        ExecutionResult::Halt { reason, .. } => Some(halt_message(reason)),
    };
    AccessListResult { access_list, gas_used: U256::from(result.tx_gas_used()), error }
}

#[cfg(test)]
mod tests;
