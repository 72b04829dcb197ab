//! What an engine asks of the ledger, and the words they share. `chain` implements [`Ledger`]; engines call it.
//! All types are ours: no type of an engine library crosses this boundary.

use std::sync::Arc;

use primitives::{B256, Block, Committee, FinalityProof, NodeId, TimeMs};

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

/// What a proposed block must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// At least one transaction: without any there is no block.
    Transactions,
    /// Whatever waits, be it nothing: a heartbeat, or a step towards the end of an epoch.
    MayBeEmpty,
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

/// A final block as the log holds it.
#[derive(Clone, Debug)]
pub struct Logged {
    /// The block.
    pub block: Arc<Block>,
    /// Its own certificate; `None` if a descendant's made it final. Genesis has none.
    pub proof: Option<FinalityProof>,
}

/// A node that this one talks to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Peer {
    /// Its key.
    pub id: NodeId,
    /// IP address or DNS name.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

/// Everyone this node may talk to, by the state of the tip. Whoever is not listed is cut off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peers {
    /// Members of the committee.
    pub committee: Vec<Peer>,
    /// Members who follow without a vote: admitted and not yet in a committee, or gone from it and still valid.
    pub followers: Vec<Peer>,
}

/// What an engine needs of the ledger. Calls come one at a time, from threads on which they may block, but for what makes the next block
/// final: its [`Ledger::log`] runs beside calls to propose and verify, and so does all of [`Ledger::finalize`] where blocks have no rivals,
/// which is in the engine `solo`.
pub trait Ledger: Send + Sync + 'static {
    /// Builds a block over the last of `pending` (final tip when empty); `None` if `content` cannot be met.
    /// `pending` holds the ancestors that are not final yet, oldest first; each was proposed or verified in this process. The block may never become final.
    fn propose(&self, slot: Slot, content: Content, pending: &[Arc<Block>]) -> Result<Option<Arc<Block>>, Fatal>;

    /// Executes a block of another proposer and compares every root.
    fn verify(&self, block: Arc<Block>, pending: &[Arc<Block>]) -> Result<Verdict, Fatal>;

    /// The slow part of [`Ledger::finalize`]: makes a block durable and shows nothing of it yet. Several may be logged, in height order,
    /// before the first of them is made final. A ledger that does everything there does nothing here.
    fn log(&self, _block: &Arc<Block>, _proof: &Option<FinalityProof>) -> Result<(), Fatal> {
        Ok(())
    }

    /// Makes a block final that was proposed or verified here: in height order, at least once; when it returns `Ok` the block is
    /// durable and published.
    fn finalize(&self, block: Arc<Block>, proof: Option<FinalityProof>) -> Result<(), Fatal>;

    /// The last final block: where an engine starts after a restart.
    fn tip(&self) -> BlockRef;

    /// The final block of this height, genesis included; `None` above the tip.
    fn block(&self, number: u64) -> Result<Option<Logged>, Fatal>;

    /// The height of the final block with this hash.
    fn number_of(&self, hash: B256) -> Result<Option<u64>, Fatal>;

    /// Who decides in an epoch: a function of the state after the last block of the epoch before it, and `None` until that is final.
    fn committee(&self, epoch: u64) -> Result<Option<Committee>, Fatal>;

    /// Whether an epoch ended by a recovery: its committee is one member, who signed its last blocks before any engine was started. No
    /// engine signs in it, the member's own neither: it would be another block at the same height.
    fn is_recovered(&self, _epoch: u64) -> bool {
        false
    }

    /// Whether the committee of the next epoch will be another one, by the state of the tip. Blocks then come without pause up to the
    /// boundary.
    fn committee_changes(&self) -> Result<bool, Fatal>;

    /// Who may be talked to, by the state of the tip.
    fn peers(&self) -> Result<Peers, Fatal>;

    /// Whether a node was revoked, by the state of the tip. It never comes back.
    fn is_revoked(&self, node: NodeId) -> Result<bool, Fatal>;

    /// The clock that block times are read from.
    fn now(&self) -> TimeMs;
}
