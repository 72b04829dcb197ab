//! Traces of calls, transactions and blocks, and their bounds.

use alloy_consensus::{SignableTransaction, TxLegacy};
use alloy_eips::eip2935::HISTORY_STORAGE_ADDRESS;
use alloy_primitives::Signature;
use alloy_rpc_types_trace::geth::{GethDebugTracingCallOptions, GethDebugTracingOptions, GethTrace};
use primitives::{Address, B256, Bytes, Recovered, Tx, U256};
use revm::{
    bytecode::opcode::{CALL, DUP1, GAS, JUMP, JUMPDEST, LOG0, POP, PUSH0, PUSH1, PUSH2, SSTORE},
    primitives::TxKind,
};
use serde_json::{Value, json};

use super::{MAX_TRACE_BYTES, trace_call, trace_transactions};
use crate::call::{
    CallError,
    fixture::{
        ANSWER, ANSWER_CODE, BROKEN, FORWARDER, HISTORY_CODE, LOOP, POOR, READER, REVERTER, RICH, WRITER, World,
        from_json, request, word,
    },
};

/// Traces a call; the answer is the JSON that a client gets.
fn trace(world: &World, call: Value, options: Value) -> Result<Value, CallError> {
    let options = from_json::<GethDebugTracingCallOptions>(options);
    let trace = trace_call(&world.base(), &request(call), &options)?;
    Ok(serde_json::to_value(trace).expect("a trace is JSON"))
}

fn traced(world: &World, call: Value, options: Value) -> Value {
    trace(world, call, options).expect("the call is traced")
}

/// Transactions of one sender with rising nonces.
fn transactions(calls: &[(TxKind, u64, Bytes)]) -> Vec<Recovered<Tx>> {
    (0..)
        .zip(calls)
        .map(|(nonce, (to, value, input))| {
            let tx = TxLegacy {
                chain_id: Some(31_337),
                nonce,
                gas_limit: 1_000_000,
                to: *to,
                value: U256::from(*value),
                input: input.clone(),
                gas_price: 0,
            };
            Recovered::new_unchecked(Tx::Legacy(tx.into_signed(Signature::test_signature())), RICH)
        })
        .collect()
}

fn trace_block(
    world: &World,
    txs: &[Recovered<Tx>],
    which: Option<usize>,
    options: Value,
) -> Result<Vec<Value>, CallError> {
    let options = from_json::<GethDebugTracingOptions>(options);
    let traces = trace_transactions(&world.rules, &world.header, &world.db, txs, which, &options)?;
    Ok(traces.iter().map(|trace| serde_json::to_value(trace).expect("a trace is JSON")).collect())
}

#[test]
fn the_default_trace_has_a_line_for_each_opcode() {
    let trace = traced(&World::new(), json!({"to": READER}), json!({}));
    let lines = trace["structLogs"].as_array().expect("lines");
    let opcodes: Vec<_> = lines.iter().map(|line| line["op"].as_str().expect("a name")).collect();
    assert_eq!(opcodes, ["PUSH1", "SLOAD", "PUSH0", "MSTORE", "PUSH1", "PUSH0", "RETURN"]);
    assert_eq!(lines[1]["gasCost"], json!(2100));
    assert_eq!(lines[1]["stack"], json!(["0x1"]));
    assert_eq!(lines[1]["depth"], json!(1));
    assert_eq!(trace["failed"], json!(false));
    assert_eq!(trace["returnValue"], json!(word(0)));
}

#[test]
fn the_options_of_the_default_trace_are_heeded() {
    let world = World::new();
    let lines = |options: Value| traced(&world, json!({"to": READER}), options)["structLogs"].clone();
    assert_eq!(lines(json!({"limit": 3})).as_array().map(Vec::len), Some(3));
    assert_eq!(lines(json!({"disableStack": true}))[1].get("stack"), None);
    assert_eq!(lines(json!({}))[4].get("memory"), None);
    assert_eq!(lines(json!({"enableMemory": true}))[4]["memory"].as_array().map(Vec::len), Some(1));
    assert_eq!(lines(json!({"disableStorage": true}))[1].get("storage"), None);
    assert!(lines(json!({}))[1].get("storage").is_some());
}

#[test]
fn the_call_tracer_nests_calls() {
    let mut world = World::new();
    // The forwarder's call goes to a forwarder that goes on to nobody.
    world.put(POOR, U256::ZERO, &[PUSH0, PUSH0, PUSH0, PUSH0, PUSH0, PUSH1, 0x04, GAS, CALL, PUSH0, PUSH0, LOG0]);
    let call = json!({"from": RICH, "to": FORWARDER, "value": "0x5", "input": POOR.into_word()});
    let trace = traced(&world, call.clone(), json!({"tracer": "callTracer", "tracerConfig": {"withLog": true}}));
    assert_eq!((&trace["type"], &trace["from"], &trace["value"]), (&json!("CALL"), &json!(RICH), &json!("0x5")));
    let inner = &trace["calls"][0];
    assert_eq!((&inner["from"], &inner["to"]), (&json!(FORWARDER), &json!(POOR)));
    assert_eq!(inner["calls"][0]["to"], json!(Address::with_last_byte(4)));
    assert_eq!(inner["logs"][0]["address"], json!(POOR));
    assert_eq!(trace["calls"].as_array().map(Vec::len), Some(1));
    let top = traced(&world, call, json!({"tracer": "callTracer", "tracerConfig": {"onlyTopCall": true}}));
    assert_eq!((top.get("calls"), &top["to"]), (None, &json!(FORWARDER)));
}

#[test]
fn the_call_tracer_tells_how_a_call_failed() {
    let reason = alloy_sol_types::SolError::abi_encode(&alloy_sol_types::Revert { reason: "no".into() });
    let world = World::new();
    let options = json!({"tracer": "callTracer"});
    let trace = traced(&world, json!({"to": REVERTER, "input": Bytes::from(reason)}), options.clone());
    assert_eq!((&trace["error"], &trace["revertReason"]), (&json!("execution reverted"), &json!("no")));
    let trace = traced(&world, json!({"to": LOOP, "gas": "0x7530"}), options);
    assert_eq!((&trace["error"], &trace["gasUsed"]), (&json!("out of gas"), &json!("0x7530")));
}

#[test]
fn the_prestate_tracer_shows_before_and_the_difference() {
    let mut world = World::new();
    world.set_slot(WRITER, 0, 7);
    let call = json!({"from": RICH, "to": WRITER, "input": word(9)});
    let writer = WRITER.to_string().to_lowercase();
    let rich = RICH.to_string().to_lowercase();
    let before = traced(&world, call.clone(), json!({"tracer": "prestateTracer"}));
    assert_eq!(before[&rich]["balance"], json!("0x3b9aca00"));
    assert_eq!(before[&writer]["storage"][word(0).to_string()], json!(word(7)));
    let diff = traced(&world, call, json!({"tracer": "prestateTracer", "tracerConfig": {"diffMode": true}}));
    assert_eq!(diff["post"][&writer]["storage"][word(0).to_string()], json!(word(9)));
    assert_eq!(diff["pre"][&writer]["storage"][word(0).to_string()], json!(word(7)));
    assert_eq!(diff["post"][&rich]["nonce"], json!(1));
}

#[test]
fn the_other_tracers_answer_too() {
    let world = World::new();
    let call = json!({"from": RICH, "to": ANSWER, "input": "0x01020304ff"});
    let with =
        |tracer: &str, config: Value| traced(&world, call.clone(), json!({"tracer": tracer, "tracerConfig": config}));
    assert_eq!(with("4byteTracer", Value::Null), json!({"0x01020304-1": 1}));
    assert_eq!(with("noopTracer", Value::Null), json!({}));
    assert_eq!(with("flatCallTracer", json!({}))[0]["action"]["to"], json!(ANSWER));
    let mux = with("muxTracer", json!({"callTracer": {}, "4byteTracer": null}));
    assert_eq!(mux["callTracer"]["to"], json!(ANSWER));
    assert_eq!(mux["4byteTracer"], json!({"0x01020304-1": 1}));
}

#[test]
fn an_unknown_tracer_is_refused_by_name_and_a_program_is_not_run() {
    let refused = |tracer: &str| {
        let error = trace(&World::new(), json!({"to": ANSWER}), json!({"tracer": tracer})).expect_err("refused");
        (error.code(), error.to_string())
    };
    let (code, message) = refused("fancyTracer");
    assert_eq!(code, -32602);
    assert!(
        message.starts_with("tracer not found: \"fancyTracer\"; there are callTracer, prestateTracer"),
        "{message}"
    );
    let (_, message) = refused(&format!("{{data: [], fault: function(log) {{}}, {} }}", "x".repeat(10_000)));
    assert!(message.len() < 250, "{message}");
    assert_eq!(refused("erc7562Tracer").0, -32602);
    let config = json!({"tracer": "callTracer", "tracerConfig": {"onlyTopCall": "maybe"}});
    assert_eq!(trace(&World::new(), json!({"to": ANSWER}), config).map_err(|error| error.code()), Err(-32602));
}

#[test]
fn a_call_that_can_be_no_transaction_is_refused() {
    let error = trace(&World::new(), json!({"from": POOR, "to": ANSWER, "value": "0x1"}), json!({}));
    let message = format!("tracing failed: insufficient funds for gas * price + value: address {POOR} have 0 want 1");
    assert_eq!(error.map_err(|error| error.to_string()), Err(message));
}

#[test]
fn overrides_hold_for_traces() {
    let options = json!({
        "tracer": "callTracer",
        "stateOverrides": {POOR.to_string(): {"code": Bytes::copy_from_slice(&ANSWER_CODE)}},
        "blockOverrides": {"number": "0x63"},
    });
    assert_eq!(traced(&World::new(), json!({"to": POOR}), options)["output"], json!(word(42)));
}

#[test]
fn a_transaction_is_traced_on_what_those_before_it_left() {
    let world = World::new();
    let creation = |code: &[u8]| {
        // Returns the code that follows: CODECOPY and RETURN of all but the first nine bytes.
        let size = u8::try_from(code.len()).expect("short code");
        let prefix = [PUSH1, size, DUP1, PUSH1, 9, PUSH0, 0x39, PUSH0, 0xf3];
        (TxKind::Create, 0, Bytes::from([prefix.as_slice(), code].concat()))
    };
    let created = RICH.create(0);
    let txs = transactions(&[
        creation(&ANSWER_CODE),
        (TxKind::Call(created), 3, Bytes::new()),
        (TxKind::Call(BROKEN), 0, Bytes::new()),
        (TxKind::Call(created), 4, Bytes::new()),
    ]);
    let options = json!({"tracer": "callTracer"});
    let all = trace_block(&world, &txs, None, options.clone()).expect("four traces");
    assert_eq!(all.len(), 4);
    assert_eq!((&all[0]["result"]["type"], &all[0]["result"]["to"]), (&json!("CREATE"), &json!(created)));
    assert_eq!(all[1]["result"]["output"], json!(word(42)));
    assert_eq!(all[2]["result"]["error"], json!("invalid opcode: INVALID"));
    assert_eq!(all[3]["txHash"], json!(txs[3].tx_hash()));
    for (index, trace) in all.iter().enumerate() {
        let one = trace_block(&world, &txs, Some(index), options.clone()).expect("one trace");
        assert_eq!(one, std::slice::from_ref(trace), "transaction {index}");
    }
    let prestate = json!({"tracer": "prestateTracer"});
    let last = trace_block(&world, &txs, Some(3), prestate).expect("one trace").remove(0);
    assert_eq!(last["result"][created.to_string().to_lowercase()]["balance"], json!("0x3"));
}

#[test]
fn a_transaction_is_traced_after_the_calls_that_the_protocol_makes() {
    let mut world = World::new();
    world.header.parent_hash = B256::repeat_byte(0x99);
    world.put(HISTORY_STORAGE_ADDRESS, U256::ZERO, &HISTORY_CODE);
    let txs = transactions(&[(TxKind::Call(HISTORY_STORAGE_ADDRESS), 0, Bytes::new())]);
    let trace = trace_block(&world, &txs, None, json!({"tracer": "callTracer"})).expect("one trace").remove(0);
    assert_eq!(trace["result"]["output"], json!(world.header.parent_hash));
}

#[test]
fn a_transaction_that_the_block_does_not_have_is_refused() {
    let txs = transactions(&[(TxKind::Call(ANSWER), 0, Bytes::new())]);
    let error = trace_block(&World::new(), &txs, Some(1), json!({})).expect_err("one transaction");
    assert_eq!(error.to_string(), "transaction index 1 is out of range, the block has 1");
    assert_eq!(trace_block(&World::new(), &[], None, json!({})).map(|traces| traces.len()).ok(), Some(0));
}

/// Loops for ever with a few words on the stack.
const BUSY: [u8; 6] = [GAS, GAS, JUMPDEST, PUSH1, 2, JUMP];

#[test]
fn a_trace_that_would_be_too_large_is_refused_and_a_limited_one_is_not() {
    let mut world = World::new();
    world.put(POOR, U256::ZERO, &BUSY);
    let call = json!({"to": POOR});
    let error = trace(&world, call.clone(), json!({"disableStorage": true})).expect_err("millions of lines");
    assert_eq!(error, CallError::TraceSize(MAX_TRACE_BYTES));
    let limited = traced(&world, call.clone(), json!({"limit": 10}));
    assert_eq!(limited["structLogs"].as_array().map(Vec::len), Some(10));
    assert_eq!(traced(&world, call, json!({"tracer": "callTracer"}))["error"], json!("out of gas"));
}

#[test]
fn calls_with_large_inputs_count_too() {
    let mut world = World::new();
    // Calls nobody with 32 KiB of input, again and again.
    let code = [JUMPDEST, PUSH0, PUSH0, PUSH2, 0x80, 0x00, PUSH0, PUSH0, PUSH1, 0xff, GAS, CALL, POP, PUSH0, JUMP];
    world.put(POOR, U256::ZERO, &code);
    let error = trace(&world, json!({"to": POOR}), json!({"tracer": "callTracer"})).expect_err("gigabytes of input");
    assert_eq!(error, CallError::TraceSize(MAX_TRACE_BYTES));
    assert!(trace(&world, json!({"to": POOR}), json!({"tracer": "noopTracer"})).is_ok());
}

#[test]
fn storage_that_every_line_repeats_counts_each_time() {
    let mut world = World::new();
    // Writes 1 to the slot whose number is the gas left, again and again.
    world.put(POOR, U256::ZERO, &[JUMPDEST, PUSH1, 1, GAS, SSTORE, PUSH0, JUMP]);
    let call = json!({"to": POOR});
    assert_eq!(trace(&world, call.clone(), json!({"disableStack": true})), Err(CallError::TraceSize(MAX_TRACE_BYTES)));
    assert!(trace(&world, call, json!({"disableStack": true, "disableStorage": true})).is_ok());
}

#[test]
fn a_thousand_calls_deep_is_not_too_deep_for_a_thread() {
    let mut world = World::new();
    // Calls itself until the call below the 1024th is refused, which is told as a call too.
    world.put(POOR, U256::ZERO, &[&[PUSH0; 5][..], &[0x30, GAS, CALL]].concat());
    world.gas_cap = u64::MAX / 2;
    let options = json!({"tracer": "callTracer"});
    let trace = trace_call(&world.base(), &request(json!({"to": POOR})), &from_json(options)).expect("a deep trace");
    let mut depth = 0;
    let GethTrace::CallTracer(frame) = &trace else { panic!("a call frame") };
    let mut frame = frame;
    while let Some(inner) = frame.calls.first() {
        (frame, depth) = (inner, depth + 1);
    }
    assert_eq!(depth, 1025);
    assert!(serde_json::to_string(&trace).expect("a trace is JSON").len() > 100_000);
}
