//! What the pool tells other nodes, and what it hears from them. Called by the engine through `consensus::Gossip`.
//!
//! ```text
//! submit ----> news ------> to_tell ---> peers          (once)
//!                              | due in TELL_AGAIN_MS
//! hear -> pool -> due ---------+-------> peers          (again, as long as the pool holds it)
//! ```
//! Both queues hold hashes; what left the pool meanwhile is skipped. A node without a network keeps none.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use alloy_eips::eip2718::Encodable2718;
use consensus::{Gossip, NotATransaction, Wake};
use parking_lot::Mutex;
use primitives::{
    Address, B256, Bytes, NodeId, Recovered, TimeMs, Tx, keccak256,
    tx::{decode_tx, recover},
};
use rayon::prelude::*;

use crate::{
    Chain,
    chain::{Inner, now},
};

/// A transaction that is still here so long after it was told is told again.
const TELL_AGAIN_MS: u64 = 2_000;

/// From this many transactions on, signers are recovered on several threads. Messages of a few come hundreds of times in a second:
/// waking threads for each, which then look for more work, costs more than the recovery.
const PARALLEL_SIGNERS: usize = 32;

/// What there is to tell.
#[derive(Debug, Default)]
pub(crate) struct Telling {
    /// Whether an engine with a network asked for it.
    on: AtomicBool,
    wake: Wake,
    queues: Mutex<Queues>,
}

#[derive(Debug, Default)]
struct Queues {
    /// Admitted here, told to nobody.
    news: VecDeque<B256>,
    /// When to tell again; rising, because every transaction waits for the same time.
    due: VecDeque<(TimeMs, B256)>,
}

impl Telling {
    /// A client brought a transaction.
    pub(crate) fn admitted(&self, hash: B256) {
        if self.on.load(Ordering::Relaxed) {
            self.queues.lock().news.push_back(hash);
            self.wake.raise();
        }
    }

    fn heard(&self, hash: B256) {
        self.queues.lock().again(hash);
    }
}

impl Queues {
    /// The next one to tell.
    fn next(&mut self, now: TimeMs) -> Option<B256> {
        let due = |(at, _): &(TimeMs, B256)| at.0 <= now.0;
        self.news
            .pop_front()
            .or_else(|| self.due.front().copied().filter(due).and_then(|_| Some(self.due.pop_front()?.1)))
    }

    fn again(&mut self, hash: B256) {
        self.due.push_back((TimeMs(now().0.saturating_add(TELL_AGAIN_MS)), hash));
    }
}

/// The door for engines that carry transactions.
#[derive(Clone, Debug)]
pub struct GossipDoor(Arc<Inner>);

impl Chain {
    /// The door for an engine that carries transactions between nodes; from now on there is something to tell.
    pub fn gossip(&self) -> GossipDoor {
        self.0.telling.on.store(true, Ordering::Relaxed);
        GossipDoor(self.0.clone())
    }
}

impl Gossip for GossipDoor {
    fn to_tell(&self, max_count: usize, max_bytes: usize) -> Vec<Bytes> {
        let (mut told, mut bytes) = (Vec::new(), 0);
        let mut queues = self.0.telling.queues.lock();
        let now = now();
        while told.len() < max_count
            && let Some(hash) = queues.next(now)
        {
            let Some(pooled) = self.0.pool.get(hash) else { continue };
            let encoded = pooled.tx.inner().encoded_2718();
            bytes += encoded.len();
            if bytes > max_bytes && !told.is_empty() {
                queues.news.push_front(hash);
                break;
            }
            told.push(encoded.into());
            queues.again(hash);
        }
        told
    }

    fn hear(&self, from: NodeId, told: Vec<Bytes>) -> Result<(), NotATransaction> {
        let new: Vec<Bytes> = told.into_iter().filter(|bytes| !self.is_known(keccak256(bytes))).collect();
        let new: Vec<Recovered<Tx>> = if new.len() < PARALLEL_SIGNERS {
            new.iter().map(|bytes| recovered(bytes)).collect::<Result<_, _>>()?
        } else {
            new.par_iter().map(|bytes| recovered(bytes)).collect::<Result<_, _>>()?
        };
        for tx in new {
            let hash = *tx.inner().tx_hash();
            match self.0.admit(tx, Some(from)) {
                Ok(()) => self.0.telling.heard(hash),
                Err(error) => tracing::debug!(%hash, peer = %from, %error, "transaction of a peer not taken"),
            }
        }
        Ok(())
    }

    fn signer(&self, hash: B256) -> Option<Address> {
        if let Some(pooled) = self.0.pool.get(hash) {
            return Some(pooled.sender());
        }
        let head = self.0.head();
        let (executed, index) = head.transaction(hash)?;
        executed.block.transactions().get(index).map(Recovered::signer)
    }

    fn news(&self) -> Wake {
        self.0.telling.wake.clone()
    }
}

impl GossipDoor {
    /// Waits here, or was in a recent block.
    fn is_known(&self, hash: B256) -> bool {
        self.0.pool.get(hash).is_some() || self.0.head().transaction(hash).is_some()
    }
}

fn recovered(bytes: &[u8]) -> Result<Recovered<Tx>, NotATransaction> {
    let refused = |error: primitives::tx::TxError| NotATransaction(error.to_string());
    recover(decode_tx(bytes).map_err(refused)?).map_err(refused)
}
