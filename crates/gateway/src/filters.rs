//! The store behind `eth_newFilter`, `eth_newBlockFilter` and `eth_newPendingTransactionFilter`. It knows ids, a bound and the
//! idle time; what a filter holds is the methods' business. Times come in as arguments.
//!
//! As in geth, a filter that nobody asks for during five minutes is forgotten.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use parking_lot::Mutex;

use crate::{random_id::RandomId, rpc::RpcError};

/// Filters by id. Shared by all connections, because a filter belongs to whoever knows its id.
pub struct FilterStore<T> {
    filters: Mutex<HashMap<RandomId, Kept<T>>>,
    max_filters: usize,
    idle: Duration,
}

struct Kept<T> {
    contents: T,
    used: Instant,
}

/// As many filters exist as may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many filters, at most {max_filters} may exist at a time")]
pub struct TooManyFilters {
    pub max_filters: usize,
}

impl From<TooManyFilters> for RpcError {
    fn from(error: TooManyFilters) -> Self {
        Self::limit(error.to_string())
    }
}

impl<T> FilterStore<T> {
    /// An empty store of at most `max_filters`, each forgotten after `idle` without use.
    pub fn new(max_filters: usize, idle: Duration) -> Self {
        Self { filters: Mutex::default(), max_filters, idle }
    }

    /// Keeps a new filter and answers its id.
    pub fn insert(&self, contents: T, now: Instant) -> Result<RandomId, TooManyFilters> {
        let mut filters = self.filters.lock();
        filters.retain(|_, kept| !kept.is_idle(self.idle, now));
        if filters.len() >= self.max_filters {
            return Err(TooManyFilters { max_filters: self.max_filters });
        }
        let id = RandomId::random();
        filters.insert(id, Kept { contents, used: now });
        Ok(id)
    }

    /// Reads and changes a filter; `None` if there is none of this id. Others wait meanwhile: take what is new (move a
    /// position forward, drain a list) and do the work with it afterwards.
    pub fn update<R>(&self, id: RandomId, now: Instant, change: impl FnOnce(&mut T) -> R) -> Option<R> {
        let mut filters = self.filters.lock();
        let kept = filters.get_mut(&id).filter(|kept| !kept.is_idle(self.idle, now))?;
        kept.used = now;
        Some(change(&mut kept.contents))
    }

    /// Forgets a filter and hands out what it held.
    pub fn remove(&self, id: RandomId, now: Instant) -> Option<T> {
        let kept = self.filters.lock().remove(&id)?;
        (!kept.is_idle(self.idle, now)).then_some(kept.contents)
    }

    /// How many are kept, idle ones included.
    pub fn len(&self) -> usize {
        self.filters.lock().len()
    }

    /// Whether none is kept.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<T> Default for FilterStore<T> {
    fn default() -> Self {
        Self::new(MAX_FILTERS, IDLE)
    }
}

impl<T> Kept<T> {
    fn is_idle(&self, idle: Duration, now: Instant) -> bool {
        now.saturating_duration_since(self.used) > idle
    }
}

const MAX_FILTERS: usize = 1_000;
const IDLE: Duration = Duration::from_secs(5 * 60);

#[cfg(test)]
mod tests;
