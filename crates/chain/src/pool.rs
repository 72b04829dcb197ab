//! Transactions that wait for a block.
//!
//! ```text
//! submit -> insert -> [one queue of nonces per sender] -> ready, in order of arrival -> take (proposed) -> settle (mined)
//!                      a gap waits here                                              -> put_back (did not fit)
//!                                                                                    -> reject (turned out invalid)
//!                                       another member's block below the next: claim -> release (that block is dead)
//! ```
//! Order is order of arrival across senders and order of nonces within one; tips buy nothing. A transaction stays findable
//! by hash until the block that holds it is published: [`Pool::settle`] publishes under the same lock.
//! Everything that grows is bounded, each bound with its own error. No I/O, no clock: `now` is an argument.

mod error;
mod limits;
mod queue;
#[cfg(test)]
mod tests;

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use alloy_consensus::Transaction;
use alloy_eips::eip2718::Encodable2718;
use parking_lot::Mutex;
use primitives::{Address, B256, NodeId, Recovered, TimeMs, Tx, U256, tx::max_cost};

pub use error::PoolError;
pub use limits::Limits;
use queue::Queue;

/// A transaction in the pool.
#[derive(Debug)]
pub struct Pooled {
    /// The transaction and its signer.
    pub tx: Recovered<Tx>,
    /// The peer that told of it, if it was not brought here.
    from: Option<NodeId>,
    cost: U256,
    bytes: usize,
}

impl Pooled {
    fn new(tx: Recovered<Tx>, from: Option<NodeId>) -> Result<Self, PoolError> {
        let cost = max_cost(tx.inner()).ok_or(PoolError::CostOverflow)?;
        let bytes = tx.inner().encode_2718_len();
        Ok(Self { tx, from, cost, bytes })
    }

    /// Transaction hash.
    pub fn hash(&self) -> B256 {
        *self.tx.inner().tx_hash()
    }

    /// Signer.
    pub const fn sender(&self) -> Address {
        self.tx.signer()
    }

    /// Nonce.
    pub fn nonce(&self) -> u64 {
        self.tx.inner().nonce()
    }

    /// The most that it can cost its sender: gas limit times maximum price, plus value.
    pub const fn cost(&self) -> U256 {
        self.cost
    }
}

/// Nonce and balance of a sender at the head.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SenderState {
    /// Next nonce that the state expects.
    pub nonce: u64,
    /// Wei.
    pub balance: U256,
}

/// What waits, by sender and nonce: those that could go into the next block, and those behind a gap.
#[derive(Debug, Default)]
pub struct Content {
    /// Executable now, or already handed to a block that is not yet final.
    pub pending: Vec<Arc<Pooled>>,
    /// Behind a missing nonce.
    pub queued: Vec<Arc<Pooled>>,
}

/// The pool.
#[derive(Debug)]
pub struct Pool {
    limits: Limits,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    queues: HashMap<Address, Queue>,
    by_hash: HashMap<B256, Arc<Pooled>>,
    /// A sender for each transaction that became executable, in that order; the queue knows which nonce is next.
    /// A sender whose transactions were all handed out meanwhile is skipped.
    ready: VecDeque<Address>,
    bytes: usize,
    /// What each peer told of.
    told: HashMap<NodeId, Told>,
}

/// What waits of one peer.
#[derive(Clone, Copy, Debug, Default)]
struct Told {
    transactions: usize,
    bytes: usize,
}

impl Pool {
    /// An empty pool.
    pub fn new(limits: Limits) -> Self {
        Self { limits, inner: Mutex::new(Inner::default()) }
    }

    /// Takes a transaction whose rules that need no state were checked before. `sender_state` is read under the pool's lock,
    /// so that it cannot be older than what the pool knows of mined nonces. True if it can go into the next block.
    pub fn insert(
        &self,
        tx: Recovered<Tx>,
        from: Option<NodeId>,
        now: TimeMs,
        sender_state: impl FnOnce(Address) -> SenderState,
    ) -> Result<(Arc<Pooled>, bool), PoolError> {
        let pooled = Arc::new(Pooled::new(tx, from)?);
        let mut inner = self.inner.lock();
        let ready = inner.insert(&self.limits, pooled.clone(), now, sender_state)?;
        Ok((pooled, ready))
    }

    /// Hands out up to `count` executable transactions in order; they stay findable and are not handed out again.
    pub fn take(&self, count: usize) -> Vec<Arc<Pooled>> {
        self.inner.lock().take(count)
    }

    /// Transactions handed out that did not fit: they go back to the front, in the order given.
    pub fn put_back(&self, transactions: &[Arc<Pooled>]) {
        let senders = transactions.iter().map(|pooled| (pooled.sender(), pooled.nonce()));
        self.inner.lock().put_back(senders.rev());
    }

    /// A block on which the next one is built holds these, each a sender and a nonce: they count as handed out, whoever made it.
    pub fn claim(&self, held: impl Iterator<Item = (Address, u64)>) {
        let mut inner = self.inner.lock();
        for (sender, nonce) in held {
            if let Some(queue) = inner.queues.get_mut(&sender) {
                queue.claim(nonce);
            }
        }
    }

    /// A block that held these is on no branch any more: what of them still waits goes back to the front, in the order given.
    pub fn release(&self, held: impl DoubleEndedIterator<Item = (Address, u64)>) {
        self.inner.lock().put_back(held.rev());
    }

    /// A transaction handed out turned out invalid on `state`, its sender's state at that moment: it is dropped, later nonces wait.
    pub fn reject(&self, transaction: &Pooled, state: SenderState) {
        self.inner.lock().reject(transaction, state);
    }

    /// A block became final: calls `publish`, then removes what it mined, as one step for everyone who asks the pool.
    /// `mined` = each transaction's sender, nonce and hash.
    pub fn settle(&self, mined: impl Iterator<Item = (Address, u64, B256)>, publish: impl FnOnce()) {
        let mut inner = self.inner.lock();
        publish();
        for (sender, nonce, _) in mined {
            inner.settle(sender, nonce);
        }
    }

    /// The transaction with this hash, if it waits.
    pub fn get(&self, hash: B256) -> Option<Arc<Pooled>> {
        self.inner.lock().by_hash.get(&hash).cloned()
    }

    /// The nonce after the sender's last executable transaction, `state_nonce` giving the head's under the pool's lock.
    pub fn next_nonce(&self, sender: Address, state_nonce: impl FnOnce() -> u64) -> u64 {
        let inner = self.inner.lock();
        inner.queues.get(&sender).map_or_else(state_nonce, Queue::next_executable)
    }

    /// Numbers of executable and of waiting transactions.
    pub fn status(&self) -> (usize, usize) {
        let inner = self.inner.lock();
        let pending: usize = inner.queues.values().map(Queue::executable_count).sum();
        (pending, inner.by_hash.len() - pending)
    }

    /// Everything that waits.
    pub fn content(&self) -> Content {
        let inner = self.inner.lock();
        let mut senders: Vec<_> = inner.queues.keys().copied().collect();
        senders.sort_unstable();
        let mut content = Content::default();
        for sender in senders {
            inner.queues[&sender].list(&mut content);
        }
        content
    }

    /// What waits of one sender.
    pub fn content_from(&self, sender: Address) -> Content {
        let mut content = Content::default();
        if let Some(queue) = self.inner.lock().queues.get(&sender) {
            queue.list(&mut content);
        }
        content
    }

    /// Transactions and their bytes, for metrics.
    pub fn size(&self) -> (usize, usize) {
        let inner = self.inner.lock();
        (inner.by_hash.len(), inner.bytes)
    }
}

impl Inner {
    fn insert(
        &mut self,
        limits: &Limits,
        pooled: Arc<Pooled>,
        now: TimeMs,
        sender_state: impl FnOnce(Address) -> SenderState,
    ) -> Result<bool, PoolError> {
        if self.by_hash.contains_key(&pooled.hash()) {
            return Err(PoolError::AlreadyKnown);
        }
        let sender = pooled.sender();
        let state = sender_state(sender);
        self.check_room(limits, &pooled)?;
        self.check_teller(limits, &pooled, state)?;
        let queue = self.queues.entry(sender).or_insert_with(|| Queue::new(state.nonce));
        let inserted = queue.insert(limits, pooled.clone(), state, now);
        if queue.is_empty() {
            self.queues.remove(&sender);
        }
        let inserted = inserted?;
        if let Some(replaced) = inserted.replaced {
            self.forget(&replaced);
        }
        self.bytes += pooled.bytes;
        if let Some(peer) = pooled.from {
            let told = self.told.entry(peer).or_default();
            told.transactions += 1;
            told.bytes += pooled.bytes;
        }
        self.by_hash.insert(pooled.hash(), pooled);
        self.announce(sender, inserted.ready);
        Ok(inserted.ready > 0)
    }

    fn check_room(&self, limits: &Limits, pooled: &Pooled) -> Result<(), PoolError> {
        if self.by_hash.len() >= limits.transactions {
            return Err(PoolError::Full { limit: limits.transactions });
        }
        if self.bytes + pooled.bytes > limits.bytes {
            return Err(PoolError::BytesFull { limit: limits.bytes });
        }
        Ok(())
    }

    /// What waits behind a gap gets half of a peer's share: it could otherwise keep out what closes the gap, and stay for good.
    fn check_teller(&self, limits: &Limits, pooled: &Pooled, state: SenderState) -> Result<(), PoolError> {
        let Some(peer) = pooled.from else { return Ok(()) };
        let next = self.queues.get(&pooled.sender()).map_or(state.nonce, Queue::next_executable);
        let share = |limit: usize| if pooled.nonce() > next { limit / 2 } else { limit };
        let told = self.told.get(&peer).copied().unwrap_or_default();
        if told.transactions >= share(limits.transactions_per_peer) {
            return Err(PoolError::PeerFull { limit: limits.transactions_per_peer });
        }
        if told.bytes + pooled.bytes > share(limits.bytes_per_peer) {
            return Err(PoolError::PeerBytesFull { limit: limits.bytes_per_peer });
        }
        Ok(())
    }

    fn take(&mut self, count: usize) -> Vec<Arc<Pooled>> {
        let mut taken = Vec::with_capacity(count.min(self.ready.len()));
        while taken.len() < count {
            let Some(sender) = self.ready.pop_front() else { break };
            taken.extend(self.queues.get_mut(&sender).and_then(Queue::propose));
        }
        taken
    }

    /// Last first.
    fn put_back(&mut self, reversed: impl Iterator<Item = (Address, u64)>) {
        for (sender, nonce) in reversed {
            let Some(queue) = self.queues.get_mut(&sender) else { continue };
            for _ in 0..queue.unpropose(nonce) {
                self.ready.push_front(sender);
            }
        }
    }

    fn reject(&mut self, transaction: &Pooled, state: SenderState) {
        let sender = transaction.sender();
        let Some(queue) = self.queues.get_mut(&sender) else { return };
        let mut removed = Vec::new();
        removed.extend(queue.remove(transaction.nonce()));
        let ready = queue.advance(state.nonce, &mut removed);
        self.announce(sender, ready);
        self.clean(sender, &removed);
    }

    fn settle(&mut self, sender: Address, nonce: u64) {
        let Some(queue) = self.queues.get_mut(&sender) else { return };
        let mut removed = Vec::new();
        let ready = queue.advance(nonce.saturating_add(1), &mut removed);
        self.announce(sender, ready);
        self.clean(sender, &removed);
    }

    fn announce(&mut self, sender: Address, executable: usize) {
        self.ready.extend(std::iter::repeat_n(sender, executable));
    }

    fn clean(&mut self, sender: Address, removed: &[Arc<Pooled>]) {
        for pooled in removed {
            self.forget(pooled);
        }
        if self.queues.get(&sender).is_some_and(Queue::is_empty) {
            self.queues.remove(&sender);
        }
    }

    fn forget(&mut self, pooled: &Pooled) {
        if self.by_hash.remove(&pooled.hash()).is_some() {
            self.bytes -= pooled.bytes;
            self.forget_teller(pooled);
        }
    }

    fn forget_teller(&mut self, pooled: &Pooled) {
        let Some(peer) = pooled.from else { return };
        if let Some(told) = self.told.get_mut(&peer) {
            told.transactions -= 1;
            told.bytes -= pooled.bytes;
            if told.transactions == 0 {
                self.told.remove(&peer);
            }
        }
    }
}
