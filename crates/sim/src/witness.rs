//! Who sees every final block of every node, and says when a promise is broken. Shared by all nodes of a run; it outlives their power
//! cuts. Each block of each node is checked once, when it becomes final there; receipts that were served are read again and again.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use alloy_sol_types::SolEvent;
use chain::{BlockAt, Chain, Executed};
use consensus::{Fatal, Ledger, Peers, Verdict};
use contracts::admission::{
    ADDRESS,
    IAdmission::{LinkRequested, MemberAdmitted, MemberRevoked, RevocationRequested},
};
use primitives::{B256, Block, FinalityProof, NodeId};

use crate::{Violation, twist::Twist};

/// So many receipts that were served before are read again for each block that becomes final on a node.
const READ_AGAIN: usize = 8;

/// What a member has to do something about.
#[derive(Clone, Debug)]
pub(crate) enum News {
    Asked { id: u64, certificate: B256, policy: B256, epoch: u64, about: NodeId },
    Admitted,
    Revoked(NodeId),
}

/// Where a transaction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) height: u64,
    pub(crate) block: B256,
    pub(crate) index: usize,
}

/// The one chain, as far as anybody has it.
pub(crate) struct Witness {
    epoch_blocks: u64,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    /// By height.
    hashes: Vec<B256>,
    /// Newest final height of each node.
    heights: Vec<u64>,
    transactions: BTreeMap<B256, Place>,
    served: BTreeMap<B256, Place>,
    /// The same, the first to be served first.
    in_order: Vec<(B256, Place)>,
    /// Of each node, which of those is read again next.
    turns: Vec<usize>,
    /// And the height.
    revoked: BTreeMap<NodeId, u64>,
    /// The newest height in whose certificate a member's signature was.
    signed: BTreeMap<NodeId, u64>,
    news: Vec<News>,
    violation: Option<Violation>,
}

impl Witness {
    pub(crate) fn new(genesis: B256, epoch_blocks: u64, nodes: usize) -> Arc<Self> {
        let seen = Seen { hashes: vec![genesis], heights: vec![0; nodes], turns: vec![0; nodes], ..Seen::default() };
        Arc::new(Self { epoch_blocks, seen: Mutex::new(seen) })
    }

    pub(crate) fn report(&self, violation: Violation) {
        self.lock().violation.get_or_insert(violation);
    }

    pub(crate) fn violation(&self) -> Option<Violation> {
        self.lock().violation.clone()
    }

    /// The newest height that is final anywhere.
    pub(crate) fn height(&self) -> u64 {
        self.lock().hashes.len() as u64 - 1
    }

    pub(crate) fn hashes(&self) -> Vec<B256> {
        self.lock().hashes.clone()
    }

    pub(crate) fn height_of(&self, node: usize) -> u64 {
        self.lock().heights[node]
    }

    pub(crate) fn revoked_at(&self, node: NodeId) -> Option<u64> {
        self.lock().revoked.get(&node).copied()
    }

    pub(crate) fn has_signed(&self, node: NodeId) -> bool {
        self.lock().signed.contains_key(&node)
    }

    pub(crate) fn take_news(&self) -> Vec<News> {
        std::mem::take(&mut self.lock().news)
    }

    /// A node starts with this ledger: it may have more than it told, never less, and every receipt that it may have served.
    pub(crate) fn starts(&self, node: usize, chain: &Chain) -> Result<(), Violation> {
        let (before, after) = (self.height_of(node), chain.head().number());
        if after < before {
            return Err(Violation::HeightFell { node, before, after });
        }
        // What was on its way into the log when the power failed may have got there.
        for height in before..=after {
            self.look(node, chain, height)?;
        }
        self.check_receipts(node, chain)
    }

    /// Every receipt that was served, of blocks that this node has, is where it was.
    pub(crate) fn check_receipts(&self, node: usize, chain: &Chain) -> Result<(), Violation> {
        let served = self.lock().in_order.clone();
        let head = chain.head().number();
        let mut served = served.into_iter().filter(|(_, place)| place.height <= head);
        served.try_for_each(|(hash, place)| check_receipt(node, chain, hash, place))
    }

    /// A block is final on a node: what was served of it elsewhere, and some older receipts in turn, are where they were.
    fn read_again(&self, node: usize, chain: &Chain, height: u64) -> Result<(), Violation> {
        let due = self.lock().due(node, height);
        due.into_iter().try_for_each(|(hash, place)| check_receipt(node, chain, hash, place))
    }

    /// A client got a receipt.
    pub(crate) fn serves(&self, node: usize, head: u64, hash: B256, place: Place) {
        let mut seen = self.lock();
        if place.height > head {
            let early = Violation::ReceiptBeforeFinal { node, height: place.height, head };
            seen.violation.get_or_insert(early);
        }
        if !seen.served.contains_key(&hash) {
            seen.in_order.push((hash, place));
        }
        let first = *seen.served.entry(hash).or_insert(place);
        if first != place || seen.transactions.get(&hash) != Some(&place) {
            seen.violation.get_or_insert(Violation::ReceiptLost { hash, height: first.height, node });
        }
    }

    /// A block is final on a node.
    fn look(&self, node: usize, chain: &Chain, height: u64) -> Result<(), Violation> {
        let failed = |error: chain::ChainError| Violation::Ended { node, reason: error.to_string() };
        let block = chain.block(BlockAt::Number(height)).map_err(failed)?;
        let block = block.ok_or(Violation::Gap { height, node })?;
        if height == chain.head().number() && chain.head().state_root() != block.block.header().state_root {
            return Err(Violation::RootsDiffer { height, node });
        }
        if let Some(proof) = &block.finality {
            self.check_certificate(node, chain, &block, proof)?;
        }
        let mut seen = self.lock();
        seen.check_place(node, &block)?;
        seen.heights[node] = seen.heights[node].max(height);
        if height == seen.hashes.len() as u64 {
            seen.extend(&block)?;
        }
        Ok(())
    }

    fn check_certificate(
        &self,
        node: usize,
        chain: &Chain,
        block: &Executed,
        proof: &FinalityProof,
    ) -> Result<(), Violation> {
        let height = block.number();
        let refused = |reason: String| Violation::CertificateRefused { height, node, reason };
        let committee = chain.committee(proof.epoch).map_err(|error| refused(error.to_string()))?;
        let committee = committee.ok_or_else(|| refused("nobody knows its committee".into()))?;
        let verified = proof::certificate::verify(proof, &committee, chain.genesis_hash(), block.hash());
        verified.map_err(|error| refused(error.to_string()))?;
        if height / self.epoch_blocks != proof.epoch {
            return Err(refused("it is of another epoch".into()));
        }
        let signers = proof::certificate::signers(proof, &committee, block.hash());
        let mut seen = self.lock();
        for signer in signers.map_err(|error| refused(error.to_string()))? {
            seen.signed.insert(signer, height);
        }
        let gone = |(_, at): &(&NodeId, &u64)| **at / self.epoch_blocks < proof.epoch;
        let decides = |(revoked, _): &(&NodeId, &u64)| committee.members().contains(revoked);
        let found = seen.revoked.iter().filter(gone).find(decides);
        found.map_or(Ok(()), |(revoked, at)| {
            Err(Violation::RevokedDecides { revoked: *revoked, at: *at, epoch: proof.epoch })
        })
    }

    /// A node told its network whom to talk to.
    fn check_peers(&self, node: usize, head: u64, told: &Peers) {
        let mut seen = self.lock();
        let revoked = seen.revoked.iter().filter(|(_, at)| **at <= head);
        let found = revoked
            .map(|(id, at)| (*id, *at))
            .find(|(id, _)| told.committee.iter().chain(&told.followers).any(|peer| peer.id == *id));
        if let Some((revoked, at)) = found {
            seen.violation.get_or_insert(Violation::RevokedPeer { node, revoked, at, head });
        }
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    fn check_place(&self, node: usize, block: &Executed) -> Result<(), Violation> {
        let height = block.number();
        let at = |height: u64| self.hashes.get(usize::try_from(height).ok()?).copied();
        match at(height) {
            Some(first) if first != block.hash() => {
                Err(Violation::TwoFinalBlocks { height, first, second: block.hash(), node })
            }
            _ if height > 0 && at(height - 1) != Some(block.block.header().parent_hash) => {
                Err(Violation::Gap { height, node })
            }
            _ => Ok(()),
        }
    }

    /// The first node to have a block.
    fn extend(&mut self, block: &Executed) -> Result<(), Violation> {
        let height = block.number();
        self.hashes.push(block.hash());
        for (index, transaction) in block.block.transactions().iter().enumerate() {
            let hash = *transaction.inner().tx_hash();
            let place = Place { height, block: block.hash(), index };
            if let Some(first) = self.transactions.insert(hash, place) {
                return Err(Violation::TransactionTwice { hash, first: first.height, second: height });
            }
        }
        let logs = block.receipts.iter().flat_map(|receipt| &receipt.logs);
        for log in logs.filter(|log| log.address == ADDRESS) {
            self.read_news(height, log);
        }
        Ok(())
    }

    /// Which receipts are read again on a node that has a new block: all of that block, and the next ones in turn.
    fn due(&mut self, node: usize, height: u64) -> Vec<(B256, Place)> {
        let turn = self.turns[node];
        let first = if turn < self.in_order.len() { turn } else { 0 };
        self.turns[node] = first + READ_AGAIN;
        let of_block = self.in_order.iter().filter(|(_, place)| place.height == height);
        let in_turn = self.in_order.iter().skip(first).take(READ_AGAIN).filter(|(_, place)| place.height < height);
        of_block.chain(in_turn).copied().collect()
    }

    fn read_news(&mut self, height: u64, log: &alloy_primitives::Log) {
        if let Ok(asked) = LinkRequested::decode_log(log) {
            let LinkRequested { id, certificate, policy, epoch, nodeKey: about, .. } = asked.data;
            self.news.push(News::Asked { id, certificate, policy, epoch, about });
        } else if let Ok(asked) = RevocationRequested::decode_log(log) {
            let RevocationRequested { id, certificate, policy, epoch, nodeKey: about, .. } = asked.data;
            self.news.push(News::Asked { id, certificate, policy, epoch, about });
        } else if MemberAdmitted::decode_log(log).is_ok() {
            self.news.push(News::Admitted);
        } else if let Ok(revoked) = MemberRevoked::decode_log(log) {
            self.revoked.insert(revoked.nodeKey, height);
            self.news.push(News::Revoked(revoked.nodeKey));
        }
    }
}

/// A receipt that was served is of a block that this node has; it is where it was.
fn check_receipt(node: usize, chain: &Chain, hash: B256, place: Place) -> Result<(), Violation> {
    let found = place_of(chain, hash).map_err(|reason| Violation::Ended { node, reason })?;
    let lost = Violation::ReceiptLost { hash, height: place.height, node };
    if found == Some(place) { Ok(()) } else { Err(lost) }
}

/// Where a node has a transaction.
pub(crate) fn place_of(chain: &Chain, hash: B256) -> Result<Option<Place>, String> {
    let found = chain.mined(hash).map_err(|error| error.to_string())?;
    Ok(found.map(|(block, index)| Place { height: block.number(), block: block.hash(), index }))
}

/// Right above the node's ledger: sees what becomes final there, whatever is planted further out.
pub(crate) struct Audit {
    pub(crate) node: usize,
    pub(crate) chain: Chain,
    pub(crate) witness: Arc<Witness>,
    /// Blocks that are in the log and not final yet, oldest first.
    pub(crate) logged: Mutex<Vec<Arc<Block>>>,
}

impl Audit {
    fn refuse(&self, violation: Violation) -> Fatal {
        let fatal = Fatal(violation.to_string());
        self.witness.report(violation);
        fatal
    }

    fn check_rules(&self, inner: &dyn Ledger, block: &Arc<Block>, below: &[Arc<Block>]) -> Result<(), Fatal> {
        match inner.verify(block.clone(), below)? {
            Verdict::Valid => Ok(()),
            Verdict::Invalid(reason) => {
                Err(self.refuse(Violation::BreaksARule { height: block.number(), node: self.node, reason }))
            }
        }
    }
}

impl Twist for Audit {
    fn log(&self, inner: &dyn Ledger, block: &Arc<Block>, proof: &Option<FinalityProof>) -> Result<(), Fatal> {
        let tip = inner.tip().number;
        let mut logged = self.logged.lock().unwrap_or_else(PoisonError::into_inner);
        logged.retain(|below| below.number() > tip && below.number() < block.number());
        self.check_rules(inner, block, &logged)?;
        logged.push(block.clone());
        inner.log(block, proof)
    }

    fn finalize(&self, inner: &dyn Ledger, block: Arc<Block>, proof: Option<FinalityProof>) -> Result<(), Fatal> {
        let (node, height) = (self.node, block.number());
        if height <= inner.tip().number {
            let known = inner.block(height)?.map(|known| known.block.hash()).unwrap_or_default();
            if known != block.hash() {
                let second = block.hash();
                return Err(self.refuse(Violation::TwoFinalBlocks { height, first: known, second, node }));
            }
            return inner.finalize(block, proof);
        }
        self.check_rules(inner, &block, &[])?;
        inner.finalize(block, proof)?;
        let looked = self.witness.look(node, &self.chain, height);
        let looked = looked.and_then(|()| self.witness.read_again(node, &self.chain, height));
        looked.map_err(|violation| self.refuse(violation))
    }
}

/// Outermost: sees what the node tells its network.
pub(crate) struct Overheard {
    pub(crate) node: usize,
    pub(crate) witness: Arc<Witness>,
}

impl Twist for Overheard {
    fn peers(&self, inner: &dyn Ledger) -> Result<Peers, Fatal> {
        let told = inner.peers()?;
        self.witness.check_peers(self.node, inner.tip().number, &told);
        Ok(told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten receipts of each of four blocks were served, and a network has two nodes.
    fn seen() -> Seen {
        let served = (1..=4_u8).flat_map(|height| (0..10_u8).map(move |index| (height, index)));
        let served = served.map(|(height, index)| {
            let place = Place { height: height.into(), block: B256::with_last_byte(height), index: index.into() };
            (B256::with_last_byte(height * 10 + index), place)
        });
        Seen { in_order: served.collect(), turns: vec![0; 2], ..Seen::default() }
    }

    fn heights(due: &[(B256, Place)]) -> Vec<u64> {
        due.iter().map(|(_, place)| place.height).collect()
    }

    #[test]
    fn receipts_of_a_new_block_are_read_again_at_once() {
        let mut seen = seen();
        let due = seen.due(0, 4);
        assert_eq!(heights(&due), [vec![4_u64; 10], vec![1; 8]].concat());
    }

    #[test]
    fn receipts_of_blocks_that_a_node_does_not_have_are_not_asked_of_it() {
        let mut seen = seen();
        for _ in 0..10 {
            assert!(heights(&seen.due(0, 2)).into_iter().all(|height| height <= 2));
        }
    }

    #[test]
    fn all_receipts_have_their_turn_on_every_node_again_and_again() {
        let mut seen = seen();
        for node in [0, 1, 0, 1] {
            let mut read: Vec<B256> = (0..5).flat_map(|_| seen.due(node, 9)).map(|(hash, _)| hash).collect();
            read.sort_unstable();
            let mut all: Vec<B256> = seen.in_order.iter().map(|(hash, _)| *hash).collect();
            all.sort_unstable();
            assert_eq!(read, all);
        }
    }

    #[test]
    fn where_nothing_was_served_nothing_is_read_again() {
        let mut seen = Seen { turns: vec![0], ..Seen::default() };
        assert!(seen.due(0, 1).is_empty());
        assert!(seen.due(0, 2).is_empty());
    }
}
