//! Errors of the rooms below as JSON-RPC errors. Texts are made where the error is made; here only the code is chosen, and a
//! text where geth has another one that clients look for.

use chain::{ChainError, DocumentError, ExportError, SubmitError};
use evm::call::CallError;
use primitives::TxError;

use crate::{accounts::AccountError, rpc::RpcError};

impl From<ChainError> for RpcError {
    fn from(error: ChainError) -> Self {
        match error {
            ChainError::UnknownBlock => Self::server("header not found"),
            ChainError::TooManyLogs { .. } => Self::limit(error.to_string()),
            other => Self::server(other.to_string()),
        }
    }
}

impl From<ExportError> for RpcError {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::Chain(unread) => unread.into(),
            refused => Self::server(refused.to_string()),
        }
    }
}

impl From<DocumentError> for RpcError {
    fn from(error: DocumentError) -> Self {
        match error {
            DocumentError::TooLarge { .. } => Self::limit(error.to_string()),
            refused => Self::server(refused.to_string()),
        }
    }
}

impl From<SubmitError> for RpcError {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::Chain(unread) => unread.into(),
            refused => Self::server(refused.to_string()),
        }
    }
}

impl From<TxError> for RpcError {
    fn from(error: TxError) -> Self {
        Self::server(error.to_string())
    }
}

impl From<AccountError> for RpcError {
    fn from(error: AccountError) -> Self {
        Self::internal(error.to_string())
    }
}

impl From<CallError> for RpcError {
    fn from(error: CallError) -> Self {
        let plain = Self::new(error.code().into(), error.to_string());
        match error.data() {
            Some(data) => plain.with_data(&data),
            None => plain,
        }
    }
}
