//! A network of four that loses two for good, as the ledgers of those who are left see it: one signs alone up to the end of the
//! epoch, the others take that over, and what is proved before, under and after it.

use std::{path::Path, sync::Arc};

use chain::{Beside, BlockAt, Chain, Options, Question};
use consensus::{BlockRef, Content, Ledger, NodeKey, Slot, Verdict, recovery::finish_epoch, solo::slot_of};
use contracts::admission::IAdmission::MemberState;
use primitives::{
    Address, B256, Block, Committee, FinalBlock, FinalityProof, Genesis, Recovery,
    finality::{SCHEME_SIMPLEX_ED25519, signing_namespace},
    genesis::Upgrade,
};
use proof::Refusal;
use tempfile::TempDir;

use crate::network::{Person, genesis};

const EPOCH_BLOCKS: u64 = 8;

/// The members, by rising key.
fn keys() -> Vec<NodeKey> {
    let mut keys: Vec<NodeKey> = (1..=4).map(|seed| NodeKey::from_seed([seed; 32])).collect();
    keys.sort_by_key(NodeKey::id);
    keys
}

fn committee(members: &[NodeKey]) -> Committee {
    Committee::new(members.iter().map(NodeKey::id).collect())
}

fn genesis_of_four() -> Genesis {
    let mut genesis = genesis();
    genesis.counterfoil.committee = committee(&keys()).members().to_vec();
    genesis.counterfoil.epoch_blocks = EPOCH_BLOCKS;
    genesis.counterfoil.upgrades = vec![Upgrade { version: 2, epoch: 0 }];
    genesis
}

/// One node's ledger.
struct Node {
    folder: TempDir,
    chain: Chain,
}

impl Node {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let chain = open(folder.path(), &[]).unwrap();
        Self { folder, chain }
    }

    /// Stopped and started again with these recoveries.
    fn again(self, recoveries: &[Recovery]) -> Result<Self, chain::OpenError> {
        let Self { folder, chain } = self;
        chain.close().unwrap();
        drop(chain);
        let chain = open(folder.path(), recoveries)?;
        Ok(Self { folder, chain })
    }

    fn height(&self) -> u64 {
        self.chain.head().number()
    }

    /// A block with a payment, signed by these of the committee in force.
    fn makes_a_block(&self, signers: &[NodeKey]) -> Arc<Block> {
        let ledger = self.chain.ledger();
        let payer = Person::new(1);
        let nonce = self.chain.state(BlockAt::Latest).unwrap().account(payer.address()).unwrap().unwrap().nonce;
        self.chain.submit(payer.pays(nonce, Person::new(2).address(), 1)).unwrap();
        let slot = slot_of(self.height() + 1, EPOCH_BLOCKS);
        let block = ledger.propose(slot, Content::Transactions, &[]).unwrap().expect("a transaction waits");
        let committee = ledger.committee(slot.epoch).unwrap().unwrap();
        let proof = certify(self.chain.genesis_hash(), slot, block.hash(), &committee, signers);
        consensus::certificate::verify(&proof, &committee, self.chain.genesis_hash(), block.hash()).unwrap();
        ledger.finalize(block.clone(), Some(proof)).unwrap();
        block
    }

    /// What another made final, as marshal hands it over: with a certificate where the other's log shows one.
    fn follows(&self, other: &Self, up_to: u64) {
        let ledger = self.chain.ledger();
        for number in self.height() + 1..=up_to {
            let shown = other.chain.ledger().block(number).unwrap().unwrap();
            let block = Arc::new(Block::decode(&shown.block.encode()).unwrap());
            assert_eq!(ledger.verify(block.clone(), &[]).unwrap(), Verdict::Valid, "block {number}");
            ledger.finalize(block, shown.proof).unwrap();
        }
    }

    fn recovery(&self, signer: &NodeKey, removed: &[NodeKey]) -> Recovery {
        let after = FinalBlock { number: self.height(), hash: self.chain.head().hash() };
        Recovery { after, signer: signer.id(), removed: committee(removed).members().to_vec() }
    }

    fn finishes(&self, recovery: &Recovery, signer: &NodeKey) -> BlockRef {
        let genesis_hash = self.chain.genesis_hash();
        finish_epoch(&self.chain.ledger(), signer, genesis_hash, EPOCH_BLOCKS, recovery.first()).unwrap()
    }

    fn shows_certificate(&self, number: u64) -> bool {
        self.chain.ledger().block(number).unwrap().unwrap().proof.is_some()
    }

    /// The file of the payment in a block.
    fn payment(&self, number: u64) -> Vec<u8> {
        let executed = self.chain.block(BlockAt::Number(number)).unwrap().unwrap();
        let hash = *executed.block.transactions()[0].tx_hash();
        self.chain.counterfoil(&Question::Transaction(hash), Beside::default()).unwrap().encode()
    }

    fn verify(&self, file: &[u8], pinned: Option<u64>) -> Result<(), Refusal> {
        let hash = |number| self.chain.block(BlockAt::Number(number)).unwrap().unwrap().hash();
        let checkpoint = pinned.map(|number| (number, hash(number)));
        proof::verify(file, self.chain.genesis_hash(), checkpoint).map(drop)
    }
}

fn open(folder: &Path, recoveries: &[Recovery]) -> Result<Chain, chain::OpenError> {
    Chain::open_recovered(folder, &genesis_of_four(), recoveries.to_vec(), Options::default())
}

/// A certificate of these members of a committee.
pub(crate) fn certify(
    genesis: B256,
    slot: Slot,
    block: B256,
    committee: &Committee,
    signers: &[NodeKey],
) -> FinalityProof {
    let byte = |value: u64| u8::try_from(value).ok().filter(|byte| *byte < 128).expect("its own varint");
    let proposal = [&[byte(slot.epoch), byte(slot.view), byte(slot.parent_view)], block.as_slice()].concat();
    let namespace = [signing_namespace(genesis), b"_FINALIZE".to_vec()].concat();
    let message = [&[byte(namespace.len() as u64)], namespace.as_slice(), &proposal].concat();
    let signing = |(place, id): (usize, &B256)| Some((place, signers.iter().find(|key| key.id() == *id)?));
    let signing: Vec<_> = committee.members().iter().enumerate().filter_map(signing).collect();
    let bitmap = signing.iter().fold(0_u8, |bits, (place, _)| bits | 1 << place);
    let members = committee.members().len() as u64;
    let count = byte(signing.len() as u64);
    let mut bytes = [&proposal, members.to_be_bytes().as_slice(), &[bitmap, count]].concat();
    signing.iter().for_each(|(_, key)| bytes.extend_from_slice(&key.sign_message(&message)));
    FinalityProof { scheme: SCHEME_SIMPLEX_ED25519, epoch: slot.epoch, bytes: bytes.into() }
}

/// Two nodes up to block 10, which is in epoch 1; then members 2 and 3 are gone.
fn halved() -> (Node, Node, Recovery) {
    let (one, other) = (Node::new(), Node::new());
    (1..=10).for_each(|_| drop(one.makes_a_block(&keys()[1..])));
    other.follows(&one, 9);
    let recovery = one.recovery(&keys()[0], &keys()[2..]);
    (one, other, recovery)
}

#[test]
fn one_member_ends_the_epoch_and_those_who_are_left_go_on() {
    let (keys, (one, other, recovery)) = (keys(), halved());
    let one = one.again(std::slice::from_ref(&recovery)).unwrap();
    let last = one.finishes(&recovery, &keys[0]);
    assert_eq!((last.number, one.height()), (15, 15));

    // Another takes it over, from further back.
    let other = other.again(std::slice::from_ref(&recovery)).unwrap();
    other.follows(&one, 15);
    assert_eq!(other.chain.head().hash(), last.hash);
    let standing = |key: &NodeKey| other.chain.standing(key.id(), Address::ZERO).unwrap().state;
    let states: Vec<MemberState> = keys.iter().map(standing).collect();
    assert_eq!(states, [MemberState::Committee, MemberState::Committee, MemberState::Revoked, MemberState::Revoked]);

    // Two of two decide from epoch 2 on.
    assert_eq!(one.chain.ledger().committee(2).unwrap(), Some(committee(&keys[..2])));
    one.makes_a_block(&keys[..2]);
    other.follows(&one, 16);
    assert_eq!(other.chain.head().hash(), one.chain.head().hash());
    // And both start again.
    assert_eq!(one.again(std::slice::from_ref(&recovery)).unwrap().height(), 16);
    assert_eq!(other.again(std::slice::from_ref(&recovery)).unwrap().height(), 16);
}

#[test]
fn engines_see_one_committee_for_the_epoch_and_clients_see_who_signed() {
    let (keys, (one, _, recovery)) = (keys(), halved());
    let one = one.again(std::slice::from_ref(&recovery)).unwrap();
    one.finishes(&recovery, &keys[0]);
    let ledger = one.chain.ledger();
    assert_eq!(ledger.committee(0).unwrap(), Some(committee(&keys)));
    assert_eq!(ledger.committee(1).unwrap(), Some(committee(&keys[..1])));
    assert!(ledger.is_recovered(1) && !ledger.is_recovered(0) && !ledger.is_recovered(2));
    let shown: Vec<u64> = (1..=15).filter(|number| one.shows_certificate(*number)).collect();
    assert_eq!(shown, [1, 2, 3, 4, 5, 6, 7, 11, 12, 13, 14, 15], "8 to 10 are the old committee's");
    for (number, expected) in [(7, &keys[..]), (8, &keys[..]), (10, &keys[..]), (11, &keys[..1]), (15, &keys[..1])] {
        let found = one.chain.finality(BlockAt::Number(number)).unwrap().unwrap();
        assert_eq!((found.certified.number(), found.committee), (number, committee(expected)), "block {number}");
    }
}

#[test]
fn counterfoils_of_later_blocks_need_the_last_block_of_the_recovery() {
    let (keys, (one, _, recovery)) = (keys(), halved());
    let one = one.again(std::slice::from_ref(&recovery)).unwrap();
    one.finishes(&recovery, &keys[0]);
    one.makes_a_block(&keys[..2]);
    let (before, after) = (one.payment(10), one.payment(16));
    assert_eq!(one.verify(&before, None), Ok(()));
    assert_eq!(one.verify(&after, None), Err(Refusal::Committee { height: 15 }));
    assert_eq!(one.verify(&after, Some(15)), Ok(()));
    // As of a block that the signer made.
    let question = Question::Account { address: Person::new(2).address(), at: BlockAt::Number(12) };
    let within = one.chain.counterfoil(&question, Beside::default()).unwrap().encode();
    assert_eq!(one.verify(&within, None), Err(Refusal::Committee { height: 15 }));
    assert_eq!(one.verify(&within, Some(15)), Ok(()));
    // With a later checkpoint too.
    let beside = Beside { checkpoint: Some(16), ..Beside::default() };
    let pinned = one.chain.counterfoil(&question, beside).unwrap().encode();
    assert_eq!(one.verify(&pinned, Some(15)), Ok(()));
}

#[test]
fn a_network_may_be_recovered_again() {
    let (keys, (one, _, first)) = (keys(), halved());
    let one = one.again(std::slice::from_ref(&first)).unwrap();
    one.finishes(&first, &keys[0]);
    one.makes_a_block(&keys[..2]);
    let second = one.recovery(&keys[1], &keys[..1]);
    let one = one.again(&[first.clone(), second.clone()]).unwrap();
    assert_eq!(one.finishes(&second, &keys[1]).number, 23);
    assert_eq!(one.chain.ledger().committee(3).unwrap(), Some(committee(&keys[1..2])));
    one.makes_a_block(&keys[1..2]);
    let (between, after) = (one.payment(16), one.payment(24));
    assert_eq!(one.verify(&between, Some(15)), Ok(()));
    assert_eq!(one.verify(&after, Some(15)), Err(Refusal::Committee { height: 23 }));
    assert_eq!(one.verify(&after, Some(23)), Ok(()));
    // A new node follows through all of it.
    let new = Node::new().again(&[first, second]).unwrap();
    new.follows(&one, 24);
    assert_eq!(new.chain.head().hash(), one.chain.head().hash());
}

#[test]
fn a_recovery_after_an_epochs_last_block_is_of_the_whole_next_epoch() {
    let (keys, one) = (keys(), Node::new());
    (1..=7).for_each(|_| drop(one.makes_a_block(&keys[1..])));
    let recovery = one.recovery(&keys[3], &keys[..2]);
    let one = one.again(std::slice::from_ref(&recovery)).unwrap();
    assert_eq!(one.chain.ledger().committee(0).unwrap(), Some(committee(&keys)));
    assert!(one.shows_certificate(7));
    assert_eq!(one.finishes(&recovery, &keys[3]).number, 15);
    assert_eq!(one.chain.ledger().committee(1).unwrap(), Some(committee(&keys[3..])));
    assert_eq!(one.chain.ledger().committee(2).unwrap(), Some(committee(&keys[2..])));
    assert_eq!(one.verify(&one.payment(7), None), Ok(()));
}

#[test]
fn a_ledger_that_went_on_or_that_is_another_one_refuses_the_recovery() {
    let (keys, (one, other, recovery)) = (keys(), halved());
    one.makes_a_block(&keys[1..]);
    let error = one.again(std::slice::from_ref(&recovery)).err().unwrap().to_string();
    assert!(error.contains("went on to block 11 without the recovery after block 10"), "{error}");
    other.makes_a_block(&keys[1..]);
    let error = other.again(std::slice::from_ref(&recovery)).err().unwrap().to_string();
    assert!(error.contains("the recovery begins after block 10"), "{error}");
}

#[test]
fn nobody_but_the_signer_ends_the_epoch_and_no_rival_of_its_parent_has_children() {
    let (keys, (one, other, recovery)) = (keys(), halved());
    let one = one.again(std::slice::from_ref(&recovery)).unwrap();
    let (genesis_hash, first) = (one.chain.genesis_hash(), recovery.first());
    let refused = finish_epoch(&one.chain.ledger(), &keys[1], genesis_hash, EPOCH_BLOCKS, first).unwrap_err();
    assert!(refused.0.contains("epoch 1 is not for"), "{refused}");
    assert_eq!(one.height(), 10);
    // Another block 10 was notarized somewhere, and somebody builds on it.
    let rival = other.makes_a_block(&keys[1..]);
    let child = other.makes_a_block(&keys[1..]);
    let behind = Node::new();
    behind.follows(&one, 9);
    let behind = behind.again(std::slice::from_ref(&recovery)).unwrap();
    let ledger = behind.chain.ledger();
    assert_eq!(ledger.verify(rival.clone(), &[]).unwrap(), Verdict::Valid, "by itself it is a block");
    let Verdict::Invalid(reason) = ledger.verify(child, &[rival]).unwrap() else { panic!("it is refused") };
    assert!(reason.contains("parent hash"), "{reason}");
}
