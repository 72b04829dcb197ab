//! What must never be seen. A run ends at the first one.

use primitives::{B256, NodeId};

/// A promise that was broken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// Fork.
    #[error("two blocks are final at height {height}: {first} and, on node {node}, {second}")]
    TwoFinalBlocks {
        /// Where.
        height: u64,
        /// Seen first.
        first: B256,
        /// Seen later.
        second: B256,
        /// Who has the later one.
        node: usize,
    },
    /// A final block does not stand on the one before it.
    #[error("the final block at height {height} of node {node} does not follow the one before it")]
    Gap {
        /// Where.
        height: u64,
        /// Whose.
        node: usize,
    },
    /// What was final on a node is not there after a restart.
    #[error("node {node} had height {before} and starts with {after}")]
    HeightFell {
        /// Whose.
        node: usize,
        /// Before.
        before: u64,
        /// After.
        after: u64,
    },
    /// The header's root is not the state's.
    #[error("block {height} of node {node} does not have the root of its state")]
    RootsDiffer {
        /// Where.
        height: u64,
        /// Whose.
        node: usize,
    },
    /// A final block that execution refuses.
    #[error("block {height} is final on node {node} and breaks a rule: {reason}")]
    BreaksARule {
        /// Where.
        height: u64,
        /// Whose.
        node: usize,
        /// Which.
        reason: String,
    },
    /// A certificate that does not make its block final.
    #[error("the certificate of block {height} on node {node}: {reason}")]
    CertificateRefused {
        /// Where.
        height: u64,
        /// Whose.
        node: usize,
        /// Why.
        reason: String,
    },
    /// Included again.
    #[error("transaction {hash} is in block {first} and in block {second}")]
    TransactionTwice {
        /// Which.
        hash: B256,
        /// First.
        first: u64,
        /// Again.
        second: u64,
    },
    /// A receipt of a block that is not final on the node that serves it.
    #[error("node {node} serves a receipt of block {height} at height {head}")]
    ReceiptBeforeFinal {
        /// Whose.
        node: usize,
        /// Of which block.
        height: u64,
        /// The newest final block there.
        head: u64,
    },
    /// A served receipt is gone or is of another block.
    #[error("the receipt of {hash}, served of block {height}, is not there on node {node}")]
    ReceiptLost {
        /// Which.
        hash: B256,
        /// Where it was.
        height: u64,
        /// Who does not have it.
        node: usize,
    },
    /// A revoked member is talked to.
    #[error("node {node} talks to {revoked} at height {head}, revoked at height {at}")]
    RevokedPeer {
        /// Who talks.
        node: usize,
        /// With whom.
        revoked: NodeId,
        /// When it was revoked.
        at: u64,
        /// When it is talked to.
        head: u64,
    },
    /// A revoked member decides.
    #[error("{revoked}, revoked at height {at}, is in the committee of epoch {epoch}")]
    RevokedDecides {
        /// Who.
        revoked: NodeId,
        /// When it was revoked.
        at: u64,
        /// Where it decides.
        epoch: u64,
    },
    /// A revoked member gets blocks.
    #[error("node {node}, revoked at height {at}, has block {height}")]
    RevokedFollows {
        /// Who.
        node: usize,
        /// When it was revoked.
        at: u64,
        /// What it has.
        height: u64,
    },
    /// An honest node was taken for a dishonest one.
    #[error("node {by} no longer listens to node {whom}, which is honest")]
    HonestBlocked {
        /// Who.
        by: usize,
        /// Whom.
        whom: usize,
    },
    /// Nothing is decided though it could be.
    #[error("a quorum is healthy and the height has been {height} for {seconds} s")]
    NoProgress {
        /// Where it stands.
        height: u64,
        /// For how long.
        seconds: u64,
    },
    /// Something is decided though it could not be.
    #[error("no quorum was there and the height rose from {before} to {after}")]
    DecidedWithoutQuorum {
        /// Before.
        before: u64,
        /// After.
        after: u64,
    },
    /// The faults are over and not all is well.
    #[error("{seconds} s after the last fault {what}")]
    Unsettled {
        /// For how long.
        seconds: u64,
        /// What is missing.
        what: String,
    },
    /// A node does not start.
    #[error("node {node} does not start: {reason}")]
    DoesNotStart {
        /// Which.
        node: usize,
        /// Why.
        reason: String,
    },
    /// A node ended by itself, without a reason that was given to it.
    #[error("node {node} ended by itself: {reason}")]
    Ended {
        /// Which.
        node: usize,
        /// Why.
        reason: String,
    },
    /// A defect announced itself.
    #[error("panicked: {0}")]
    Panicked(String),
}
