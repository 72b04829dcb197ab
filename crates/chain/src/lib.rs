//! From transactions to blocks, and everything that is asked about them afterwards.
//!
//! ```text
//! submit -> pool -> propose -> evm::execute_block -> trie commit -> seal      (ledger: kept by block hash until final)
//!                   finalize -> store append (fsync) -> one head swap -> events
//! documents: attributes, delivery details -> hash on the ledger? -> kept beside it
//! head window (newest 128 blocks in memory) + store (all others) -> queries, state views, logs
//! ```
//!
//! The head is one immutable value: whoever loads it sees block, state, receipts and indexes of the same moment, and the pool
//! is settled under the same lock that swaps it. Final is durable: a receipt is served only after its block's fsync.
//! Deliberately absent: sockets, JSON, ordering (that is `consensus`), and any way to change state but `evm::execute_block`.

mod chain;
mod clock;
mod codes;
mod counterfoil;
mod documents;
mod error;
mod executed;
mod gossip;
mod head;
mod ledger;
mod logs;
mod membership;
pub mod pool;
mod view;

pub use chain::{BlockAt, Chain, Located, Options};
pub use clock::Clock;
pub use counterfoil::{Beside, ExportError, Question};
pub use documents::{DELIVERY_MOST_BYTES, DocumentError, Kept, OffLedger};
pub use error::{ChainError, OpenError, SubmitError};
pub use executed::Executed;
pub use gossip::GossipDoor;
pub use head::{Head, WINDOW_BLOCKS};
pub use ledger::LedgerDoor;
pub use logs::{FoundLog, LogQuery};
pub use membership::Finality;
pub use pool::{Content, Limits, Pool, PoolError, Pooled, SenderState};
pub use store::{AccountProof, SlotProof};
pub use view::StateView;
