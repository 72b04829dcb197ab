//! The same node on commonware's deterministic runtime and simulated network: virtual time, seeded disorder, links that can be cut,
//! power that can fail. For tests and for the simulator; the network and the runtime are the caller's.

use std::sync::Arc;

use commonware_cryptography::ed25519::PublicKey;
use commonware_p2p::{Manager as _, TrackedPeers, simulated};
use commonware_runtime::{Handle, Supervisor as _, deterministic};
use commonware_utils::ordered::Set;

use super::{
    Config, committees,
    network::{QUOTAS, largest_message},
    node::{self, Channels, Node},
    telemetry::Telemetry,
    tracked::PeerSet,
};
use crate::{Fatal, Gossip, Ledger, NodeKey, Peer, Peers, Wake};

mod mischief;
mod stage;

pub use mischief::{Conduct, Deeds, start_as, start_twins};
pub use stage::{Left, Link, Power, Running, Stage, play};

/// One life of a node; its storage is the runtime's, under `name`.
#[derive(Clone)]
pub struct Life {
    /// As for the real one.
    pub config: Config,
    /// The node's ledger: what it holds outlives the life.
    pub ledger: Arc<dyn Ledger>,
    /// The node's waiting transactions.
    pub gossip: Arc<dyn Gossip>,
    /// Raised when transactions wait.
    pub wake: Wake,
    /// Names what the node stores: the same in every life.
    pub name: String,
    /// Counts the lives of one node, for the names of metrics.
    pub count: u64,
}

/// A node's identity in the simulated network.
pub fn public_key(key: &NodeKey) -> PublicKey {
    use commonware_cryptography::Signer as _;
    committees::private_key(key).public_key()
}

/// The largest message that nodes with this limit send: the least `max_size` of the simulated network.
pub fn max_message_bytes(max_block_bytes: usize) -> u32 {
    largest_message(max_block_bytes)
}

/// Starts a life; the handle ends with the reason why it could not go on, or when it is aborted.
pub async fn start(context: &deterministic::Context, oracle: &Oracle, life: Life) -> Handle<Fatal> {
    start_as(context, oracle, life, Conduct::Honest, &Arc::default()).await
}

/// The simulated network's controls.
pub type Oracle = simulated::Oracle<PublicKey, deterministic::Context>;
type Ends = (simulated::Sender<PublicKey, deterministic::Context>, simulated::Receiver<PublicKey>);

/// The ends of a node's channels, in order of their numbers.
async fn register(oracle: &Oracle, key: &NodeKey) -> Vec<Ends> {
    let control = oracle.control(public_key(key));
    let mut ends = Vec::with_capacity(QUOTAS.len());
    for (channel, quota) in (0..).zip(QUOTAS) {
        ends.push(control.register(channel, quota).await.expect("the network runs as long as its nodes"));
    }
    ends
}

fn channels<S, R>(ends: impl IntoIterator<Item = (S, R)>) -> Channels<S, R> {
    let mut ends = ends.into_iter();
    let mut next = || ends.next().expect("each was registered");
    Channels {
        votes: next(),
        certificates: next(),
        requests: next(),
        blocks: next(),
        missing: next(),
        transactions: next(),
    }
}

/// The number of the channel that carries proposed blocks.
const BLOCKS: usize = 3;

/// A node's task, its context, and whom it takes orders from.
async fn run<S, R>(context: deterministic::Context, oracle: Oracle, life: Life, channels: Channels<S, R>) -> Fatal
where
    S: commonware_p2p::Sender<PublicKey = PublicKey>,
    R: commonware_p2p::Receiver<PublicKey = PublicKey>,
{
    let control = oracle.control(public_key(&life.config.key));
    let node = Node {
        config: life.config,
        ledger: life.ledger,
        gossip: life.gossip,
        wake: life.wake,
        bootstrap: Vec::new(),
        prefix: life.name,
        telemetry: Telemetry::default(),
    };
    node::run(context, node, channels, control, oracle.manager(), SimulatedPeers(oracle.manager())).await
}

fn context_of(context: &deterministic::Context, life: &Life) -> deterministic::Context {
    context.child("member").with_attribute("name", life.name.clone()).with_attribute("life", life.count)
}

/// The simulated network has no addresses, and one set of peers for all.
struct SimulatedPeers(simulated::Manager<PublicKey, deterministic::Context>);

impl PeerSet for SimulatedPeers {
    fn track(&mut self, number: u64, peers: &Peers) -> Result<(), Fatal> {
        let _accepted = self.0.track(number, TrackedPeers::new(keys(&peers.committee)?, keys(&peers.followers)?));
        Ok(())
    }
}

fn keys(peers: &[Peer]) -> Result<Set<PublicKey>, Fatal> {
    let keys: Vec<PublicKey> = peers.iter().map(|peer| committees::public_key(peer.id)).collect::<Result<_, _>>()?;
    Ok(Set::from_iter_dedup(keys))
}
