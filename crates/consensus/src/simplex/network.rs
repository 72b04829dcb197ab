//! The network over TCP: commonware's authenticated peer-to-peer network, told whom to talk to by the ledger. Every connection is
//! encrypted and proves both node keys; a key that is not among the ledger's peers is refused, and cut off when it stops being one.

use std::{net::SocketAddr, num::NonZeroU32, time::Duration};

use commonware_consensus::{
    marshal::{self, standard::Standard},
    simplex::{self, scheme::ed25519::Scheme},
};
use commonware_cryptography::{
    ChaCha20Poly1305,
    ed25519::{PrivateKey, PublicKey},
};
use commonware_p2p::{
    Address, AddressableManager, AddressableTrackedPeers, Ingress,
    authenticated::lookup::{self, Network, Oracle, Receiver, Sender},
    max_message_size,
    utils::mux::prefixed,
};
use commonware_runtime::{Quota, tokio as runtime};
use commonware_stream::{
    cups::{self, Cups},
    sake::{self, Sake},
};
use commonware_utils::{Hostname, NZU32, NZUsize, ordered::Map};
use primitives::finality::signing_namespace;

use super::{
    Config, Place,
    block::{Digest, Opaque, Reading},
    committees::{private_key, public_key},
    gossip,
    node::{Channels, MAILBOX},
    tracked::PeerSet,
};
use crate::{Fatal, Peer, Peers};

/// Most members and followers of one network; sizes of messages are reckoned with it.
pub(super) const MAX_PEERS: u32 = 256;
const NAMESPACE_SUFFIX: &[u8] = b"_P2P";
/// Messages of one peer on one channel in a second.
const MESSAGES_PER_SECOND: NonZeroU32 = NZU32!(4096);
/// How many of them at once. The library sets a place aside for each of them, for every peer that there may be.
const MESSAGES_AT_ONCE: NonZeroU32 = NZU32!(64);
/// How far the clocks of two nodes may be apart for a connection.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(5);
const MAX_HANDSHAKE_AGE: Duration = Duration::from_secs(10);
/// A peer that sent what no correct node sends is not talked to for this long.
const BLOCKED: Duration = Duration::from_secs(600);

type Handshake = Cups<Sake<PrivateKey>, ChaCha20Poly1305>;
pub(super) type TcpChannels = Channels<Sender<PublicKey, runtime::Context>, Receiver<PublicKey>>;

/// Registers the channels and starts to listen. The first peers are tracked before: the network looks for somebody to dial when it starts
/// and, if there is nobody, not again for a while.
pub(super) fn open(
    context: runtime::Context,
    config: &Config,
    place: &Place,
    (number, peers): (u64, &Peers),
) -> Result<(TcpChannels, Oracle<PublicKey>), Fatal> {
    let (mut network, mut oracle) = Network::new(context, settings(config, place));
    PeerSet::track(&mut oracle, number, peers)?;
    let mut register = |channel: u8| network.register(channel.into(), QUOTAS[usize::from(channel)]);
    let channels = Channels {
        votes: register(0),
        certificates: register(1),
        requests: register(2),
        blocks: register(3),
        missing: register(4),
        transactions: register(5),
    };
    network.start();
    Ok((channels, oracle))
}

/// What one peer may send, by channel.
pub(super) const QUOTAS: [Quota; 6] = {
    let usual = Quota::per_second(MESSAGES_PER_SECOND).allow_burst(MESSAGES_AT_ONCE);
    let told = Quota::per_second(gossip::MESSAGES_PER_SECOND).allow_burst(gossip::MESSAGES_AT_ONCE);
    [usual, usual, usual, usual, usual, told]
};

fn settings(config: &Config, place: &Place) -> lookup::Config<Handshake> {
    let handshake = Cups::new(
        Sake {
            signer: private_key(&config.key),
            synchrony_bound: CLOCK_TOLERANCE,
            max_handshake_age: MAX_HANDSHAKE_AGE,
            version: sake::Version::V1,
        },
        cups::Version::V1,
    );
    let namespace = [&signing_namespace(config.genesis_hash), NAMESPACE_SUFFIX].concat();
    let make = if place.local { lookup::Config::local } else { lookup::Config::recommended };
    let size = largest_message(config.max_block_bytes);
    let peers = NZUsize!(MAX_PEERS as usize);
    lookup::Config {
        tracked_peer_sets: NZUsize!(1),
        block_duration: BLOCKED,
        // Both sides prove their keys, and a name's connections may come from any address.
        bypass_ip_check: true,
        ..make(handshake, &namespace, place.listen, peers, size, MAILBOX)
    }
}

/// The largest message of any channel: nodes that disagree on it cut each other off.
pub(super) fn largest_message(max_block_bytes: usize) -> u32 {
    let reading = Reading::new(max_block_bytes);
    let blocks = marshal::max_payload_size::<Standard<Opaque>, Scheme>(MAX_PEERS, &reading);
    let votes = prefixed(simplex::max_payload_size::<Scheme, Digest>(MAX_PEERS));
    max_message_size(&[blocks, votes, gossip::MAX_MESSAGE_BYTES])
}

impl PeerSet for Oracle<PublicKey> {
    fn track(&mut self, number: u64, peers: &Peers) -> Result<(), Fatal> {
        let tracked = AddressableTrackedPeers::new(addresses(&peers.committee)?, addresses(&peers.followers)?);
        let _accepted = AddressableManager::track(self, number, tracked);
        Ok(())
    }
}

/// A peer whose address cannot be read is left out: it can still be reached through others.
fn addresses(peers: &[Peer]) -> Result<Map<PublicKey, Address>, Fatal> {
    let mut known = Vec::with_capacity(peers.len());
    for peer in peers {
        match address(peer) {
            Some(address) => known.push((public_key(peer.id)?, address)),
            None => tracing::warn!(peer = %peer.id, host = peer.host, "address of a peer cannot be read"),
        }
    }
    Ok(Map::from_iter_dedup(known))
}

fn address(peer: &Peer) -> Option<Address> {
    if let Ok(ip) = peer.host.parse() {
        return Some(Address::Symmetric(SocketAddr::new(ip, peer.port)));
    }
    let host = Hostname::new(peer.host.clone()).ok()?;
    // Nobody compares it.
    let egress = SocketAddr::from(([0, 0, 0, 0], 0));
    Some(Address::Asymmetric { ingress: Ingress::Dns { host, port: peer.port }, egress })
}
