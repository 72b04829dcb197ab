//! Who is further: what a node that is behind has heard of later epochs. Kept by `node`, which asks those peers for the end of each
//! epoch in turn.

use std::collections::BTreeMap;

use commonware_cryptography::ed25519::PublicKey;

use super::network::MAX_PEERS;

/// Peers that spoke of later epochs, and of which: a node that is behind by several asks them for the end of each as soon as it
/// begins it, and need not wait for their next word.
#[derive(Default)]
pub(super) struct Ahead(BTreeMap<PublicKey, u64>);

impl Ahead {
    /// A peer spoke of an epoch; only it is asked now.
    pub(super) fn heard(&mut self, theirs: u64, from: PublicKey) -> (u64, Vec<PublicKey>) {
        if self.0.len() < MAX_PEERS as usize || self.0.contains_key(&from) {
            self.0.insert(from.clone(), theirs);
        }
        (theirs, vec![from])
    }

    /// Everyone who is beyond `epoch`; who is not is forgotten.
    pub(super) fn of(&mut self, epoch: u64) -> (u64, Vec<PublicKey>) {
        self.0.retain(|_, theirs| *theirs > epoch);
        (self.0.values().copied().max().unwrap_or(epoch), self.0.keys().cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{NodeKey, simplex::committees::private_key};

    fn peer(byte: u8) -> PublicKey {
        commonware_cryptography::Signer::public_key(&private_key(&NodeKey::from_seed([byte; 32])))
    }

    #[test]
    fn whoever_is_beyond_is_asked_until_this_node_is_there() {
        let mut ahead = Ahead::default();
        assert_eq!(ahead.of(0), (0, vec![]));
        assert_eq!(ahead.heard(5, peer(1)), (5, vec![peer(1)]));
        ahead.heard(3, peer(2));
        assert_eq!(ahead.of(2).1.len(), 2);
        assert_eq!(ahead.of(3), (5, vec![peer(1)]));
        assert_eq!(ahead.of(5), (5, vec![]));
    }
}
