//! Whom the network is told of: the ledger's peers and, for a node that knows nobody or is behind, the configured ones. Used by `node`.

use std::time::Duration;

use super::node::Node;
use crate::{Fatal, Ledger, Peers};

/// A tip older than this by the local clock means: ask the bootstrap peers too.
const OLD_TIP: Duration = Duration::from_secs(30);

/// Tells the network whom to talk to. Numbers of sets rise.
pub(super) trait PeerSet: Send + 'static {
    fn track(&mut self, number: u64, peers: &Peers) -> Result<(), Fatal>;
}

/// The peers that the network was told, so that it is told again only when they change.
pub(super) struct Tracked<P> {
    network: P,
    told: Option<Peers>,
    number: u64,
}

impl<P: PeerSet> Tracked<P> {
    pub(super) const fn new(network: P) -> Self {
        Self { network, told: None, number: 0 }
    }

    pub(super) fn follow(&mut self, node: &Node) -> Result<(), Fatal> {
        let peers = peers(node)?;
        if self.told.as_ref() != Some(&peers) {
            self.number = (self.number + 1).max(node.ledger.tip().number + 1);
            self.network.track(self.number, &peers)?;
            node.telemetry.follow_peers(node.config.key.id(), &peers);
            self.told = Some(peers);
        }
        Ok(())
    }
}

/// The ledger's peers. While it names nobody else, or the tip is old, the configured ones too: those that it does not name, and those
/// that it knows elsewhere.
pub(super) fn peers(node: &Node) -> Result<Peers, Fatal> {
    let mut peers = node.ledger.peers()?;
    let me = node.config.key.id();
    let knows_others = peers.committee.iter().chain(&peers.followers).any(|peer| peer.id != me);
    if knows_others && !is_behind(&*node.ledger, OLD_TIP)? {
        return Ok(peers);
    }
    for configured in &node.bootstrap {
        // The network connects to those of the committee and waits for the others.
        peers.followers.retain(|peer| peer.id != configured.id);
        match peers.committee.iter_mut().find(|peer| peer.id == configured.id) {
            Some(peer) => *peer = configured.clone(),
            None => peers.committee.push(configured.clone()),
        }
    }
    Ok(peers)
}

/// Whether the tip is older than this by the local clock. A node that has only genesis knows nothing, however young that is.
pub(super) fn is_behind(ledger: &dyn Ledger, age: Duration) -> Result<bool, Fatal> {
    let age_ms = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
    let tip = ledger.block(ledger.tip().number)?.filter(|tip| tip.block.number() > 0);
    Ok(tip.is_none_or(|tip| tip.block.time().0.saturating_add(age_ms) < ledger.now().0))
}
