//! Merkle-Patricia proofs, read strictly: what a trie holds under a key, from its root and the nodes on the way.
//!
//! Stricter than libraries are: every node given must be on the way to the key, so that no byte of a proof is without effect,
//! and a node that its parent embeds must not be given again. Rules: Yellow Paper appendix D, EIP-1186.

use alloy_primitives::{B256, Bytes, keccak256};
use alloy_rlp::{Header, PayloadView};
use alloy_trie::EMPTY_ROOT_HASH;

/// Why nodes prove nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrieError {
    /// A node is not the one that its parent (or the root) names by hash.
    #[error("node {0} of the proof is not the one on the way")]
    Node(usize),
    /// A node is not a branch, extension or leaf.
    #[error("node {0} of the proof is malformed")]
    Malformed(usize),
    /// The way goes on where the nodes end.
    #[error("the proof ends before the key is found or shown to be absent")]
    Short,
    /// Nodes that are not on the way.
    #[error("the proof has {0} nodes that are not on the way")]
    Extra(usize),
}

/// What the trie with this root holds under `key`; `None` if the proof shows that there is nothing.
pub fn lookup(root: B256, key: &[u8], proof: &[Bytes]) -> Result<Option<Vec<u8>>, TrieError> {
    let mut walk = Walk { path: nibbles(key), proof, used: 0 };
    let found = if root == EMPTY_ROOT_HASH { None } else { walk.follow(root)? };
    match proof.len() - walk.used {
        0 => Ok(found),
        extra => Err(TrieError::Extra(extra)),
    }
}

struct Walk<'a> {
    /// What is left of the key, one nibble a byte.
    path: Vec<u8>,
    proof: &'a [Bytes],
    used: usize,
}

/// A place below a node: nothing, a node by hash, or a node embedded in its parent.
enum Link<'a> {
    Nothing,
    Hash(B256),
    Embedded(&'a [u8]),
}

/// Where a node leads for the key that is looked for.
enum Step<'a> {
    Found(&'a [u8]),
    Absent,
    Down(Link<'a>),
}

impl<'a> Walk<'a> {
    fn follow(&mut self, root: B256) -> Result<Option<Vec<u8>>, TrieError> {
        let mut link = Link::Hash(root);
        loop {
            let node = match link {
                Link::Nothing => return Ok(None),
                Link::Hash(hash) => self.next_node(hash)?,
                Link::Embedded(node) => node,
            };
            match self.step(node).ok_or_else(|| TrieError::Malformed(self.used.saturating_sub(1)))? {
                Step::Found(value) => return Ok(Some(value.to_vec())),
                Step::Absent => return Ok(None),
                Step::Down(next) => link = next,
            }
        }
    }

    fn next_node(&mut self, hash: B256) -> Result<&'a [u8], TrieError> {
        let node = self.proof.get(self.used).ok_or(TrieError::Short)?;
        if keccak256(node) != hash {
            return Err(TrieError::Node(self.used));
        }
        self.used += 1;
        Ok(node)
    }

    fn step(&mut self, node: &'a [u8]) -> Option<Step<'a>> {
        match list(node)?.as_slice() {
            [path, rest] => self.step_short(string(path)?, rest),
            branch if branch.len() == BRANCH_ITEMS => self.step_branch(branch),
            _ => None,
        }
    }

    /// A leaf or an extension.
    fn step_short(&mut self, encoded_path: &[u8], rest: &'a [u8]) -> Option<Step<'a>> {
        let (path, is_leaf) = decode_path(encoded_path)?;
        if is_leaf {
            return Some(if path == self.path { Step::Found(string(rest)?) } else { Step::Absent });
        }
        let Some(left) = self.path.strip_prefix(path.as_slice()).map(<[u8]>::to_vec) else { return Some(Step::Absent) };
        self.path = left;
        // An extension without a path would let an embedded node hold itself for ever.
        if path.is_empty() { None } else { link(rest).map(Step::Down) }
    }

    fn step_branch(&mut self, items: &[&'a [u8]]) -> Option<Step<'a>> {
        if self.path.is_empty() {
            let value = string(items[BRANCH_ITEMS - 1])?;
            return Some(if value.is_empty() { Step::Absent } else { Step::Found(value) });
        }
        let child = items[usize::from(self.path.remove(0))];
        link(child).map(Step::Down)
    }
}

const BRANCH_ITEMS: usize = 17;

fn nibbles(key: &[u8]) -> Vec<u8> {
    key.iter().flat_map(|byte| [byte >> 4, byte & 0x0f]).collect()
}

/// Hex-prefix: the first nibble says whether the path is odd (1) and whether it ends in a leaf (2).
fn decode_path(encoded: &[u8]) -> Option<(Vec<u8>, bool)> {
    let nibbles = nibbles(encoded);
    let (flags, path) = nibbles.split_first()?;
    let path = match flags & 1 {
        1 => path,
        _ => path.strip_prefix(&[0])?,
    };
    (*flags < 4).then(|| (path.to_vec(), flags & 2 != 0))
}

fn link(item: &[u8]) -> Option<Link<'_>> {
    if item.first()? >= &alloy_rlp::EMPTY_LIST_CODE {
        return Some(Link::Embedded(item));
    }
    match string(item)? {
        [] => Some(Link::Nothing),
        hash => B256::try_from(hash).ok().map(Link::Hash),
    }
}

/// The raw items of an RLP list that fills `bytes`.
fn list(bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let mut rest = bytes;
    match Header::decode_raw(&mut rest).ok()? {
        PayloadView::List(items) if rest.is_empty() => Some(items),
        _ => None,
    }
}

/// The payload of an RLP string that fills `bytes`.
fn string(bytes: &[u8]) -> Option<&[u8]> {
    let mut rest = bytes;
    let payload = Header::decode_bytes(&mut rest, false).ok()?;
    rest.is_empty().then_some(payload)
}

#[cfg(test)]
mod tests;
