//! Proofs against tries that alloy-trie builds: what is there is found, what is not is shown to be absent, and nothing else is taken.

use std::collections::BTreeMap;

use alloy_primitives::keccak256;
use alloy_trie::{HashBuilder, Nibbles, proof::ProofRetainer};
use proptest::prelude::*;

use super::*;

/// The root over these leaves, and alloy's proof of `target`.
fn build(leaves: &BTreeMap<Vec<u8>, Vec<u8>>, target: &[u8]) -> (B256, Vec<Bytes>) {
    let retainer = ProofRetainer::new(vec![Nibbles::unpack(target)]);
    let mut builder = HashBuilder::default().with_proof_retainer(retainer);
    for (key, value) in leaves {
        builder.add_leaf(Nibbles::unpack(key), value);
    }
    let root = builder.root();
    let nodes = builder.take_proof_nodes().into_nodes_sorted();
    // What is embedded in its parent, or under a root of nothing, is no node of its own.
    let nodes = nodes.into_iter().filter(|(path, node)| path.is_empty() || node.len() >= 32);
    (root, nodes.map(|(_, node)| node).filter(|_| root != EMPTY_ROOT_HASH).collect())
}

fn hashed(numbers: impl IntoIterator<Item = u16>) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let leaf = |number: u16| (keccak256(number.to_be_bytes()).to_vec(), alloy_rlp::encode(number));
    numbers.into_iter().map(leaf).collect()
}

#[test]
fn an_empty_trie_holds_nothing_and_needs_no_nodes() {
    assert_eq!(lookup(EMPTY_ROOT_HASH, b"key", &[]), Ok(None));
    let empty_node = Bytes::from_static(&[0x80]);
    assert_eq!(lookup(EMPTY_ROOT_HASH, b"key", &[empty_node]), Err(TrieError::Extra(1)));
}

#[test]
fn a_changed_missing_swapped_or_added_node_is_refused() {
    let leaves = hashed(0..500);
    for (key, value) in leaves.iter().take(20) {
        let (root, proof) = build(&leaves, key);
        assert_eq!(lookup(root, key, &proof), Ok(Some(value.clone())));
        for index in 0..proof.len() {
            assert_eq!(lookup(root, key, &proof[..index]), Err(TrieError::Short));
            let mut changed = proof.clone();
            changed[index] = [&[0xc0], &proof[index][1..]].concat().into();
            assert_eq!(lookup(root, key, &changed), Err(TrieError::Node(index)));
        }
        let mut swapped = proof.clone();
        swapped.swap(0, 1);
        assert_eq!(lookup(root, key, &swapped), Err(TrieError::Node(0)));
        let added = [&proof[..], &proof[..1]].concat();
        assert_eq!(lookup(root, key, &added), Err(TrieError::Extra(1)));
    }
}

#[test]
fn the_proof_of_another_key_with_the_same_prefix_proves_nothing_of_this_one() {
    let leaves: BTreeMap<_, _> =
        [[0xaa, 0x10], [0xaa, 0x11], [0xaa, 0x21]].map(|key| (key.to_vec(), vec![key[1]; 40])).into();
    let (root, proof) = build(&leaves, &[0xaa, 0x10]);
    assert_eq!(lookup(root, &[0xaa, 0x10], &proof), Ok(Some(vec![0x10; 40])));
    assert_eq!(lookup(root, &[0xaa, 0x11], &proof), Err(TrieError::Node(3)));
    assert_eq!(lookup(root, &[0xaa, 0x12], &proof), Err(TrieError::Extra(1)));
    assert_eq!(lookup(root, &[0xaa, 0x21], &proof), Err(TrieError::Node(2)));
    assert_eq!(lookup(root, &[0xaa], &proof[..2]), Ok(None));
}

#[test]
fn nodes_that_are_none_are_refused() {
    let cases: [&[u8]; 6] = [
        &[],
        &[0xc0],
        // An extension without a path that leads to itself would never end.
        &[0xc2, 0x00, 0xc0],
        // Unknown flags of a path.
        &[0xc2, 0x40, 0x01],
        // A padding nibble that is not zero.
        &[0xc2, 0x01, 0x01],
        // Three items.
        &[0xc3, 0x20, 0x01, 0x01],
    ];
    for case in cases {
        let refused = lookup(keccak256(case), b"key", &[Bytes::copy_from_slice(case)]);
        assert_eq!(refused, Err(TrieError::Malformed(0)), "{case:02x?}");
    }
}

proptest! {
    #[test]
    fn tries_of_alloy_read_as_they_were_written(
        leaves in proptest::collection::btree_map(proptest::collection::vec(0..4_u8, 2), proptest::collection::vec(1..255_u8, 1..40), 0..12),
        target in proptest::collection::vec(0..4_u8, 2),
    ) {
        let (root, proof) = build(&leaves, &target);
        prop_assert_eq!(lookup(root, &target, &proof), Ok(leaves.get(&target).cloned()));
    }
}
