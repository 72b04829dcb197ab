//! Protocol versions on a real data folder: scheduled by the only member, by genesis, or from the start.

use alloy_primitives::{Bytes, keccak256};
use alloy_sol_types::SolCall;
use alloy_trie::{Nibbles, TrieAccount, proof::verify_proof};
use chain::{BlockAt, Options};
use contracts::{
    host::NATIVE_CODE,
    protocol::{ADDRESS, IProtocol, upgrade_message},
    registry::{NEWEST_VERSION, ROOMS},
};
use primitives::{B256, Genesis, U256, genesis::Upgrade};

use crate::network::{CHAIN_ID, Node, Person, genesis, node_key};

fn with_upgrades(upgrades: Vec<Upgrade>) -> Genesis {
    let mut genesis = genesis();
    genesis.counterfoil.epoch_blocks = 4;
    genesis.counterfoil.upgrades = upgrades;
    genesis
}

fn version(node: &Node, at: BlockAt) -> u64 {
    node.chain.state(at).unwrap().storage(ADDRESS, U256::ZERO).unwrap().to()
}

fn schedule(version: u32, epoch: u64, sequence: u64) -> Vec<u8> {
    let signature = node_key().sign_message(&upgrade_message(CHAIN_ID, version, epoch, sequence));
    IProtocol::scheduleCall { version, epoch, signature: signature.to_vec().into() }.abi_encode()
}

fn pay(node: &Node, nonce: u64) {
    node.send(Person::new(1).pays(nonce, Person::new(2).address(), 1));
}

#[test]
fn the_only_member_brings_a_version_into_force_and_restarts_change_nothing() {
    let (folder, genesis) = (tempfile::tempdir().unwrap(), with_upgrades(vec![]));
    let start = || Node::start_with(folder.path(), &genesis, Options::default());
    let node = start();
    let (executed, index) = node.send(Person::new(3).calls(0, ADDRESS, &schedule(1, 1, 0)));
    assert!(executed.receipts[index].success);
    pay(&node, 0);
    node.stop();
    let node = start();
    pay(&node, 1);
    assert_eq!((node.chain.head().number(), version(&node, BlockAt::Latest)), (3, 0));
    pay(&node, 2);
    assert_eq!((version(&node, BlockAt::Number(3)), version(&node, BlockAt::Number(4))), (0, 1));
    check_rooms(&node, 1);
    node.stop();
    let node = start();
    assert_eq!(version(&node, BlockAt::Latest), 1);
    let (executed, index) = node.send(Person::new(3).calls(1, ADDRESS, &schedule(2, 2, 1)));
    assert!(executed.receipts[index].success);
    (3..6).for_each(|nonce| pay(&node, nonce));
    assert_eq!((version(&node, BlockAt::Number(7)), version(&node, BlockAt::Number(8))), (1, 2));
    check_rooms(&node, 2);
    node.stop();
    let node = start();
    assert_eq!(version(&node, BlockAt::Latest), 2);
    let root = node.chain.head().latest().block.header().state_root;
    assert_eq!(node.chain.state(BlockAt::Latest).unwrap().root_after(&Default::default()), Some(root));
    node.stop();
}

/// Those of this version have their code, and the others none.
fn check_rooms(node: &Node, version: u32) {
    let state = node.chain.state(BlockAt::Latest).unwrap();
    for room in ROOMS {
        let expected = if room.since <= version { Bytes::from(NATIVE_CODE) } else { Bytes::new() };
        assert_eq!(state.code(room.address()).unwrap(), expected, "{}", room.word);
    }
}

#[test]
fn genesis_brings_a_version_into_force_from_the_start_or_at_an_epoch() {
    for (epoch, at_0, at_4) in [(0, NEWEST_VERSION, NEWEST_VERSION), (1, 0, NEWEST_VERSION)] {
        let folder = tempfile::tempdir().unwrap();
        let genesis = with_upgrades(vec![Upgrade { version: NEWEST_VERSION, epoch }]);
        let node = Node::start_with(folder.path(), &genesis, Options::default());
        (0..4).for_each(|nonce| pay(&node, nonce));
        let versions = [0, 4].map(|number| version(&node, BlockAt::Number(number)));
        assert_eq!(versions, [at_0, at_4].map(u64::from));
        node.stop();
    }
}

#[test]
fn a_slot_of_a_native_contract_is_proven_like_any_other() {
    let folder = tempfile::tempdir().unwrap();
    let genesis = with_upgrades(vec![Upgrade { version: NEWEST_VERSION, epoch: 0 }]);
    let node = Node::start_with(folder.path(), &genesis, Options::default());
    let slot = B256::ZERO;
    let proof = node.chain.state(BlockAt::Latest).unwrap().prove(ADDRESS, &[U256::ZERO]).unwrap();
    let account = proof.value.expect("it exists");
    let leaf = TrieAccount {
        nonce: account.nonce,
        balance: account.balance,
        storage_root: proof.storage_root,
        code_hash: keccak256(NATIVE_CODE),
    };
    let root = node.chain.head().latest().block.header().state_root;
    let path = Nibbles::unpack(keccak256(ADDRESS));
    verify_proof(root, path, Some(alloy_rlp::encode(leaf)), &proof.proof).unwrap();
    let value = alloy_rlp::encode(U256::from(NEWEST_VERSION));
    verify_proof(proof.storage_root, Nibbles::unpack(keccak256(slot)), Some(value), &proof.slots[0].proof).unwrap();
    node.stop();
}
