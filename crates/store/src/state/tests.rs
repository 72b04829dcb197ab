//! The state against `alloy-trie` and against a flat map that plays the disk.

use super::*;
use alloy_trie::{KECCAK_EMPTY, Nibbles, TrieAccount, proof::verify_proof, root::state_root_unhashed};
use primitives::{AccountDiff, SlotDiff, StateDiff};
use proptest::{collection::vec, option, prelude::*, sample::select};
use std::collections::BTreeMap;

/// The state in plain words.
type World = BTreeMap<Address, (AccountValue, BTreeMap<U256, U256>)>;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn every_commit_has_ethereums_root_and_tells_what_changed(diffs in vec(state_diff(), 1..8)) {
        let (mut state, mut world, mut flat) = (State::default(), World::default(), Flat::default());
        for diff in diffs {
            let (before, flat_before) = (state.root(), flat.clone());
            let Commit { state: after, change } = state.commit(&diff);
            assert_eq!(state.root(), before);
            apply(&mut world, &diff);
            check_reads(&after, &world);
            check_proofs(&after);
            check_order(&change);
            flat.go_forward(&change);
            assert_eq!(flat, Flat::of(&world));
            assert_eq!(flat.clone().backward(&change), flat_before);
            assert_eq!(flat.build(), after);
            state = after;
        }
    }
}

fn apply(world: &mut World, diff: &StateDiff) {
    for diff in &diff.accounts {
        let (_, mut slots) = world.remove(&diff.address).unwrap_or_default();
        if diff.deleted {
            continue;
        }
        if diff.storage_wiped {
            slots.clear();
        }
        slots.extend(diff.storage.iter().map(|slot| (slot.slot, slot.value)));
        slots.retain(|_, value| !value.is_zero());
        let value = AccountValue { nonce: diff.nonce, balance: diff.balance, code_hash: diff.code_hash };
        world.insert(diff.address, (value, slots));
    }
}

fn check_reads(state: &State, world: &World) {
    let account = |(value, slots): &(AccountValue, BTreeMap<U256, U256>)| TrieAccount {
        nonce: value.nonce,
        balance: value.balance,
        storage_root: alloy_trie::root::storage_root_unhashed(
            slots.iter().map(|(slot, value)| (B256::from(*slot), *value)),
        ),
        code_hash: value.code_hash,
    };
    let root = state_root_unhashed(world.iter().map(|(address, content)| (*address, account(content))));
    assert_eq!(state.root(), root);
    for address in (0..ADDRESSES).map(address) {
        assert_eq!(state.account(address), world.get(&address).map(|(value, _)| *value));
        for slot in (0..SLOTS).map(U256::from) {
            let slots = world.get(&address).map(|(_, slots)| slots);
            assert_eq!(
                state.storage(address, slot),
                slots.and_then(|slots| slots.get(&slot)).copied().unwrap_or_default()
            );
        }
    }
}

/// Every account and slot, present or absent, by the means of a client: against the state root alone.
fn check_proofs(state: &State) {
    let slots: Vec<_> = (0..SLOTS).map(U256::from).collect();
    for address in (0..ADDRESSES).map(address) {
        let proof = state.prove(address, &slots);
        assert_eq!((proof.value, proof.storage_root), (state.account(address), state.storage_root(address)));
        let expected = proof.value.map(|value| TrieAccount {
            nonce: value.nonce,
            balance: value.balance,
            storage_root: proof.storage_root,
            code_hash: value.code_hash,
        });
        verify_proof(state.root(), Nibbles::unpack(keccak256(address)), expected.map(alloy_rlp::encode), &proof.proof)
            .expect("the account proof holds");
        proof.slots.iter().zip(&slots).for_each(|(proved, slot)| check_slot(state, &proof, proved, *slot));
    }
}

fn check_slot(state: &State, account: &AccountProof, proof: &SlotProof, slot: U256) {
    assert_eq!((proof.slot, proof.value), (slot, state.storage(account.address, slot)));
    let expected = (!proof.value.is_zero()).then(|| alloy_rlp::encode(proof.value));
    verify_proof(account.storage_root, Nibbles::unpack(slot_key(slot)), expected, &proof.proof)
        .expect("the slot proof holds");
}

fn check_order(change: &StateChange) {
    assert!(change.accounts.is_sorted_by(|a, b| a.key < b.key));
    for account in &change.accounts {
        assert!(account.slots.is_sorted_by(|a, b| a.key < b.key));
        assert!(account.slots.iter().all(|slot| slot.before != slot.after));
        assert!(account.before != account.after || !account.slots.is_empty());
    }
}

/// What the disk keeps.
#[derive(Clone, Debug, Default, PartialEq)]
struct Flat {
    accounts: BTreeMap<B256, AccountValue>,
    slots: BTreeMap<(B256, B256), U256>,
}

impl Flat {
    fn of(world: &World) -> Self {
        let mut flat = Self::default();
        for (address, (value, slots)) in world {
            let key = keccak256(address);
            flat.accounts.insert(key, *value);
            flat.slots.extend(slots.iter().map(|(slot, value)| ((key, slot_key(*slot)), *value)));
        }
        flat
    }

    fn go_forward(&mut self, change: &StateChange) {
        for account in &change.accounts {
            assert_eq!(self.accounts.get(&account.key), account.before.as_ref());
            self.put(account, account.after, |slot| slot.after);
        }
    }

    fn backward(mut self, change: &StateChange) -> Self {
        for account in &change.accounts {
            assert_eq!(self.accounts.get(&account.key), account.after.as_ref());
            self.put(account, account.before, |slot| slot.before);
        }
        self
    }

    fn put(&mut self, account: &AccountChange, value: Option<AccountValue>, slot_value: fn(&SlotChange) -> U256) {
        match value {
            Some(value) => _ = self.accounts.insert(account.key, value),
            None => _ = self.accounts.remove(&account.key),
        }
        for slot in &account.slots {
            self.slots.insert((account.key, slot.key), slot_value(slot));
        }
        self.slots.retain(|_, value| !value.is_zero());
    }

    fn build(&self) -> State {
        let mut builder = StateBuilder::new();
        for (key, value) in &self.accounts {
            builder.account(*key, *value).expect("in order");
            let slots = self.slots.range((*key, B256::ZERO)..=(*key, B256::repeat_byte(0xff)));
            slots.for_each(|((_, slot), value)| builder.slot(*key, *slot, *value).expect("in order"));
        }
        builder.finish().expect("in order")
    }
}

const ADDRESSES: u8 = 6;
const SLOTS: u8 = 7;

fn state_diff() -> impl Strategy<Value = StateDiff> {
    vec(account_diff(), 0..6).prop_map(|accounts| {
        let accounts: BTreeMap<_, _> = accounts.into_iter().map(|account| (account.address, account)).collect();
        StateDiff { accounts: accounts.into_values().collect(), codes: vec![] }
    })
}

fn account_diff() -> impl Strategy<Value = AccountDiff> {
    let balances = vec![U256::ZERO, U256::from(7), U256::from(u128::MAX), U256::from(1) << 128, U256::MAX];
    let fate = select(vec!["changed", "changed", "changed", "deleted", "wiped"]);
    let slots = vec((0..SLOTS, option::of(1..=u64::MAX)), 0..SLOTS as usize);
    (0..ADDRESSES, fate, 0..3u64, select(balances), any::<bool>(), slots).prop_map(
        |(number, fate, nonce, balance, code, slots)| AccountDiff {
            address: address(number),
            deleted: fate == "deleted",
            nonce,
            balance,
            code_hash: if code { B256::repeat_byte(0xc0) } else { KECCAK_EMPTY },
            storage_wiped: fate == "wiped",
            storage: slot_diffs(slots),
        },
    )
}

fn slot_diffs(slots: Vec<(u8, Option<u64>)>) -> Vec<SlotDiff> {
    let slots: BTreeMap<_, _> = slots.into_iter().collect();
    let slot =
        |(slot, value): (u8, Option<u64>)| SlotDiff { slot: U256::from(slot), value: U256::from(value.unwrap_or(0)) };
    slots.into_iter().map(slot).collect()
}

fn address(number: u8) -> Address {
    Address::repeat_byte(number)
}

/// An account with nonce 1 and these slots.
fn contract(number: u8, slots: &[(u64, u64)]) -> AccountDiff {
    let storage = slots.iter().map(|(slot, value)| SlotDiff { slot: U256::from(*slot), value: U256::from(*value) });
    AccountDiff {
        address: address(number),
        deleted: false,
        nonce: 1,
        balance: U256::ZERO,
        code_hash: KECCAK_EMPTY,
        storage_wiped: false,
        storage: storage.collect(),
    }
}

fn diff(accounts: &[AccountDiff]) -> StateDiff {
    StateDiff { accounts: accounts.to_vec(), codes: vec![] }
}

fn after(diffs: &[StateDiff]) -> State {
    diffs.iter().fold(State::default(), |state, diff| state.commit(diff).state)
}

#[test]
fn the_empty_state_has_the_known_root() {
    assert_eq!(State::default().root(), EMPTY_ROOT_HASH);
    assert_eq!(StateBuilder::new().finish().expect("nothing is in order").root(), EMPTY_ROOT_HASH);
}

#[test]
fn deleting_what_never_was_is_no_change() {
    let commit = after(&[]).commit(&diff(&[AccountDiff { deleted: true, ..contract(1, &[(1, 1)]) }]));
    assert_eq!(commit.change, StateChange::default());
    assert_eq!(commit.state.root(), EMPTY_ROOT_HASH);
}

#[test]
fn an_account_as_it_was_is_no_change() {
    let once = after(&[diff(&[contract(1, &[(1, 1)])])]);
    assert_eq!(once.commit(&diff(&[contract(1, &[(1, 1), (2, 0)])])).change, StateChange::default());
}

#[test]
fn an_empty_account_that_the_executor_keeps_is_stored() {
    let empty = AccountDiff { nonce: 0, ..contract(1, &[]) };
    assert_eq!(after(&[diff(&[empty])]).account(address(1)), Some(AccountValue::default()));
}

#[test]
fn a_deleted_account_lists_every_slot_it_held() {
    let commit = after(&[diff(&[contract(1, &[(1, 5), (2, 6)])])])
        .commit(&diff(&[AccountDiff { deleted: true, ..contract(1, &[]) }]));
    let [account] = &commit.change.accounts[..] else { panic!("one account") };
    assert_eq!((account.after, account.slots.len()), (None, 2));
    assert!(account.slots.iter().all(|slot| slot.after.is_zero()));
}

#[test]
fn a_wiped_storage_holds_only_what_was_written_after() {
    let commit = after(&[diff(&[contract(1, &[(1, 5), (2, 6), (3, 7)])])])
        .commit(&diff(&[AccountDiff { storage_wiped: true, ..contract(1, &[(2, 6), (3, 8)]) }]));
    assert_eq!(commit.state, after(&[diff(&[contract(1, &[(2, 6), (3, 8)])])]));
    let slots: BTreeMap<_, _> =
        commit.change.accounts[0].slots.iter().map(|slot| (slot.key, (slot.before, slot.after))).collect();
    let (gone, changed) = (slot_key(U256::from(1)), slot_key(U256::from(3)));
    assert_eq!(slots, BTreeMap::from([(gone, (U256::from(5), U256::ZERO)), (changed, (U256::from(7), U256::from(8)))]));
}

#[test]
fn of_two_entries_for_one_address_or_slot_the_later_counts() {
    let twice = diff(&[contract(1, &[(1, 5)]), contract(1, &[(1, 6), (1, 7)])]);
    assert_eq!(after(&[twice]), after(&[diff(&[contract(1, &[(1, 7)])])]));
}

#[test]
fn large_blocks_worked_in_parallel_give_the_same_state() {
    let token: Vec<_> = (0..2000).map(|slot| (slot, slot + 1)).collect();
    let plain = |number: u32| AccountDiff {
        address: Address::left_padding_from(&number.to_be_bytes()),
        balance: U256::from(number),
        ..contract(0, &[])
    };
    let accounts: Vec<_> = (1..2000).map(plain).chain([contract(0xee, &token)]).collect();
    let at_once = after(&[diff(&accounts)]);
    let by_parts = after(&accounts.chunks(50).map(diff).collect::<Vec<_>>());
    assert_eq!(at_once, by_parts);
}

#[test]
fn the_builder_names_what_is_wrong_with_flat_entries() {
    let [a, b, slot] = [1, 2, 3].map(B256::repeat_byte);
    let mut builder = StateBuilder::new();
    assert_eq!(builder.slot(b, slot, U256::ONE), Err(BuildError::Orphan { account: b, slot }));
    builder.account(b, AccountValue::default()).expect("the first");
    assert_eq!(builder.account(a, AccountValue::default()), Err(BuildError::AccountOrder(a)));
    assert_eq!(builder.account(b, AccountValue::default()), Err(BuildError::AccountOrder(b)));
    assert_eq!(builder.slot(a, slot, U256::ONE), Err(BuildError::Orphan { account: a, slot }));
    assert_eq!(builder.slot(b, slot, U256::ZERO), Err(BuildError::ZeroSlot { account: b, slot }));
    builder.slot(b, slot, U256::ONE).expect("its slot");
    assert_eq!(builder.slot(b, slot, U256::ONE), Err(BuildError::SlotOrder { account: b, slot }));
}

/// The figure behind the memory of a million accounts: with key and reference a leaf takes 120 bytes.
#[test]
fn a_plain_account_takes_32_bytes_beside_its_key() {
    assert_eq!(size_of::<Account>(), 32);
}
