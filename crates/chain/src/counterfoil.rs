//! Counterfoils of this chain's facts: headers, certificates and Merkle proofs put together for a reader who has only the genesis hash.
//!
//! Called by `gateway` for `counterfoil_export`. The file and its rules are `proof`'s; here are only the lookups. Every file is verified
//! before it leaves, so that none goes out that a reader would refuse. The committee of every epoch is committee 0 today, so there are
//! no hand-overs to show.

use std::{collections::BTreeMap, sync::Arc};

use alloy_consensus::TxReceipt;
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use primitives::Header;
use proof::{Certified, Counterfoil, Fact, Refusal, build, statement};

use crate::{BlockAt, Chain, ChainError, Executed, StateView};

/// What is to be proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// That a transaction succeeded, and what it did.
    Transaction(B256),
    /// One log of a transaction.
    Log {
        /// The transaction.
        transaction: B256,
        /// Place among its logs.
        index: u64,
    },
    /// An account as of a block.
    Account {
        /// Whose.
        address: Address,
        /// When.
        at: BlockAt,
    },
    /// How much of a token an account owns as of a block.
    Token {
        /// Token id.
        id: U256,
        /// Whose.
        owner: Address,
        /// When.
        at: BlockAt,
    },
    /// Storage slots as of a block.
    Storage {
        /// Whose.
        address: Address,
        /// Which.
        slots: Vec<U256>,
        /// When.
        at: BlockAt,
    },
}

/// What a file holds beside the fact.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Beside {
    /// The block of this height, so that a reader who trusts it can compare.
    pub checkpoint: Option<u64>,
    /// What the fact holds only as keccak.
    pub preimages: Vec<Bytes>,
}

/// Why there is no counterfoil.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// Never seen, or not in a block yet.
    #[error("transaction {0} is in no final block")]
    UnknownTransaction(B256),
    /// Too many headers lie between the fact and the checkpoint.
    #[error("block {to} is more than {MAX_DESCENDANTS} blocks after block {from}")]
    TooFar {
        /// Height of the fact.
        from: u64,
        /// Height asked for.
        to: u64,
    },
    /// No certificate covers the block.
    #[error("no certificate is kept for block {0} or one after it")]
    NoCertificate(u64),
    /// There is nothing that the file could say.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The blocks or the state could not be read.
    #[error(transparent)]
    Chain(#[from] ChainError),
}

/// By rising hash, each once.
fn ordered(preimages: impl Iterator<Item = Bytes>) -> Vec<Bytes> {
    let by_hash: BTreeMap<B256, Bytes> = preimages.map(|preimage| (keccak256(&preimage), preimage)).collect();
    by_hash.into_values().collect()
}

/// What shows whose slot the fact is about.
fn preimages_of(question: &Question) -> Vec<Bytes> {
    match question {
        Question::Token { id, owner, .. } => statement::ownership(*id, *owner).1,
        _ => Vec::new(),
    }
}

/// Headers have some 600 bytes, so these fit into a file.
const MAX_DESCENDANTS: u64 = 4_096;

impl Chain {
    /// The counterfoil that answers `question`, with what `beside` asks for.
    pub fn counterfoil(&self, question: &Question, beside: Beside) -> Result<Counterfoil, ExportError> {
        let Beside { checkpoint, preimages } = beside;
        let (executed, fact) = self.fact(question)?;
        let number = executed.number();
        let certified = self.certified_from(number.max(checkpoint.unwrap_or(0)), number)?;
        let Certified { finality, committee, .. } = self.certificate(&certified)?;
        let file = Counterfoil {
            config: self.0.config.clone(),
            genesis: self.existing(BlockAt::Number(0))?.block.header().clone(),
            handovers: self.stop_at(checkpoint, number)?.into_iter().collect(),
            header: executed.block.header().clone(),
            descendants: self.headers(number + 1..=certified.number())?,
            finality,
            committee,
            fact,
            preimages: ordered(preimages.into_iter().chain(preimages_of(question))),
        };
        proof::verify(&file.encode(), self.genesis_hash(), None)?;
        Ok(file)
    }

    fn fact(&self, question: &Question) -> Result<(Arc<Executed>, Fact), ExportError> {
        match question {
            Question::Transaction(hash) => {
                let (executed, index) = self.place(*hash)?;
                let fact = build::receipt_fact(&executed.block, &executed.receipts, index);
                Ok((executed, fact))
            }
            Question::Log { transaction, index } => {
                let (executed, place) = self.place(*transaction)?;
                let fact = build::log_fact(&executed.receipts, place, *index);
                Ok((executed, fact))
            }
            Question::Account { address, at } => {
                let (executed, state) = self.state_and_block(*at)?;
                Ok((executed, build::account_fact(*address, state.prove(*address, &[])?.proof)))
            }
            Question::Token { id, owner, at } => {
                let slots = vec![statement::ownership(*id, *owner).0];
                self.fact(&Question::Storage { address: statement::TOKEN_ADDRESS, slots, at: *at })
            }
            Question::Storage { address, slots, at } => {
                let (executed, state) = self.state_and_block(*at)?;
                let proof = state.prove(*address, slots)?;
                let slots = proof.slots.into_iter().map(|slot| (slot.slot, slot.proof));
                Ok((executed, build::storage_fact(*address, proof.proof, slots)))
            }
        }
    }

    /// The block of a transaction that succeeded, and its place there.
    fn place(&self, transaction: B256) -> Result<(Arc<Executed>, u64), ExportError> {
        let (executed, index) = self.mined(transaction)?.ok_or(ExportError::UnknownTransaction(transaction))?;
        if !executed.receipts.get(index).is_some_and(TxReceipt::status) {
            return Err(Refusal::Failed.into());
        }
        Ok((executed, index as u64))
    }

    /// One load of the state decides which block is meant.
    fn state_and_block(&self, at: BlockAt) -> Result<(Arc<Executed>, StateView), ExportError> {
        let state = self.state(at)?;
        Ok((self.existing(BlockAt::Hash(state.block_hash()))?, state))
    }

    /// The first block from `height` on that has a certificate of its own.
    fn certified_from(&self, height: u64, fact: u64) -> Result<Arc<Executed>, ExportError> {
        let last = fact.saturating_add(MAX_DESCENDANTS);
        if height > last {
            return Err(ExportError::TooFar { from: fact, to: height });
        }
        for number in height..=last {
            let Some(executed) = self.block(BlockAt::Number(number))? else { break };
            if executed.finality.is_some() {
                return Ok(executed);
            }
        }
        Err(ExportError::NoCertificate(height))
    }

    /// A checkpoint below the fact stands among the hand-overs, with a certificate of its own.
    fn stop_at(&self, checkpoint: Option<u64>, fact: u64) -> Result<Option<Certified>, ExportError> {
        match checkpoint {
            Some(height) if (1..fact).contains(&height) => {
                Ok(Some(self.certificate(&*self.existing(BlockAt::Number(height))?)?))
            }
            _ => Ok(None),
        }
    }

    fn certificate(&self, executed: &Executed) -> Result<Certified, ExportError> {
        Ok(Certified {
            header: executed.block.header().clone(),
            finality: executed.finality.clone().ok_or(ExportError::NoCertificate(executed.number()))?,
            committee: self.rules().committee.members().to_vec(),
        })
    }

    fn headers(&self, heights: impl Iterator<Item = u64>) -> Result<Vec<Header>, ExportError> {
        heights.map(|height| Ok(self.existing(BlockAt::Number(height))?.block.header().clone())).collect()
    }

    fn existing(&self, at: BlockAt) -> Result<Arc<Executed>, ExportError> {
        Ok(self.block(at)?.ok_or(ChainError::UnknownBlock)?)
    }
}
