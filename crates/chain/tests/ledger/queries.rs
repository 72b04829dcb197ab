//! Asking for old states, proofs and logs, within the window in memory and far behind it.

use alloy_primitives::{B256, keccak256};
use alloy_trie::{Nibbles, TrieAccount, proof::verify_proof};
use chain::{BlockAt, ChainError, LogQuery, Options, WINDOW_BLOCKS};
use primitives::U256;

use crate::network::{Node, Person, genesis};

/// Runtime code: LOG1 of no data with topic = calldata word 0, then SSTORE(0, calldata word 0).
const LOGGER: &[u8] = &[0x5f, 0x35, 0x5f, 0x5f, 0xa1, 0x5f, 0x35, 0x5f, 0x55, 0x00];

fn deploy_logger() -> Vec<u8> {
    let length = u8::try_from(LOGGER.len()).unwrap();
    // PUSH1 len, DUP1, PUSH1 offset, PUSH0, CODECOPY, PUSH0, RETURN
    let head = [0x60, length, 0x80, 0x60, 0x09, 0x5f, 0x39, 0x5f, 0xf3];
    [&head[..], LOGGER].concat()
}

fn word(value: u64) -> B256 {
    B256::from(U256::from(value))
}

#[test]
fn old_states_proofs_and_logs_are_found_on_disk_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start(folder.path());
    let anna = Person::new(1);
    let (executed, index) = node.send(anna.deploys(0, &deploy_logger()));
    assert!(executed.receipts[index].success);
    let logger = anna.address().create(0);
    let blocks = WINDOW_BLOCKS as u64 * 2;
    for value in 1..=blocks {
        let (executed, index) = node.send(anna.calls(value, logger, word(value % 50 + 1).as_slice()));
        assert_eq!(executed.receipts[index].logs.len(), 1);
        assert_eq!(executed.number(), value + 1, "one block for each call");
    }
    check_states(&node, logger, blocks);
    check_logs(&node, logger, blocks);
    check_proofs(&node, logger, blocks);
    node.stop();

    let node = Node::start(folder.path());
    check_states(&node, logger, blocks);
    check_logs(&node, logger, blocks);
    check_proofs(&node, logger, blocks);
    node.stop();
}

fn check_states(node: &Node, logger: primitives::Address, blocks: u64) {
    for value in 1..=blocks {
        let state = node.chain.state(BlockAt::Number(value + 1)).unwrap();
        assert_eq!(state.storage(logger, U256::ZERO).unwrap(), U256::from(value % 50 + 1));
        let account = state.account(Person::new(1).address()).unwrap().unwrap();
        assert_eq!(account.nonce, value + 1);
    }
}

fn check_logs(node: &Node, logger: primitives::Address, blocks: u64) {
    let query = |topic, addresses| LogQuery {
        from: 0,
        to: u64::MAX,
        addresses,
        topics: [vec![topic], vec![], vec![], vec![]],
        max_results: 100,
    };
    let expected: Vec<u64> = (1..=blocks).filter(|value| value % 50 + 1 == 8).map(|value| value + 1).collect();
    for addresses in [vec![], vec![logger]] {
        let found = node.chain.logs(&query(word(8), addresses)).unwrap();
        let numbers: Vec<u64> = found.iter().map(|found| found.block_number).collect();
        assert_eq!(numbers, expected);
        assert!(found.iter().all(|found| found.log.topics() == [word(8)]));
    }
    assert!(node.chain.logs(&query(word(8), vec![Person::new(1).address()])).unwrap().is_empty());
    let all = LogQuery { to: u64::MAX, max_results: 100, ..Default::default() };
    assert!(matches!(node.chain.logs(&all), Err(ChainError::TooManyLogs { limit: 100 })));
}

fn check_proofs(node: &Node, logger: primitives::Address, blocks: u64) {
    let newest = blocks + 1;
    let oldest = newest + 1 - WINDOW_BLOCKS as u64;
    for number in [newest, oldest] {
        let state = node.chain.state(BlockAt::Number(number)).unwrap();
        let proof = state.prove(logger, &[U256::ZERO]).unwrap();
        let value = proof.value.unwrap();
        let account = TrieAccount {
            nonce: value.nonce,
            balance: value.balance,
            storage_root: proof.storage_root,
            code_hash: value.code_hash,
        };
        let root = state.header().state_root;
        let key = Nibbles::unpack(keccak256(logger));
        verify_proof(root, key, Some(alloy_rlp::encode(account)), &proof.proof).unwrap();
        let slot = &proof.slots[0];
        assert_eq!(slot.value, U256::from((number - 1) % 50 + 1));
        let key = Nibbles::unpack(keccak256(B256::ZERO));
        verify_proof(proof.storage_root, key, Some(alloy_rlp::encode(slot.value)), &slot.proof).unwrap();
    }
    let before = node.chain.state(BlockAt::Number(oldest - 1)).unwrap();
    assert!(matches!(before.prove(logger, &[]), Err(ChainError::ProofTooOld { .. })));
}

#[test]
fn a_pruned_state_is_a_clear_error_and_an_unknown_block_too() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = Options::default();
    options.store.history_blocks = WINDOW_BLOCKS as u64;
    let node = Node::start_with(folder.path(), &genesis(), options);
    for nonce in 0..WINDOW_BLOCKS as u64 + 40 {
        node.send(Person::new(1).pays(nonce, Person::new(2).address(), 1));
    }
    node.chain.close().unwrap();
    let error = node.chain.state(BlockAt::Number(2)).unwrap_err();
    assert!(matches!(error, ChainError::StateTooOld { number: 2, .. }), "{error}");
    assert!(matches!(node.chain.state(BlockAt::Number(100_000)), Err(ChainError::UnknownBlock)));
    assert!(matches!(node.chain.state(BlockAt::Hash(B256::ZERO)), Err(ChainError::UnknownBlock)));
    node.stop();
}
