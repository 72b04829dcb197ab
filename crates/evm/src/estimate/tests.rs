//! Estimates: exact where the cost is known, enough to succeed and little more where it is searched for.

use alloy_rpc_types_eth::state::EvmOverrides;
use primitives::{Bytes, Fork, U256};
use revm::bytecode::opcode::{CALL, GAS, INVALID, ISZERO, JUMPDEST, JUMPI, PUSH0, PUSH1, PUSH20, REVERT, SSTORE, STOP};
use serde_json::{Value, json};

use super::estimate_gas;
use crate::call::{
    call,
    fixture::{ANSWER, ANSWER_CODE, BROKEN, LOOP, POOR, REVERTER, RICH, WRITER, World, request, state_overrides, word},
};

fn estimate(world: &World, value: Value) -> Result<u64, (i32, String)> {
    estimate_with(world, value, &EvmOverrides::default())
}

fn estimate_with(world: &World, value: Value, overrides: &EvmOverrides) -> Result<u64, (i32, String)> {
    estimate_gas(&world.base(), &request(value), overrides).map_err(|error| (error.code(), error.to_string()))
}

fn succeeds(world: &World, mut value: Value, gas: u64) -> bool {
    value["gas"] = json!(format!("{gas:#x}"));
    call(&world.base(), &request(value), &EvmOverrides::default()).is_ok()
}

/// The estimate works, and 2 % less does not.
fn check_tight(world: &World, value: Value) {
    let gas = estimate(world, value.clone()).expect("it can succeed");
    assert!(succeeds(world, value.clone(), gas), "{gas} gas is too little for {value}");
    assert!(!succeeds(world, value.clone(), gas - gas / 50), "{gas} gas is too much for {value}");
}

#[test]
fn a_plain_transfer_needs_exactly_21000() {
    let world = World::new();
    assert_eq!(estimate(&world, json!({"from": RICH, "to": POOR, "value": "0x1"})), Ok(21_000));
    assert_eq!(estimate(&world, json!({"from": RICH, "to": POOR, "gasPrice": "0x1"})), Ok(21_000));
}

#[test]
fn a_transfer_with_an_access_list_needs_more() {
    let list = json!([{"address": ANSWER, "storageKeys": []}]);
    let gas = estimate(&World::new(), json!({"from": RICH, "to": POOR, "accessList": list})).expect("a transfer");
    assert!((23_400..23_800).contains(&gas), "{gas}");
}

#[test]
fn an_estimate_is_enough_and_hardly_more() {
    let world = World::new();
    check_tight(&world, json!({"to": WRITER, "input": word(5)}));
    check_tight(&world, json!({"input": Bytes::copy_from_slice(&ANSWER_CODE)}));
    check_tight(&world, json!({"to": ANSWER, "input": Bytes::from(vec![1; 1000])}));
}

#[test]
fn gas_that_is_given_back_at_the_end_is_needed_until_then() {
    let mut world = World::new();
    for slot in 0..10 {
        world.set_slot(WRITER, slot, 1);
    }
    check_tight(&world, json!({"to": WRITER, "input": word(0)}));
}

#[test]
fn a_call_that_fails_for_want_of_a_64th_gets_it() {
    let mut world = World::new();
    // Calls the writer with all gas, and reverts if that fails.
    let inner = [&[PUSH0, PUSH0, PUSH0, PUSH0, PUSH0, PUSH20], WRITER.as_slice(), &[GAS, CALL]].concat();
    let failed = u8::try_from(inner.len() + 5).expect("short code");
    let rest = [ISZERO, PUSH1, failed, JUMPI, STOP, JUMPDEST, PUSH0, PUSH0, REVERT];
    world.put(POOR, U256::ZERO, &[inner.as_slice(), &rest].concat());
    for slot in 0..10 {
        world.set_slot(WRITER, slot, 1);
    }
    check_tight(&world, json!({"to": POOR}));
}

#[test]
fn a_request_that_fails_with_any_gas_says_why() {
    let world = World::new();
    let data = word(7);
    let reverted =
        estimate_gas(&world.base(), &request(json!({"to": REVERTER, "input": data})), &EvmOverrides::default())
            .expect_err("it reverts");
    assert_eq!((reverted.code(), reverted.to_string(), reverted.data()), (3, "execution reverted".into(), Some(data)));
    assert_eq!(estimate(&world, json!({"to": BROKEN})), Err((-32000, "invalid opcode: INVALID".into())));
    let endless = Err((-32000, "gas required exceeds allowance (16777216)".into()));
    assert_eq!(estimate(&world, json!({"to": LOOP})), endless);
}

#[test]
fn the_highest_limit_is_the_least_of_those_of_chain_node_and_request() {
    let allowance = |world: &World, value: Value| estimate(world, value).expect_err("an endless loop").1;
    let mut world = World::new();
    let told = |gas: u64| format!("gas required exceeds allowance ({gas})");
    assert_eq!(allowance(&world, json!({"to": LOOP, "gas": "0x186a0"})), told(100_000));
    assert_eq!(allowance(&world, json!({"to": LOOP, "gas": "0xffffffff"})), told(16_777_216));
    world.rules.fork = Fork::Prague;
    assert_eq!(allowance(&world, json!({"to": LOOP})), told(50_000_000));
    world.gas_cap = 1_000_000;
    assert_eq!(allowance(&world, json!({"to": LOOP})), told(1_000_000));
}

#[test]
fn a_sender_who_pays_for_gas_needs_no_more_than_the_balance_buys() {
    let world = World::new();
    let value = json!({"from": RICH, "to": LOOP, "gasPrice": "0x3e8"});
    assert_eq!(estimate(&world, value), Err((-32000, "gas required exceeds allowance (1000000)".into())));
    let broke = json!({"from": RICH, "to": POOR, "gasPrice": "0x1", "value": "0x3b9aca00"});
    assert_eq!(estimate(&world, broke), Err((-32000, "insufficient funds for transfer".into())));
    let little = json!({"from": RICH, "to": POOR, "gasPrice": "0xf4240"});
    assert_eq!(estimate(&world, little), Err((-32000, "gas required exceeds allowance (1000)".into())));
}

#[test]
fn a_sender_without_the_value_is_told_what_is_missing() {
    let message =
        format!("failed with 16777216 gas: insufficient funds for gas * price + value: address {POOR} have 0 want 5");
    let value = json!({"from": POOR, "to": ANSWER, "value": "0x5"});
    assert_eq!(estimate(&World::new(), value), Err((-32000, message)));
}

#[test]
fn overrides_hold_for_estimates() {
    let code = Bytes::from(vec![PUSH1, 1, PUSH0, SSTORE]);
    let overrides = state_overrides(json!({POOR.to_string(): {"code": code}}));
    let gas = estimate_with(&World::new(), json!({"to": POOR}), &overrides).expect("one write");
    assert!((43_105..43_800).contains(&gas), "{gas}");
    let broken = state_overrides(json!({POOR.to_string(): {"code": Bytes::from(vec![INVALID])}}));
    assert!(estimate_with(&World::new(), json!({"to": POOR}), &broken).is_err());
}
