//! Applies a sorted list of changes in one pass from the root down.
//!
//! The list is divided by nibble at every branch, so each node on the way is visited once and copied at most once, its
//! reference computed after those of its children. Subtries without changes are shared with the trie before.
//! Long lists are worked in parallel, one nibble of a branch beside the other; the result is the same.

use super::{
    Key, Leaf, Trie,
    encode::Encoder,
    node::{Branch, Child, Children, LeafNode, Link, SLOTS},
    parallel,
};
use rayon::prelude::*;
use std::ops::Range;

/// A key and its value after; `None` deletes.
pub type Change<V> = (Key, Option<V>);

/// An entry that will be in the trie.
type Live<'a, V> = (&'a Key, &'a V);

/// What became of a subtrie.
enum After<V> {
    Same,
    Gone,
    New(Link<V>),
}

impl<V: Leaf> Trie<V> {
    /// The trie after `changes`, which rise strictly by key. The trie itself stays as it is.
    ///
    /// # Panics
    ///
    /// When the keys do not rise strictly.
    pub fn commit(&self, changes: &[Change<V>]) -> Self {
        assert!(changes.is_sorted_by(|a, b| a.0 < b.0), "changes rise strictly by key");
        parallel::run_if_long(changes.len(), || self.commit_sorted(changes))
    }

    fn commit_sorted(&self, changes: &[Change<V>]) -> Self {
        if changes.is_empty() {
            return self.clone();
        }
        match subtrie(self.root.as_ref(), 0, changes, &mut Encoder::new()) {
            After::Same => self.clone(),
            After::Gone => Self::default(),
            After::New(root) => Self { root: Some(root) },
        }
    }
}

/// The subtrie at a place under a parent that divides at `depth - 1`. There is at least one change.
fn subtrie<V: Leaf>(link: Option<&Link<V>>, depth: usize, changes: &[Change<V>], encoder: &mut Encoder) -> After<V> {
    match link {
        None => plant(depth, changes, encoder).map_or(After::Same, After::New),
        Some(Link::Leaf(leaf)) => at_leaf(leaf, depth, changes, encoder),
        Some(link @ Link::Branch(branch)) => at_branch(link, branch, depth, changes, encoder),
    }
}

/// Where nothing was.
fn plant<V: Leaf>(depth: usize, changes: &[Change<V>], encoder: &mut Encoder) -> Option<Link<V>> {
    match changes {
        [(_, None)] => None,
        [(key, Some(value))] => Some(Link::leaf(*key, value.clone(), depth, encoder)),
        _ => grow(&changes.iter().filter_map(live).collect::<Vec<_>>(), depth, encoder),
    }
}

/// Where one leaf was.
fn at_leaf<V: Leaf>(leaf: &LeafNode<V>, depth: usize, changes: &[Change<V>], encoder: &mut Encoder) -> After<V> {
    if let [(key, value)] = changes
        && *key == leaf.key
    {
        return match value {
            None => After::Gone,
            Some(value) if *value == leaf.value => After::Same,
            Some(value) => After::New(Link::leaf(*key, value.clone(), depth, encoder)),
        };
    }
    let entries = with_leaf(leaf, changes);
    if let [(key, value)] = entries[..]
        && *key == leaf.key
        && *value == leaf.value
    {
        return After::Same;
    }
    grow(&entries, depth, encoder).map_or(After::Gone, After::New)
}

/// The live entries of `changes` and, unless they decide about its key, the leaf.
fn with_leaf<'a, V>(leaf: &'a LeafNode<V>, changes: &'a [Change<V>]) -> Vec<Live<'a, V>> {
    let mut entries: Vec<_> = changes.iter().filter_map(live).collect();
    if changes.binary_search_by(|(key, _)| key.cmp(&leaf.key)).is_err() {
        let at = entries.partition_point(|(key, _)| **key < leaf.key);
        entries.insert(at, (&leaf.key, &leaf.value));
    }
    entries
}

/// Where a branch was.
fn at_branch<V: Leaf>(
    link: &Link<V>,
    branch: &Branch<V>,
    depth: usize,
    changes: &[Change<V>],
    encoder: &mut Encoder,
) -> After<V> {
    let divides_at = branch.depth();
    if divides_at > depth {
        let below = sharing(changes, branch.sample(), divides_at);
        if below.len() < changes.len() {
            return at_extension(link, branch, depth, changes, below, encoder);
        }
    }
    let mut children = branch.children();
    let mut changed = false;
    each_slot(
        changes,
        divides_at,
        encoder,
        |slot, changes, encoder| subtrie(branch.child(slot), divides_at + 1, changes, encoder),
        |slot, after| changed |= after.settle(&mut children[slot]),
    );
    if changed { join(children, divides_at, depth, encoder) } else { After::Same }
}

/// Where a branch was behind an extension, and some keys part from the extension's nibbles.
/// Where the first live one parts, a new branch divides the extension.
fn at_extension<V: Leaf>(
    link: &Link<V>,
    branch: &Branch<V>,
    depth: usize,
    changes: &[Change<V>],
    below: Range<usize>,
    encoder: &mut Encoder,
) -> After<V> {
    let path = branch.sample();
    let parting = changes[..below.start].iter().chain(&changes[below.end..]).filter_map(live);
    match parting.map(|(key, _)| key.shared_nibbles(path)).min() {
        Some(parts_at) => divide(link, path, parts_at, depth, changes, encoder),
        None if below.is_empty() => After::Same,
        None => at_branch(link, branch, depth, &changes[below], encoder),
    }
}

/// A new branch at `parts_at` on the `path` to what was there.
fn divide<V: Leaf>(
    link: &Link<V>,
    path: &Key,
    parts_at: usize,
    depth: usize,
    changes: &[Change<V>],
    encoder: &mut Encoder,
) -> After<V> {
    let old = path.slot(parts_at).expect("the path goes on beyond its extension");
    let mut children: Children<'_, V> = [const { None }; SLOTS];
    children[old] = Some(Child::Kept(link));
    each_slot(
        &changes[sharing(changes, path, parts_at)],
        parts_at,
        encoder,
        |slot, changes, encoder| subtrie((slot == old).then_some(link), parts_at + 1, changes, encoder),
        |slot, after| _ = after.settle(&mut children[slot]),
    );
    if let Some(Child::Kept(link)) = children[old] {
        children[old] = Some(Child::New(link.moved(parts_at + 1, encoder)));
    }
    join(children, parts_at, depth, encoder)
}

/// A branch of these children; where only one is left, that child itself in the branch's place.
fn join<V: Leaf>(children: Children<'_, V>, divides_at: usize, depth: usize, encoder: &mut Encoder) -> After<V> {
    let mut present = children.iter().flatten();
    match (present.next(), present.next()) {
        (None, _) => After::Gone,
        (Some(only), None) => After::New(only.link().moved(depth, encoder)),
        _ => After::New(Link::branch(children, divides_at, depth, encoder)),
    }
}

/// A subtrie of just these entries.
fn grow<V: Leaf>(entries: &[Live<'_, V>], depth: usize, encoder: &mut Encoder) -> Option<Link<V>> {
    let (first, last) = match entries {
        [] => return None,
        [(key, value)] => return Some(Link::leaf(**key, (*value).clone(), depth, encoder)),
        [first, .., last] => (first, last),
    };
    let divides_at = first.0.shared_nibbles(last.0);
    let mut children: Children<'_, V> = [const { None }; SLOTS];
    each_slot(
        entries,
        divides_at,
        encoder,
        |_, entries, encoder| grow(entries, divides_at + 1, encoder),
        |slot, link| children[slot] = link.map(Child::New),
    );
    Some(Link::branch(children, divides_at, depth, encoder))
}

impl<V> After<V> {
    /// Puts the outcome in a child's place; tells whether that changed it.
    fn settle(self, child: &mut Option<Child<'_, V>>) -> bool {
        match self {
            Self::Same => return false,
            Self::Gone => *child = None,
            Self::New(link) => *child = Some(Child::New(link)),
        }
        true
    }
}

/// Divides entries that share their first `depth` nibbles by slot, works each share, and places the results in slot order.
fn each_slot<T: Keyed + Sync, R: Send>(
    entries: &[T],
    depth: usize,
    encoder: &mut Encoder,
    work: impl Fn(usize, &[T], &mut Encoder) -> R + Sync,
    mut place: impl FnMut(usize, R),
) {
    if !parallel::is_long(entries.len()) {
        return shares(entries, depth).for_each(|(slot, share)| place(slot, work(slot, share, encoder)));
    }
    let shares: Vec<_> = shares(entries, depth).collect();
    let results: Vec<_> =
        shares.into_par_iter().map(|(slot, share)| (slot, work(slot, share, &mut Encoder::new()))).collect();
    results.into_iter().for_each(|(slot, result)| place(slot, result));
}

fn shares<T: Keyed>(entries: &[T], depth: usize) -> impl Iterator<Item = (usize, &[T])> {
    let slot = move |entry: &T| entry.key().slot(depth).expect("the entries share their nibbles up to here");
    entries.chunk_by(move |a, b| slot(a) == slot(b)).map(move |share| (slot(&share[0]), share))
}

/// The changes whose keys share at least `nibbles` with `path`. They stand together, for the list is sorted.
fn sharing<V>(changes: &[Change<V>], path: &Key, nibbles: usize) -> Range<usize> {
    let shares = |(key, _): &Change<V>| key.shared_nibbles(path) >= nibbles;
    let start = changes.partition_point(|change| change.0 < *path && !shares(change));
    start..start + changes[start..].partition_point(shares)
}

fn live<V>((key, value): &Change<V>) -> Option<Live<'_, V>> {
    value.as_ref().map(|value| (key, value))
}

/// What stands under a key in a sorted list.
trait Keyed {
    fn key(&self) -> &Key;
}

impl<V> Keyed for Change<V> {
    fn key(&self) -> &Key {
        &self.0
    }
}

impl<V> Keyed for Live<'_, V> {
    fn key(&self) -> &Key {
        self.0
    }
}
