//! The nodes of the trie. A node never changes once it stands: a commit makes new ones beside it.
//!
//! An extension has no node of its own: a branch knows the depth at which it divides, and where that is deeper than its place
//! under its parent, the nibbles between are an extension. Leaves keep their whole key, so the nibbles are read from any leaf
//! below, and a leaf that moves up or down keeps its key as it is.

use super::{Key, Leaf, encode::Encoder};
use alloy_primitives::{B256, keccak256};
use std::sync::Arc;

/// Slots of a branch: one for the value of the key that ends there, then one for each nibble. In key order.
pub(super) const SLOTS: usize = 17;
/// The slot of the key that ends at the branch.
pub(super) const VALUE_SLOT: usize = 0;

/// A node as its parent holds it.
pub(super) enum Link<V> {
    Leaf(Arc<LeafNode<V>>),
    Branch(Arc<Branch<V>>),
}

pub(super) struct LeafNode<V> {
    /// Reference at the leaf's place; meaningless in the value slot, where the value stands bare.
    pub(super) reference: Reference,
    pub(super) key: Key,
    pub(super) value: V,
}

/// A branch with its children in one allocation.
pub(super) type Branch<V> = BranchNode<[Link<V>]>;

pub(super) struct BranchNode<Children: ?Sized> {
    /// Reference at the branch's place: of the extension, where there is one.
    reference: Reference,
    depth: u8,
    /// Bit n is set when slot n has a child.
    slots: u32,
    /// The children, in slot order, without gaps.
    children: Children,
}

/// What stands for a node in its parent: its hash, or its RLP when that is shorter than a hash (Yellow Paper, appendix D).
#[derive(Clone, Copy)]
pub(super) struct Reference {
    bytes: [u8; 32],
    inline: bool,
}

/// The children a branch is about to have.
pub(super) type Children<'a, V> = [Option<Child<'a, V>>; SLOTS];

/// The children of a branch, to look at.
pub(super) type Fan<'a, V> = [Option<&'a Link<V>>; SLOTS];

/// A child of the branch before, or one made in this commit.
pub(super) enum Child<'a, V> {
    Kept(&'a Link<V>),
    New(Link<V>),
}

impl<V> Clone for Link<V> {
    fn clone(&self) -> Self {
        match self {
            Self::Leaf(leaf) => Self::Leaf(Arc::clone(leaf)),
            Self::Branch(branch) => Self::Branch(Arc::clone(branch)),
        }
    }
}

impl<V> Link<V> {
    pub(super) fn reference(&self) -> &Reference {
        match self {
            Self::Leaf(leaf) => &leaf.reference,
            Self::Branch(branch) => &branch.reference,
        }
    }

    /// The key of one leaf below: it shows the nibbles that all leaves below share.
    pub(super) fn sample(&self) -> &Key {
        match self {
            Self::Leaf(leaf) => &leaf.key,
            Self::Branch(branch) => branch.sample(),
        }
    }
}

impl<V: Leaf> Link<V> {
    /// A leaf under a parent that divides at `depth - 1`.
    pub(super) fn leaf(key: Key, value: V, depth: usize, encoder: &mut Encoder) -> Self {
        let stands_bare = key.nibble_count() < depth;
        let reference = if stands_bare { Reference::NONE } else { encoder.leaf_reference(&key, depth, &value) };
        Self::Leaf(Arc::new(LeafNode { reference, key, value }))
    }

    /// A branch that divides at `divides_at`, under a parent that divides at `depth - 1`. It has at least two children.
    pub(super) fn branch(children: Children<'_, V>, divides_at: usize, depth: usize, encoder: &mut Encoder) -> Self {
        let fan = children.each_ref().map(|child| child.as_ref().map(Child::link));
        let reference = encoder.branch_reference(&fan, depth, divides_at);
        let slots = (0..SLOTS).filter(|slot| fan[*slot].is_some()).fold(0, |slots, slot| slots | 1 << slot);
        let depth = u8::try_from(divides_at).expect("a key has at most 64 nibbles");
        Self::Branch(allocate(reference, depth, slots, children.into_iter().flatten().map(Child::into_link)))
    }

    /// The same node under a parent that divides at `depth - 1`: the path above it, hence its reference, is another.
    pub(super) fn moved(&self, depth: usize, encoder: &mut Encoder) -> Self {
        match self {
            Self::Leaf(leaf) => Self::leaf(leaf.key, leaf.value.clone(), depth, encoder),
            Self::Branch(branch) => Self::branch(branch.children(), branch.depth(), depth, encoder),
        }
    }
}

impl<V> Branch<V> {
    /// The nibble at which the keys below part.
    pub(super) fn depth(&self) -> usize {
        usize::from(self.depth)
    }

    pub(super) fn sample(&self) -> &Key {
        self.children[0].sample()
    }

    pub(super) fn child(&self, slot: usize) -> Option<&Link<V>> {
        let below = self.slots & ((1 << slot) - 1);
        let taken = self.slots >> slot & 1 == 1;
        taken.then(|| &self.children[below.count_ones() as usize])
    }

    pub(super) fn in_order(&self) -> std::slice::Iter<'_, Link<V>> {
        self.children.iter()
    }

    pub(super) fn fan(&self) -> Fan<'_, V> {
        let mut children = self.children.iter();
        std::array::from_fn(|slot| if self.slots >> slot & 1 == 1 { children.next() } else { None })
    }

    pub(super) fn children(&self) -> Children<'_, V> {
        self.fan().map(|link| link.map(Child::Kept))
    }
}

impl<V> Child<'_, V> {
    pub(super) fn link(&self) -> &Link<V> {
        match self {
            Self::Kept(link) => link,
            Self::New(link) => link,
        }
    }

    fn into_link(self) -> Link<V> {
        match self {
            Self::Kept(link) => link.clone(),
            Self::New(link) => link,
        }
    }
}

impl Reference {
    const NONE: Self = Self { bytes: [0; 32], inline: false };

    pub(super) fn of(rlp: &[u8]) -> Self {
        if rlp.len() >= 32 {
            return Self { bytes: keccak256(rlp).0, inline: false };
        }
        let mut bytes = [0; 32];
        bytes[..rlp.len()].copy_from_slice(rlp);
        Self { bytes, inline: true }
    }

    /// The reference as it stands in a parent's RLP.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        if self.inline {
            return out.extend_from_slice(self.inline_rlp());
        }
        out.push(alloy_rlp::EMPTY_STRING_CODE + 32);
        out.extend_from_slice(&self.bytes);
    }

    /// The reference as a root: always a hash.
    pub(super) fn root(&self) -> B256 {
        if self.inline { keccak256(self.inline_rlp()) } else { B256::new(self.bytes) }
    }

    /// An inline node is a list of less than 31 bytes: its first byte tells its length.
    fn inline_rlp(&self) -> &[u8] {
        let payload = usize::from(self.bytes[0] - alloy_rlp::EMPTY_LIST_CODE);
        &self.bytes[..=payload]
    }
}

/// A branch of just the children it has. The array's length becomes part of the pointer, so the node needs no vector.
fn allocate<V>(reference: Reference, depth: u8, slots: u32, links: impl Iterator<Item = Link<V>>) -> Arc<Branch<V>> {
    macro_rules! sized {
        ($($count:literal)*) => {
            match slots.count_ones() {
                $($count => Arc::new(BranchNode { reference, depth, slots, children: array::<V, $count>(links) }),)*
                _ => unreachable!("a branch has 2 to 17 children"),
            }
        };
    }
    sized!(2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17)
}

fn array<V, const COUNT: usize>(mut links: impl Iterator<Item = Link<V>>) -> [Link<V>; COUNT] {
    std::array::from_fn(|_| links.next().expect("as many links as taken slots"))
}
