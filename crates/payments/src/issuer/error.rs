//! Why the issuer gives no decision. The unit of work is then rolled back, nothing is remembered, and the request is answered 96 (or 91 if
//! a later attempt can succeed).

use thiserror::Error;

use super::{call::SignError, keys::KeyError, vault::VaultError};
use crate::message::MessageError;

/// Why there is no decision.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum IssuerError {
    /// The memory.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The keys.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The operator's key.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// An answer that cannot be written.
    #[error("the answer cannot be written: {0}")]
    Answer(#[from] MessageError),
    /// Rows that do not tell one story.
    #[error("the books do not add up: {0}")]
    Books(&'static str),
    /// A row of the outbox that nobody wrote.
    #[error("no transaction with nonce {0} was signed")]
    UnknownNonce(u64),
    /// The ledger was asked and did not answer.
    #[error("the ledger does not answer: {0}")]
    Ledger(String),
    /// A configuration that cannot work.
    #[error("{0}")]
    Configuration(String),
}

impl IssuerError {
    /// Whether the same request can succeed later without anybody doing something.
    pub const fn passes(&self) -> bool {
        matches!(self, Self::Vault(VaultError::Locked))
    }
}
