//! The engines that put blocks in order and make them final, behind one small boundary.
//!
//! ```text
//!  pool --wake--> Engine --propose(slot, pending)--> Ledger        (build on blocks that are not final yet)
//!                 Engine --finalize(block, proof)--> Ledger        (in height order, at least once; Ok = durable)
//! ```
//!
//! An engine orders opaque blocks; it knows neither accounts nor transactions. This is the only crate that names an engine library.
//! Deliberately absent: the EVM, ledger rules, sockets for clients.

pub mod certificate;
mod key;
pub mod solo;
mod wake;

use std::sync::Arc;

use primitives::{B256, Block, FinalityProof};

pub use key::{KeyError, NodeKey};
pub use wake::Wake;

/// A place in the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockRef {
    /// Height.
    pub number: u64,
    /// Header hash.
    pub hash: B256,
}

impl BlockRef {
    /// Where a block stands.
    pub const fn of(block: &Block) -> Self {
        Self { number: block.number(), hash: block.hash() }
    }
}

/// One turn to propose: the round of simplex that a block will be certified in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Epoch, from the height.
    pub epoch: u64,
    /// View within the epoch; the first is 1.
    pub view: u64,
    /// View of the parent; 0 when the parent closed the previous epoch or is genesis.
    pub parent_view: u64,
}

/// What a ledger says of a proposed block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It follows the rules; its outcome is kept by hash.
    Valid,
    /// It breaks a rule; the text says which.
    Invalid(String),
}

/// The ledger can no longer keep its promises: the process must end, and the next start recovers from disk.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct Fatal(pub String);

/// What an engine needs of the ledger.
pub trait Ledger: Send + Sync + 'static {
    /// Builds a block over the last of `pending` (final tip when empty); `None` if there is nothing to put into it.
    /// `pending` holds the ancestors that are not final yet, oldest first.
    fn propose(&self, slot: Slot, pending: &[Arc<Block>]) -> Result<Option<Arc<Block>>, Fatal>;

    /// Executes a block of another proposer and compares every root.
    fn verify(&self, slot: Slot, block: Arc<Block>, pending: &[Arc<Block>]) -> Result<Verdict, Fatal>;

    /// Makes a block final: in height order, at least once; when it returns `Ok` the block is durable and published.
    fn finalize(&self, block: Arc<Block>, proof: Option<FinalityProof>) -> Result<(), Fatal>;

    /// The last final block: where an engine starts after a restart.
    fn tip(&self) -> BlockRef;
}
