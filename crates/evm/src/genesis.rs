//! The state of block 0: the accounts of the genesis file, and the rooms of the protocol version that holds from the start.
//! Used by `chain` when it makes a ledger and by whoever wants to know a genesis hash.

use std::convert::Infallible;

use alloy_primitives::keccak256;
use contracts::registry::{NEWEST_VERSION, is_reserved};
use primitives::{Address, B256, Genesis, GenesisError, StateDiff, U256};
use revm::{
    DatabaseRef,
    state::{AccountInfo, Bytecode},
};

use crate::{BlockState, env::evm_env, execution::Execution, native::Terms};

#[cfg(test)]
mod tests;

/// The state changes that make block 0.
pub fn genesis_diff(genesis: &Genesis) -> Result<StateDiff, GenesisError> {
    let rules = genesis.rules();
    check(genesis)?;
    let alloc = genesis.alloc_diff();
    let version = rules.version_by_genesis(0);
    if version == 0 {
        return Ok(alloc);
    }
    let mut execution =
        Execution::new(evm_env(&rules, &genesis.header(B256::ZERO)?), Terms::of(&rules), Alloc(genesis));
    execution.begin_epoch(version).map_err(|error| refuse("counterfoil.upgrades", error.to_string()))?;
    Ok(laid_over(alloc, execution.finish()))
}

fn check(genesis: &Genesis) -> Result<(), GenesisError> {
    let newest = genesis.counterfoil.upgrades.iter().map(|upgrade| upgrade.version).max().unwrap_or_default();
    if newest > NEWEST_VERSION {
        let reason = format!("version {newest} needs a newer program, this one knows versions up to {NEWEST_VERSION}");
        return Err(refuse("counterfoil.upgrades", reason));
    }
    let occupied = |(address, account): (&Address, &primitives::genesis::Alloc)| {
        is_reserved(*address) && (account.nonce > 0 || !account.code.is_empty())
    };
    match genesis.alloc.iter().find(|entry| occupied(*entry)) {
        Some((address, _)) => Err(refuse("alloc", format!("{address} is reserved for native contracts"))),
        None => Ok(()),
    }
}

fn refuse(field: &'static str, reason: String) -> GenesisError {
    GenesisError::Value { field, reason }
}

/// The rooms' accounts in place of what `alloc` says of them; their balances are kept.
fn laid_over(alloc: StateDiff, rooms: StateDiff) -> StateDiff {
    let replaced = |address| rooms.accounts.iter().any(|room| room.address == address);
    let mut accounts: Vec<_> = alloc.accounts.into_iter().filter(|account| !replaced(account.address)).collect();
    let mut codes = [alloc.codes, rooms.codes].concat();
    accounts.extend(rooms.accounts);
    accounts.sort_unstable_by_key(|account| account.address);
    codes.sort_unstable();
    codes.dedup();
    StateDiff { accounts, codes }
}

/// The accounts of the file as a state.
#[derive(Debug)]
struct Alloc<'a>(&'a Genesis);

impl DatabaseRef for Alloc<'_> {
    type Error = Infallible;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, Infallible> {
        Ok(self.0.alloc.get(&address).map(|account| AccountInfo {
            nonce: account.nonce,
            balance: account.balance,
            code_hash: keccak256(&account.code),
            ..AccountInfo::default()
        }))
    }

    fn code_by_hash_ref(&self, code_hash: B256) -> Result<Bytecode, Infallible> {
        let code = self.0.alloc.values().map(|account| &account.code).find(|code| keccak256(code) == code_hash);
        Ok(code.map(|code| Bytecode::new_legacy(code.clone())).unwrap_or_default())
    }

    fn storage_ref(&self, address: Address, slot: U256) -> Result<U256, Infallible> {
        let account = self.0.alloc.get(&address);
        Ok(account
            .and_then(|account| account.storage.get(&B256::from(slot)))
            .map_or(U256::ZERO, |value| (*value).into()))
    }

    fn block_hash_ref(&self, _number: u64) -> Result<B256, Infallible> {
        Ok(B256::ZERO)
    }
}

impl BlockState for Alloc<'_> {
    fn has_storage(&self, address: Address) -> Result<bool, Infallible> {
        Ok(self.0.alloc.get(&address).is_some_and(|account| !account.storage.is_empty()))
    }
}
