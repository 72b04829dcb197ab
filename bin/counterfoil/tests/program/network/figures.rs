//! What a node counts of each of its peers, as `GET /metrics` shows it.

use super::*;

const CHANNELS: [&str; 6] = ["votes", "certificates", "requests", "blocks", "missing", "transactions"];

/// Until a node shows messages of every channel to and from members of its committee, votes among them, and how far their votes are.
pub(super) fn wait_for_all(node: &Running, members: &[String]) {
    for (member, channel) in members.iter().flat_map(|member| CHANNELS.map(|channel| (member, channel))) {
        let least = u64::from(channel == "votes");
        for name in ["counterfoil_peer_messages_sent_total", "counterfoil_peer_messages_received_total"] {
            let labels = format!("{},channel=\"{channel}\"", label(member));
            wait_for(&format!("{name}{{{labels}}}"), || figure(node, name, &labels) >= Some(least));
        }
    }
    for member in members {
        let name = "counterfoil_peer_vote_view";
        wait_for(&format!("{name} of {member}"), || figure(node, name, &label(member)) > Some(0));
        assert!(missed_turns(node, member).is_some(), "{member}");
    }
}

/// Turns of this epoch that a member led and a node gave up waiting for.
pub(super) fn missed_turns(node: &Running, member: &str) -> Option<u64> {
    figure(node, "counterfoil_peer_missed_turns", &label(member))
}

fn label(member: &str) -> String {
    format!("peer=\"0x{member}\"")
}

/// `None` if there is no such line.
fn figure(node: &Running, name: &str, labels: &str) -> Option<u64> {
    let (status, page) = node.get("/metrics");
    assert_eq!(status, 200);
    let start = format!("{name}{{{labels}}} ");
    page.lines().find_map(|line| line.strip_prefix(start.as_str())?.parse().ok())
}
