//! Calls: defaults, overrides, refusals in geth's words, and what a revert says.

use alloy_sol_types::{Panic, Revert, SolError};
use primitives::{Bytes, U256};
use revm::bytecode::opcode::{
    BASEFEE, BLOCKHASH, CALLER, COINBASE, DIFFICULTY, GAS, GASLIMIT, GASPRICE, MSTORE, NUMBER, PUSH0, PUSH1, RETURN,
    SELFBALANCE, TIMESTAMP,
};
use serde_json::{Value, json};

use super::{
    call,
    fixture::{
        ANSWER, ANSWER_CODE, BROKEN, LOOP, POOR, READER, REVERTER, RICH, World, block_overrides, from_json, request,
        state_overrides, word,
    },
};
use alloy_rpc_types_eth::state::EvmOverrides;

/// Calls; an error becomes its code and message.
fn run(world: &World, value: Value, overrides: &EvmOverrides) -> Result<Bytes, (i32, String)> {
    call(&world.base(), &request(value), overrides).map_err(|error| (error.code(), error.to_string()))
}

fn refused(value: Value) -> (i32, String) {
    run(&World::new(), value, &EvmOverrides::default()).expect_err("the call has to fail")
}

/// What a contract with this code answers in one word.
fn answer_of(expression: &[u8], call: Value, overrides: &EvmOverrides) -> U256 {
    let mut world = World::new();
    world.put(POOR, U256::ZERO, &[expression, &[PUSH0, MSTORE, PUSH1, 32, PUSH0, RETURN]].concat());
    let mut call = call;
    call["to"] = json!(POOR);
    U256::from_be_slice(&run(&world, call, overrides).expect("the opcode returns"))
}

#[test]
fn a_call_returns_what_the_contract_returns() {
    let world = World::new();
    assert_eq!(run(&world, json!({"to": ANSWER}), &EvmOverrides::default()), Ok(word(42)));
}

#[test]
fn a_call_without_a_target_runs_its_input_as_initcode() {
    let input = Bytes::copy_from_slice(&ANSWER_CODE);
    assert_eq!(run(&World::new(), json!({"input": input}), &EvmOverrides::default()), Ok(word(42)));
}

#[test]
fn a_revert_carries_its_data_and_its_reason() {
    let plain = Bytes::from_static(&[1, 2, 3]);
    let reason = Bytes::from(Revert { reason: "too late".into() }.abi_encode());
    let panic = |code: u64| Bytes::from(Panic { code: U256::from(code) }.abi_encode());
    for (input, message) in [
        (Bytes::new(), "execution reverted"),
        (plain, "execution reverted"),
        (reason, "execution reverted: too late"),
        (panic(0x11), "execution reverted: arithmetic underflow or overflow"),
        (panic(0x77), "execution reverted: unknown panic code: 0x77"),
    ] {
        let world = World::new();
        let error = call(&world.base(), &request(json!({"to": REVERTER, "input": input})), &EvmOverrides::default())
            .expect_err("it reverts");
        assert_eq!((error.code(), error.to_string().as_str(), error.data()), (3, message, Some(input)));
    }
}

#[test]
fn a_halt_is_told_in_geths_words() {
    assert_eq!(refused(json!({"to": LOOP})), (-32000, "out of gas".into()));
    assert_eq!(refused(json!({"to": BROKEN})), (-32000, "invalid opcode: INVALID".into()));
}

#[test]
fn a_request_that_can_be_no_transaction_is_refused_in_geths_words() {
    let poor = POOR.to_string();
    for (value, message) in [
        (
            json!({"from": POOR, "to": ANSWER, "value": "0x1"}),
            format!(
                "err: insufficient funds for gas * price + value: address {poor} have 0 want 1 (supplied gas 50000000)"
            ),
        ),
        (
            json!({"from": POOR, "to": ANSWER, "gasPrice": "0x2", "gas": "0x5208"}),
            format!(
                "err: insufficient funds for gas * price + value: address {poor} have 0 want 42000 (supplied gas 21000)"
            ),
        ),
        (
            json!({"to": ANSWER, "gas": "0x10"}),
            "err: intrinsic gas too low: have 16, want 21000 (supplied gas 16)".into(),
        ),
        (
            json!({"from": POOR, "to": ANSWER, "maxPriorityFeePerGas": "0x1"}),
            format!(
                "err: max priority fee per gas higher than max fee per gas: address {poor}, maxPriorityFeePerGas: 1, maxFeePerGas: 0 (supplied gas 50000000)"
            ),
        ),
        (
            json!({"to": ANSWER, "gasPrice": "0x1", "maxFeePerGas": "0x1"}),
            "both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified".into(),
        ),
        (json!({"to": ANSWER, "chainId": "0x1"}), "chainId does not match node's (have=1, want=31337)".into()),
        (
            json!({"from": POOR, "to": ANSWER, "authorizationList": []}),
            format!("err: EIP-7702 transaction with empty auth list (sender {poor}) (supplied gas 50000000)"),
        ),
        (
            json!({"from": POOR, "authorizationList": []}),
            format!(
                "err: EIP-7702 transaction cannot be used to create contract (sender {poor}) (supplied gas 50000000)"
            ),
        ),
        (
            json!({"to": ANSWER, "blobVersionedHashes": [word(1)]}),
            "transaction type not supported: blob transactions have no place on this chain".into(),
        ),
    ] {
        assert_eq!(refused(value), (-32000, message));
    }
}

#[test]
fn fees_below_the_base_fee_are_refused_unless_they_are_zero() {
    let overrides = block_overrides(json!({"baseFeePerGas": "0xa"}));
    let below =
        run(&World::new(), json!({"from": RICH, "to": ANSWER, "gas": "0x7530", "maxFeePerGas": "0x9"}), &overrides);
    let message = format!(
        "err: max fee per gas less than block base fee: address {RICH}, maxFeePerGas: 9, baseFee: 10 (supplied gas 30000)"
    );
    assert_eq!(below, Err((-32000, message)));
    assert_eq!(answer_of(&[BASEFEE], json!({}), &overrides), U256::ZERO);
    let paid = json!({"from": RICH, "gas": "0x7530", "maxFeePerGas": "0xc", "maxPriorityFeePerGas": "0x1"});
    assert_eq!(answer_of(&[BASEFEE], paid.clone(), &overrides), U256::from(10));
    assert_eq!(answer_of(&[GASPRICE], paid, &overrides), U256::from(11));
}

#[test]
fn the_nonce_is_not_looked_at_and_a_contract_may_call() {
    for nonce in ["0x63", "0xffffffffffffffff"] {
        let value = json!({"from": ANSWER, "to": READER, "nonce": nonce});
        assert_eq!(run(&World::new(), value, &EvmOverrides::default()), Ok(word(0)));
    }
}

#[test]
fn gas_is_the_nodes_bound_unless_the_request_names_less() {
    let none = EvmOverrides::default();
    let at_most = |gas: u64| move |seen: U256| seen < U256::from(gas) && seen > U256::from(gas - 30_000);
    assert!(at_most(50_000_000)(answer_of(&[GAS], json!({}), &none)));
    assert!(at_most(50_000_000)(answer_of(&[GAS], json!({"gas": "0xffffffffffff"}), &none)));
    assert!(at_most(100_000)(answer_of(&[GAS], json!({"gas": "0x186a0"}), &none)));
}

#[test]
fn the_caller_is_the_zero_address_unless_the_request_names_one() {
    assert_eq!(answer_of(&[CALLER], json!({}), &EvmOverrides::default()), U256::ZERO);
    assert_eq!(
        answer_of(&[CALLER], json!({"from": RICH}), &EvmOverrides::default()),
        U256::from_be_slice(RICH.into_word().as_slice())
    );
}

#[test]
fn a_call_sees_the_block_it_stands_on() {
    let none = EvmOverrides::default();
    assert_eq!(answer_of(&[NUMBER], json!({}), &none), U256::from(7));
    assert_eq!(answer_of(&[TIMESTAMP], json!({}), &none), U256::from(1_700_000_000));
    assert_eq!(answer_of(&[GASLIMIT], json!({}), &none), U256::from(500_000_000));
}

#[test]
fn every_block_field_can_be_overridden() {
    for (field, value, opcode, seen) in [
        ("number", "0x10", NUMBER, 16),
        ("time", "0x11", TIMESTAMP, 17),
        ("gasLimit", "0x12", GASLIMIT, 18),
        ("feeRecipient", "0x0000000000000000000000000000000000000013", COINBASE, 19),
        ("prevRandao", "0x0000000000000000000000000000000000000000000000000000000000000014", DIFFICULTY, 20),
    ] {
        assert_eq!(
            answer_of(&[opcode], json!({}), &block_overrides(json!({field: value}))),
            U256::from(seen),
            "{field}"
        );
    }
    let hash = word(21);
    let overrides = block_overrides(json!({"blockHash": {"3": hash}}));
    assert_eq!(answer_of(&[PUSH1, 3, BLOCKHASH], json!({}), &overrides), U256::from(21));
}

#[test]
fn an_account_can_be_overridden_for_one_call() {
    let mut world = World::new();
    world.set_slot(READER, 1, 5);
    let none = EvmOverrides::default();
    let read = json!({"to": READER});
    let slot = |number: u64| json!({word(number).to_string(): word(9)});
    assert_eq!(run(&world, read.clone(), &none), Ok(word(5)));
    for (account, seen) in [
        (json!({"stateDiff": slot(1)}), 9),
        (json!({"stateDiff": slot(2)}), 5),
        (json!({"state": slot(1)}), 9),
        (json!({"state": slot(2)}), 0),
        (json!({"code": Bytes::copy_from_slice(&ANSWER_CODE)}), 42),
    ] {
        assert_eq!(run(&world, read.clone(), &state_overrides(json!({READER.to_string(): account}))), Ok(word(seen)));
    }
    let empty = state_overrides(json!({READER.to_string(): {"code": "0x"}}));
    assert_eq!(run(&world, read.clone(), &empty), Ok(Bytes::new()));
    assert_eq!(run(&world, read, &none), Ok(word(5)));
}

#[test]
fn an_overridden_balance_can_be_spent() {
    let overrides = state_overrides(json!({POOR.to_string(): {"balance": "0x64"}}));
    let spend = |wei: &str| json!({"from": POOR, "to": RICH, "value": wei});
    assert_eq!(run(&World::new(), spend("0x64"), &overrides), Ok(Bytes::new()));
    assert!(run(&World::new(), spend("0x65"), &overrides).is_err());
    let seen = answer_of(&[SELFBALANCE], json!({"from": RICH, "value": "0x7"}), &EvmOverrides::default());
    assert_eq!(seen, U256::from(7));
}

#[test]
fn state_and_state_diff_do_not_go_together() {
    let overrides = state_overrides(json!({POOR.to_string(): {"state": {}, "stateDiff": {}}}));
    let error = run(&World::new(), json!({"to": POOR}), &overrides).expect_err("a contradiction");
    assert_eq!(error, (-32000, format!("account {POOR} has both 'state' and 'stateDiff'")));
}

/// SHA-256, which answers the empty input with a constant.
const SHA256: &str = "0x0000000000000000000000000000000000000002";
const RIPEMD160: &str = "0x0000000000000000000000000000000000000003";

#[test]
fn a_precompile_answers_where_it_was_moved_to_and_no_longer_where_it_was() {
    let world = World::new();
    let target = POOR.to_string();
    let none = EvmOverrides::default();
    let digest = run(&world, json!({"to": SHA256}), &none).expect("a precompile");
    assert_eq!(digest.len(), 32);
    let moved = state_overrides(json!({SHA256: {"movePrecompileToAddress": target}}));
    assert_eq!(run(&world, json!({"to": target}), &moved), Ok(digest));
    assert_eq!(run(&world, json!({"to": SHA256}), &moved), Ok(Bytes::new()));
    let replaced = state_overrides(json!({SHA256: {"code": Bytes::copy_from_slice(&ANSWER_CODE)}}));
    assert_eq!(run(&world, json!({"to": SHA256}), &replaced), Ok(word(42)));
}

#[test]
fn moves_that_make_no_sense_are_refused() {
    let target = POOR.to_string();
    for (overrides, code, message) in [
        (
            json!({target.clone(): {"movePrecompileToAddress": SHA256}}),
            -32000,
            format!("account {target} is not a precompile"),
        ),
        (
            json!({SHA256: {"movePrecompileToAddress": SHA256}}),
            -38022,
            format!("precompile {SHA256} is moved to its own address"),
        ),
        (
            json!({SHA256: {"movePrecompileToAddress": target}, RIPEMD160: {"movePrecompileToAddress": target}}),
            -38023,
            format!("two precompiles are moved to {target}"),
        ),
        (
            json!({SHA256: {"movePrecompileToAddress": target}, target.clone(): {"balance": "0x1"}}),
            -32000,
            format!("account {target} is already overridden"),
        ),
    ] {
        let overrides = EvmOverrides::state(Some(from_json(overrides)));
        assert_eq!(run(&World::new(), json!({"to": ANSWER}), &overrides), Err((code, message)));
    }
}
