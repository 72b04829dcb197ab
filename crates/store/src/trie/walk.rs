//! All entries of a trie, in key order.

use super::{Key, Trie, node::Link};
use std::slice;

/// Goes through a trie in key order. It holds one place per branch on the way down: at most 64.
pub struct Iter<'a, V> {
    open: Vec<slice::Iter<'a, Link<V>>>,
}

impl<V> Trie<V> {
    /// All entries in rising order of key.
    pub fn iter(&self) -> Iter<'_, V> {
        Iter { open: self.root.as_ref().map(slice::from_ref).map(<[_]>::iter).into_iter().collect() }
    }
}

impl<'a, V> IntoIterator for &'a Trie<V> {
    type Item = (&'a Key, &'a V);
    type IntoIter = Iter<'a, V>;

    fn into_iter(self) -> Iter<'a, V> {
        self.iter()
    }
}

impl<'a, V> Iterator for Iter<'a, V> {
    type Item = (&'a Key, &'a V);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.open.last_mut()?.next() {
                None => _ = self.open.pop(),
                Some(Link::Leaf(leaf)) => return Some((&leaf.key, &leaf.value)),
                Some(Link::Branch(branch)) => self.open.push(branch.in_order()),
            }
        }
    }
}
