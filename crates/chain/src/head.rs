//! The newest blocks with their states, as one immutable value that is swapped whole.

use std::{collections::VecDeque, sync::Arc};

use primitives::B256;
use store::State;

use crate::Executed;

/// Blocks whose state and proofs are kept in memory. The store promises that everything older is on disk and indexed.
pub const WINDOW_BLOCKS: usize = 128;

/// A final block and the state after it.
#[derive(Debug)]
pub(crate) struct Recent {
    pub(crate) executed: Arc<Executed>,
    pub(crate) state: State,
}

/// One consistent view of the chain's end.
#[derive(Clone, Debug)]
pub struct Head {
    window: VecDeque<Arc<Recent>>,
    latest: Arc<Recent>,
}

impl Head {
    /// The head of a chain that has only its genesis.
    pub(crate) fn genesis(recent: Recent) -> Self {
        let latest = Arc::new(recent);
        Self { window: VecDeque::from([latest.clone()]), latest }
    }

    /// A head from the newest blocks, oldest first, none missing; `None` if there are none.
    pub(crate) fn new(recent: impl IntoIterator<Item = Recent>) -> Option<Self> {
        let mut window: VecDeque<_> = recent.into_iter().map(Arc::new).collect();
        let latest = window.back()?.clone();
        window.drain(..window.len().saturating_sub(WINDOW_BLOCKS));
        Some(Self { window, latest })
    }

    /// The head after one more block.
    pub(crate) fn extended(&self, recent: Recent) -> Self {
        let latest = Arc::new(recent);
        let skip = (self.window.len() + 1).saturating_sub(WINDOW_BLOCKS);
        let window = self.window.iter().skip(skip).cloned().chain([latest.clone()]).collect();
        Self { window, latest }
    }

    /// The last final block.
    pub fn latest(&self) -> &Arc<Executed> {
        &self.latest.executed
    }

    /// Its height.
    pub fn number(&self) -> u64 {
        self.latest.executed.number()
    }

    /// Its hash.
    pub fn hash(&self) -> B256 {
        self.latest.executed.hash()
    }

    /// Height of the oldest block in the window.
    pub fn oldest(&self) -> u64 {
        self.window.front().map_or(0, |recent| recent.executed.number())
    }

    /// Blocks of the window, oldest first.
    pub fn blocks(&self) -> impl DoubleEndedIterator<Item = &Arc<Executed>> {
        self.window.iter().map(|recent| &recent.executed)
    }

    /// The root of the state after it, as the trie has it.
    pub fn state_root(&self) -> B256 {
        self.latest.state.root()
    }

    pub(crate) fn latest_state(&self) -> &State {
        &self.latest.state
    }

    pub(crate) fn by_number(&self, number: u64) -> Option<&Arc<Recent>> {
        let index = number.checked_sub(self.oldest())?;
        self.window.get(usize::try_from(index).ok()?)
    }

    pub(crate) fn by_hash(&self, hash: B256) -> Option<&Arc<Recent>> {
        self.window.iter().rev().find(|recent| recent.executed.hash() == hash)
    }

    /// The block that holds a transaction, and its place there; newest first.
    pub(crate) fn transaction(&self, hash: B256) -> Option<(&Arc<Executed>, usize)> {
        self.blocks().rev().find_map(|executed| Some((executed, executed.index_of(hash)?)))
    }
}
