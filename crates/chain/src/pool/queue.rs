//! The waiting transactions of one sender, by nonce.
//!
//! Executable = every nonce from the state's on is present. `next_executable` is the end of that run; it moves up when a gap
//! closes and down when a transaction is dropped. What was handed to a block lies below `next_proposed` until that block settles.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use alloy_consensus::Transaction;
use primitives::{TimeMs, U256};

use super::{Content, Limits, PoolError, Pooled, SenderState};

#[derive(Debug)]
pub(super) struct Queue {
    /// Nonce that the head's state expects.
    state_nonce: u64,
    /// End of the run of executable nonces.
    next_executable: u64,
    /// First nonce that was not handed to a block.
    next_proposed: u64,
    entries: BTreeMap<u64, Arc<Pooled>>,
    /// Wei that all entries together can cost.
    cost: U256,
    replacements: Replacements,
}

/// What an insertion did.
pub(super) struct Inserted {
    pub(super) replaced: Option<Arc<Pooled>>,
    /// How many nonces became executable.
    pub(super) ready: usize,
}

impl Queue {
    pub(super) fn new(state_nonce: u64) -> Self {
        Self {
            state_nonce,
            next_executable: state_nonce,
            next_proposed: state_nonce,
            entries: BTreeMap::new(),
            cost: U256::ZERO,
            replacements: Replacements::default(),
        }
    }

    pub(super) fn insert(
        &mut self,
        limits: &Limits,
        pooled: Arc<Pooled>,
        state: SenderState,
        now: TimeMs,
    ) -> Result<Inserted, PoolError> {
        let nonce = pooled.nonce();
        self.check_nonce(limits, nonce)?;
        let old = self.entries.get(&nonce);
        if let Some(old) = old {
            self.check_replaceable(old, &pooled)?;
        } else if self.entries.len() >= limits.per_sender {
            return Err(PoolError::SenderFull { limit: limits.per_sender });
        }
        let released = old.map_or(U256::ZERO, |old| old.cost);
        let cost = self.check_funds(&pooled, released, state.balance)?;
        if old.is_some() {
            self.replacements.take(limits.replacement_burst, now)?;
        }
        self.cost = cost;
        // A replacement keeps its predecessor's place in the order of arrival.
        let replaced = self.entries.insert(nonce, pooled);
        Ok(Inserted { replaced, ready: self.extend_run() })
    }

    /// Hands the next executable transaction to a block; `None` if all were handed out.
    pub(super) fn propose(&mut self) -> Option<Arc<Pooled>> {
        if self.next_proposed >= self.next_executable {
            return None;
        }
        let pooled = self.entries.get(&self.next_proposed)?.clone();
        self.next_proposed += 1;
        Some(pooled)
    }

    /// This nonce and all before it are in a block.
    pub(super) fn claim(&mut self, nonce: u64) {
        self.next_proposed = self.next_proposed.max(nonce.saturating_add(1));
    }

    /// Takes back [`Self::propose`] or [`Self::claim`] for this nonce and all behind it; gives how many of them are executable.
    pub(super) fn unpropose(&mut self, nonce: u64) -> usize {
        let handed_out = self.next_proposed.min(self.next_executable);
        self.next_proposed = self.next_proposed.min(nonce.max(self.state_nonce));
        count(self.next_proposed..handed_out)
    }

    /// Removes one entry; those behind it are no longer executable.
    pub(super) fn remove(&mut self, nonce: u64) -> Option<Arc<Pooled>> {
        let pooled = self.entries.remove(&nonce)?;
        self.cost -= pooled.cost;
        self.next_executable = self.next_executable.min(nonce);
        self.next_proposed = self.next_proposed.min(nonce);
        Some(pooled)
    }

    /// The state's nonce rose to `nonce`: drops what it passed, and gives how many nonces became executable by it.
    pub(super) fn advance(&mut self, nonce: u64, removed: &mut Vec<Arc<Pooled>>) -> usize {
        self.state_nonce = self.state_nonce.max(nonce);
        while let Some(entry) = self.entries.first_entry().filter(|entry| *entry.key() < self.state_nonce) {
            let pooled = entry.remove();
            self.cost -= pooled.cost;
            removed.push(pooled);
        }
        self.next_executable = self.next_executable.max(self.state_nonce);
        self.next_proposed = self.next_proposed.max(self.state_nonce);
        self.extend_run()
    }

    pub(super) const fn next_executable(&self) -> u64 {
        self.next_executable
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(super) fn executable_count(&self) -> usize {
        self.entries.range(..self.next_executable).count()
    }

    pub(super) fn list(&self, content: &mut Content) {
        for (nonce, pooled) in &self.entries {
            let list = if *nonce < self.next_executable { &mut content.pending } else { &mut content.queued };
            list.push(pooled.clone());
        }
    }

    fn check_nonce(&self, limits: &Limits, nonce: u64) -> Result<(), PoolError> {
        if nonce < self.state_nonce {
            return Err(PoolError::NonceTooLow { tx: nonce, state: self.state_nonce });
        }
        if nonce - self.state_nonce >= limits.per_sender as u64 {
            return Err(PoolError::NonceTooHigh { tx: nonce, state: self.state_nonce, limit: limits.per_sender });
        }
        Ok(())
    }

    /// The cost of all entries with this one in; refused if the balance does not carry it.
    fn check_funds(&self, pooled: &Pooled, released: U256, balance: U256) -> Result<U256, PoolError> {
        let cost = pooled.cost;
        if cost > balance {
            return Err(PoolError::InsufficientFunds { balance, cost });
        }
        let queued = self.cost - released;
        let total = queued.checked_add(cost).ok_or(PoolError::CostOverflow)?;
        if total > balance {
            return Err(PoolError::InsufficientFundsQueued { balance, queued, cost });
        }
        Ok(total)
    }

    fn check_replaceable(&self, old: &Pooled, new: &Pooled) -> Result<(), PoolError> {
        if old.nonce() < self.next_proposed {
            return Err(PoolError::AlreadyProposed);
        }
        let (new, old) = (new.tx.inner().max_fee_per_gas(), old.tx.inner().max_fee_per_gas());
        if new < old {
            return Err(PoolError::ReplacementUnderpriced { new, old });
        }
        Ok(())
    }

    /// Moves the end of the executable run over the entries that are there; gives how many it passed.
    fn extend_run(&mut self) -> usize {
        let start = self.next_executable;
        while self.entries.contains_key(&self.next_executable) {
            self.next_executable += 1;
        }
        count(start..self.next_executable)
    }
}

/// Nonces of one queue: bounded by its number of entries.
fn count(nonces: Range<u64>) -> usize {
    usize::try_from(nonces.end.saturating_sub(nonces.start)).unwrap_or(usize::MAX)
}

/// A bucket of replacements that refills by one a second.
#[derive(Debug, Default)]
struct Replacements {
    used: u32,
    since: Option<TimeMs>,
}

impl Replacements {
    fn take(&mut self, burst: u32, now: TimeMs) -> Result<(), PoolError> {
        let since = *self.since.get_or_insert(now);
        let seconds = now.0.saturating_sub(since.0) / 1000;
        let refilled = u32::try_from(seconds).unwrap_or(u32::MAX);
        self.used = self.used.saturating_sub(refilled);
        self.since = Some(TimeMs(since.0 + seconds * 1000));
        if self.used >= burst {
            return Err(PoolError::ReplacementRate);
        }
        self.used += 1;
        Ok(())
    }
}
