//! Access lists as a client asks for them: what a call touches, and what it costs with the list.

use alloy_rpc_types_eth::{AccessListResult, state::EvmOverrides};
use primitives::{Address, B256, U256};
use revm::bytecode::opcode::{
    BALANCE, GAS, GT, JUMP, JUMPDEST, JUMPI, MUL, POP, PUSH0, PUSH1, PUSH2, PUSH3, PUSH20, REVERT, SLOAD, STOP,
};
use serde_json::{Value, json};

use super::create_access_list;
use crate::call::fixture::{ANSWER, FORWARDER, POOR, READER, REVERTER, RICH, World, request};

fn list(world: &World, value: Value) -> AccessListResult {
    create_access_list(&world.base(), &request(value), &EvmOverrides::default()).expect("a list")
}

/// Addresses with the numbers of their slots.
fn touched(result: &AccessListResult) -> Vec<(Address, Vec<u64>)> {
    let slots = |keys: &[B256]| keys.iter().map(|key| U256::from_be_bytes(key.0).to()).collect();
    result.access_list.iter().map(|item| (item.address, slots(&item.storage_keys))).collect()
}

#[test]
fn slots_that_a_contract_reads_are_listed() {
    let result = list(&World::new(), json!({"from": RICH, "to": READER}));
    assert_eq!(touched(&result), [(READER, vec![1])]);
    assert_eq!(result.error, None);
    // 21000, address 2400, slot 1900, warm read 100, and the other opcodes.
    assert_eq!(result.gas_used, U256::from(21_000 + 2_400 + 1_900 + 100 + 16));
}

#[test]
fn sender_target_and_precompiles_are_left_out() {
    let result = list(&World::new(), json!({"from": RICH, "to": ANSWER}));
    assert_eq!(touched(&result), []);
    let mut world = World::new();
    let look = [&[PUSH20], RICH.as_slice(), &[BALANCE, PUSH1, 2, BALANCE, PUSH20], REVERTER.as_slice(), &[BALANCE]];
    world.put(POOR, U256::ZERO, &look.concat());
    assert_eq!(touched(&list(&world, json!({"from": RICH, "to": POOR}))), [(REVERTER, vec![])]);
}

#[test]
fn addresses_that_a_contract_calls_are_listed() {
    let result = list(&World::new(), json!({"to": FORWARDER, "input": READER.into_word()}));
    assert_eq!(touched(&result), [(READER, vec![1])]);
}

#[test]
fn a_contract_that_reads_a_slot_only_while_it_is_not_listed_gets_no_list() {
    let mut world = World::new();
    // A list with one slot costs 4300 gas of the 79000 that are left of 100000.
    let [_, high, middle, low] = 77_000_u32.to_be_bytes();
    world.put(
        POOR,
        U256::ZERO,
        &[PUSH3, high, middle, low, GAS, GT, PUSH1, 10, JUMPI, STOP, JUMPDEST, PUSH1, 1, SLOAD],
    );
    let value = json!({"to": POOR, "gas": "0x186a0"});
    let error = create_access_list(&world.base(), &request(value), &EvmOverrides::default());
    assert_eq!(error.map_err(|error| error.code()), Err(-38026));
}

#[test]
fn a_list_is_made_for_the_gas_that_it_leaves() {
    let mut world = World::new();
    // Reads the slot whose number is the gas left.
    world.put(POOR, U256::ZERO, &[GAS, SLOAD]);
    let result = list(&world, json!({"to": POOR, "gas": "0x186a0"}));
    assert_eq!(touched(&result), [(POOR, vec![100_000 - 21_000 - 4_300 - 2])]);
}

#[test]
fn a_request_that_fails_has_a_list_and_an_error() {
    let mut world = World::new();
    world.put(POOR, U256::ZERO, &[PUSH1, 3, SLOAD, PUSH0, PUSH0, REVERT]);
    let result = list(&world, json!({"to": POOR}));
    assert_eq!(touched(&result), [(POOR, vec![3])]);
    assert_eq!(result.error.as_deref(), Some("execution reverted"));
    world.put(POOR, U256::ZERO, &[JUMPDEST, PUSH0, JUMP]);
    assert_eq!(list(&world, json!({"to": POOR, "gas": "0xc350"})).error.as_deref(), Some("out of gas"));
}

#[test]
fn a_list_that_the_request_brings_is_kept_and_extended() {
    let given = json!([{"address": REVERTER, "storageKeys": []}, {"address": RICH, "storageKeys": []}]);
    let result = list(&World::new(), json!({"from": RICH, "to": READER, "gasPrice": "0x0", "accessList": given}));
    assert_eq!(touched(&result), [(REVERTER, vec![]), (READER, vec![1])]);
}

#[test]
fn a_request_that_can_be_no_transaction_is_refused() {
    let value = json!({"from": POOR, "to": ANSWER, "value": "0x1"});
    let error = create_access_list(&World::new().base(), &request(value), &EvmOverrides::default());
    let message = format!(
        "failed to apply transaction: err: insufficient funds for gas * price + value: address {POOR} have 0 want 1"
    );
    assert_eq!(error.map_err(|error| error.to_string()), Err(message));
}

#[test]
fn the_gas_used_is_that_of_the_request_with_its_list() {
    let mut world = World::new();
    let reads: Vec<u8> = (0..20).flat_map(|slot| [PUSH1, slot, SLOAD, PUSH2, 0, 1, MUL, POP]).collect();
    world.put(POOR, U256::ZERO, &reads);
    let result = list(&world, json!({"to": POOR}));
    let again = json!({"to": POOR, "accessList": result.access_list});
    assert_eq!(list(&world, again).gas_used, result.gas_used);
}
