//! Ethereum's Merkle-Patricia trie (Yellow Paper, appendix D) as a value that never changes.
//!
//! ```text
//! sorted changes -> commit -> new nodes on the changed paths, everything else shared with the trie before
//!                             (commit)    (node, encode: layout and RLP)
//! key -> prove -> the nodes on the way to it      (prove)
//! flat entries in key order -> TrieBuilder        (build)
//! ```
//!
//! A trie is a pointer to its root: cloning it is free, threads may read it while others commit on top of it, and what no
//! trie points to any more is freed. Every node keeps its reference, so a root is known as soon as the trie stands.
//! Used by `state`, once for the accounts and once per contract with storage. Deliberately absent: disk, locks, interior mutation.

mod build;
mod check;
mod commit;
mod encode;
mod key;
mod node;
pub(crate) mod parallel;
mod prove;
#[cfg(test)]
mod tests;
mod walk;

use alloy_primitives::{B256, Bytes, U256};
use alloy_trie::EMPTY_ROOT_HASH;
pub use build::{OutOfOrder, TrieBuilder};
#[doc(hidden)]
pub use check::check_operations;
pub use commit::Change;
pub use key::Key;
use node::Link;
use std::fmt;
pub use walk::Iter;

/// What a leaf holds.
pub trait Leaf: Clone + PartialEq + Send + Sync {
    /// Writes the value as it stands in the leaf's node; never nothing, which is how absence is said.
    fn encode(&self, out: &mut Vec<u8>);
}

/// A trie. Its contents are fixed; `commit` gives another one.
pub struct Trie<V> {
    root: Option<Link<V>>,
}

impl<V: Leaf> Trie<V> {
    /// The root hash.
    pub fn root(&self) -> B256 {
        self.root.as_ref().map_or(EMPTY_ROOT_HASH, |root| root.reference().root())
    }
}

impl<V> Trie<V> {
    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.root.is_none()
    }

    /// The value under a key.
    pub fn get(&self, key: &Key) -> Option<&V> {
        let mut link = self.root.as_ref()?;
        while let Link::Branch(branch) = link {
            link = branch.child(key.slot(branch.depth())?)?;
        }
        match link {
            Link::Leaf(leaf) if leaf.key == *key => Some(&leaf.value),
            _ => None,
        }
    }
}

/// A storage slot: the RLP of the number, so without leading zeros.
impl Leaf for U256 {
    fn encode(&self, out: &mut Vec<u8>) {
        alloy_rlp::Encodable::encode(self, out);
    }
}

/// Plain bytes, as they are.
impl Leaf for Bytes {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }
}

impl<V> Clone for Trie<V> {
    fn clone(&self) -> Self {
        Self { root: self.root.clone() }
    }
}

impl<V> Default for Trie<V> {
    fn default() -> Self {
        Self { root: None }
    }
}

impl<V: Leaf> PartialEq for Trie<V> {
    /// Equal roots are equal contents.
    fn eq(&self, other: &Self) -> bool {
        self.root() == other.root()
    }
}

impl<V: Leaf> fmt::Debug for Trie<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Trie").field(&self.root()).finish()
    }
}
