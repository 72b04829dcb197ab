//! What the engine and its network show of themselves, in words of ours: who is connected, what goes to and comes from whom, where
//! the epoch stands. The library counts; here its page of metrics is read and named anew, so that no name of it leaves this folder.

#![expect(
    clippy::disallowed_types,
    reason = "the runtime's clock, virtual in the simulator; no block time comes from it"
)]

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use primitives::NodeId;

use crate::Peers;

/// The engine's figures at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// The epoch whose engine runs.
    pub epoch: u64,
    /// Its view.
    pub view: u64,
    /// Epochs that this node opened as the first leader since it started; only these are timed.
    pub switches: u64,
    /// How long all those switches took: from the moment when the last block of an epoch was durable here until the next epoch's
    /// engine asked for a block.
    pub switching: Duration,
    /// Syncs of the engine's own files, of votes and of blocks that are not final; the ledger's are not among them.
    pub syncs: u64,
    /// Bytes that came and went on connections with peers, all together, as they are on the wire.
    pub bytes: Traffic,
    /// Everyone this node may talk to, itself left out, in the order of their keys.
    pub peers: Vec<PeerFigures>,
}

/// One peer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeerFigures {
    /// Its key.
    pub id: NodeId,
    /// Whether there is a connection now.
    pub connected: bool,
    /// Messages since this node started, by channel.
    pub messages: Vec<(&'static str, Traffic)>,
    /// The view of its newest vote in this epoch; `None` where it has no vote.
    pub newest_vote: Option<u64>,
    /// Views of this epoch that it led and that this node gave up waiting for.
    pub missed_turns: u64,
}

/// Out and in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// To peers.
    pub sent: u64,
    /// From peers.
    pub received: u64,
}

/// The channels of the network, by number.
const CHANNELS: [&str; 6] = ["votes", "certificates", "requests", "blocks", "missing", "transactions"];

/// Writes the library's page of metrics.
type Page = Box<dyn Fn() -> String + Send>;

/// What the node notes for its figures; cloning shares it.
#[derive(Clone, Default)]
pub(super) struct Telemetry(Arc<Mutex<Notes>>);

#[derive(Default)]
struct Notes {
    page: Option<Page>,
    peers: Vec<NodeId>,
    epoch: u64,
    /// The epoch that ended last, and when its last block was durable.
    ended: Option<(u64, SystemTime)>,
    switches: u64,
    switching: Duration,
}

impl std::fmt::Debug for Telemetry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Telemetry").finish_non_exhaustive()
    }
}

impl Telemetry {
    /// Where the library's page comes from, for as long as its runtime runs.
    pub(super) fn read_from(&self, page: Option<Page>) {
        self.lock().page = page;
    }

    pub(super) fn follow_peers(&self, me: NodeId, peers: &Peers) {
        let mut ids: Vec<NodeId> = peers.committee.iter().chain(&peers.followers).map(|peer| peer.id).collect();
        ids.retain(|id| *id != me);
        ids.sort_unstable();
        ids.dedup();
        self.lock().peers = ids;
    }

    pub(super) fn entered(&self, epoch: u64) {
        self.lock().epoch = epoch;
    }

    /// The last block of an epoch is durable.
    pub(super) fn ended(&self, epoch: u64, now: SystemTime) {
        self.lock().ended = Some((epoch, now));
    }

    /// The engine of an epoch asks this node for a block. Only the first turn of an epoch says how long the switch took: before any
    /// other the node waited for somebody else's block.
    pub(super) fn asked(&self, epoch: u64, view: u64, now: SystemTime) {
        let mut notes = self.lock();
        let Some((ended, at)) = notes.ended.take_if(|(ended, _)| *ended < epoch) else { return };
        if ended + 1 == epoch && view == 1 {
            notes.switches += 1;
            notes.switching += now.duration_since(at).unwrap_or_default();
        }
    }

    pub(super) fn figures(&self) -> Figures {
        let notes = self.lock();
        let page = notes.page.as_ref().map(|page| page()).unwrap_or_default();
        let mut peers: BTreeMap<NodeId, PeerFigures> =
            notes.peers.iter().map(|id| (*id, PeerFigures { id: *id, ..PeerFigures::default() })).collect();
        let mut figures =
            Figures { epoch: notes.epoch, switches: notes.switches, switching: notes.switching, ..Figures::default() };
        page.lines().filter_map(Sample::read).for_each(|sample| sample.add_to(&mut figures, &mut peers));
        figures.peers = peers.into_values().collect();
        figures
    }

    fn lock(&self) -> MutexGuard<'_, Notes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One line of the library's page.
struct Sample<'a> {
    name: &'a str,
    labels: &'a str,
    value: u64,
}

impl<'a> Sample<'a> {
    /// `None` for comments, and for what is no whole number: nothing here is.
    fn read(line: &'a str) -> Option<Self> {
        let (key, value) = line.rsplit_once(' ')?;
        let (name, labels) = key.strip_suffix('}').and_then(|key| key.split_once('{')).unwrap_or((key, ""));
        Some(Self { name, labels, value: value.parse().ok()? })
    }

    /// No value of a label that is read here holds a comma or a quote.
    fn label(&self, wanted: &str) -> Option<&'a str> {
        let mut labels = self.labels.split(',').filter_map(|label| label.split_once('='));
        labels.find(|(name, _)| *name == wanted).map(|(_, value)| value.trim_matches('"'))
    }

    fn node(&self, label: &str) -> Option<NodeId> {
        self.label(label)?.parse().ok()
    }

    fn channel(&self) -> Option<&'static str> {
        let number: usize = self.label("message")?.strip_prefix("data_")?.parse().ok()?;
        CHANNELS.get(number).copied()
    }

    /// The engine of the epoch before may still be there.
    fn is_of(&self, epoch: u64) -> bool {
        self.label("epoch").and_then(|epoch| epoch.parse().ok()) == Some(epoch)
    }

    fn add_to(&self, figures: &mut Figures, peers: &mut BTreeMap<NodeId, PeerFigures>) {
        let of_epoch = self.is_of(figures.epoch);
        match self.name {
            "runtime_inbound_bandwidth_total" => figures.bytes.received = self.value,
            "runtime_storage_syncs_total" => figures.syncs = self.value,
            "runtime_outbound_bandwidth_total" => figures.bytes.sent = self.value,
            "node_simplex_voter_state_current_view" if of_epoch => figures.view = self.value,
            "node_simplex_voter_state_timeouts_total" if of_epoch => {
                if let Some(peer) = self.node("leader").and_then(|id| peers.get_mut(&id)) {
                    peer.missed_turns += self.value;
                }
            }
            _ => {
                if let Some(peer) = self.node("peer").and_then(|id| peers.get_mut(&id)) {
                    self.add_to_peer(peer, of_epoch);
                }
            }
        }
    }

    fn add_to_peer(&self, peer: &mut PeerFigures, of_epoch: bool) {
        match self.name {
            // Since when, and nothing where there is no connection.
            "network_tracker_directory_connected" => peer.connected = self.value > 0,
            "network_spawner_messages_sent_total" => self.count(peer, |traffic| &mut traffic.sent),
            "network_spawner_messages_received_total" => self.count(peer, |traffic| &mut traffic.received),
            "node_simplex_batcher_latest_vote" if of_epoch => peer.newest_vote = Some(self.value),
            _ => (),
        }
    }

    fn count(&self, peer: &mut PeerFigures, direction: impl Fn(&mut Traffic) -> &mut u64) {
        let Some(channel) = self.channel() else { return };
        let known = peer.messages.iter().position(|(name, _)| *name == channel);
        let index = known.unwrap_or_else(|| {
            peer.messages.push((channel, Traffic::default()));
            peer.messages.len() - 1
        });
        *direction(&mut peer.messages[index].1) += self.value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peers(ids: &[u8]) -> Peers {
        let peer = |byte: &u8| crate::Peer { id: NodeId::repeat_byte(*byte), host: "localhost".into(), port: 1 };
        Peers { committee: ids.iter().map(peer).collect(), followers: vec![] }
    }

    fn figures(page: &'static str) -> Figures {
        let telemetry = Telemetry::default();
        telemetry.follow_peers(NodeId::repeat_byte(1), &peers(&[1, 2, 3]));
        telemetry.entered(7);
        telemetry.read_from(Some(Box::new(move || page.into())));
        telemetry.figures()
    }

    #[test]
    fn every_peer_is_listed_connected_or_not_and_strangers_are_not() {
        let figures = figures(
            "# TYPE network_tracker_directory_connected gauge\n\
             network_tracker_directory_connected{peer=\"0202020202020202020202020202020202020202020202020202020202020202\"} 1764000000000\n\
             network_tracker_directory_connected{peer=\"0909090909090909090909090909090909090909090909090909090909090909\"} 1764000000000\n",
        );
        let connected: Vec<_> = figures.peers.iter().map(|peer| (peer.id[0], peer.connected)).collect();
        assert_eq!(connected, [(2, true), (3, false)]);
    }

    #[test]
    fn messages_are_counted_by_channel_and_votes_by_epoch() {
        let figures = figures(
            "network_spawner_messages_sent_total{peer=\"0303030303030303030303030303030303030303030303030303030303030303\",message=\"data_0\"} 5\n\
             network_spawner_messages_received_total{peer=\"0303030303030303030303030303030303030303030303030303030303030303\",message=\"data_0\"} 4\n\
             network_spawner_messages_sent_total{peer=\"0303030303030303030303030303030303030303030303030303030303030303\",message=\"ping\"} 9\n\
             node_simplex_batcher_latest_vote{epoch=\"6\",peer=\"0303030303030303030303030303030303030303030303030303030303030303\"} 99\n\
             node_simplex_batcher_latest_vote{epoch=\"7\",peer=\"0303030303030303030303030303030303030303030303030303030303030303\"} 12\n\
             node_simplex_voter_state_current_view{epoch=\"7\"} 13\n",
        );
        assert_eq!(figures.view, 13);
        assert_eq!(figures.peers[1].messages, [("votes", Traffic { sent: 5, received: 4 })]);
        assert_eq!(figures.peers[1].newest_vote, Some(12));
        assert_eq!(figures.peers[0].newest_vote, None);
    }

    #[test]
    fn missed_turns_are_a_peers_in_this_epoch_for_whatever_reason() {
        let figures = figures(
            "node_simplex_voter_state_timeouts_total{epoch=\"7\",leader=\"0303030303030303030303030303030303030303030303030303030303030303\",reason=\"LeaderTimeout\"} 2\n\
             node_simplex_voter_state_timeouts_total{epoch=\"7\",leader=\"0303030303030303030303030303030303030303030303030303030303030303\",reason=\"MissingProposal\"} 1\n\
             node_simplex_voter_state_timeouts_total{epoch=\"6\",leader=\"0303030303030303030303030303030303030303030303030303030303030303\",reason=\"LeaderTimeout\"} 40\n\
             node_simplex_voter_state_timeouts_total{epoch=\"7\",leader=\"0101010101010101010101010101010101010101010101010101010101010101\",reason=\"LeaderTimeout\"} 5\n\
             node_simplex_voter_state_timeouts_total{epoch=\"7\",leader=\"0909090909090909090909090909090909090909090909090909090909090909\",reason=\"Inactivity\"} 6\n",
        );
        let missed: Vec<_> = figures.peers.iter().map(|peer| (peer.id[0], peer.missed_turns)).collect();
        assert_eq!(missed, [(2, 0), (3, 3)]);
    }

    #[test]
    fn a_switch_is_timed_by_the_first_leader_only() {
        let (telemetry, start) = (Telemetry::default(), SystemTime::UNIX_EPOCH);
        let at = |ms| start + Duration::from_millis(ms);
        telemetry.ended(0, at(100));
        telemetry.asked(0, 64, at(101));
        telemetry.asked(1, 1, at(103));
        telemetry.asked(1, 5, at(200));
        telemetry.ended(1, at(300));
        telemetry.asked(2, 2, at(340));
        let figures = telemetry.figures();
        assert_eq!((figures.switches, figures.switching), (1, Duration::from_millis(3)));
    }
}
