//! A whole state in memory for tests and examples: accounts and storage in `store`'s trie, code beside it, block hashes as the
//! test wants them. Blocks are executed over it and committed to it exactly as a node does, disk excepted.

use std::{collections::HashMap, convert::Infallible};

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use evm::BlockState;
use primitives::{AccountDiff, SlotDiff, StateDiff};
use revm::{
    DatabaseRef,
    primitives::KECCAK_EMPTY,
    state::{AccountInfo, Bytecode},
};
use store::State;

/// One state, and what lies beside it.
#[derive(Clone, Default)]
pub(crate) struct World {
    pub(crate) state: State,
    pub(crate) codes: HashMap<B256, Bytecode>,
    pub(crate) block_hashes: HashMap<u64, B256>,
}

/// An account to start with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seed {
    pub(crate) nonce: u64,
    pub(crate) balance: U256,
    pub(crate) code: Bytes,
    pub(crate) storage: Vec<(U256, U256)>,
}

impl World {
    /// The state that holds exactly these accounts.
    pub(crate) fn new(accounts: impl IntoIterator<Item = (Address, Seed)>) -> Self {
        let mut accounts: Vec<_> = accounts.into_iter().collect();
        accounts.sort_by_key(|(address, _)| *address);
        let codes = accounts.iter().map(|(_, seed)| seed.code.clone()).filter(|code| !code.is_empty()).collect();
        let accounts = accounts.into_iter().map(|(address, seed)| seed.diff(address)).collect();
        let mut world = Self::default();
        world.apply(&StateDiff { accounts, codes });
        world
    }

    /// Commits what a block changed.
    pub(crate) fn apply(&mut self, diff: &StateDiff) {
        for code in &diff.codes {
            self.codes.entry(keccak256(code)).or_insert_with(|| Bytecode::new_raw(code.clone()));
        }
        self.state = self.state.commit(diff).state;
    }

    /// The state root.
    pub(crate) fn root(&self) -> B256 {
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

impl BlockState for World {
    fn has_storage(&self, address: Address) -> Result<bool, Infallible> {
        Ok(self.state.storage_root(address) != alloy_consensus::EMPTY_ROOT_HASH)
    }
}
