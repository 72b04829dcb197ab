//! The engine of a committee of many: commonware's simplex for the order, its marshal for blocks and certificates, our log below.
//!
//! ```text
//!                p2p (authenticated, encrypted; only the ledger's peers)
//!    votes, certificates, requests |           | blocks          | missing blocks
//!                                  v           v                 v
//!   node: one simplex engine per epoch <--> buffered <--> marshal <--> archive -- reads --> Ledger (block log)
//!              | propose, verify                             |
//!              v                                             v Update::Block, in order
//!           member ------------------> desk <------------- node: execute if unknown, finalize, next epoch, acknowledge
//!                                       |
//!                                       v  one call at a time
//!                                     Ledger
//! ```
//! [`Simplex::start`] runs it on a thread of its own with a tokio runtime of its own; nothing of commonware is generic or visible
//! outside this folder. With the feature `simulation` the same node code runs on commonware's deterministic runtime and simulated
//! network ([`simulated`]). Reasons and bounds: docs/adr/0013-simplex.md.
//! Waiting transactions have a channel beside these (`gossip.rs`): what is told and heard is the pool's business.

mod ahead;
mod archive;
mod block;
#[doc(hidden)]
pub mod border;
mod committees;
mod desk;
mod epoch;
mod finals;
mod gossip;
mod member;
mod network;
mod node;
#[cfg(feature = "simulation")]
pub mod simulated;
mod telemetry;
mod thread;
mod tracked;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use primitives::B256;

use crate::{Fatal, NodeKey, Peer};

pub use telemetry::{Figures, PeerFigures, Traffic};
pub use thread::Simplex;

/// Everything that the node's place in the network does not decide.
#[derive(Clone, Debug)]
pub struct Config {
    /// Identity and vote.
    pub key: NodeKey,
    /// Part of the signing namespaces.
    pub genesis_hash: B256,
    /// Blocks in an epoch, as in genesis: at least 2.
    pub epoch_blocks: u64,
    /// Most bytes of one encoded block, the same on every node.
    pub max_block_bytes: usize,
    /// Pace and patience.
    pub timing: Timing,
}

/// Pace and patience. Members of one network should agree on it; no rule depends on that.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// Least time between the times of two blocks, as in genesis.
    pub min_block_interval: Duration,
    /// An idle chain makes an empty block this long after the last one.
    pub heartbeat: Duration,
    /// How long after the heartbeat a silent leader loses its turn. A leader that has been silent for much longer loses it at once.
    pub leader_grace: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            min_block_interval: Duration::from_millis(80),
            heartbeat: Duration::from_secs(2),
            leader_grace: Duration::from_secs(1),
        }
    }
}

/// Where the node keeps its votes and whom it listens to.
#[derive(Clone, Debug)]
pub struct Place {
    /// Folder for votes and for blocks that are not final yet. It belongs to one block log: with a folder older than its log, or
    /// without it, a member can vote twice in one view.
    pub folder: PathBuf,
    /// Where peers connect.
    pub listen: SocketAddr,
    /// Peers to ask while this node's tip is old: for a node whose ledger names nobody who is still there.
    pub bootstrap: Vec<Peer>,
    /// Whether peers may have private and loopback addresses, and connect again at once: networks on one machine.
    pub local: bool,
    /// Threads of the engine's runtime.
    pub worker_threads: usize,
}

/// Why the engine did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Not an epoch.
    #[error("an epoch has at least 2 blocks, not {0}")]
    EpochBlocks(u64),
    /// Nobody decides in the epoch of the next block, by this ledger.
    #[error("the ledger names no committee for epoch {0}")]
    NoCommittee(u64),
    /// The ledger cannot be read.
    #[error(transparent)]
    Ledger(#[from] Fatal),
    /// No thread could be started.
    #[error("could not start a thread: {0}")]
    Thread(#[from] std::io::Error),
}
