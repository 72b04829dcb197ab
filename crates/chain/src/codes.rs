//! Contract code by hash: analysed code of contracts in use, and code of blocks that are not durable yet.

use std::{collections::HashMap, num::NonZeroUsize};

use lru::LruCache;
use parking_lot::Mutex;
use primitives::{B256, Bytes, StateDiff, keccak256};
use revm::state::Bytecode;

/// Most contracts kept analysed: at 24 KiB of code and its jump table each, about 25 MiB.
const CACHED_CODES: NonZeroUsize = NonZeroUsize::new(1_024).expect("not zero");

#[derive(Debug)]
pub(crate) struct Codes {
    analysed: Mutex<LruCache<B256, Bytecode>>,
    /// Code of blocks that were executed and are not in the store yet.
    fresh: Mutex<HashMap<B256, Fresh>>,
}

#[derive(Debug)]
struct Fresh {
    code: Bytes,
    /// Blocks waiting that brought this code.
    blocks: usize,
}

impl Default for Codes {
    fn default() -> Self {
        Self { analysed: Mutex::new(LruCache::new(CACHED_CODES)), fresh: Mutex::default() }
    }
}

impl Codes {
    /// The code under `hash`: from memory, else from `load`.
    pub(crate) fn get<E>(
        &self,
        hash: B256,
        load: impl FnOnce() -> Result<Option<Bytes>, E>,
    ) -> Result<Option<Bytecode>, E> {
        if let Some(code) = self.analysed.lock().get(&hash) {
            return Ok(Some(code.clone()));
        }
        let fresh = self.fresh.lock().get(&hash).map(|fresh| fresh.code.clone());
        let raw = match fresh {
            Some(code) => Some(code),
            None => load()?,
        };
        let code = raw.map(Bytecode::new_raw);
        if let Some(code) = &code {
            self.analysed.lock().put(hash, code.clone());
        }
        Ok(code)
    }

    /// Remembers the code of an executed block until [`Self::release`].
    pub(crate) fn hold(&self, diff: &StateDiff) {
        let mut fresh = self.fresh.lock();
        for code in &diff.codes {
            fresh.entry(keccak256(code)).or_insert_with(|| Fresh { code: code.clone(), blocks: 0 }).blocks += 1;
        }
    }

    /// The block is durable or dead.
    pub(crate) fn release(&self, diff: &StateDiff) {
        let mut fresh = self.fresh.lock();
        for code in &diff.codes {
            let hash = keccak256(code);
            let Some(entry) = fresh.get_mut(&hash) else { continue };
            entry.blocks = entry.blocks.saturating_sub(1);
            if entry.blocks == 0 {
                fresh.remove(&hash);
            }
        }
    }
}
