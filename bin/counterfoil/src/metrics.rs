//! The node's own lines of `GET /metrics`: head, pool, documents, and in a network the engine and every peer. Called by the doors,
//! through `node`. Peers are labelled with their whole key, as `counterfoil_members` and certificates name them.

use chain::Chain;
use consensus::simplex::{Figures, PeerFigures, Traffic};
use gateway::MetricsText;

/// Writes all of it; `engine` is that of a network.
pub(crate) fn write(chain: &Chain, engine: Option<&Figures>, text: &mut MetricsText) {
    let head = chain.head();
    let (pool_transactions, pool_bytes) = chain.pool().size();
    text.gauge("counterfoil_head_number", "Height of the last durable block.", head.number());
    text.gauge(
        "counterfoil_head_timestamp_seconds",
        "Time of the last durable block.",
        head.latest().block.header().timestamp,
    );
    text.gauge("counterfoil_pool_transactions", "Transactions that wait in the pool.", pool_transactions);
    text.gauge("counterfoil_pool_bytes", "Bytes of the transactions that wait in the pool.", pool_bytes);
    let (documents_bytes, _) = chain.documents().size();
    text.gauge("counterfoil_documents_bytes", "Bytes that documents take, in whole blocks of 4 KiB.", documents_bytes);
    if let Some(figures) = engine {
        write_engine(figures, text);
        write_peers(&figures.peers, text);
    }
}

fn write_engine(figures: &Figures, text: &mut MetricsText) {
    text.gauge("counterfoil_engine_epoch", "Epoch that is being decided.", figures.epoch);
    text.gauge("counterfoil_engine_view", "View of the epoch: a turn to propose.", figures.view);
    text.counter("counterfoil_engine_syncs_total", "Syncs of the engine's own files: votes and blocks.", figures.syncs);
    let switches = "counterfoil_epoch_switch_seconds";
    text.family(
        switches,
        "summary",
        "From an epoch's last block to the next one's first proposal, where this node makes it.",
    );
    text.sample(&format!("{switches}_sum"), &[], format_args!("{:.6}", figures.switching.as_secs_f64()));
    text.sample(&format!("{switches}_count"), &[], figures.switches);
    text.counter("counterfoil_network_sent_bytes_total", "Bytes to peers, as on the wire.", figures.bytes.sent);
    text.counter(
        "counterfoil_network_received_bytes_total",
        "Bytes from peers, as on the wire.",
        figures.bytes.received,
    );
}

fn write_peers(peers: &[PeerFigures], text: &mut MetricsText) {
    let label = |peer: &PeerFigures| peer.id.to_string();
    text.family("counterfoil_peer_connected", "gauge", "1 while there is a connection.");
    for peer in peers {
        text.sample("counterfoil_peer_connected", &[("peer", &label(peer))], u8::from(peer.connected));
    }
    write_messages(peers, text, "counterfoil_peer_messages_sent_total", "Messages to a peer.", |it| it.sent);
    write_messages(peers, text, "counterfoil_peer_messages_received_total", "Messages from a peer.", |it| it.received);
    text.family("counterfoil_peer_vote_view", "gauge", "View of a member's newest vote of this epoch.");
    for (peer, view) in peers.iter().filter_map(|peer| Some((peer, peer.newest_vote?))) {
        text.sample("counterfoil_peer_vote_view", &[("peer", &label(peer))], view);
    }
    text.family("counterfoil_peer_missed_turns", "gauge", "Views of this epoch that a member led and missed.");
    for peer in peers {
        text.sample("counterfoil_peer_missed_turns", &[("peer", &label(peer))], peer.missed_turns);
    }
}

fn write_messages(
    peers: &[PeerFigures],
    text: &mut MetricsText,
    name: &str,
    help: &str,
    direction: impl Fn(&Traffic) -> u64,
) {
    text.family(name, "counter", help);
    for peer in peers {
        let id = peer.id.to_string();
        for (channel, traffic) in &peer.messages {
            text.sample(name, &[("peer", &id), ("channel", channel)], direction(traffic));
        }
    }
}
