//! What an engine with a network asks of whoever keeps waiting transactions, so that every member has them and any leader can take
//! them. They are opaque bytes here. `chain` implements [`Gossip`]; the engine `simplex` carries.

use primitives::{Address, B256, Bytes, NodeId};

use crate::Wake;

/// Waiting transactions that nodes tell each other.
pub trait Gossip: Send + Sync + 'static {
    /// What every peer should hear now: what is new, and what was told a while ago and is still not final. One call gives at most
    /// `max_count` transactions of `max_bytes` together, but always one if there is any; the next call goes on behind them.
    fn to_tell(&self, max_count: usize, max_bytes: usize) -> Vec<Bytes>;

    /// What a peer told. What is known already, or does not fit now, is left out. Blocks while signatures are checked.
    fn hear(&self, from: NodeId, told: Vec<Bytes>) -> Result<(), NotATransaction>;

    /// Who signed a transaction whose signer this node has recovered before, by its hash. A block's signers are not recovered twice.
    fn signer(&self, hash: B256) -> Option<Address> {
        let _unknown = hash;
        None
    }

    /// Raised when there is something new to tell.
    fn news(&self) -> Wake;
}

/// A peer told what no node would that follows the rules: bytes that no transaction has, or a signature that is none.
#[derive(Clone, Debug, thiserror::Error)]
#[error("not a transaction: {0}")]
pub struct NotATransaction(pub String);
