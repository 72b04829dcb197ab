//! Keys of the trie: byte strings of at most 32 bytes, read as nibbles. Hashed keys fill all 32.

use alloy_primitives::B256;
use std::fmt;

/// A key of at most 32 bytes. The order is that of the byte strings, so a prefix comes before what continues it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The bytes, then zeros: equal bytes and a greater length can only be a continuation.
    bytes: [u8; 32],
    len: u8,
}

impl Key {
    /// The key of these bytes; `None` when there are more than 32.
    pub fn new(key: &[u8]) -> Option<Self> {
        let len = u8::try_from(key.len()).ok()?;
        let mut bytes = [0; 32];
        bytes.get_mut(..key.len())?.copy_from_slice(key);
        Some(Self { bytes, len })
    }

    /// The bytes of the key.
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    /// The key as a hash; a shorter key is followed by zeros.
    pub fn word(&self) -> B256 {
        B256::new(self.bytes)
    }

    pub(super) fn nibble_count(&self) -> usize {
        usize::from(self.len) * 2
    }

    pub(super) fn nibble(&self, at: usize) -> u8 {
        let byte = self.bytes[at / 2];
        if at.is_multiple_of(2) { byte >> 4 } else { byte & 0x0f }
    }

    /// How many leading nibbles two keys share.
    pub(super) fn shared_nibbles(&self, other: &Self) -> usize {
        let shorter = self.nibble_count().min(other.nibble_count());
        let Some(at) = self.bytes.iter().zip(&other.bytes).position(|(a, b)| a != b) else { return shorter };
        let high_nibble_is_equal = self.bytes[at] >> 4 == other.bytes[at] >> 4;
        (at * 2 + usize::from(high_nibble_is_equal)).min(shorter)
    }

    /// The slot of a branch at `depth` that this key goes to; `None` when the key ends before `depth`.
    pub(super) fn slot(&self, depth: usize) -> Option<usize> {
        match self.nibble_count() {
            count if count < depth => None,
            count if count == depth => Some(super::node::VALUE_SLOT),
            _ => Some(usize::from(self.nibble(depth)) + 1),
        }
    }
}

impl From<B256> for Key {
    fn from(hash: B256) -> Self {
        Self { bytes: hash.0, len: 32 }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&alloy_primitives::hex::encode(self.as_slice()))
    }
}
