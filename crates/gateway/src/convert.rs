//! From the ledger's own types to the JSON that Ethereum clients read: names, nulls and number formats are geth's, so that
//! a client's parser and a client's recomputed hashes agree. Called by every `eth_`, `txpool_` and `debug_` method and by
//! the subscriptions; reads nothing, decides nothing.

pub mod block;
mod block_id;
mod error;
pub mod receipt;
pub mod transaction;

pub use alloy_eips::{BlockId, BlockNumberOrTag};
pub use block::{RpcBlock, RpcHeader};
pub use block_id::block_at;
pub use receipt::{RpcLog, RpcReceipt};
pub use transaction::{Place, RpcTransaction, SignedTransaction};

#[cfg(test)]
mod tests;
