//! `execute_block`: from transactions and the state before them to everything that the block says about them.
//! The builder proposes with it, members verify with it, a node replays with it; nothing else changes state.

use alloy_consensus::Transaction;
use alloy_eips::{Typed2718, eip7685::EMPTY_REQUESTS_HASH};
use alloy_primitives::Bytes;
use alloy_rlp::Encodable;
use primitives::{Address, B256, Fork, Header, Receipt, Recovered, Rules, StateDiff, Tx};

use crate::{
    creation::BlockState,
    env::evm_env,
    execution::{Execution, TransactError},
    header::encoded_block_bytes,
    native::Terms,
    system::{self, SystemError},
    validity::Invalid,
};

/// What to do with a transaction that does not belong in the block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Building: leave out what is invalid, stop at what no longer fits or after so many transactions.
    Propose {
        /// Most transactions of the block. The iterator may end earlier, at a deadline for instance.
        max_transactions: usize,
    },
    /// Checking or replaying a block: all of its transactions are valid and fit, or it is not a block.
    Verify,
}

/// What became of a block's transactions.
#[derive(Debug)]
pub struct Outcome {
    /// The transactions that were executed, in order.
    pub transactions: Vec<Recovered<Tx>>,
    /// One receipt for each.
    pub receipts: Vec<Receipt>,
    /// Gas used by all of them.
    pub gas_used: u64,
    /// EIP-7685 hash of the requests of system contracts; `None` before Prague.
    pub requests_hash: Option<B256>,
    /// `extraData`: hash of the committee that decides about the next height.
    pub extra_data: Bytes,
    /// What they changed.
    pub diff: StateDiff,
    /// What was left out as invalid; only when proposing.
    pub rejected: Vec<Rejected>,
    /// Taken from the iterator, but no room was left for it; only when proposing. Valid or not is for a later block to tell.
    pub left_over: Option<Recovered<Tx>>,
}

/// A transaction that was not executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// Its hash.
    pub hash: B256,
    /// Why.
    pub reason: Invalid,
}

/// Why there is no outcome.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError {
    /// A block holds a transaction that may not be executed there.
    #[error("transaction {index} ({hash}): {reason}")]
    Transaction {
        /// Its place in the block.
        index: usize,
        /// Its hash.
        hash: B256,
        /// Why.
        reason: Invalid,
    },
    /// A block's transactions may use more gas than the block has.
    #[error("transaction {index} has gas limit {want}, the block has {have} left")]
    GasLimit {
        /// The transaction's place in the block.
        index: usize,
        /// Gas left before it.
        have: u64,
        /// Its gas limit.
        want: u64,
    },
    /// A block is larger than the rules allow.
    #[error("block has {bytes} bytes, the limit is {limit}")]
    BlockBytes {
        /// Bytes of the encoded block.
        bytes: usize,
        /// Most bytes.
        limit: usize,
    },
    /// A system contract of EIP-7002 or EIP-7251 holds code that does not work: no block is possible over this state.
    #[error("system contract {contract} failed")]
    SystemContract {
        /// Its address.
        contract: Address,
    },
    /// The state could not be read.
    #[error("state could not be read: {0}")]
    State(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The header lacks what the fork needs.
    #[error("block environment: {0}")]
    Environment(String),
}

/// Executes `transactions` in the block that `frame` begins, over the state after its parent.
///
/// `frame` is what [`Rules::next_header`] makes, or a received header that [`crate::verify_header`] has passed.
/// Block hashes for `BLOCKHASH` come from `db`.
pub fn execute_block<D: BlockState>(
    rules: &Rules,
    frame: &Header,
    transactions: impl IntoIterator<Item = Recovered<Tx>>,
    db: D,
    mode: Mode,
) -> Result<Outcome, ExecuteError> {
    let mut filling = Filling::new(rules, frame, db);
    let transactions = transactions.into_iter();
    filling.execution.reserve(transactions.size_hint().0);
    system::before_transactions(&mut filling.execution, rules, frame)?;
    let left_over = match mode {
        Mode::Propose { max_transactions } => filling.propose(transactions.take(max_transactions))?,
        Mode::Verify => filling.verify(transactions).map(|()| None)?,
    };
    filling.finish(left_over)
}

/// A block being filled.
struct Filling<'a, D: BlockState> {
    rules: &'a Rules,
    frame: &'a Header,
    execution: Execution<D>,
    /// Longest that the encoded header can become, by the gas used.
    header_bytes_max: usize,
    /// Length of the executed transactions as items of the block's RLP list.
    list_bytes: usize,
    transactions: Vec<Recovered<Tx>>,
    receipts: Vec<Receipt>,
    rejected: Vec<Rejected>,
}

impl<'a, D: BlockState> Filling<'a, D> {
    fn new(rules: &'a Rules, frame: &'a Header, db: D) -> Self {
        Self {
            rules,
            frame,
            execution: Execution::new(evm_env(rules, frame), Terms::of(rules), db),
            header_bytes_max: Header { gas_used: frame.gas_limit, ..frame.clone() }.length(),
            list_bytes: 0,
            transactions: Vec::new(),
            receipts: Vec::new(),
            rejected: Vec::new(),
        }
    }

    /// Takes what is valid until something does not fit, which is given back.
    fn propose(
        &mut self,
        transactions: impl Iterator<Item = Recovered<Tx>>,
    ) -> Result<Option<Recovered<Tx>>, ExecuteError> {
        for tx in transactions {
            if let Err(reason) = self.check(&tx).and_then(|()| self.check_alone(&tx)) {
                self.reject(&tx, reason);
                continue;
            }
            if !self.has_room_for(&tx) {
                return Ok(Some(tx));
            }
            match self.execution.transact(&tx) {
                Ok(receipt) => self.take(tx, receipt),
                Err(TransactError::Invalid(reason)) => self.reject(&tx, reason),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(None)
    }

    /// Takes everything, or finds out why not.
    fn verify(&mut self, transactions: impl Iterator<Item = Recovered<Tx>>) -> Result<(), ExecuteError> {
        for (index, tx) in transactions.enumerate() {
            let invalid = |reason| ExecuteError::Transaction { index, hash: *tx.tx_hash(), reason };
            self.check(&tx).map_err(invalid)?;
            let (have, want) = (self.gas_left(), tx.gas_limit());
            if want > have {
                return Err(ExecuteError::GasLimit { index, have, want });
            }
            let receipt = match self.execution.transact(&tx) {
                Ok(receipt) => receipt,
                Err(TransactError::Invalid(reason)) => return Err(invalid(reason)),
                Err(error) => return Err(error.into()),
            };
            self.take(tx, receipt);
        }
        self.check_block_bytes()
    }

    /// What no block of this chain can hold; everything else the EVM checks itself.
    fn check(&self, tx: &Tx) -> Result<(), Invalid> {
        if tx.is_eip4844() {
            return Err(Invalid::Type { ty: tx.ty() });
        }
        if tx.gas_limit() > self.frame.gas_limit {
            return Err(Invalid::BlockGasLimit);
        }
        Ok(())
    }

    /// Left over, it would be the first of the next proposal, and of the one after that.
    fn check_alone(&self, tx: &Tx) -> Result<(), Invalid> {
        if self.largest_block_bytes(tx.length()) > self.rules.max_block_bytes {
            return Err(Invalid::BlockBytes);
        }
        Ok(())
    }

    fn has_room_for(&self, tx: &Tx) -> bool {
        let bytes = self.largest_block_bytes(self.list_bytes.saturating_add(tx.length()));
        tx.gas_limit() <= self.gas_left() && bytes <= self.rules.max_block_bytes
    }

    fn gas_left(&self) -> u64 {
        self.frame.gas_limit.saturating_sub(self.execution.gas_used())
    }

    fn take(&mut self, tx: Recovered<Tx>, receipt: Receipt) {
        self.list_bytes = self.list_bytes.saturating_add(tx.inner().length());
        self.transactions.push(tx);
        self.receipts.push(receipt);
    }

    fn reject(&mut self, tx: &Tx, reason: Invalid) {
        self.rejected.push(Rejected { hash: *tx.tx_hash(), reason });
    }

    /// Bytes of the block with so many bytes of transactions, however much gas these turn out to use.
    fn largest_block_bytes(&self, list_bytes: usize) -> usize {
        encoded_block_bytes(self.header_bytes_max, list_bytes)
    }

    fn check_block_bytes(&self) -> Result<(), ExecuteError> {
        let header = Header { gas_used: self.execution.gas_used(), ..self.frame.clone() };
        let (bytes, limit) = (encoded_block_bytes(header.length(), self.list_bytes), self.rules.max_block_bytes);
        if bytes > limit { Err(ExecuteError::BlockBytes { bytes, limit }) } else { Ok(()) }
    }

    fn finish(mut self, left_over: Option<Recovered<Tx>>) -> Result<Outcome, ExecuteError> {
        let requests = system::after_transactions(&mut self.execution, self.rules, self.frame)?;
        let extra_data = system::extra_data(&mut self.execution, self.rules, self.frame)?;
        let requests_hash = (self.rules.fork >= Fork::Prague)
            .then(|| if requests.is_empty() { EMPTY_REQUESTS_HASH } else { requests.requests_hash() });
        Ok(Outcome {
            transactions: self.transactions,
            receipts: self.receipts,
            gas_used: self.execution.gas_used(),
            requests_hash,
            extra_data,
            diff: self.execution.finish(),
            rejected: self.rejected,
            left_over,
        })
    }
}

impl From<TransactError> for ExecuteError {
    fn from(error: TransactError) -> Self {
        match error {
            TransactError::Invalid(reason) => Self::Environment(reason.to_string()),
            TransactError::State(error) => Self::State(error),
            TransactError::Environment(message) => Self::Environment(message),
        }
    }
}

impl From<SystemError> for ExecuteError {
    fn from(error: SystemError) -> Self {
        match error {
            SystemError::Transact(error) => error.into(),
            SystemError::Failed { contract } => Self::SystemContract { contract },
        }
    }
}

#[cfg(test)]
mod tests;
