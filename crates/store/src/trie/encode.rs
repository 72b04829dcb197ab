//! RLP of the trie's nodes (Yellow Paper, appendices B to D), written into buffers that one commit reuses for all its nodes.

use super::{
    Key, Leaf,
    node::{Fan, Reference, VALUE_SLOT},
};
use alloy_rlp::{EMPTY_LIST_CODE, EMPTY_STRING_CODE};

/// Room for the longest RLP header; a header is written backward from here once its payload stands.
const HEADER_ROOM: usize = 9;
/// A full branch of hashes takes 532 bytes.
const BUFFER_BYTES: usize = 640;

/// Writes nodes one at a time.
pub(super) struct Encoder {
    node: Vec<u8>,
    value: Vec<u8>,
}

impl Encoder {
    pub(super) fn new() -> Self {
        Self { node: Vec::with_capacity(BUFFER_BYTES), value: Vec::with_capacity(BUFFER_BYTES) }
    }

    pub(super) fn leaf_reference<V: Leaf>(&mut self, key: &Key, depth: usize, value: &V) -> Reference {
        Reference::of(self.leaf(key, depth, value))
    }

    /// The reference of a branch at `divides_at`, behind an extension where its parent leaves nibbles between.
    pub(super) fn branch_reference<V: Leaf>(&mut self, fan: &Fan<'_, V>, depth: usize, divides_at: usize) -> Reference {
        let reference = Reference::of(self.branch(fan));
        if depth == divides_at {
            return reference;
        }
        let sample = fan.iter().flatten().next().expect("a branch has children").sample();
        Reference::of(self.extension(sample, depth, divides_at, &reference))
    }

    pub(super) fn leaf<V: Leaf>(&mut self, key: &Key, depth: usize, value: &V) -> &[u8] {
        self.start();
        self.path(key, depth, key.nibble_count(), LEAF_FLAG);
        self.value(value);
        self.finish()
    }

    pub(super) fn extension(&mut self, key: &Key, depth: usize, end: usize, child: &Reference) -> &[u8] {
        self.start();
        self.path(key, depth, end, EXTENSION_FLAG);
        child.write(&mut self.node);
        self.finish()
    }

    pub(super) fn branch<V: Leaf>(&mut self, fan: &Fan<'_, V>) -> &[u8] {
        self.start();
        for link in &fan[VALUE_SLOT + 1..] {
            match link {
                Some(link) => link.reference().write(&mut self.node),
                None => self.node.push(EMPTY_STRING_CODE),
            }
        }
        match fan[VALUE_SLOT] {
            Some(super::node::Link::Leaf(leaf)) => self.value(&leaf.value),
            _ => self.node.push(EMPTY_STRING_CODE),
        }
        self.finish()
    }

    /// Nibbles `from..end` of a key in hex-prefix form (appendix C), as an RLP string.
    fn path(&mut self, key: &Key, from: usize, end: usize, flag: u8) {
        let odd = (end - from) % 2;
        let first = if odd == 1 { flag | ODD_FLAG | key.nibble(from) } else { flag };
        string_header(&mut self.node, 1 + (end - from) / 2, first);
        self.node.push(first);
        let from = from + odd;
        if from.is_multiple_of(2) {
            self.node.extend_from_slice(&key.as_slice()[from / 2..end / 2]);
        } else {
            self.node.extend((from..end).step_by(2).map(|at| key.nibble(at) << 4 | key.nibble(at + 1)));
        }
    }

    fn value<V: Leaf>(&mut self, value: &V) {
        self.value.clear();
        value.encode(&mut self.value);
        string_header(&mut self.node, self.value.len(), self.value.first().copied().unwrap_or_default());
        self.node.extend_from_slice(&self.value);
    }

    fn start(&mut self) {
        self.node.clear();
        self.node.resize(HEADER_ROOM, 0);
    }

    /// Puts the list header right before the payload.
    fn finish(&mut self) -> &[u8] {
        let payload = self.node.len() - HEADER_ROOM;
        let (header, len) = header(EMPTY_LIST_CODE, payload);
        let start = HEADER_ROOM - len;
        self.node[start..HEADER_ROOM].copy_from_slice(&header[..len]);
        &self.node[start..]
    }
}

const EXTENSION_FLAG: u8 = 0x00;
const LEAF_FLAG: u8 = 0x20;
const ODD_FLAG: u8 = 0x10;

/// The header of a string of `len` bytes; a single byte below 0x80 is its own encoding and has none.
fn string_header(out: &mut Vec<u8>, len: usize, first: u8) {
    if len == 1 && first < EMPTY_STRING_CODE {
        return;
    }
    let (header, header_len) = header(EMPTY_STRING_CODE, len);
    out.extend_from_slice(&header[..header_len]);
}

/// RLP header bytes and how many of them count: short form below 56 bytes, else the length's length and the length.
fn header(code: u8, len: usize) -> ([u8; HEADER_ROOM], usize) {
    let mut header = [0; HEADER_ROOM];
    if let Ok(short) = u8::try_from(len)
        && short < 56
    {
        header[0] = code + short;
        return (header, 1);
    }
    let length = (len as u64).to_be_bytes();
    let length = &length[len.leading_zeros() as usize / 8..];
    header[0] = code + 55 + u8::try_from(length.len()).expect("a length has at most eight bytes");
    header[1..=length.len()].copy_from_slice(length);
    (header, 1 + length.len())
}
