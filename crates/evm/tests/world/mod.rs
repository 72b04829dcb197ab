//! A whole state in memory for tests and examples: accounts and storage in `store`'s trie, code beside it, block hashes as the
//! test wants them. Blocks are executed over it and committed to it exactly as a node does, disk excepted.

#![allow(dead_code, reason = "each test binary and example uses its own part of this")]

pub mod signer;

use std::{collections::HashMap, convert::Infallible};

use alloy_primitives::{Address, B256, Bytes, U256, keccak256, map::HashSet};
use primitives::{AccountDiff, SlotDiff, StateDiff};
use revm::{
    DatabaseRef,
    primitives::KECCAK_EMPTY,
    state::{AccountInfo, Bytecode},
};
use store::State;

/// One state, and what lies beside it.
#[derive(Clone, Default)]
pub struct World {
    pub state: State,
    pub codes: HashMap<B256, Bytecode>,
    pub block_hashes: HashMap<u64, B256>,
}

/// An account to start with.
#[derive(Clone, Debug, Default)]
pub struct Seed {
    pub nonce: u64,
    pub balance: U256,
    pub code: Bytes,
    pub storage: Vec<(U256, U256)>,
}

impl Seed {
    /// An account that only has money.
    pub fn rich() -> Self {
        Self { balance: U256::from(10).pow(U256::from(24)), ..Self::default() }
    }

    /// A contract.
    pub fn contract(code: impl Into<Bytes>) -> Self {
        Self { nonce: 1, code: code.into(), ..Self::default() }
    }
}

impl World {
    /// The state that holds exactly these accounts.
    pub fn new(accounts: impl IntoIterator<Item = (Address, Seed)>) -> Self {
        let mut accounts: Vec<_> = accounts.into_iter().collect();
        accounts.sort_by_key(|(address, _)| *address);
        let codes = accounts.iter().map(|(_, seed)| seed.code.clone()).filter(|code| !code.is_empty()).collect();
        let accounts = accounts.into_iter().map(|(address, seed)| seed.diff(address)).collect();
        let mut world = Self::default();
        world.apply(&StateDiff { accounts, codes });
        world
    }

    /// Commits what a block changed.
    pub fn apply(&mut self, diff: &StateDiff) {
        let known: HashSet<B256> = self.codes.keys().copied().collect();
        for code in &diff.codes {
            let hash = keccak256(code);
            if !known.contains(&hash) {
                self.codes.insert(hash, Bytecode::new_raw(code.clone()));
            }
        }
        self.state = self.state.commit(diff).state;
    }

    /// The state root.
    pub fn root(&self) -> B256 {
        self.state.root()
    }
}

impl Seed {
    fn diff(self, address: Address) -> AccountDiff {
        let mut storage: Vec<_> = self
            .storage
            .into_iter()
            .map(|(slot, value)| SlotDiff { slot, value })
            .filter(|slot| !slot.value.is_zero())
            .collect();
        storage.sort_by_key(|slot| slot.slot);
        AccountDiff {
            address,
            deleted: false,
            nonce: self.nonce,
            balance: self.balance,
            code_hash: keccak256(&self.code),
            storage_wiped: false,
            storage,
        }
    }
}

impl DatabaseRef for World {
    type Error = Infallible;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, Infallible> {
        Ok(self.state.account(address).map(|account| AccountInfo {
            nonce: account.nonce,
            balance: account.balance,
            code_hash: account.code_hash,
            account_id: None,
            code: None,
        }))
    }

    fn code_by_hash_ref(&self, hash: B256) -> Result<Bytecode, Infallible> {
        if hash == KECCAK_EMPTY {
            return Ok(Bytecode::default());
        }
        Ok(self.codes.get(&hash).cloned().expect("code of an account is in the world"))
    }

    fn storage_ref(&self, address: Address, slot: U256) -> Result<U256, Infallible> {
        Ok(self.state.storage(address, slot))
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, Infallible> {
        Ok(self.block_hashes.get(&number).copied().unwrap_or_default())
    }
}
