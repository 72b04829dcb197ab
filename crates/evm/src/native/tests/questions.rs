//! What runs on the state of a block sees native contracts as it sees bytecode: calls, estimates, access lists, traces,
//! simulations, and overrides.

use alloy_rpc_types_eth::{
    simulate::SimulatePayload,
    state::{EvmOverrides, StateOverride},
};
use alloy_rpc_types_trace::geth::GethDebugTracingCallOptions;
use serde_json::{Value, json};

use super::*;
use crate::{
    access_list::create_access_list,
    call::{
        CallError, call,
        fixture::{ANSWER_CODE, from_json, request, state_overrides, word},
    },
    estimate::estimate_gas,
    simulate::simulate,
    trace::trace_call,
};

fn ask(world: &World, input: Vec<u8>, overrides: &EvmOverrides) -> Result<Bytes, CallError> {
    call(&world.base(), &request(json!({ "to": ADDRESS, "data": Bytes::from(input) })), overrides)
}

fn version() -> Vec<u8> {
    IProtocol::versionCall {}.abi_encode()
}

#[test]
fn an_estimate_is_what_the_transaction_uses() {
    let world = world();
    let wanted = request(json!({ "from": RICH, "to": ADDRESS, "data": Bytes::from(schedule(1, 0)) }));
    let estimated = estimate_gas(&world.base(), &wanted, &EvmOverrides::default()).expect("it succeeds");
    assert!(world.execute(&[call_of(0, ADDRESS, 0, schedule(1, 0), estimated)]).receipts[0].success);
}

#[test]
fn a_refused_call_answers_with_the_error_of_the_abi() {
    let error = ask(&world(), schedule(0, 0), &EvmOverrides::default()).expect_err("epoch 0 has begun");
    let expected = IProtocol::EpochNotAhead { epoch: 0, current: 0 }.abi_encode();
    assert!(matches!(error, CallError::Revert(data) if data == expected));
}

#[test]
fn an_access_list_names_the_slots_that_a_native_contract_touches() {
    let wanted = request(json!({ "from": RICH, "to": ADDRESS, "data": Bytes::from(version()) }));
    let found = create_access_list(&world().base(), &wanted, &EvmOverrides::default()).expect("it succeeds");
    assert_eq!(found.access_list.0.len(), 1);
    assert_eq!(
        (found.access_list.0[0].address, &found.access_list.0[0].storage_keys[..]),
        (ADDRESS, &[B256::ZERO][..])
    );
}

#[test]
fn a_trace_shows_the_call_with_its_input_output_and_logs() {
    let mut world = world();
    world.put(PROXY, U256::ZERO, &proxy(CALL));
    let options = json!({ "tracer": "callTracer", "tracerConfig": { "withLog": true } });
    let options: GethDebugTracingCallOptions = from_json(options);
    let wanted = request(json!({ "from": RICH, "to": PROXY, "data": Bytes::from(schedule(1, 0)) }));
    let trace = trace_call(&world.base(), &wanted, &options).expect("it is traced");
    let trace = serde_json::to_value(trace).expect("JSON");
    let inner = &trace["calls"][0];
    assert_eq!((&inner["type"], &inner["to"]), (&json!("CALL"), &json!(ADDRESS)));
    assert_eq!(inner["input"], json!(Bytes::from(schedule(1, 0))));
    assert_eq!(inner["logs"][0]["address"], json!(ADDRESS));
}

#[test]
fn a_prestate_trace_shows_the_slots_before_and_after() {
    let options = json!({ "tracer": "prestateTracer", "tracerConfig": { "diffMode": true } });
    let options: GethDebugTracingCallOptions = from_json(options);
    let wanted = request(json!({ "from": RICH, "to": ADDRESS, "data": Bytes::from(schedule(1, 0)) }));
    let trace = trace_call(&world().base(), &wanted, &options).expect("it is traced");
    let after = serde_json::to_value(trace).expect("JSON")["post"][format!("{ADDRESS:?}")].clone();
    assert_eq!(after["code"], "0xef");
    assert_eq!(after["storage"].as_object().map(serde_json::Map::len), Some(3), "{after}");
}

fn simulated(world: &World, payload: Value) -> Value {
    let payload: SimulatePayload = from_json(payload);
    let blocks = simulate(&world.base(), &payload, &mut |_| Ok(B256::ZERO)).expect("it is simulated");
    serde_json::to_value(blocks).expect("JSON")
}

#[test]
fn simulated_blocks_carry_logs_and_begin_epochs() {
    let call = |input: Vec<u8>| json!({ "from": RICH, "to": ADDRESS, "input": Bytes::from(input) });
    let blocks = simulated(
        &world(),
        json!({ "blockStateCalls": [
            { "calls": [call(schedule(1, 0))] },
            { "blockOverrides": { "number": "0x40" }, "calls": [call(version())] },
        ] }),
    );
    let blocks = blocks.as_array().expect("a list");
    assert_eq!(blocks[0]["calls"][0]["logs"][0]["address"], json!(ADDRESS));
    let last = blocks.last().expect("two and what lies between");
    assert_eq!(last["calls"][0]["returnData"], json!(word(1)));
}

#[test]
fn overridden_code_runs_in_place_of_the_native_contract() {
    let world = world();
    let over = |code: Bytes| state_overrides(json!({ ADDRESS.to_string(): { "code": code } }));
    assert_eq!(ask(&world, version(), &over(ANSWER_CODE.into())).expect("answers"), word(42));
    assert_eq!(ask(&world, version(), &over(Bytes::new())).expect("an empty account"), Bytes::new());
    assert_eq!(ask(&world, version(), &over(NATIVE_CODE.into())).expect("answers"), word(0));
}

#[test]
fn overridden_code_stays_in_later_simulated_blocks_until_it_is_taken_back() {
    let call = json!({ "to": ADDRESS, "input": Bytes::from(version()) });
    let over = |code: Bytes| json!({ ADDRESS.to_string(): { "code": code } });
    let blocks = simulated(
        &world(),
        json!({ "blockStateCalls": [
            { "stateOverrides": over(ANSWER_CODE.into()), "calls": [call] },
            { "calls": [call] },
            { "stateOverrides": over(NATIVE_CODE.into()), "calls": [call] },
        ] }),
    );
    let answers: Vec<_> = (0..3).map(|index| blocks[index]["calls"][0]["returnData"].clone()).collect();
    assert_eq!(answers, [json!(word(42)), json!(word(42)), json!(word(0))]);
}

#[test]
fn slots_of_a_native_contract_can_be_overridden() {
    let slots = json!({ ADDRESS.to_string(): { "stateDiff": { B256::ZERO.to_string(): B256::with_last_byte(7) } } });
    assert_eq!(ask(&world(), version(), &state_overrides(slots)).expect("answers"), word(7));
}

#[test]
fn a_native_contract_is_no_precompile_and_cannot_be_moved() {
    let to = Address::repeat_byte(0x55);
    let moved: StateOverride = from_json(json!({ ADDRESS.to_string(): { "movePrecompileToAddress": to } }));
    let error = ask(&world(), version(), &EvmOverrides::state(Some(moved))).expect_err("refused");
    assert!(matches!(error, CallError::NotPrecompile(address) if address == ADDRESS));
}
