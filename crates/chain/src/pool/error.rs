//! Why the pool does not take a transaction. The wording is geth's where geth has the case, because clients match on it.

use primitives::U256;

/// A refused transaction.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PoolError {
    /// The same transaction waits already.
    #[error("already known")]
    AlreadyKnown,
    /// The nonce was used.
    #[error("nonce too low: next nonce {state}, tx nonce {tx}")]
    NonceTooLow {
        /// Nonce given.
        tx: u64,
        /// Nonce expected.
        state: u64,
    },
    /// Farther ahead than the sender's room in the pool.
    #[error("nonce too high: next nonce {state}, tx nonce {tx}, at most {limit} ahead")]
    NonceTooHigh {
        /// Nonce given.
        tx: u64,
        /// Nonce expected.
        state: u64,
        /// Farthest distance.
        limit: usize,
    },
    /// The sender does not own the most that this transaction can cost.
    #[error("insufficient funds for gas * price + value: balance {balance}, tx cost {cost}, overshot {}", .cost - .balance)]
    InsufficientFunds {
        /// Wei owned.
        balance: U256,
        /// Wei needed.
        cost: U256,
    },
    /// The sender does not own what all its waiting transactions can cost together.
    #[error(
        "insufficient funds for gas * price + value: balance {balance}, queued cost {queued}, tx cost {cost}, overshot {}",
        (.queued + .cost) - .balance
    )]
    InsufficientFundsQueued {
        /// Wei owned.
        balance: U256,
        /// Wei bound by earlier transactions.
        queued: U256,
        /// Wei needed.
        cost: U256,
    },
    /// gas * price + value does not fit 256 bits.
    #[error("insufficient funds for gas * price + value: cost exceeds 2^256")]
    CostOverflow,
    /// The waiting transaction with this nonce pays more.
    #[error("replacement transaction underpriced: new tx gas fee cap {new}, old {old}")]
    ReplacementUnderpriced {
        /// Price offered, in wei per gas.
        new: u128,
        /// Price of the waiting one.
        old: u128,
    },
    /// The waiting transaction with this nonce is already part of a block.
    #[error("replacement refused: the transaction with this nonce is being included")]
    AlreadyProposed,
    /// Too many replacements in a short time.
    #[error("replacement refused: too many replacements, wait a second")]
    ReplacementRate,
    /// No room for another transaction.
    #[error("txpool is full: {limit} transactions")]
    Full {
        /// Most transactions.
        limit: usize,
    },
    /// No room for its bytes.
    #[error("txpool is full: {limit} bytes")]
    BytesFull {
        /// Most bytes.
        limit: usize,
    },
    /// This peer told of too many that still wait.
    #[error("txpool holds too much from this peer: {limit} transactions")]
    PeerFull {
        /// Most transactions.
        limit: usize,
    },
    /// This peer told of too much that still waits.
    #[error("txpool holds too much from this peer: {limit} bytes")]
    PeerBytesFull {
        /// Most bytes.
        limit: usize,
    },
    /// This sender has too many waiting.
    #[error("account limit exceeded: {limit} transactions of one sender")]
    SenderFull {
        /// Most transactions of one sender.
        limit: usize,
    },
}
