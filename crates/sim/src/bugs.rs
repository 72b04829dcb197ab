//! Planted bugs: what the checks must catch. Each is a change at a boundary of honest nodes (their disk, their ledger's door, what
//! clients are told), so that nothing of them is in the node's own code.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use alloy_consensus::proofs::calculate_transaction_root;
use consensus::{Content, Fatal, Ledger, NodeKey, Peers, Slot, Verdict, certificate::finalize_alone};
use primitives::{B256, Block, Committee, Tx};
use store::disk::{Disk, DiskFile};

use crate::{
    twist::{Twist, twisted},
    witness::Place,
};

/// One thing that is done wrong, on every honest node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// The disk says that a block is durable before it is.
    AcknowledgesBeforeDurable,
    /// A proposed block's state root is not compared.
    SkipsRootCheck,
    /// A member of the network decides alone too, as a sole member would.
    BothEngines,
    /// A revoked member stays in the committee.
    AcceptsRevokedVote,
    /// A revoked member stays a peer.
    KeepsRevokedPeer,
    /// A receipt is served when its block is voted for.
    ServesEarly,
    /// Votes are forgotten in a power cut of all.
    ForgetsVotes,
    /// A proposal holds a transaction twice.
    IncludesTwice,
}

impl Bug {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::AcknowledgesBeforeDurable,
        Self::SkipsRootCheck,
        Self::BothEngines,
        Self::AcceptsRevokedVote,
        Self::KeepsRevokedPeer,
        Self::ServesEarly,
        Self::ForgetsVotes,
        Self::IncludesTwice,
    ];

    /// The node's ledger with this bug in its door.
    pub(crate) fn plant(self, ledger: Arc<dyn Ledger>, node: usize, key: &NodeKey, early: &Early) -> Arc<dyn Ledger> {
        match self {
            Self::SkipsRootCheck => twisted(ledger, SkipsRootCheck),
            Self::BothEngines if node == 0 => {
                twisted(ledger, AlsoSolo { key: key.clone(), genesis: early.genesis, done: AtomicBool::new(false) })
            }
            Self::KeepsRevokedPeer => twisted(ledger, KeepsPeers::default()),
            Self::ServesEarly => twisted(ledger, early.clone()),
            Self::IncludesTwice => twisted(ledger, IncludesTwice),
            Self::BothEngines | Self::AcceptsRevokedVote | Self::AcknowledgesBeforeDurable | Self::ForgetsVotes => {
                ledger
            }
        }
    }

    /// What all must have in common, the dishonest too: who signs in an epoch is part of what each finds of its own votes.
    pub(crate) fn plant_in_all(self, ledger: Arc<dyn Ledger>) -> Arc<dyn Ledger> {
        if self == Self::AcceptsRevokedVote { twisted(ledger, KeepsInCommittee) } else { ledger }
    }
}

struct SkipsRootCheck;

impl SkipsRootCheck {
    /// Whether all of these could be executed; on one that could not nothing can be built.
    fn stands(inner: &dyn Ledger, pending: &[Arc<Block>]) -> Result<bool, Fatal> {
        for (index, block) in pending.iter().enumerate() {
            if inner.verify(block.clone(), &pending[..index])? != Verdict::Valid {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl Twist for SkipsRootCheck {
    fn propose(
        &self,
        inner: &dyn Ledger,
        slot: Slot,
        content: Content,
        pending: &[Arc<Block>],
    ) -> Result<Option<Arc<Block>>, Fatal> {
        if Self::stands(inner, pending)? { inner.propose(slot, content, pending) } else { Ok(None) }
    }

    fn verify(&self, inner: &dyn Ledger, block: Arc<Block>, pending: &[Arc<Block>]) -> Result<Verdict, Fatal> {
        if !Self::stands(inner, pending)? {
            return Ok(Verdict::Valid);
        }
        let verdict = inner.verify(block, pending)?;
        Ok(match verdict {
            Verdict::Invalid(reason) if reason.contains("stateRoot") => Verdict::Valid,
            verdict => verdict,
        })
    }
}

/// Once, in a network, makes a block final with nobody's vote but its own.
struct AlsoSolo {
    key: NodeKey,
    genesis: B256,
    done: AtomicBool,
}

impl Twist for AlsoSolo {
    fn propose(
        &self,
        inner: &dyn Ledger,
        slot: Slot,
        content: Content,
        pending: &[Arc<Block>],
    ) -> Result<Option<Arc<Block>>, Fatal> {
        let block = inner.propose(slot, content, pending)?;
        if let Some(block) = block.as_ref().filter(|_| pending.is_empty() && !self.done.swap(true, Ordering::Relaxed)) {
            let proof = finalize_alone(&self.key, self.genesis, slot, block.hash());
            inner.finalize(block.clone(), Some(proof))?;
        }
        Ok(block)
    }
}

/// Whoever was in the committee of the epoch before is in the next one too.
struct KeepsInCommittee;

impl Twist for KeepsInCommittee {
    fn committee(&self, inner: &dyn Ledger, epoch: u64) -> Result<Option<Committee>, Fatal> {
        let Some(committee) = inner.committee(epoch)? else { return Ok(None) };
        let before = inner.committee(epoch.saturating_sub(1))?;
        let before = before.iter().flat_map(Committee::members);
        let members: BTreeSet<B256> = committee.members().iter().chain(before).copied().collect();
        Ok(Some(Committee::new(members.into_iter().collect())))
    }
}

/// Whoever was a peer stays one.
#[derive(Default)]
struct KeepsPeers(Mutex<Peers>);

impl Twist for KeepsPeers {
    fn peers(&self, inner: &dyn Ledger) -> Result<Peers, Fatal> {
        let mut peers = inner.peers()?;
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let gone = kept.committee.iter().chain(&kept.followers);
        let gone = gone.filter(|old| !peers.committee.contains(old) && !peers.followers.contains(old));
        let gone: Vec<_> = gone.cloned().collect();
        peers.followers.extend(gone);
        *kept = peers.clone();
        Ok(peers)
    }
}

/// Receipts by the blocks that a node voted for.
#[derive(Clone)]
pub(crate) struct Early {
    pub(crate) genesis: B256,
    places: Arc<Mutex<BTreeMap<B256, Place>>>,
}

impl Early {
    pub(crate) fn new(genesis: B256) -> Self {
        Self { genesis, places: Arc::default() }
    }

    pub(crate) fn place_of(&self, hash: B256) -> Option<Place> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner).get(&hash).copied()
    }
}

impl Twist for Early {
    fn verify(&self, inner: &dyn Ledger, block: Arc<Block>, pending: &[Arc<Block>]) -> Result<Verdict, Fatal> {
        let verdict = inner.verify(block.clone(), pending)?;
        if verdict == Verdict::Valid {
            let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
            for (index, transaction) in block.transactions().iter().enumerate() {
                let place = Place { height: block.number(), block: block.hash(), index };
                places.insert(*transaction.inner().tx_hash(), place);
            }
        }
        Ok(verdict)
    }
}

struct IncludesTwice;

impl Twist for IncludesTwice {
    fn propose(
        &self,
        inner: &dyn Ledger,
        slot: Slot,
        content: Content,
        pending: &[Arc<Block>],
    ) -> Result<Option<Arc<Block>>, Fatal> {
        let Some(block) = inner.propose(slot, content, pending)? else { return Ok(None) };
        let mut transactions = block.transactions().to_vec();
        transactions.extend(block.transactions().first().cloned());
        let mut header = block.header().clone();
        let bodies: Vec<Tx> = transactions.iter().map(|transaction| transaction.inner().clone()).collect();
        header.transactions_root = calculate_transaction_root(&bodies);
        Ok(Some(Arc::new(Block::seal(header, transactions))))
    }
}

/// A disk whose syncs do nothing.
#[derive(Debug)]
pub(crate) struct LyingDisk<D>(pub(crate) D);

impl<D: Disk> Disk for LyingDisk<D> {
    fn list(&self) -> io::Result<Vec<String>> {
        self.0.list()
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(LyingFile(self.0.create(name)?)))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(LyingFile(self.0.open(name)?)))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.0.remove(name)
    }

    fn sync_names(&self) -> io::Result<()> {
        self.0.sync_names()
    }
}

#[derive(Debug)]
struct LyingFile(Box<dyn DiskFile>);

impl DiskFile for LyingFile {
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<usize> {
        self.0.write_at(offset, bytes)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.0.read_at(offset, buffer)
    }

    fn length(&self) -> io::Result<u64> {
        self.0.length()
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        self.0.truncate(length)
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}
