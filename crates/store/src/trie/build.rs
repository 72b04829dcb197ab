//! Builds a trie from entries that come in key order, many at a time, so that a million need no second copy in memory.

use super::{Change, Key, Leaf, Trie};

/// Entries taken in before they become nodes: enough to keep every thread busy, small beside the trie itself.
const BATCH: usize = 32_768;

/// Takes entries in strictly rising order of key.
pub struct TrieBuilder<V> {
    trie: Trie<V>,
    batch: Vec<Change<V>>,
    last: Option<Key>,
}

/// A key that does not come after the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("key {0:?} is out of order")]
pub struct OutOfOrder(pub Key);

impl<V> Default for TrieBuilder<V> {
    fn default() -> Self {
        Self { trie: Trie::default(), batch: Vec::new(), last: None }
    }
}

impl<V: Leaf> TrieBuilder<V> {
    /// Adds the next entry.
    pub fn push(&mut self, key: Key, value: V) -> Result<(), OutOfOrder> {
        if self.last.is_some_and(|last| last >= key) {
            return Err(OutOfOrder(key));
        }
        self.last = Some(key);
        self.batch.push((key, Some(value)));
        if self.batch.len() == BATCH {
            self.plant();
        }
        Ok(())
    }

    /// The trie of all entries given.
    pub fn finish(mut self) -> Trie<V> {
        self.plant();
        self.trie
    }

    fn plant(&mut self) {
        self.trie = self.trie.commit(&self.batch);
        self.batch.clear();
    }
}
