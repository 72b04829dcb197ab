//! Forks, finality and the window of final states.

use super::*;
use alloy_primitives::{Address, U256, keccak256};
use alloy_trie::{KECCAK_EMPTY, Nibbles, TrieAccount, proof::verify_proof};
use primitives::{AccountDiff, SlotDiff, StateDiff};
use proptest::prelude::*;

const FORKS: u8 = 3;
const DEPTH: u8 = 4;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn three_forks_four_deep_are_the_same_committed_in_any_order(
        order in Just(turns()).prop_shuffle(),
        winner in 0..FORKS,
    ) {
        let mut layers = base();
        let base_root = layers.head().1.root();
        grow(&mut layers, &order);
        for (fork, depth) in blocks() {
            let state = layers.get(&hash(fork, depth)).expect("inserted");
            prop_assert_eq!(state, &expected(fork, depth));
            check_proofs(state);
        }
        prop_assert_eq!(layers.get(&BASE).expect("kept").root(), base_root);
        layers.finalize(hash(winner, DEPTH)).expect("known");
        for (fork, depth) in blocks() {
            prop_assert_eq!(layers.get(&hash(fork, depth)).is_some(), fork == winner);
        }
        let base = layers.get(&BASE).expect("within the window");
        prop_assert_eq!(base.root(), base_root);
        prop_assert_eq!(base, &expected(0, 0));
        check_proofs(base);
    }
}

const BASE: B256 = B256::repeat_byte(0xba);

/// Which fork grows next: each four times.
fn turns() -> Vec<u8> {
    (0..FORKS).flat_map(|fork| [fork; DEPTH as usize]).collect()
}

fn blocks() -> impl Iterator<Item = (u8, u8)> {
    (0..FORKS).flat_map(|fork| (1..=DEPTH).map(move |depth| (fork, depth)))
}

fn grow(layers: &mut Layers, order: &[u8]) {
    let mut tips = [0; FORKS as usize];
    for fork in order {
        let depth = &mut tips[usize::from(*fork)];
        let parent = hash(*fork, *depth);
        *depth += 1;
        let state = layers.get(&parent).expect("the parent stands").commit(&block(*fork, *depth)).state;
        layers.insert(hash(*fork, *depth), parent, 10 + u64::from(*depth), state).expect("fits");
    }
}

fn base() -> Layers {
    Layers::new(BASE, 10, expected(0, 0), 128)
}

/// The state after a block computed by itself, without layers.
fn expected(fork: u8, depth: u8) -> State {
    let genesis = State::default().commit(&genesis()).state;
    (1..=depth).fold(genesis, |state, depth| state.commit(&block(fork, depth)).state)
}

fn hash(fork: u8, depth: u8) -> B256 {
    if depth == 0 { BASE } else { keccak256([fork, depth]) }
}

fn genesis() -> StateDiff {
    StateDiff { accounts: (0..20).map(|number| account(number, 1, &[(1, 1), (2, 2), (3, 3)])).collect(), codes: vec![] }
}

/// Each block changes an account that all forks change, one of its own fork, deletes one and makes one.
fn block(fork: u8, depth: u8) -> StateDiff {
    let deleted = AccountDiff { deleted: true, ..account(10 + depth, 0, &[]) };
    let own = account(20 + fork * DEPTH + depth, 1, &[(9, u64::from(depth))]);
    let shared = account(1, u64::from(depth) * 10 + u64::from(fork), &[(1, u64::from(fork)), (u64::from(depth), 0)]);
    StateDiff { accounts: vec![shared, deleted, own], codes: vec![] }
}

fn account(number: u8, nonce: u64, slots: &[(u64, u64)]) -> AccountDiff {
    let storage = slots.iter().map(|(slot, value)| SlotDiff { slot: U256::from(*slot), value: U256::from(*value) });
    AccountDiff {
        address: Address::repeat_byte(number),
        deleted: false,
        nonce,
        balance: U256::from(number),
        code_hash: KECCAK_EMPTY,
        storage_wiped: false,
        storage: storage.collect(),
    }
}

fn check_proofs(state: &State) {
    let slots = [1, 2, 3, 9].map(U256::from);
    for address in (0..40).map(Address::repeat_byte) {
        let proof = state.prove(address, &slots);
        let account = proof.value.map(|value| TrieAccount {
            nonce: value.nonce,
            balance: value.balance,
            storage_root: proof.storage_root,
            code_hash: value.code_hash,
        });
        check(state.root(), keccak256(address), account.map(alloy_rlp::encode), &proof.proof);
        for slot in &proof.slots {
            let value = (!slot.value.is_zero()).then(|| alloy_rlp::encode(slot.value));
            check(proof.storage_root, keccak256(slot.slot.to_be_bytes::<32>()), value, &slot.proof);
        }
    }
}

fn check(root: B256, key: B256, value: Option<Vec<u8>>, proof: &[alloy_primitives::Bytes]) {
    verify_proof(root, Nibbles::unpack(key), value, proof).expect("the proof holds");
}

/// A straight chain of `length` final blocks on the base, keeping `keep` states.
fn chain(length: u64, keep: usize) -> Layers {
    let mut layers = Layers::new(number_hash(0), 0, State::default(), keep);
    for number in 1..=length {
        layers.insert(number_hash(number), number_hash(number - 1), number, State::default()).expect("fits");
        layers.finalize(number_hash(number)).expect("known");
    }
    layers
}

fn number_hash(number: u64) -> B256 {
    B256::from(U256::from(number))
}

#[test]
fn the_newest_final_states_stay_and_older_ones_go() {
    let layers = chain(200, 128);
    assert!(layers.get(&number_hash(72)).is_none());
    assert!((73..=200).all(|number| layers.get(&number_hash(number)).is_some()));
    assert_eq!(layers.head().0, number_hash(200));
}

#[test]
fn a_block_must_fit_its_parent() {
    let mut layers = chain(3, 128);
    let [new, unknown] = [0xaa, 0xbb].map(B256::repeat_byte);
    let mut insert = |parent, number| layers.insert(new, parent, number, State::default());
    assert_eq!(insert(unknown, 4), Err(LayerError::UnknownParent { hash: new, parent: unknown }));
    assert_eq!(insert(number_hash(3), 5), Err(LayerError::WrongNumber { hash: new, number: 5 }));
    assert_eq!(insert(number_hash(2), 3), Err(LayerError::DeadFork(new)));
    assert_eq!(insert(number_hash(3), 4), Ok(()));
    assert_eq!(insert(number_hash(3), 4), Ok(()));
}

#[test]
fn finality_of_an_ancestor_keeps_all_its_descendants_and_nothing_else() {
    let mut layers = base();
    grow(&mut layers, &turns());
    layers.finalize(hash(1, 2)).expect("known");
    assert!((1..=DEPTH).all(|depth| layers.get(&hash(1, depth)).is_some()));
    assert!((1..=DEPTH).all(|depth| layers.get(&hash(0, depth)).is_none() && layers.get(&hash(2, depth)).is_none()));
    layers.finalize(hash(1, 1)).expect("final already");
    assert_eq!(layers.head().0, hash(1, 2));
    assert_eq!(layers.finalize(hash(0, 1)), Err(LayerError::UnknownBlock(hash(0, 1))));
}

#[test]
fn blocks_that_wait_for_finality_are_bounded() {
    let mut layers = chain(0, 128);
    for number in 1..=UNFINAL_LIMIT as u64 {
        layers.insert(number_hash(number), number_hash(number - 1), number, State::default()).expect("room");
    }
    let next = UNFINAL_LIMIT as u64 + 1;
    let refused = layers.insert(number_hash(next), number_hash(next - 1), next, State::default());
    assert_eq!(refused, Err(LayerError::TooManyUnfinal));
    layers.finalize(number_hash(5)).expect("known");
    assert_eq!(layers.insert(number_hash(next), number_hash(next - 1), next, State::default()), Ok(()));
}
