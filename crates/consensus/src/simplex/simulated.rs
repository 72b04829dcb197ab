//! The same node on commonware's deterministic runtime and simulated network: virtual time, seeded disorder, links that can be cut,
//! power that can fail. For tests and for the simulator; the network and the runtime are the caller's.

use std::sync::Arc;

use commonware_cryptography::ed25519::PublicKey;
use commonware_p2p::{
    Manager as _, TrackedPeers,
    simulated::{self, Oracle},
};
use commonware_runtime::{Handle, Spawner as _, Supervisor as _, deterministic};
use commonware_utils::ordered::Set;

use super::{
    Config, committees,
    network::{QUOTAS, largest_message},
    node::{self, Channels, Node, PeerSet},
    telemetry::Telemetry,
};
use crate::{Fatal, Gossip, Ledger, NodeKey, Peer, Peers, Wake};

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
pub async fn start(
    context: &deterministic::Context,
    oracle: &Oracle<PublicKey, deterministic::Context>,
    life: Life,
) -> Handle<Fatal> {
    let control = oracle.control(public_key(&life.config.key));
    let mut register = Vec::with_capacity(QUOTAS.len());
    for (channel, quota) in (0..).zip(QUOTAS) {
        register.push(control.register(channel, quota).await.expect("the network runs as long as its nodes"));
    }
    let mut register = register.into_iter();
    let mut next = || register.next().expect("each was registered");
    let channels = Channels {
        votes: next(),
        certificates: next(),
        requests: next(),
        blocks: next(),
        missing: next(),
        transactions: next(),
    };
    let (peers, manager) = (SimulatedPeers(oracle.manager()), oracle.manager());
    let node = Node {
        config: life.config,
        ledger: life.ledger,
        gossip: life.gossip,
        wake: life.wake,
        bootstrap: Vec::new(),
        prefix: life.name.clone(),
        telemetry: Telemetry::default(),
    };
    let context = context.child("member").with_attribute("name", life.name).with_attribute("life", life.count);
    context.spawn(move |context| node::run(context, node, channels, control, manager, peers))
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
