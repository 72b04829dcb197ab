//! From appended blocks to one atomic batch of the key-value store: state forward, history backward, indexes, and the
//! flushed height that says how far all of them are. Called by the flusher thread and by replay at start-up.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{Address, B256, Bytes, keccak256, map::B256HashMap};
use fjall::{Keyspace, OwnedWriteBatch, UserKey, UserValue};

use crate::{
    error::{Result, StoreError},
    flat::{FORMAT, Flat, Spaces},
    index::{ADDRESS_KIND, topic_kind},
    keys::{
        at_height, encode_account, encode_block_entry, encode_maybe_account, encode_position, encode_slot,
        posting_prefix, slot_history_prefix, storage_key,
    },
    log::Location,
    record::BlockRecord,
    state::{AccountValue, StateChange},
};

/// Entries in one batch while genesis is written; it counts only when the last batch is in.
const GENESIS_BATCH: usize = 10_000;

/// What must still be written for an appended block, and what is answered from memory until then.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) number: u64,
    pub(crate) hash: B256,
    pub(crate) location: Location,
    pub(crate) change: StateChange,
    /// Accounts and slots that it changed.
    pub(crate) changes: usize,
    /// Position of each transaction by hash.
    pub(crate) transactions: B256HashMap<u32>,
    pub(crate) codes: B256HashMap<Bytes>,
    addresses: Vec<Address>,
    topics: Vec<(u8, B256)>,
    /// Keys of accounts whose storage went at once: the diff does not name those slots.
    emptied: BTreeSet<B256>,
}

impl Pending {
    pub(crate) fn new(record: &BlockRecord, location: Location, change: StateChange) -> Self {
        let logs = || record.receipts.iter().flat_map(|receipt| &receipt.logs);
        let emptied = record.diff.accounts.iter().filter(|account| account.deleted || account.storage_wiped);
        let hashes = record.block.transactions().iter().map(|tx| *tx.inner().tx_hash());
        Self {
            number: record.block.number(),
            hash: record.block.hash(),
            location,
            changes: change.accounts.iter().map(|account| 1 + account.slots.len()).sum(),
            change,
            transactions: hashes.zip(0..).collect(),
            codes: record.diff.codes.iter().map(|code| (keccak256(code), code.clone())).collect(),
            addresses: logs().map(|log| log.address).collect(),
            topics: logs().flat_map(|log| (0..).map(topic_kind).zip(log.data.topics().iter().copied())).collect(),
            emptied: emptied.map(|account| keccak256(account.address)).collect(),
        }
    }

    /// Every entry of the indexes of blocks, transactions and logs that this block must have.
    pub(crate) fn index_entries(&self, spaces: &Spaces, mut entry: impl FnMut(&Keyspace, &[u8], &[u8])) {
        let number = self.number.to_be_bytes();
        entry(&spaces.blocks, &number, &encode_block_entry(self.location, self.hash));
        entry(&spaces.hashes, self.hash.as_slice(), &number);
        for (hash, index) in &self.transactions {
            entry(&spaces.transactions, hash.as_slice(), &encode_position(self.number, *index));
        }
        for prefix in self.posting_prefixes() {
            entry(&spaces.logs, &at_height(&prefix, self.number), &[]);
        }
    }

    /// Each word once; most blocks say the same words many times over.
    fn posting_prefixes(&self) -> Vec<[u8; 12]> {
        let addresses: BTreeSet<_> = self.addresses.iter().collect();
        let topics: BTreeSet<_> = self.topics.iter().collect();
        let addresses = addresses.into_iter().map(|address| posting_prefix(ADDRESS_KIND, address.as_slice()));
        let topics = topics.into_iter().map(|(kind, topic)| posting_prefix(*kind, topic.as_slice()));
        addresses.chain(topics).collect()
    }
}

impl AsRef<Self> for Pending {
    fn as_ref(&self) -> &Self {
        self
    }
}

/// Writes blocks that follow the flushed height, in order; `prune` adds what is to be forgotten and says up to where.
pub(crate) fn flush(
    flat: &Flat,
    blocks: &[impl AsRef<Pending>],
    prune: impl FnOnce(&mut OwnedWriteBatch, u64) -> Result<Option<u64>>,
) -> Result<()> {
    let Some(last) = blocks.last().map(AsRef::as_ref) else { return Ok(()) };
    let mut batch = flat.db.batch();
    write_state(&mut batch, &flat.spaces, blocks);
    write_codes(&mut batch, &flat.spaces, blocks);
    write_history(&mut batch, &flat.spaces, blocks);
    write_indexes(&mut batch, &flat.spaces, blocks);
    if let Some(pruned) = prune(&mut batch, last.number)? {
        batch.insert(&flat.spaces.meta, "pruned", pruned.to_be_bytes());
    }
    batch.insert(&flat.spaces.meta, "flushed", last.number.to_be_bytes());
    flat.commit(batch)
}

/// Writes genesis into an empty database. It can be of any size, so it goes in many batches; `meta` is in the last.
pub(crate) fn flush_genesis(flat: &Flat, genesis: &Pending) -> Result<()> {
    if genesis.number != 0 {
        return Err(StoreError::corrupt(format!("the first record of the block log is block {}", genesis.number)));
    }
    for accounts in genesis.change.accounts.chunks(GENESIS_BATCH) {
        let mut batch = flat.db.batch();
        for account in accounts {
            if let Some(value) = &account.after {
                batch.insert(&flat.spaces.accounts, account.key.as_slice(), encode_account(value));
            }
            for slot in &account.slots {
                batch.insert(&flat.spaces.storage, storage_key(account.key, slot.key), encode_slot(slot.after));
            }
        }
        flat.commit(batch)?;
    }
    let mut batch = flat.db.batch();
    write_indexes(&mut batch, &flat.spaces, &[genesis]);
    write_codes(&mut batch, &flat.spaces, &[genesis]);
    let meta = &flat.spaces.meta;
    batch.insert(meta, "format", FORMAT.to_be_bytes());
    batch.insert(meta, "genesis", genesis.hash.as_slice());
    batch.insert(meta, "pruned", 0_u64.to_be_bytes());
    batch.insert(meta, "flushed", 0_u64.to_be_bytes());
    flat.commit(batch)?;
    flat.persist()
}

/// The newest value of each key that any of the blocks changed: a batch must name a key once.
fn write_state(batch: &mut OwnedWriteBatch, spaces: &Spaces, blocks: &[impl AsRef<Pending>]) {
    let mut accounts: BTreeMap<B256, Option<AccountValue>> = BTreeMap::new();
    let mut slots = BTreeMap::new();
    for account in blocks.iter().flat_map(|block| &block.as_ref().change.accounts) {
        if account.before != account.after {
            accounts.insert(account.key, account.after);
        }
        slots.extend(account.slots.iter().map(|slot| (storage_key(account.key, slot.key), slot.after)));
    }
    for (key, value) in accounts {
        match value {
            Some(value) => batch.insert(&spaces.accounts, key.as_slice(), encode_account(&value)),
            None => batch.remove(&spaces.accounts, key.as_slice()),
        }
    }
    for (key, value) in slots {
        match value.is_zero() {
            true => batch.remove(&spaces.storage, key),
            false => batch.insert(&spaces.storage, key, encode_slot(value)),
        }
    }
}

fn write_history(batch: &mut OwnedWriteBatch, spaces: &Spaces, blocks: &[impl AsRef<Pending>]) {
    let (mut accounts, mut slots) = (Vec::new(), Vec::new());
    for block in blocks.iter().map(AsRef::as_ref) {
        for account in &block.change.accounts {
            if account.before != account.after {
                let key = at_height(account.key.as_slice(), block.number);
                accounts.push((key, encode_maybe_account(account.before.as_ref())));
            }
            slots.extend(account.slots.iter().map(|slot| {
                let prefix = slot_history_prefix(account.key, slot.key);
                (at_height(prefix.as_slice(), block.number), encode_slot(slot.before))
            }));
        }
        write_emptied(batch, spaces, block);
    }
    insert_sorted(batch, &spaces.account_history, accounts);
    insert_sorted(batch, &spaces.storage_history, slots);
}

fn write_emptied(batch: &mut OwnedWriteBatch, spaces: &Spaces, block: &Pending) {
    let emptied = block.change.accounts.iter().filter(|account| block.emptied.contains(&account.key));
    let slots = emptied.flat_map(|account| account.slots.iter().map(|slot| storage_key(account.key, slot.key)));
    let slots: Vec<u8> = slots.flatten().collect();
    if !slots.is_empty() {
        batch.insert(&spaces.emptied, block.number.to_be_bytes(), slots);
    }
}

fn write_indexes(batch: &mut OwnedWriteBatch, spaces: &Spaces, blocks: &[impl AsRef<Pending>]) {
    let mut entries: [Vec<(UserKey, UserValue)>; 4] = Default::default();
    let places = [&spaces.blocks, &spaces.hashes, &spaces.transactions, &spaces.logs];
    for block in blocks {
        block.as_ref().index_entries(spaces, |space, key, value| {
            let place = places.iter().position(|place| *place == space).expect("an index");
            entries[place].push((key.into(), value.into()));
        });
    }
    for (space, entries) in places.into_iter().zip(entries) {
        insert_sorted(batch, space, entries);
    }
}

/// Neighbours are found sooner: the database's memory is a sorted list, and it is the flusher's largest cost.
fn insert_sorted<K: Ord + Into<UserKey>, V: Into<UserValue>>(
    batch: &mut OwnedWriteBatch,
    space: &Keyspace,
    mut entries: Vec<(K, V)>,
) {
    entries.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    for (key, value) in entries {
        batch.insert(space, key, value);
    }
}

fn write_codes(batch: &mut OwnedWriteBatch, spaces: &Spaces, blocks: &[impl AsRef<Pending>]) {
    let codes: BTreeMap<_, _> = blocks.iter().flat_map(|block| &block.as_ref().codes).collect();
    for (hash, code) in codes {
        batch.insert(&spaces.codes, hash.as_slice(), code.as_ref());
    }
}
