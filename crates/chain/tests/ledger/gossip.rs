//! What a node tells others of its pool, when it tells it again, and what it makes of hearing the same thing twice.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use alloy_eips::eip2718::Encodable2718 as _;
use chain::{Chain, Clock, GossipDoor, Limits, Options, PoolError, SubmitError};
use consensus::{Content, Gossip as _, Ledger as _, Slot};
use primitives::{Block, Bytes, NodeId, Recovered, TimeMs, Tx};

use crate::network::{Person, genesis};

const START_MS: u64 = 1_700_000_001_000;
const TELL_AGAIN_MS: u64 = 2_000;
const SLOT: Slot = Slot { epoch: 0, view: 1, parent_view: 0 };

/// A chain with a door for gossip and a clock that the test moves.
struct Node {
    chain: Chain,
    gossip: GossipDoor,
    now_ms: Arc<AtomicU64>,
    _folder: tempfile::TempDir,
}

impl Node {
    fn new(pool: Limits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let now_ms = Arc::new(AtomicU64::new(START_MS));
        let read = now_ms.clone();
        let clock = Clock::new(move || TimeMs(read.load(Ordering::Relaxed)));
        let chain = Chain::open(folder.path(), &genesis(), Options { pool, clock, ..Options::default() }).unwrap();
        let gossip = chain.gossip();
        Self { chain, gossip, now_ms, _folder: folder }
    }

    fn wait(&self, ms: u64) {
        self.now_ms.fetch_add(ms, Ordering::Relaxed);
    }

    fn tells(&self) -> Vec<Bytes> {
        self.gossip.to_tell(1_024, 256 * 1024)
    }

    fn hears(&self, peer: u8, told: &[&Recovered<Tx>]) {
        let told = told.iter().map(|tx| encoded(tx)).collect();
        self.gossip.hear(NodeId::repeat_byte(peer), told).unwrap();
    }

    fn proposes(&self) -> Arc<Block> {
        self.chain.ledger().propose(SLOT, Content::Transactions, &[]).unwrap().expect("transactions wait")
    }

    fn finalizes(&self, block: Arc<Block>) {
        self.chain.ledger().finalize(block, None).unwrap();
    }

    /// How many transactions wait.
    fn waiting(&self) -> usize {
        self.chain.pool().size().0
    }
}

fn encoded(tx: &Recovered<Tx>) -> Bytes {
    tx.inner().encoded_2718().into()
}

fn payment(person: u8, nonce: u64) -> Recovered<Tx> {
    Person::new(person).pays(nonce, Person::new(9).address(), 1)
}

fn check_told_every_two_seconds_until_final(node: &Node, tx: &Recovered<Tx>) {
    let told_again = || {
        node.wait(TELL_AGAIN_MS - 1);
        assert!(node.tells().is_empty(), "too early");
        node.wait(1);
        assert_eq!(node.tells(), [encoded(tx)]);
        assert!(node.tells().is_empty(), "once in a period");
    };
    told_again();
    told_again();
    let block = node.proposes();
    told_again();
    node.finalizes(block);
    node.wait(TELL_AGAIN_MS);
    assert!(node.tells().is_empty(), "it is final");
    node.wait(10 * TELL_AGAIN_MS);
    assert!(node.tells().is_empty());
}

#[test]
fn what_was_brought_here_is_told_at_once_and_again_until_it_is_final() {
    let (node, tx) = (Node::new(Limits::default()), payment(1, 0));
    node.chain.submit(tx.clone()).unwrap();
    assert_eq!(node.tells(), [encoded(&tx)]);
    check_told_every_two_seconds_until_final(&node, &tx);
}

#[test]
fn what_was_heard_is_told_first_after_the_period_and_again_until_it_is_final() {
    let (node, tx) = (Node::new(Limits::default()), payment(1, 0));
    node.hears(7, &[&tx]);
    assert!(node.tells().is_empty(), "whoever told it told everyone");
    check_told_every_two_seconds_until_final(&node, &tx);
}

#[test]
fn what_became_final_before_it_was_told_is_not_told() {
    let node = Node::new(Limits::default());
    node.chain.submit(payment(1, 0)).unwrap();
    node.finalizes(node.proposes());
    assert!(node.tells().is_empty());
}

#[test]
fn what_waits_already_is_taken_and_told_again_once_whoever_tells_it() {
    let (node, tx) = (Node::new(Limits::default()), payment(1, 0));
    let arrivals = node.chain.subscribe_pending();
    node.hears(7, &[&tx, &tx]);
    node.wait(1_000);
    node.hears(7, &[&tx]);
    node.hears(8, &[&tx]);
    let refused = node.chain.submit(tx.clone()).unwrap_err();
    assert!(matches!(refused, SubmitError::Pool(PoolError::AlreadyKnown)), "{refused}");
    assert_eq!((node.waiting(), arrivals.len()), (1, 1));
    node.wait(1_000);
    assert_eq!(node.tells(), [encoded(&tx)]);
    node.wait(1_000);
    assert!(node.tells().is_empty(), "the second hearing counts for nothing");
}

#[test]
fn what_is_final_is_not_taken_again() {
    let (node, tx) = (Node::new(Limits::default()), payment(1, 0));
    node.hears(7, &[&tx]);
    node.finalizes(node.proposes());
    let arrivals = node.chain.subscribe_pending();
    node.hears(7, &[&tx]);
    node.hears(8, &[&tx]);
    assert_eq!((node.waiting(), arrivals.len()), (0, 0));
    node.wait(TELL_AGAIN_MS);
    assert!(node.tells().is_empty());
}

#[test]
fn what_is_known_does_not_count_against_the_peer_that_tells_it() {
    let node = Node::new(Limits { transactions_per_peer: 2, ..Limits::default() });
    let [one, two, three, four] = [1, 2, 3, 4].map(|person| payment(person, 0));
    node.hears(7, &[&one]);
    node.hears(7, &[&one]);
    node.hears(7, &[&one, &two, &three]);
    assert_eq!(node.waiting(), 2, "the third is beyond the share of this peer");
    node.hears(8, &[&one, &two]);
    node.hears(8, &[&three, &four]);
    assert_eq!(node.waiting(), 4, "another peer has a share of its own");
}
