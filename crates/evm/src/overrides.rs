//! State and block overrides of `eth_call` and its kin: accounts, storage, code, precompiles and block fields that hold for one request
//! only. Applied to a copy-on-write view of the state by `call`, `estimate`, `access_list`, `simulate` and `trace`.
//! A native contract is a contract, not a precompile: it cannot be moved. A code override other than its own code byte makes the
//! address run that code; the code byte, laid over a reserved address, makes its native contract live.
//! Rules: geth's `internal/ethapi/override`, and execution-apis for the codes of precompile moves.

use std::collections::{BTreeMap, BTreeSet};

use alloy_evm::precompiles::PrecompilesMap;
use alloy_rpc_types_eth::state::{AccountOverride, StateOverride};
use contracts::{host::NATIVE_CODE, registry::is_reserved};
use primitives::{Address, B256, Bytes, U256};
use revm::{DatabaseRef, bytecode::Bytecode, database::CacheDB};

use crate::call::CallError;

/// What overrides do to the precompiles: gone from one address, perhaps to be found at another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PrecompileMoves {
    moves: Vec<PrecompileMove>,
    rewritten: Rewritten,
}

/// Reserved addresses whose code is overridden, and whether by code of another kind.
pub(crate) type Rewritten = BTreeMap<Address, bool>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct PrecompileMove {
    from: Address,
    to: Option<Address>,
}

/// Writes the overrides into `db`. The order is that of the addresses, so that the outcome never depends on hashing.
pub(crate) fn apply_state_overrides<DB: DatabaseRef>(
    overrides: &StateOverride,
    db: &mut CacheDB<DB>,
) -> Result<(), CallError> {
    for (address, account) in in_order(overrides) {
        apply_account(db, address, account)?;
    }
    Ok(())
}

impl PrecompileMoves {
    /// Reads the moves out of the overrides and checks them against the precompiles of the chain.
    pub(crate) fn read(overrides: &StateOverride, precompiles: &PrecompilesMap) -> Result<Self, CallError> {
        let mut destinations = BTreeSet::new();
        let mut moves = Vec::new();
        let mut rewritten = Rewritten::new();
        for (from, account) in in_order(overrides) {
            if let Some(code) = account.code.as_ref().filter(|_| is_reserved(from)) {
                rewritten.insert(from, ***code != NATIVE_CODE);
            }
            let is_precompile = precompiles.get(&from).is_some() && !is_reserved(from);
            if let Some(to) = account.move_precompile_to {
                check_move(from, to, is_precompile, overrides)?;
                if !destinations.insert(to) {
                    return Err(CallError::MovedTwice(to));
                }
            }
            if is_precompile && (account.move_precompile_to.is_some() || account.code.is_some()) {
                moves.push(PrecompileMove { from, to: account.move_precompile_to });
            }
        }
        Ok(Self { moves, rewritten })
    }

    /// Carries the moves out on the precompiles of one EVM.
    pub(crate) fn apply(&self, precompiles: &mut PrecompilesMap) {
        for PrecompileMove { from, to } in &self.moves {
            let mut moved = None;
            precompiles.apply_precompile(from, |found| {
                moved = found;
                None
            });
            if let Some(to) = to {
                precompiles.apply_precompile(to, |_| moved);
            }
        }
        let rewritten: BTreeSet<_> = self.rewritten.iter().filter(|entry| *entry.1).map(|entry| *entry.0).collect();
        if !rewritten.is_empty() {
            precompiles.map_precompile_lookup(move |address, natives| {
                natives.filter(|_| !rewritten.contains(address)).and_then(|natives| natives.lookup(address))
            });
        }
    }

    /// Code overridden for an earlier block is still there in this one, unless it is overridden anew.
    pub(crate) fn carry_on(&mut self, earlier: &mut Rewritten) {
        earlier.extend(&self.rewritten);
        self.rewritten.clone_from(earlier);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.moves.is_empty() && self.rewritten.is_empty()
    }
}

fn check_move(from: Address, to: Address, is_precompile: bool, overrides: &StateOverride) -> Result<(), CallError> {
    if !is_precompile {
        return Err(CallError::NotPrecompile(from));
    }
    if from == to {
        return Err(CallError::MoveToItself(from));
    }
    if overrides.contains_key(&to) {
        return Err(CallError::AlreadyOverridden(to));
    }
    Ok(())
}

fn apply_account<DB: DatabaseRef>(
    db: &mut CacheDB<DB>,
    address: Address,
    account: &AccountOverride,
) -> Result<(), CallError> {
    let mut info = db.load_account(address).map_err(CallError::internal)?.info().unwrap_or_default();
    info.nonce = account.nonce.unwrap_or(info.nonce);
    info.balance = account.balance.unwrap_or(info.balance);
    if let Some(code) = &account.code {
        info.set_code(bytecode(code));
    }
    db.insert_account_info(address, info);
    apply_storage(db, address, account)
}

fn apply_storage<DB: DatabaseRef>(
    db: &mut CacheDB<DB>,
    address: Address,
    account: &AccountOverride,
) -> Result<(), CallError> {
    let slots = |(slot, value): (&B256, &B256)| (U256::from_be_bytes(slot.0), U256::from_be_bytes(value.0));
    match (&account.state, &account.state_diff) {
        (Some(_), Some(_)) => Err(CallError::StateAndDiff(address)),
        (Some(state), None) => {
            db.replace_account_storage(address, state.iter().map(slots).collect()).map_err(CallError::internal)
        }
        (None, Some(diff)) => diff
            .iter()
            .map(slots)
            .try_for_each(|(slot, value)| db.insert_account_storage(address, slot, value))
            .map_err(CallError::internal),
        (None, None) => Ok(()),
    }
}

/// Any bytes are code. Those that begin like an EIP-7702 delegation but are none run as plain code.
fn bytecode(code: &Bytes) -> Bytecode {
    Bytecode::new_raw_checked(code.clone()).unwrap_or_else(|_| Bytecode::new_legacy(code.clone()))
}

fn in_order(overrides: &StateOverride) -> Vec<(Address, &AccountOverride)> {
    let mut accounts: Vec<_> = overrides.iter().map(|(address, account)| (*address, account)).collect();
    accounts.sort_unstable_by_key(|(address, _)| *address);
    accounts
}
