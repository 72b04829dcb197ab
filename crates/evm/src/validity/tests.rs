//! What is refused without state, in geth's words, and the gas that is due.

use alloy_consensus::{TxEip1559, TxEip2930, TxEip4844, TxEip7702, TxLegacy};
use alloy_eips::{
    eip2930::{AccessList, AccessListItem},
    eip7702::{Authorization, SignedAuthorization},
};
use alloy_primitives::{Address, B256, TxKind, U256};
use primitives::{Committee, Fork};

use super::*;
use crate::people::Signer;

fn rules(fork: Fork) -> Rules {
    Rules {
        chain_id: 31337,
        fork,
        gas_limit: 30_000_000,
        beneficiary: Address::ZERO,
        epoch_blocks: 64,
        min_block_interval_ms: 10,
        max_block_bytes: 1 << 22,
        min_gas_price: 0,
        senders: None,
        committee: Committee::new(Vec::new()),
        upgrades: Vec::new(),
        founding: Default::default(),
        recoveries: Default::default(),
    }
}

fn sign<T: alloy_consensus::SignableTransaction<alloy_primitives::Signature>>(tx: T) -> Tx
where
    Tx: From<alloy_consensus::Signed<T>>,
{
    Signer::new(1).sign(tx).into_inner()
}

fn check(tx: impl Into<Tx>, fork: Fork, expected: &str) {
    let tx = tx.into();
    let result = check_stateless(&rules(fork), &tx).map_or_else(|invalid| invalid.to_string(), |()| "ok".into());
    assert_eq!(result, expected, "{tx:?}");
}

fn legacy() -> TxLegacy {
    TxLegacy { chain_id: Some(31337), gas_limit: 21_000, to: Address::ZERO.into(), ..TxLegacy::default() }
}

fn set_code() -> TxEip7702 {
    let authorization = Authorization { chain_id: U256::ZERO, address: Address::ZERO, nonce: 0 };
    let unsigned = SignedAuthorization::new_unchecked(authorization, 0, U256::ONE, U256::ONE);
    TxEip7702 { chain_id: 31337, gas_limit: 46_000, authorization_list: vec![unsigned], ..TxEip7702::default() }
}

#[test]
fn types_are_taken_from_their_fork_on_and_blobs_never() {
    check(sign(legacy()), Fork::Cancun, "ok");
    check(sign(TxLegacy { chain_id: None, ..legacy() }), Fork::Osaka, "ok");
    check(sign(set_code()), Fork::Cancun, "transaction type not supported");
    check(sign(set_code()), Fork::Prague, "ok");
    let blob = TxEip4844 { chain_id: 31337, gas_limit: 21_000, ..TxEip4844::default() };
    check(sign(blob), Fork::Osaka, "transaction type not supported");
}

#[test]
fn the_chain_id_has_to_be_this_chains() {
    check(
        sign(TxLegacy { chain_id: Some(1), ..legacy() }),
        Fork::Osaka,
        "invalid chain id for signer: have 1 want 31337",
    );
    check(
        sign(TxEip1559 { gas_limit: 21_000, ..TxEip1559::default() }),
        Fork::Osaka,
        "invalid chain id for signer: have 0 want 31337",
    );
}

#[test]
fn gas_is_bounded_from_below_and_above() {
    check(
        sign(TxLegacy { gas_limit: 20_000, ..legacy() }),
        Fork::Osaka,
        "intrinsic gas too low: gas 20000, minimum needed 21000",
    );
    check(sign(TxLegacy { gas_limit: 16_777_216, ..legacy() }), Fork::Osaka, "ok");
    check(
        sign(TxLegacy { gas_limit: 16_777_217, ..legacy() }),
        Fork::Osaka,
        "transaction gas limit too high (cap: 16777216, tx: 16777217)",
    );
    check(sign(TxLegacy { gas_limit: 16_777_217, ..legacy() }), Fork::Prague, "ok");
    check(sign(TxLegacy { gas_limit: 30_000_001, ..legacy() }), Fork::Prague, "exceeds block gas limit");
}

#[test]
fn data_has_a_floor_price_from_prague_on() {
    let data = TxLegacy { gas_limit: 40_000, input: vec![1; 1000].into(), ..legacy() };
    check(sign(data.clone()), Fork::Cancun, "ok");
    check(sign(data), Fork::Prague, "insufficient gas for floor data gas cost: gas 40000, minimum needed 61000");
}

#[test]
fn initcode_is_bounded() {
    let create = |size| TxLegacy { gas_limit: 10_000_000, to: TxKind::Create, input: vec![0; size].into(), ..legacy() };
    check(sign(create(49_152)), Fork::Osaka, "ok");
    check(sign(create(49_153)), Fork::Osaka, "max initcode size exceeded: code size 49153, limit 49152");
    check(sign(TxLegacy { to: Address::ZERO.into(), ..create(49_153) }), Fork::Osaka, "ok");
}

#[test]
fn a_tip_is_part_of_the_price() {
    let tx = TxEip1559 { chain_id: 31337, gas_limit: 21_000, max_fee_per_gas: 5, ..TxEip1559::default() };
    let tip =
        |max_priority_fee_per_gas| sign(TxEip1559 { max_priority_fee_per_gas, to: Address::ZERO.into(), ..tx.clone() });
    check(tip(5), Fork::Osaka, "ok");
    check(tip(6), Fork::Osaka, "max priority fee per gas higher than max fee per gas");
}

#[test]
fn the_last_nonce_cannot_be_used() {
    check(sign(TxLegacy { nonce: u64::MAX - 1, ..legacy() }), Fork::Osaka, "ok");
    check(sign(TxLegacy { nonce: u64::MAX, ..legacy() }), Fork::Osaka, "nonce has max value");
}

#[test]
fn a_delegation_needs_authorizations() {
    let empty = TxEip7702 { authorization_list: Vec::new(), ..set_code() };
    check(sign(empty), Fork::Osaka, "EIP-7702 transaction with empty auth list");
}

#[test]
fn every_part_of_a_transaction_has_its_gas() {
    let due = |tx: Tx, spec| due_gas(spec, &tx);
    let data = TxLegacy { input: vec![0, 1].into(), ..legacy() };
    assert_eq!(due(sign(data.clone()), SpecId::OSAKA), DueGas { intrinsic: 21_000 + 4 + 16, floor: 21_000 + 5 * 10 });
    assert_eq!(due(sign(data.clone()), SpecId::CANCUN), DueGas { intrinsic: 21_020, floor: 0 });
    let create = TxLegacy { to: TxKind::Create, ..data };
    assert_eq!(due(sign(create.clone()), SpecId::CANCUN).intrinsic, 21_020 + 32_000 + 2);
    assert_eq!(due(sign(create), SpecId::LONDON).intrinsic, 21_020 + 32_000);
    let item = AccessListItem { address: Address::ZERO, storage_keys: vec![B256::ZERO; 3] };
    let listed = TxEip2930 { access_list: AccessList(vec![item; 2]), to: Address::ZERO.into(), ..TxEip2930::default() };
    assert_eq!(due(sign(listed), SpecId::OSAKA).intrinsic, 21_000 + 2 * 2_400 + 6 * 1_900);
    assert_eq!(due(sign(set_code()), SpecId::OSAKA).intrinsic, 21_000 + 25_000);
}
