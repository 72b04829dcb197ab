//! Whom the network is told of: the ledger's peers and, for a node that knows nobody or is behind, the configured ones. Used by `node`.

use std::time::Duration;

use primitives::NodeId;

use super::node::Node;
use crate::{Fatal, Ledger, Peer, Peers};

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
/// that it knows elsewhere. Never one that it knows as revoked.
pub(super) fn peers(node: &Node) -> Result<Peers, Fatal> {
    let peers = node.ledger.peers()?;
    let me = node.config.key.id();
    let knows_others = peers.committee.iter().chain(&peers.followers).any(|peer| peer.id != me);
    if knows_others && !is_behind(&*node.ledger, OLD_TIP)? {
        return Ok(peers);
    }
    with_configured(peers, &node.bootstrap, |id| node.ledger.is_revoked(id))
}

/// Configured peers count where the ledger knows them elsewhere. The network connects to those of the committee and waits for the others.
fn with_configured(
    mut peers: Peers,
    configured: &[Peer],
    is_revoked: impl Fn(NodeId) -> Result<bool, Fatal>,
) -> Result<Peers, Fatal> {
    for peer in configured {
        if is_revoked(peer.id)? {
            continue;
        }
        peers.followers.retain(|known| known.id != peer.id);
        match peers.committee.iter_mut().find(|known| known.id == peer.id) {
            Some(known) => *known = peer.clone(),
            None => peers.committee.push(peer.clone()),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(id: u8, host: &str) -> Peer {
        Peer { id: NodeId::repeat_byte(id), host: host.into(), port: 1 }
    }

    #[test]
    fn configured_peers_are_added_unless_revoked_and_count_where_the_ledger_knows_them_elsewhere() {
        let known = Peers { committee: vec![peer(1, "a"), peer(2, "b")], followers: vec![peer(3, "c")] };
        let configured = [peer(2, "moved"), peer(3, "moved"), peer(4, "new"), peer(5, "revoked")];
        let is_revoked = |id| Ok(id == NodeId::repeat_byte(5));
        let peers = with_configured(known, &configured, is_revoked).unwrap();
        assert_eq!(peers.committee, [peer(1, "a"), peer(2, "moved"), peer(3, "moved"), peer(4, "new")]);
        assert!(peers.followers.is_empty());
    }
}
