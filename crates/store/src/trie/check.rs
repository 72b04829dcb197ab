//! Reads bytes as operations on a trie and compares every step with `alloy-trie`. For the fuzz target `trie_operations`,
//! whose corpus the tests replay; nothing in the ledger calls it.
//!
//! Operations are one byte (by its remainder of five) and what it needs:
//!
//! ```text
//! 0 position nibble length fill   write, before the next commit, a value of 1 to 40 bytes
//! 1 position nibble               delete, before the next commit
//! 2                               commit what was written and deleted, compare
//! 3 position nibble               the base key becomes this key
//! 4 which                         go on from an earlier trie
//! ```
//!
//! A key is the base key with one nibble replaced: keys share up to 63 nibbles.

use super::{Change, Key, Trie};
use alloy_primitives::{B256, Bytes};
use alloy_trie::{HashBuilder, Nibbles, proof::verify_proof};
use std::collections::{BTreeMap, VecDeque};

/// Earlier tries kept to go back to; each must still be what it was at the end.
const VERSIONS: usize = 8;

type Entries = BTreeMap<B256, Bytes>;

/// # Panics
///
/// When the trie disagrees with the oracle.
pub fn check_operations(data: &[u8]) {
    let mut run = Run::default();
    let mut data = data.iter().copied();
    while run.step(&mut data).is_some() {}
    run.commit();
    run.versions.iter().for_each(|version| version.check());
}

#[derive(Default)]
struct Run {
    base: B256,
    now: Version,
    versions: VecDeque<Version>,
    pending: BTreeMap<B256, Option<Bytes>>,
}

#[derive(Clone, Default)]
struct Version {
    trie: Trie<Bytes>,
    entries: Entries,
}

impl Run {
    /// `None` at the end of the data.
    fn step(&mut self, data: &mut impl Iterator<Item = u8>) -> Option<()> {
        match data.next()? % 5 {
            0 => _ = self.pending.insert(self.key(data)?, Some(value(data)?)),
            1 => _ = self.pending.insert(self.key(data)?, None),
            2 => self.commit(),
            3 => self.base = self.key(data)?,
            _ => self.go_back(data.next()?),
        }
        Some(())
    }

    fn key(&self, data: &mut impl Iterator<Item = u8>) -> Option<B256> {
        let (position, nibble) = (data.next()? % 64, data.next()? % 16);
        let byte = usize::from(position / 2);
        let mut key = self.base;
        key[byte] = if position % 2 == 0 { key[byte] & 0x0f | nibble << 4 } else { key[byte] & 0xf0 | nibble };
        Some(key)
    }

    fn commit(&mut self) {
        let changes = std::mem::take(&mut self.pending);
        let before = self.now.clone();
        self.now.apply(&changes);
        self.now.check();
        changes.keys().for_each(|key| self.now.check_proof(key));
        if self.versions.len() == VERSIONS {
            self.versions.pop_front();
        }
        self.versions.push_back(before);
    }

    fn go_back(&mut self, which: u8) {
        if let Some(version) = self.versions.get(usize::from(which) % VERSIONS) {
            self.now = version.clone();
        }
    }
}

impl Version {
    fn apply(&mut self, changes: &BTreeMap<B256, Option<Bytes>>) {
        for (key, value) in changes {
            match value {
                Some(value) => _ = self.entries.insert(*key, value.clone()),
                None => _ = self.entries.remove(key),
            }
        }
        let changes: Vec<Change<Bytes>> = changes.iter().map(|(key, value)| ((*key).into(), value.clone())).collect();
        self.trie = self.trie.commit(&changes);
    }

    fn check(&self) {
        assert_eq!(self.trie.root(), oracle_root(&self.entries));
        assert!(self.trie.iter().map(|(key, value)| (key.word(), value)).eq(self.entries.iter().map(|(k, v)| (*k, v))));
    }

    fn check_proof(&self, key: &B256) {
        let value = self.entries.get(key);
        let proof = self.trie.prove(&Key::from(*key));
        assert_eq!(self.trie.get(&Key::from(*key)), value);
        verify_proof(self.trie.root(), Nibbles::unpack(key), value.map(|value| value.to_vec()), &proof)
            .expect("the proof holds under the root");
    }
}

fn value(data: &mut impl Iterator<Item = u8>) -> Option<Bytes> {
    let (length, fill) = (usize::from(data.next()? % 40) + 1, data.next()?);
    Some(vec![fill; length].into())
}

fn oracle_root(entries: &Entries) -> B256 {
    let mut builder = HashBuilder::default();
    entries.iter().for_each(|(key, value)| builder.add_leaf(Nibbles::unpack(key), value));
    builder.root()
}
