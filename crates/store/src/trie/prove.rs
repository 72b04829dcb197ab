//! Proofs that a key has a value, or has none: the RLP of every node on the way to it, root first.
//! The form is that of `eth_getProof` (EIP-1186): a node shorter than a hash is part of its parent and is not listed by itself.

use super::{
    Key, Leaf, Trie,
    encode::Encoder,
    node::{Branch, Link, Reference, VALUE_SLOT},
};
use alloy_primitives::Bytes;

impl<V: Leaf> Trie<V> {
    /// The nodes on the way to `key`; where it is absent, up to the node that shows so. None for the empty trie.
    pub fn prove(&self, key: &Key) -> Vec<Bytes> {
        let mut proof = Proof { nodes: Vec::new(), encoder: Encoder::new() };
        let mut place = self.root.as_ref().map(|root| (root, 0));
        while let Some((link, depth)) = place {
            place = match link {
                Link::Leaf(leaf) => proof.leaf(&leaf.key, depth, &leaf.value),
                Link::Branch(branch) => proof.branch(branch, depth, key),
            };
        }
        proof.nodes
    }
}

struct Proof {
    nodes: Vec<Bytes>,
    encoder: Encoder,
}

/// Where the way goes on: a node and its depth.
type Next<'a, V> = Option<(&'a Link<V>, usize)>;

impl Proof {
    fn leaf<'a, V: Leaf>(&mut self, key: &Key, depth: usize, value: &V) -> Next<'a, V> {
        list(&mut self.nodes, self.encoder.leaf(key, depth, value));
        None
    }

    fn branch<'a, V: Leaf>(&mut self, branch: &'a Branch<V>, depth: usize, key: &Key) -> Next<'a, V> {
        if branch.depth() > depth && !self.extension(branch, depth, key) {
            return None;
        }
        list(&mut self.nodes, self.encoder.branch(&branch.fan()));
        let slot = key.slot(branch.depth()).filter(|slot| *slot != VALUE_SLOT)?;
        Some((branch.child(slot)?, branch.depth() + 1))
    }

    /// Tells whether the key goes along the extension.
    fn extension<V: Leaf>(&mut self, branch: &Branch<V>, depth: usize, key: &Key) -> bool {
        let child = Reference::of(self.encoder.branch(&branch.fan()));
        list(&mut self.nodes, self.encoder.extension(branch.sample(), depth, branch.depth(), &child));
        key.shared_nibbles(branch.sample()) >= branch.depth()
    }
}

/// The root is listed however short it is.
fn list(nodes: &mut Vec<Bytes>, rlp: &[u8]) {
    if rlp.len() >= 32 || nodes.is_empty() {
        nodes.push(Bytes::copy_from_slice(rlp));
    }
}
