//! Counterfoils of this chain's facts: headers, certificates and Merkle proofs put together for a reader who has only the genesis hash.
//!
//! Called by `gateway` for `counterfoil_export`. The file and its rules are `proof`'s; here are only the lookups. Every file is verified
//! before it leaves, so that none goes out that a reader would refuse. Each change of the committee up to the certificate's epoch is
//! shown by a hand-over: the last block of the epoch before it, which names the new committee, with a certificate of the old one.
//! After a recovery nothing leads from genesis on: the hand-overs begin with the recovery's last block, which readers pin.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use alloy_consensus::TxReceipt;
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::SolEvent;
use contracts::token::{self, abi::IToken};
use primitives::{Committee, Header};
use proof::{
    Certified, Checkpoint, Counterfoil, Fact, Refusal, build,
    statement::{self, CertificateSlots},
};

use crate::{BlockAt, Chain, ChainError, Executed, LogQuery, StateView};

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
    /// What became of a redemption: the newest of its logs.
    Redemption(B256),
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
    /// What a member's certificate was worth as of a block.
    Member {
        /// SHA-256 of the certificate.
        certificate: B256,
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
    /// No log of the `token` room names it.
    #[error("there is no redemption {0}")]
    UnknownRedemption(B256),
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
        Question::Member { certificate, .. } => vec![CertificateSlots::of(*certificate).preimage],
        _ => Vec::new(),
    }
}

/// Every word of the room's logs in a fact may be one; only the hash of attributes that are kept is found.
fn attributes_hashes(executed: &Executed, fact: &Fact) -> BTreeSet<B256> {
    let (receipt, place) = match fact {
        Fact::Receipt(fact) => (fact.index, None),
        Fact::Log(fact) => (fact.receipt, Some(fact.log)),
        Fact::Account(_) | Fact::Storage(_) => return BTreeSet::new(),
    };
    let receipt = usize::try_from(receipt).ok().and_then(|index| executed.receipts.get(index));
    let logs = receipt.map_or(&[][..], |receipt| &receipt.logs);
    let meant =
        (0..).zip(logs).filter(|(at, log)| place.is_none_or(|place| place == *at) && log.address == token::ADDRESS);
    meant.flat_map(|(_, log)| log.data.data.as_chunks::<32>().0).map(B256::from).collect()
}

/// Of all attributes that a file holds unasked.
const ATTRIBUTES_MOST_BYTES: usize = 1 << 20;
/// Headers have some 600 bytes, so these fit into a file.
const MAX_DESCENDANTS: u64 = 4_096;

impl Chain {
    /// The counterfoil that answers `question`, with what `beside` asks for.
    pub fn counterfoil(&self, question: &Question, beside: Beside) -> Result<Counterfoil, ExportError> {
        let Beside { checkpoint, preimages } = beside;
        let (executed, fact) = self.fact(question)?;
        let attributes = self.attributes_in(&executed, &fact);
        let number = executed.number();
        let certified = self.certified_from(number.max(checkpoint.unwrap_or(0)), number)?;
        let Certified { finality, committee, .. } = self.certificate(&certified)?;
        let file = Counterfoil {
            config: self.0.config.clone(),
            genesis: self.existing(BlockAt::Number(0))?.block.header().clone(),
            handovers: self.handovers(checkpoint, number, certified.number())?,
            header: executed.block.header().clone(),
            descendants: self.headers(number + 1..=certified.number())?,
            finality,
            committee,
            fact,
            preimages: ordered(preimages.into_iter().chain(preimages_of(question)).chain(attributes)),
        };
        proof::verify(&file.encode(), self.genesis_hash(), self.pinned(certified.number())?)?;
        Ok(file)
    }

    /// The last block of the last recovery that ended at or below a certified block: what a reader has to trust beside genesis.
    fn pinned(&self, certified: u64) -> Result<Option<Checkpoint>, ExportError> {
        let ends = self.rules().recoveries.iter().map(|recovery| recovery.last(self.rules().epoch_blocks));
        let Some(height) = ends.filter(|end| *end <= certified).max() else { return Ok(None) };
        Ok(Some((height, self.existing(BlockAt::Number(height))?.hash())))
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
            Question::Redemption(redemption) => self.fact(&self.newest_log_of(*redemption)?),
            Question::Account { address, at } => {
                let (executed, state) = self.state_and_block(*at)?;
                Ok((executed, build::account_fact(*address, state.prove(*address, &[])?.proof)))
            }
            Question::Token { id, owner, at } => {
                let slots = vec![statement::ownership(*id, *owner).0];
                self.fact(&Question::Storage { address: statement::TOKEN_ADDRESS, slots, at: *at })
            }
            Question::Member { certificate, at } => {
                let (places, state) = (CertificateSlots::of(*certificate), self.state(*at)?);
                let last = places.last_change(state.storage(statement::ADMISSION_ADDRESS, places.changes)?);
                let mut slots: Vec<U256> =
                    [places.node_key, places.not_after, places.changes].into_iter().chain(last).collect();
                slots.sort_unstable();
                let at = BlockAt::Hash(state.block_hash());
                self.fact(&Question::Storage { address: statement::ADMISSION_ADDRESS, slots, at })
            }
            Question::Storage { address, slots, at } => {
                let (executed, state) = self.state_and_block(*at)?;
                let proof = state.prove(*address, slots)?;
                let slots = proof.slots.into_iter().map(|slot| (slot.slot, slot.proof));
                Ok((executed, build::storage_fact(*address, proof.proof, slots)))
            }
        }
    }

    /// A redemption leaves a log when it is requested and one when it ends.
    fn newest_log_of(&self, redemption: B256) -> Result<Question, ExportError> {
        let kinds = [
            IToken::RedemptionRequested::SIGNATURE_HASH,
            IToken::Redeemed::SIGNATURE_HASH,
            IToken::RedemptionFailed::SIGNATURE_HASH,
        ];
        let query = LogQuery {
            from: 0,
            to: u64::MAX,
            addresses: vec![token::ADDRESS],
            topics: [kinds.to_vec(), vec![redemption], Vec::new(), Vec::new()],
            max_results: kinds.len(),
        };
        let newest = self.logs(&query)?.pop().ok_or(ExportError::UnknownRedemption(redemption))?;
        let executed = self.existing(BlockAt::Hash(newest.block_hash))?;
        let index = newest.log_index.saturating_sub(executed.first_log_index(newest.tx_index));
        Ok(Question::Log { transaction: newest.tx_hash, index: index as u64 })
    }

    /// The attributes, of those that are here, of the items that the fact's logs of `token` name the hash of. Attributes that
    /// cannot be read are left out: the fact is as true without them.
    fn attributes_in(&self, executed: &Executed, fact: &Fact) -> Vec<Bytes> {
        let documents = self.documents();
        let mut bytes_left = ATTRIBUTES_MOST_BYTES;
        let here = attributes_hashes(executed, fact).into_iter().filter_map(|hash| {
            documents.attributes_of_hash(hash).inspect_err(|error| tracing::warn!(%error, "left out")).ok().flatten()
        });
        here.take_while(|attributes| {
            let left = bytes_left.checked_sub(attributes.len());
            bytes_left = left.unwrap_or(0);
            left.is_some()
        })
        .collect()
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

    /// The first block from `height` on that has a certificate of its own; of the blocks of a recovery it is the last one's.
    fn certified_from(&self, height: u64, fact: u64) -> Result<Arc<Executed>, ExportError> {
        let last = fact.saturating_add(MAX_DESCENDANTS);
        let mut number = height;
        loop {
            number = self.rules().recovery_of(number).map_or(number, |it| it.last(self.rules().epoch_blocks));
            if number > last {
                return Err(ExportError::TooFar { from: fact, to: number });
            }
            match self.block(BlockAt::Number(number))? {
                Some(executed) if executed.finality.is_some() => return Ok(executed),
                Some(_) => number = number.saturating_add(1),
                None => return Err(ExportError::NoCertificate(height)),
            }
        }
    }

    /// The last block before each change of the committee. A checkpoint below the fact stands among them, with a certificate of
    /// its own.
    fn handovers(&self, checkpoint: Option<u64>, fact: u64, certified: u64) -> Result<Vec<Certified>, ExportError> {
        let (history, rules) = (self.0.committee_history()?, self.rules());
        let changes = history.into_iter().take_while(|epoch| *epoch <= rules.epoch_of(certified));
        let mut heights: BTreeSet<u64> =
            changes.map(|epoch| epoch.saturating_mul(rules.epoch_blocks).saturating_sub(1)).collect();
        heights.extend(checkpoint.filter(|height| (1..fact).contains(height)));
        if let Some((pinned, _)) = self.pinned(certified)? {
            heights.retain(|height| *height >= pinned);
        }
        heights.into_iter().map(|height| self.certificate(&*self.existing(BlockAt::Number(height))?)).collect()
    }

    fn certificate(&self, executed: &Executed) -> Result<Certified, ExportError> {
        Ok(Certified {
            header: executed.block.header().clone(),
            finality: executed.finality.clone().ok_or(ExportError::NoCertificate(executed.number()))?,
            committee: self.committee_at(executed.number())?.members().to_vec(),
        })
    }

    /// Whose certificate a final block of this height has.
    fn committee_at(&self, height: u64) -> Result<Committee, ExportError> {
        Ok(self.0.committee_at(height)?.ok_or(ChainError::UnknownBlock)?)
    }

    fn headers(&self, heights: impl Iterator<Item = u64>) -> Result<Vec<Header>, ExportError> {
        heights.map(|height| Ok(self.existing(BlockAt::Number(height))?.block.header().clone())).collect()
    }

    fn existing(&self, at: BlockAt) -> Result<Arc<Executed>, ExportError> {
        Ok(self.block(at)?.ok_or(ChainError::UnknownBlock)?)
    }
}
