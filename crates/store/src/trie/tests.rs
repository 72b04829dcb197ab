//! The trie against two oracles: `alloy-trie`, and a direct transcription of the Yellow Paper for keys of unequal length.

use super::*;
use alloy_primitives::keccak256;
use alloy_trie::{HashBuilder, Nibbles, proof::verify_proof};
use node::{Branch, LeafNode};
use proptest::{collection::vec, prelude::*, sample::select};
use std::collections::{BTreeMap, BTreeSet};

type Entries = BTreeMap<Key, Bytes>;

/// One list of changes, in any order.
type Batch = Vec<(Key, Option<Bytes>)>;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn roots_entries_and_proofs_equal_the_oracles_after_every_batch(batches in vec(batch(close_key(), 24), 1..8)) {
        let mut story = Story::default();
        for batch in batches {
            story.commit(batch);
            story.check(alloy_root);
            story.check_proofs();
        }
        story.delete_everything();
    }

    #[test]
    fn keys_that_continue_each_other_give_the_yellow_papers_root(batches in vec(batch(nested_key(), 12), 1..8)) {
        let mut story = Story::default();
        for batch in batches {
            story.commit(batch);
            story.check(yellow_paper_root);
        }
        story.delete_everything();
    }

    #[test]
    fn long_lists_worked_in_parallel_give_the_same_root(
        first in vec(any::<([u8; 32], u64)>(), 300..1500),
        drops in any::<u8>(),
    ) {
        let mut story = Story::default();
        let key = |bytes: &[u8; 32]| Key::from(B256::new(*bytes));
        story.commit(first.iter().map(|(bytes, value)| (key(bytes), Some(number(*value)))).collect());
        story.check(alloy_root);
        let second = |(bytes, value): &([u8; 32], u64)| (key(bytes), (bytes[0] > drops).then(|| number(value / 2)));
        story.commit(first.iter().map(second).collect());
        story.check(alloy_root);
    }

    #[test]
    fn arbitrary_bytes_are_operations_on_which_trie_and_oracle_agree(data in vec(any::<u8>(), 0..600)) {
        check_operations(&data);
    }
}

/// Every trie of a run with what it must hold: earlier ones are checked again at the end.
#[derive(Default)]
struct Story {
    tries: Vec<(Trie<Bytes>, Entries)>,
}

impl Story {
    fn now(&self) -> (Trie<Bytes>, Entries) {
        self.tries.last().cloned().unwrap_or_default()
    }

    fn commit(&mut self, batch: Batch) {
        let changes: BTreeMap<_, _> = batch.into_iter().collect();
        let (trie, mut entries) = self.now();
        for (key, value) in &changes {
            match value {
                Some(value) => _ = entries.insert(*key, value.clone()),
                None => _ = entries.remove(key),
            }
        }
        self.tries.push((trie.commit(&changes.into_iter().collect::<Vec<_>>()), entries));
    }

    fn check(&self, oracle: fn(&Entries) -> B256) {
        let (trie, entries) = self.now();
        assert_eq!(trie.root(), oracle(&entries));
        assert!(trie.iter().eq(entries.iter()));
        assert!(entries.iter().all(|(key, value)| trie.get(key) == Some(value)));
        assert_eq!(trie.is_empty(), entries.is_empty());
        assert_eq!(build(&entries).root(), trie.root());
    }

    /// Proves all keys of the run (absent by now or not) and keys one nibble beside them.
    fn check_proofs(&self) {
        let (trie, entries) = self.now();
        let keys: BTreeSet<_> = self.tries.iter().flat_map(|(_, entries)| entries.keys().copied()).collect();
        for key in keys.iter().copied().chain(keys.iter().flat_map(|key| [63, 40, 5, 0].map(|at| beside(key, at)))) {
            check_proof(&trie, &key, entries.get(&key));
        }
    }

    fn delete_everything(mut self) {
        let (_, entries) = self.now();
        let keys: Vec<_> = entries.into_keys().collect();
        let (first, second) = keys.split_at(keys.len() / 2);
        self.commit(first.iter().map(|key| (*key, None)).collect());
        self.commit(second.iter().map(|key| (*key, None)).collect());
        assert_eq!(self.now().0.root(), EMPTY_ROOT_HASH);
        self.tries.iter().for_each(|(trie, entries)| assert_eq!(trie.root(), yellow_paper_root(entries)));
    }
}

fn check_proof(trie: &Trie<Bytes>, key: &Key, value: Option<&Bytes>) {
    let proof = trie.prove(key);
    let value = value.map(|value| value.to_vec());
    verify_proof(trie.root(), Nibbles::unpack(key.as_slice()), value, &proof).expect("the proof holds");
    assert!(proof.iter().skip(1).all(|node| node.len() >= 32), "short nodes are not listed");
}

fn build(entries: &Entries) -> Trie<Bytes> {
    let mut builder = TrieBuilder::default();
    entries.iter().for_each(|(key, value)| builder.push(*key, value.clone()).expect("in order"));
    builder.finish()
}

fn alloy_root(entries: &Entries) -> B256 {
    let mut builder = HashBuilder::default();
    entries.iter().for_each(|(key, value)| builder.add_leaf(Nibbles::unpack(key.as_slice()), value));
    builder.root()
}

/// Appendix D, equations for c and n, without a thought for speed.
fn yellow_paper_root(entries: &Entries) -> B256 {
    let entries: Vec<_> = entries.iter().map(|(key, value)| (nibbles(key), value.clone())).collect();
    if entries.is_empty() { EMPTY_ROOT_HASH } else { keccak256(structure(&entries, 0)) }
}

fn structure(entries: &[(Vec<u8>, Bytes)], depth: usize) -> Vec<u8> {
    if let [(key, value)] = entries {
        return rlp_list(&[rlp_string(&hex_prefix(&key[depth..], 2)), rlp_string(value)]);
    }
    let (first, last) = (&entries[0].0, &entries[entries.len() - 1].0);
    let shared = first.iter().zip(last).take_while(|(a, b)| a == b).count();
    if shared > depth {
        return rlp_list(&[rlp_string(&hex_prefix(&first[depth..shared], 0)), capped(entries, shared)]);
    }
    let below = |nibble| entries.iter().filter(|(key, _)| key.get(depth) == Some(&nibble)).cloned().collect::<Vec<_>>();
    let mut items: Vec<_> = (0..16).map(|nibble| capped(&below(nibble), depth + 1)).collect();
    let ends_here = entries.iter().find(|(key, _)| key.len() == depth);
    items.push(rlp_string(ends_here.map_or(&[][..], |(_, value)| value)));
    rlp_list(&items)
}

fn capped(entries: &[(Vec<u8>, Bytes)], depth: usize) -> Vec<u8> {
    if entries.is_empty() {
        return rlp_string(&[]);
    }
    let node = structure(entries, depth);
    if node.len() < 32 { node } else { rlp_string(keccak256(node).as_slice()) }
}

fn hex_prefix(nibbles: &[u8], flag: u8) -> Vec<u8> {
    let odd = nibbles.len() % 2;
    let mut all = if odd == 1 { vec![flag + 1] } else { vec![flag, 0] };
    all.extend(nibbles);
    all.chunks(2).map(|pair| pair[0] * 16 + pair[1]).collect()
}

fn rlp_string(bytes: &[u8]) -> Vec<u8> {
    alloy_rlp::encode(bytes)
}

fn rlp_list(items: &[Vec<u8>]) -> Vec<u8> {
    let payload = items.concat();
    let mut out = Vec::new();
    alloy_rlp::Header { list: true, payload_length: payload.len() }.encode(&mut out);
    [out, payload].concat()
}

fn nibbles(key: &Key) -> Vec<u8> {
    (0..key.nibble_count()).map(|at| key.nibble(at)).collect()
}

/// 32-byte keys that share much: one of two stems, with a few nibbles replaced anywhere.
fn close_key() -> impl Strategy<Value = Key> {
    let replaced = vec((0..64usize, 0..3u8), 0..4);
    (select(vec![0x00u8, 0x11]), replaced).prop_map(|(stem, replaced)| {
        let stem = Key::from(B256::repeat_byte(stem));
        replaced.into_iter().fold(stem, |key, (at, nibble)| with_nibble(&key, at, nibble))
    })
}

/// Keys of 0 to 4 bytes out of few letters: many are prefixes of others.
fn nested_key() -> impl Strategy<Value = Key> {
    vec(select(vec![0x00u8, 0x01, 0x10, 0xff]), 0..5).prop_map(|bytes| Key::new(&bytes).expect("short"))
}

fn batch(key: impl Strategy<Value = Key>, most: usize) -> impl Strategy<Value = Batch> {
    vec((key, prop_oneof![3 => some_value().prop_map(Some), 2 => Just(None)]), 0..most)
}

/// Single bytes on both sides of 0x80, short values that stand inline, and long ones.
fn some_value() -> impl Strategy<Value = Bytes> {
    prop_oneof![vec(any::<u8>(), 1), vec(any::<u8>(), 2..31), vec(any::<u8>(), 31..80), vec(any::<u8>(), 250..300)]
        .prop_map(Bytes::from)
}

fn with_nibble(key: &Key, at: usize, nibble: u8) -> Key {
    let mut bytes = key.word();
    bytes[at / 2] =
        if at.is_multiple_of(2) { bytes[at / 2] & 0x0f | nibble << 4 } else { bytes[at / 2] & 0xf0 | nibble };
    bytes.into()
}

fn beside(key: &Key, at: usize) -> Key {
    with_nibble(key, at, (key.nibble(at) + 7) % 16)
}

fn number(value: u64) -> Bytes {
    alloy_rlp::encode(value).into()
}

fn key(text: &str) -> Key {
    Key::new(text.as_bytes()).expect("short")
}

fn trie(texts: &[&str]) -> Trie<Bytes> {
    build(&texts.iter().map(|text| (key(text), Bytes::from(text.repeat(9).into_bytes()))).collect())
}

#[test]
fn a_deletion_leaves_the_trie_that_never_had_the_key() {
    for (before, deleted, after) in [
        (&["a"][..], "a", &[][..]),
        (&["a", "b"], "b", &["a"]),
        (&["do", "dog"], "do", &["dog"]),
        (&["do", "dog"], "dog", &["do"]),
        (&["do", "dog", "doge"], "dog", &["do", "doge"]),
        (&["aaaa", "aaab", "ab"], "ab", &["aaaa", "aaab"]),
        (&["aaaa", "aaab", "ab"], "aaaa", &["aaab", "ab"]),
        (&["aaaa", "aaab", "z"], "z", &["aaaa", "aaab"]),
        (&["aaaa", "aaab", "aaba"], "aaba", &["aaaa", "aaab"]),
        (&["a", "b"], "c", &["a", "b"]),
        (&["aaaa", "aaab"], "b", &["aaaa", "aaab"]),
    ] {
        assert_eq!(trie(before).commit(&[(key(deleted), None)]).root(), trie(after).root(), "{before:?} - {deleted}");
    }
}

#[test]
fn an_insertion_gives_the_trie_that_always_had_the_key() {
    for (before, added, after) in [
        (&[][..], "a", &["a"][..]),
        (&["a"], "b", &["a", "b"]),
        (&["dog"], "do", &["do", "dog"]),
        (&["aaaa", "aaab"], "b", &["aaaa", "aaab", "b"]),
        (&["aaaa", "aaab"], "aa", &["aa", "aaaa", "aaab"]),
        (&["aaaa", "aaab"], "aaa", &["aaa", "aaaa", "aaab"]),
        (&["aaaa", "aaab"], "", &["", "aaaa", "aaab"]),
    ] {
        let value = Bytes::from(added.repeat(9).into_bytes());
        assert_eq!(
            trie(before).commit(&[(key(added), Some(value))]).root(),
            trie(after).root(),
            "{before:?} + {added}"
        );
    }
}

#[test]
fn one_commit_may_empty_a_branch_and_fill_its_place() {
    let before = trie(&["aaaa", "aaab"]);
    let changes =
        [(key("aaaa"), None), (key("aaab"), None), (key("ab"), Some(Bytes::from("ab".repeat(9).into_bytes())))];
    assert_eq!(before.commit(&changes).root(), trie(&["ab"]).root());
}

#[test]
fn the_empty_trie_has_the_known_root_and_an_empty_proof() {
    let empty = Trie::<U256>::default();
    assert_eq!(empty.root(), EMPTY_ROOT_HASH);
    assert!(empty.prove(&key("a")).is_empty());
    assert_eq!(empty.commit(&[(key("a"), None)]).root(), EMPTY_ROOT_HASH);
}

#[test]
fn a_slot_is_the_rlp_of_its_number() {
    let keys = [1u8, 2, 3, 200].map(|byte| (B256::repeat_byte(byte), U256::from(byte) << (byte / 2)));
    let trie = Trie::default().commit(&keys.map(|(key, value)| (key.into(), Some(value))));
    assert_eq!(trie.root(), alloy_trie::root::storage_root(keys));
}

#[test]
fn a_commit_that_changes_nothing_makes_no_node() {
    let before = hashed(1000);
    let mut changes = vec![(hashed_key(3), Some(U256::from(3))), (hashed_key(5000), None)];
    changes.sort();
    assert!(nodes(&before.commit(&changes)).is_subset(&nodes(&before)));
}

#[test]
fn a_commit_copies_each_node_on_the_way_once_and_shares_the_rest() {
    let before = hashed(1000);
    let after = before.commit(&[(hashed_key(3), Some(U256::from(77)))]);
    let made = nodes(&after).difference(&nodes(&before)).count();
    let way = after.prove(&hashed_key(3)).len();
    assert_eq!(made, way);
}

#[test]
fn a_trie_outlives_the_one_it_was_made_from() {
    let before = hashed(1000);
    let after = before.commit(&[(hashed_key(3), None)]);
    let root = after.root();
    drop(before);
    assert_eq!(after.root(), root);
    assert_eq!(after.iter().count(), 999);
}

#[test]
fn the_builder_refuses_keys_that_do_not_rise() {
    let mut builder = TrieBuilder::default();
    builder.push(key("b"), U256::ONE).expect("the first");
    for late in ["b", "a", ""] {
        assert_eq!(builder.push(key(late), U256::ONE), Err(OutOfOrder(key(late))));
    }
}

#[test]
fn a_key_of_33_bytes_is_no_key() {
    assert!(Key::new(&[0; 33]).is_none());
    assert!(Key::new(&[0; 300]).is_none());
    assert_eq!(Key::new(&[7; 32]), Some(B256::repeat_byte(7).into()));
}

#[test]
#[should_panic(expected = "changes rise strictly by key")]
fn a_list_out_of_order_is_refused() {
    Trie::default().commit(&[(key("b"), Some(U256::ONE)), (key("a"), None)]);
}

/// The figures behind the memory of a million accounts.
#[test]
fn nodes_are_as_small_as_the_layout_promises() {
    assert_eq!(size_of::<Link<U256>>(), 16);
    assert_eq!(size_of::<LeafNode<U256>>(), 104);
    assert_eq!(size_of::<node::BranchNode<[Link<U256>; 2]>>(), 40 + 2 * 16);
}

/// The numbers below `count`, each under its hash.
fn hashed(count: u32) -> Trie<U256> {
    let entry = |number: u32| (hashed_key(number), Some(U256::from(number)));
    let mut changes: Vec<_> = (0..count).map(entry).collect();
    changes.sort();
    Trie::default().commit(&changes)
}

fn hashed_key(number: u32) -> Key {
    keccak256(number.to_be_bytes()).into()
}

/// Addresses of all nodes.
fn nodes(trie: &Trie<U256>) -> BTreeSet<usize> {
    fn walk(link: &Link<U256>, found: &mut BTreeSet<usize>) {
        match link {
            Link::Leaf(leaf) => _ = found.insert(std::ptr::from_ref::<LeafNode<U256>>(leaf).addr()),
            Link::Branch(branch) => {
                found.insert(std::ptr::from_ref::<Branch<U256>>(branch).addr());
                branch.in_order().for_each(|link| walk(link, found));
            }
        }
    }
    let mut found = BTreeSet::new();
    trie.root.iter().for_each(|root| walk(root, &mut found));
    found
}
