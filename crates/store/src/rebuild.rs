//! From the disk to the newest states at start-up: the state of a block some way back is built from flat state and
//! history, and everything after it is replayed from the block log, into memory and, where it was not flushed, into flat
//! state. Every block is checked against its parent and the states against the roots in the headers.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use alloy_primitives::{B256, U256};

use crate::{
    error::{Result, StoreError},
    flat::{Entries, View, unreadable},
    flush::Pending,
    flusher::{Flusher, MAX_WAITING_BLOCKS},
    history::{HistoricState, Touched},
    keys::{decode_account, decode_slot, split_storage_key},
    log::{Location, Log},
    record::BlockRecord,
    state::{AccountValue, BuildError, State, StateBuilder, StateChange},
};

/// What a start finds on the disk.
#[derive(Debug)]
pub struct Recovered {
    /// The last block.
    pub head: BlockRecord,
    /// The state after it; its root is the one in its header.
    pub state: State,
    /// The newest blocks up to the head, oldest first, each with the state after it.
    pub recent: Vec<(BlockRecord, State)>,
}

/// The log's records from a flushed block on, and the flat state at it.
pub(crate) struct Replay<'a> {
    pub(crate) flusher: &'a Flusher,
    pub(crate) view: View,
    /// Height of the flat state, and of the first of `records`.
    pub(crate) flushed: u64,
    pub(crate) pruned: u64,
    pub(crate) records: &'a [Location],
    /// Newest blocks whose states are wanted.
    pub(crate) recent: u64,
}

impl Replay<'_> {
    /// Rebuilds the states and brings flat state up to the head.
    pub(crate) fn run(self) -> Result<Recovered> {
        let head = self.head();
        let oldest_wanted = (head + 1).saturating_sub(self.recent.max(1));
        let base = self.flushed.min(oldest_wanted).max(self.pruned);
        let (mut record, mut state) = (self.read(base)?, self.state_of(base)?);
        check_root(&record, &state)?;
        let mut recent = VecDeque::from([(record.clone(), state.clone())]);
        let mut unflushed = Vec::new();
        for number in base + 1..=head {
            let change;
            (record, state, change) = self.follow(&record, &state, number)?;
            if number > self.flushed {
                unflushed.push(Arc::new(Pending::new(&record, self.location(number)?, change)));
            }
            let batch_is_full = unflushed.len() == MAX_WAITING_BLOCKS || number == head;
            if batch_is_full || number >= oldest_wanted {
                check_root(&record, &state)?;
            }
            if batch_is_full {
                self.flusher.flush(&std::mem::take(&mut unflushed))?;
            }
            recent.push_back((record.clone(), state.clone()));
            while recent.front().is_some_and(|(first, _)| first.block.number() < oldest_wanted) {
                recent.pop_front();
            }
        }
        Ok(Recovered { head: record, state, recent: recent.into() })
    }

    /// The next block, the state after it and what it changed.
    fn follow(&self, parent: &BlockRecord, state: &State, number: u64) -> Result<(BlockRecord, State, StateChange)> {
        let record = self.read(number)?;
        check_link(parent, &record)?;
        let commit = state.commit(&record.diff);
        Ok((record, commit.state, commit.change))
    }

    fn head(&self) -> u64 {
        let later = u64::try_from(self.records.len()).unwrap_or(u64::MAX).saturating_sub(1);
        self.flushed.saturating_add(later)
    }

    fn location(&self, number: u64) -> Result<Location> {
        let in_log = number.checked_sub(self.flushed).and_then(|index| usize::try_from(index).ok());
        let found = in_log.and_then(|index| self.records.get(index)).copied();
        let found = found.map_or_else(|| Ok(self.view.block(number)?.map(|(location, _)| location)), |at| Ok(Some(at)));
        found?.ok_or_else(|| StoreError::flat_damaged(format!("block {number} is not in the index of blocks")))
    }

    fn read(&self, number: u64) -> Result<BlockRecord> {
        read_block(&self.flusher.log, self.location(number)?, number)
    }

    /// The state after block `base`: flat state, with everything that changed later turned back.
    fn state_of(&self, base: u64) -> Result<State> {
        let mut touched = Touched::default();
        for number in base + 1..=self.flushed {
            let payload = self.flusher.log.read(self.location(number)?)?;
            touched.add(&self.view, number, &decoded(number, BlockRecord::decode_diff(&payload))?)?;
        }
        let then = HistoricState::new(self.view.clone(), base);
        let accounts = touched.accounts.into_iter().map(|key| Ok((key, then.account_by_key(key)?)));
        let slots = touched.slots.into_iter().map(|key| Ok((key, then.storage_by_key(key.0, key.1)?)));
        build_state(&self.view, accounts.collect::<Result<_>>()?, slots.collect::<Result<_>>()?)
    }
}

/// Builds the state from flat entries, some of which are replaced; an account of `None` and a slot of zero are absent.
pub(crate) fn build_state(
    view: &View,
    accounts: BTreeMap<B256, Option<AccountValue>>,
    slots: BTreeMap<(B256, B256), U256>,
) -> Result<State> {
    let mut accounts = merged(AccountEntries(view.every(&view.spaces.accounts)), accounts);
    let mut slots = merged(SlotEntries(view.every(&view.spaces.storage)), slots).peekable();
    let mut builder = StateBuilder::new();
    let damaged = |error: BuildError| StoreError::flat_damaged(error.to_string());
    while let Some((key, account)) = accounts.next().transpose()? {
        let Some(account) = account else { continue };
        builder.account(key, account).map_err(damaged)?;
        while let Some(entry) = slots.next_if(|entry| entry.as_ref().map_or(true, |((owner, _), _)| *owner <= key)) {
            let ((owner, slot), value) = entry?;
            if !value.is_zero() {
                builder.slot(owner, slot, value).map_err(damaged)?;
            }
        }
    }
    for entry in slots {
        let ((owner, slot), value) = entry?;
        if !value.is_zero() {
            builder.slot(owner, slot, value).map_err(damaged)?;
        }
    }
    builder.finish().map_err(damaged)
}

/// The record at a place where block `number` should be.
pub(crate) fn read_block(log: &Log, location: Location, number: u64) -> Result<BlockRecord> {
    let record = decoded(number, BlockRecord::decode(&log.read(location)?))?;
    let found = record.block.number();
    if found != number {
        return Err(StoreError::corrupt(format!("the block log holds block {found} where block {number} should be")));
    }
    Ok(record)
}

/// A block must follow its parent in height and hash.
pub(crate) fn check_link(parent: &BlockRecord, record: &BlockRecord) -> Result<()> {
    let (number, parent_hash) = (record.block.number(), record.block.header().parent_hash);
    let follows = number.checked_sub(1) == Some(parent.block.number()) && parent_hash == parent.block.hash();
    if follows {
        return Ok(());
    }
    Err(StoreError::corrupt(format!("block {number} in the block log does not follow the block before it")))
}

/// The state after a block must have the root that its header says.
pub(crate) fn check_root(record: &BlockRecord, state: &State) -> Result<()> {
    let (expected, found) = (record.block.header().state_root, state.root());
    if expected == found {
        return Ok(());
    }
    Err(StoreError::RootMismatch { number: record.block.number(), expected, found })
}

pub(crate) fn decoded<T>(number: u64, decoded: std::result::Result<T, crate::record::RecordError>) -> Result<T> {
    decoded.map_err(|error| StoreError::corrupt(format!("the record of block {number} cannot be read: {error}")))
}

struct AccountEntries(Entries);

impl Iterator for AccountEntries {
    type Item = Result<(B256, Option<AccountValue>)>;

    fn next(&mut self) -> Option<Self::Item> {
        let entry = self.0.next()?.and_then(|(key, value)| {
            let key = B256::try_from(&*key).map_err(|_| unreadable("accounts"))?;
            let account = decode_account(&value).ok_or_else(|| unreadable("accounts"))?;
            Ok((key, Some(account)))
        });
        Some(entry)
    }
}

struct SlotEntries(Entries);

impl Iterator for SlotEntries {
    type Item = Result<((B256, B256), U256)>;

    fn next(&mut self) -> Option<Self::Item> {
        let entry = self.0.next()?.and_then(|(key, value)| {
            let value = decode_slot(&value).ok_or_else(|| unreadable("storage"))?;
            Ok((split_storage_key(&key).ok_or_else(|| unreadable("storage"))?, value))
        });
        Some(entry)
    }
}

/// Entries in order of key; those of `replaced` win.
fn merged<K: Ord, V>(
    entries: impl Iterator<Item = Result<(K, V)>>,
    replaced: BTreeMap<K, V>,
) -> impl Iterator<Item = Result<(K, V)>> {
    let mut entries = entries.peekable();
    let mut replaced = replaced.into_iter().peekable();
    std::iter::from_fn(move || {
        let Some((key, _)) = replaced.peek() else { return entries.next() };
        match entries.peek() {
            Some(Ok((next, _))) if next < key => return entries.next(),
            Some(Ok((next, _))) if next == key => drop(entries.next()),
            Some(Err(_)) => return entries.next(),
            _ => {}
        }
        replaced.next().map(Ok)
    })
}
