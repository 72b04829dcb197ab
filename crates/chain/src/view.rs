//! The state after one block, readable by revm and by queries: from memory for the newest blocks, from history for older ones.

use std::sync::Arc;

use alloy_consensus::constants::EMPTY_ROOT_HASH;
use evm::BlockState;
use primitives::{Address, B256, Bytes, Header, U256};
use revm::{
    DatabaseRef,
    database_interface::DBErrorMarker,
    state::{AccountInfo, Bytecode},
};
use store::{AccountProof, AccountValue, HistoricState, State, StoreError};

use crate::{ChainError, chain::Inner};

/// A state view; cheap to clone, consistent however long it is kept.
#[derive(Clone, Debug)]
pub struct StateView {
    pub(crate) chain: Arc<Inner>,
    pub(crate) header: Header,
    pub(crate) hash: B256,
    pub(crate) source: Source,
    /// Hashes of blocks between this one's parent and the head that are not final yet, by height.
    pub(crate) pending_hashes: Arc<Vec<(u64, B256)>>,
}

#[derive(Clone, Debug)]
pub(crate) enum Source {
    Memory(State),
    History(Arc<HistoricState>),
}

/// A read that failed while executing.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct ReadError(#[from] pub ChainError);

impl DBErrorMarker for ReadError {}

impl StateView {
    /// The header of the block after which this is the state.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The hash of that block.
    pub const fn block_hash(&self) -> B256 {
        self.hash
    }

    /// What a block over this state would begin with, if it were made now.
    pub fn next_header(&self) -> Header {
        self.chain.rules.next_header(self.hash, &self.header, self.chain.clock.now())
    }

    /// An account, if it exists.
    pub fn account(&self, address: Address) -> Result<Option<AccountValue>, ChainError> {
        match &self.source {
            Source::Memory(state) => Ok(state.account(address)),
            Source::History(state) => Ok(state.account(address)?),
        }
    }

    /// A storage slot; zero if absent.
    pub fn storage(&self, address: Address, slot: U256) -> Result<U256, ChainError> {
        match &self.source {
            Source::Memory(state) => Ok(state.storage(address, slot)),
            Source::History(state) => Ok(state.storage(address, slot)?),
        }
    }

    /// The code of an account; empty if it has none.
    pub fn code(&self, address: Address) -> Result<Bytes, ChainError> {
        match self.account(address)? {
            Some(account) => Ok(self.bytecode(account.code_hash)?.original_bytes()),
            None => Ok(Bytes::new()),
        }
    }

    /// Merkle proof of an account and some of its slots.
    pub fn prove(&self, address: Address, slots: &[U256]) -> Result<AccountProof, ChainError> {
        match &self.source {
            Source::Memory(state) => Ok(state.prove(address, slots)),
            Source::History(_) => {
                let oldest = self.chain.head().oldest();
                Err(ChainError::ProofTooOld { number: self.header.number, oldest })
            }
        }
    }

    /// The root that `diff` applied to this state gives; `None` where the trie is not kept.
    pub fn root_after(&self, diff: &primitives::StateDiff) -> Option<B256> {
        match &self.source {
            Source::Memory(state) => Some(state.commit(diff).state.root()),
            Source::History(_) => None,
        }
    }

    fn bytecode(&self, hash: B256) -> Result<Bytecode, ChainError> {
        if hash == revm::primitives::KECCAK_EMPTY {
            return Ok(Bytecode::default());
        }
        let code = self.chain.codes.get(hash, || self.chain.store.code(hash))?;
        code.ok_or_else(|| StoreError::corrupt(format!("code {hash} is missing")).into())
    }

    fn ancestor_hash(&self, number: u64) -> Result<B256, ChainError> {
        if number == self.header.number {
            return Ok(self.hash);
        }
        if let Some((_, hash)) = self.pending_hashes.iter().find(|(height, _)| *height == number) {
            return Ok(*hash);
        }
        let head = self.chain.head();
        let recent = head.by_number(number).map(|recent| recent.executed.hash());
        match recent {
            Some(hash) => Ok(hash),
            None => Ok(self.chain.store.block_hash(number)?.unwrap_or_default()),
        }
    }
}

impl DatabaseRef for StateView {
    type Error = ReadError;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, ReadError> {
        let account = self.account(address)?;
        Ok(account.map(|account| AccountInfo {
            balance: account.balance,
            nonce: account.nonce,
            code_hash: account.code_hash,
            // Not the default, which would say that there is none: revm asks for it by hash when it needs it.
            code: None,
            ..Default::default()
        }))
    }

    fn code_by_hash_ref(&self, hash: B256) -> Result<Bytecode, ReadError> {
        Ok(self.bytecode(hash)?)
    }

    fn storage_ref(&self, address: Address, slot: U256) -> Result<U256, ReadError> {
        Ok(self.storage(address, slot)?)
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, ReadError> {
        Ok(self.ancestor_hash(number)?)
    }
}

impl BlockState for StateView {
    fn has_storage(&self, address: Address) -> Result<bool, ReadError> {
        match &self.source {
            Source::Memory(state) => Ok(state.storage_root(address) != EMPTY_ROOT_HASH),
            Source::History(state) => Ok(state.has_storage(address).map_err(ChainError::from)?),
        }
    }
}
