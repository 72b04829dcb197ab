//! What can go wrong in a question to the chain, in a submission and at start.

use primitives::{B256, GenesisError, U256};
use store::StoreError;

use crate::pool::PoolError;

/// A question that has no answer.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// No block with this hash or height.
    #[error("unknown block")]
    UnknownBlock,
    /// The state of that block was pruned.
    #[error("state of block {number} is not kept; the oldest is {oldest} (start the node with --archive to keep all)")]
    StateTooOld {
        /// Asked for.
        number: u64,
        /// Oldest that can be read.
        oldest: u64,
    },
    /// Proofs are kept for fewer blocks than state.
    #[error("proofs of block {number} are not kept; the oldest is {oldest}")]
    ProofTooOld {
        /// Asked for.
        number: u64,
        /// Oldest that can be proven.
        oldest: u64,
    },
    /// A room that the protocol asks could not answer.
    #[error("a room does not answer: {0}")]
    Room(String),
    /// More logs than a query may return.
    #[error("query returned more than {limit} results")]
    TooManyLogs {
        /// Most logs.
        limit: usize,
    },
    /// The logs found hold more data than an answer may.
    #[error("query returned more than {limit} bytes of log data")]
    LogsTooLarge {
        /// Most bytes.
        limit: usize,
    },
    /// The disk could not be read.
    #[error("the ledger's disk could not be read: {0}")]
    Disk(#[from] StoreError),
}

impl ChainError {
    /// A state that could not be read, because it was pruned or because the disk failed.
    pub(crate) fn from_state_read(error: StoreError) -> Self {
        match error {
            StoreError::StateTooOld { number, oldest } => Self::StateTooOld { number, oldest },
            other => Self::Disk(other),
        }
    }
}

/// A transaction that is not taken.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// It breaks a rule that needs no state.
    #[error(transparent)]
    Invalid(#[from] evm::Invalid),
    /// The pool has no place for it.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// It could not fit into any block.
    #[error("exceeds block gas limit")]
    BlockGasLimit,
    /// It offers less than this network's least price.
    #[error("transaction underpriced: gas price {offered}, minimum needed {minimum}")]
    Underpriced {
        /// Wei per gas offered.
        offered: u128,
        /// Wei per gas needed.
        minimum: u64,
    },
    /// Genesis names the accounts that may send, and this is none of them.
    #[error("sender not allowed: this network takes transactions of listed accounts only")]
    SenderNotListed,
    /// EIP-3607.
    #[error("sender not an eoa: the account holds code")]
    SenderHasCode,
    /// State could not be read.
    #[error(transparent)]
    Chain(#[from] ChainError),
}

/// Why the chain did not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The genesis is not valid.
    #[error(transparent)]
    Genesis(#[from] GenesisError),
    /// A newer program has been here.
    #[error(
        "the ledger is at protocol version {found}, this program knows versions up to {newest}: start a newer program"
    )]
    NewerProtocol {
        /// In force at the head.
        found: U256,
        /// The newest known.
        newest: u32,
    },
    /// A recovery of another history.
    #[error("the recovery begins after block {number} {want}, this ledger has {have} there: it is not of this network")]
    OtherRecovery {
        /// Height.
        number: u64,
        /// In the ledger.
        have: B256,
        /// In the recovery.
        want: B256,
    },
    /// A final block would be lost.
    #[error(
        "this ledger went on to block {head} without the recovery after block {number}, and what it holds is final: \
         recover from the node with the highest block instead"
    )]
    Unrecovered {
        /// The last block before the recovery.
        number: u64,
        /// The ledger's last.
        head: u64,
    },
    /// The ledger cannot be asked.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The data folder.
    #[error(transparent)]
    Store(#[from] StoreError),
}
