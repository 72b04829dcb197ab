//! Threads for long lists of changes. They are the state's own, so that a commit never waits behind other work of the process.

use rayon::{ThreadPool, ThreadPoolBuilder, prelude::*};
use std::sync::LazyLock;

/// Entries from which on work is shared out. A change costs 5 to 10 us among a million keys (`trie_speed`), waking threads some
/// tens of us: at this length that is a few parts in a hundred, and smaller blocks leave the other cores to those who use them.
const LONG: usize = 256;

/// Absent when the system gives no threads: then everything runs on the caller's.
static POOL: LazyLock<Option<ThreadPool>> =
    LazyLock::new(|| ThreadPoolBuilder::new().thread_name(|index| format!("trie-{index}")).build().ok());

/// Whether a list is worth sharing out; never when there are no threads for it.
pub(crate) fn is_long(entries: usize) -> bool {
    entries >= LONG && POOL.is_some()
}

/// Runs `work` on the pool when it has many entries to work on, else right here.
pub(crate) fn run_if_long<R: Send>(entries: usize, work: impl FnOnce() -> R + Send) -> R {
    match POOL.as_ref().filter(|_| is_long(entries)) {
        Some(pool) => pool.install(work),
        None => work(),
    }
}

/// Each item's result in the order of the items, in parallel when they are many.
pub(crate) fn map<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Send + Sync) -> Vec<R> {
    run_if_long(items.len(), || match is_long(items.len()) {
        true => items.par_iter().with_min_len(SHARE).map(work).collect(),
        false => items.iter().map(work).collect(),
    })
}

/// Items that one thread takes at a time, at least.
const SHARE: usize = 32;
