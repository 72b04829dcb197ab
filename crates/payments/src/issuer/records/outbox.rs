//! Signed transactions, in the order of their nonces.
//!
//! A row is written in the same unit of work as what it is signed for, and the nonce is allocated in it too: nonces have no gaps, and the ledger
//! sees each row once however often it is submitted, since the bytes are always the same.

use alloy_primitives::B256;
use serde::{Deserialize, Serialize};

use super::PaymentId;

/// A transaction of the issuer's operator account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxRow {
    /// Nonce of the operator's account; its key.
    pub nonce: u64,
    /// The signed bytes, ready for `eth_sendRawTransaction`.
    pub raw: Vec<u8>,
    /// The hash of the transaction.
    pub hash: B256,
    /// The payment that it is for.
    pub payment: PaymentId,
    /// What it does there.
    pub kind: OutboxKind,
    /// Whether it is final.
    pub state: OutboxState,
}

/// What a transaction does to its payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutboxKind {
    /// `cash.hold` of this much.
    Hold {
        /// How much.
        amount_minor: u64,
    },
    /// `cash.adjust` from one total to another.
    Adjust {
        /// What was held in all.
        previous_minor: u64,
        /// What is to be held in all.
        amount_minor: u64,
    },
    /// `cash.capture`.
    Capture {
        /// How much goes to the merchant.
        amount_minor: u64,
        /// Whether the rest returns.
        is_final: bool,
    },
    /// `cash.release`.
    Release {
        /// Because its time is over, and not because it was reversed.
        expired: bool,
    },
    /// `cash.void`.
    Void,
    /// `cash.transferFromWithMemo` from the merchant to the pool.
    Refund {
        /// How much comes back.
        amount_minor: u64,
    },
}

/// Whether a transaction is final.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutboxState {
    /// Not known to be.
    Open,
    /// In a final block, with status 1.
    Done,
    /// In a final block, with status 0.
    Failed,
}
