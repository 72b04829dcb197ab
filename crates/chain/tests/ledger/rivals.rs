//! The ledger's door as a network would use it: blocks of one node verified by another, forks, and blocks that lie.

use std::sync::Arc;

use chain::Chain;
use consensus::{Content, Ledger, Slot, Verdict};
use primitives::{Block, Bytes, Header};

use crate::network::{Person, genesis};

const SLOT: Slot = Slot { epoch: 0, view: 1, parent_view: 0 };

struct Member {
    chain: Chain,
    _folder: tempfile::TempDir,
}

impl Member {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let chain = Chain::open(folder.path(), &genesis(), Default::default()).unwrap();
        Self { chain, _folder: folder }
    }

    fn propose(&self, pending: &[Arc<Block>]) -> Arc<Block> {
        self.chain.ledger().propose(SLOT, Content::Transactions, pending).unwrap().expect("transactions wait")
    }

    fn verify(&self, block: &Arc<Block>, pending: &[Arc<Block>]) -> Verdict {
        self.chain.ledger().verify(block.clone(), pending).unwrap()
    }

    fn finalize(&self, block: &Arc<Block>) {
        self.chain.ledger().finalize(block.clone(), None).unwrap();
    }
}

/// As it arrives from another node: decoded and with senders recovered again.
fn sent(block: &Block) -> Arc<Block> {
    Arc::new(Block::decode(&block.encode()).unwrap())
}

/// So many blocks, each on the one before: one member makes them, another verifies them.
fn pending(count: u64, one: &Member, two: &Member) -> Vec<Arc<Block>> {
    let mut pending = Vec::new();
    for nonce in 0..count {
        one.chain.submit(Person::new(1).pays(nonce, Person::new(2).address(), 3)).unwrap();
        let block = sent(&one.propose(&pending));
        assert_eq!(two.verify(&block, &pending), Verdict::Valid);
        pending.push(block);
    }
    pending
}

#[test]
fn another_member_verifies_executes_and_arrives_at_the_same_head() {
    let (one, two) = (Member::new(), Member::new());
    let pending = pending(4, &one, &two);
    for block in &pending {
        one.finalize(block);
        two.finalize(block);
        two.finalize(block);
    }
    assert_eq!(one.chain.head().hash(), two.chain.head().hash());
    assert_eq!(two.chain.head().number(), 4);
}

#[test]
fn blocks_are_logged_ahead_and_shown_when_they_are_final() {
    let (one, two) = (Member::new(), Member::new());
    let pending = pending(3, &one, &two);
    for block in &pending {
        two.chain.ledger().log(block, &None).unwrap();
    }
    assert_eq!(two.chain.head().number(), 0);
    assert!(two.chain.block(chain::BlockAt::Number(1)).unwrap().is_none());
    for (number, block) in (1..).zip(&pending) {
        two.finalize(block);
        assert_eq!((two.chain.head().number(), two.chain.head().hash()), (number, block.hash()));
    }
    // Another branch cannot be made final over what is logged.
    let three = Member::new();
    three.chain.submit(Person::new(1).pays(0, Person::new(2).address(), 4)).unwrap();
    let rival = three.propose(&[]);
    assert_eq!(three.verify(&pending[0], &[]), Verdict::Valid);
    three.chain.ledger().log(&pending[0], &None).unwrap();
    let refused = three.chain.ledger().finalize(rival, None).unwrap_err();
    assert!(refused.0.contains("was logged at height 1"), "{refused}");
    assert_eq!(three.chain.head().number(), 0);
}

#[test]
fn forks_are_kept_apart_until_one_is_final() {
    let (one, two, three) = (Member::new(), Member::new(), Member::new());
    one.chain.submit(Person::new(1).pays(0, Person::new(2).address(), 1)).unwrap();
    two.chain.submit(Person::new(3).pays(0, Person::new(4).address(), 2)).unwrap();
    let (left, right) = (sent(&one.propose(&[])), sent(&two.propose(&[])));
    assert_eq!(three.verify(&left, &[]), Verdict::Valid);
    assert_eq!(three.verify(&right, &[]), Verdict::Valid);
    two.chain.submit(Person::new(3).pays(1, Person::new(4).address(), 2)).unwrap();
    let child = sent(&two.propose(std::slice::from_ref(&right)));
    assert_eq!(three.verify(&child, std::slice::from_ref(&right)), Verdict::Valid);
    three.finalize(&right);
    three.finalize(&child);
    assert_eq!(three.chain.head().hash(), child.hash());
    let rival = three.chain.ledger().finalize(left, None).unwrap_err();
    assert!(rival.0.contains("two blocks became final at height 1"), "{rival}");
}

#[test]
fn a_block_that_lies_in_any_field_is_invalid() {
    let (one, two) = (Member::new(), Member::new());
    one.chain.submit(Person::new(1).pays(0, Person::new(2).address(), 1)).unwrap();
    let block = one.propose(&[]);
    let lie = |change: fn(&mut Header)| {
        let mut header = block.header().clone();
        change(&mut header);
        let block = Arc::new(Block::seal(header, block.transactions().to_vec()));
        two.verify(&block, &[])
    };
    let lies: [fn(&mut Header); 16] = [
        |header| header.parent_hash.0[0] ^= 1,
        |header| header.beneficiary.0[0] ^= 1,
        |header| header.state_root.0[0] ^= 1,
        |header| header.receipts_root.0[0] ^= 1,
        |header| header.logs_bloom.0[0] ^= 1,
        |header| header.number += 1,
        |header| header.gas_limit += 1,
        |header| header.gas_used += 1,
        |header| header.timestamp = 0,
        |header| header.nonce.0[0] ^= 1,
        |header| header.extra_data = Bytes::from_static(b"x"),
        |header| header.mix_hash.0[0] ^= 1,
        |header| header.base_fee_per_gas = Some(1),
        |header| header.excess_blob_gas = Some(1),
        |header| header.requests_hash = None,
        |header| header.difficulty += primitives::U256::from(1),
    ];
    for (index, change) in lies.into_iter().enumerate() {
        assert!(matches!(lie(change), Verdict::Invalid(_)), "lie {index}");
    }
    assert_eq!(two.verify(&block, &[]), Verdict::Valid);
}

#[test]
fn a_block_with_an_invalid_transaction_is_invalid() {
    let (one, two) = (Member::new(), Member::new());
    one.chain.submit(Person::new(1).pays(0, Person::new(2).address(), 1)).unwrap();
    let block = one.propose(&[]);
    let twice: Vec<_> = block.transactions().iter().chain(block.transactions()).cloned().collect();
    let root =
        alloy_consensus::proofs::calculate_transaction_root(&twice.iter().map(|tx| tx.inner()).collect::<Vec<_>>());
    let header = Header { transactions_root: root, ..block.header().clone() };
    let verdict = two.verify(&Arc::new(Block::seal(header, twice)), &[]);
    assert!(matches!(&verdict, Verdict::Invalid(reason) if reason.contains("nonce too low")), "{verdict:?}");
}

#[test]
fn what_a_dead_block_held_is_offered_again() {
    let (one, two) = (Member::new(), Member::new());
    let waiting: Vec<_> = (0..3).map(|nonce| Person::new(1).pays(nonce, Person::new(2).address(), 1)).collect();
    for tx in &waiting {
        one.chain.submit(tx.clone()).unwrap();
    }
    let dead = one.propose(&[]);
    // Its view passed without it: the next turn begins at the same parent, or on a rival with only some of them.
    assert_eq!(one.propose(&[]).transactions(), dead.transactions());
    two.chain.submit(waiting[0].clone()).unwrap();
    let rival = sent(&two.propose(&[]));
    assert_eq!(one.verify(&rival, &[]), Verdict::Valid);
    let child = one.propose(std::slice::from_ref(&rival));
    assert_eq!(child.transactions(), &dead.transactions()[1..]);
    let nothing = one.chain.ledger().propose(SLOT, Content::Transactions, &[rival.clone(), child.clone()]).unwrap();
    assert!(nothing.is_none(), "all three are in blocks below");
    one.finalize(&rival);
    // The child died too; the rival is final.
    assert_eq!(one.propose(&[]).transactions(), child.transactions());
    assert_eq!(one.chain.pool().size().0, 2);
}

#[test]
fn a_transaction_that_came_after_the_block_that_holds_it_is_not_lost() {
    let (one, two) = (Member::new(), Member::new());
    let tx = Person::new(1).pays(0, Person::new(2).address(), 1);
    two.chain.submit(tx.clone()).unwrap();
    let block = sent(&two.propose(&[]));
    assert_eq!(one.verify(&block, &[]), Verdict::Valid);
    one.chain.submit(tx).unwrap();
    let over = one.chain.ledger().propose(SLOT, Content::Transactions, std::slice::from_ref(&block)).unwrap();
    assert!(over.is_none());
    // That block died: the transaction is still here.
    assert_eq!(one.propose(&[]).transactions(), block.transactions());
}
