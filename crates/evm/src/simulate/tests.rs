//! Simulated blocks: chains of them, transfers as logs, the codes of refusals, and agreement with execute_block.

use alloy_eips::eip2935::HISTORY_STORAGE_ADDRESS;
use alloy_rpc_types_eth::simulate::{SimCallResult, SimulatePayload};
use primitives::{Address, B256, Bytes, StateDiff, U256, genesis::next_mix_hash, keccak256};
use revm::bytecode::opcode::{
    BLOCKHASH, COINBASE, CREATE, LOG0, MSTORE, NUMBER, PUSH0, PUSH1, RETURN, REVERT, SELFDESTRUCT, SLOAD, SSTORE, SUB,
};
use serde_json::{Value, json};

use super::{SimulatedRpcBlock, simulate};
use crate::{
    Mode,
    call::{
        Base, CallError,
        fixture::{
            ANSWER, BROKEN, FORWARDER, HISTORY_CODE, LOOP, POOR, REVERTER, RICH, WRITER, World, contracts, from_json,
            word,
        },
    },
    execute_block, seal,
    world::{Seed, World as Chain},
};

const ETHER: Address = Address::repeat_byte(0xee);

/// Simulates with a root that is made from the changes alone, and gives back the changes too.
fn run(world: &World, payload: Value) -> Result<(Vec<SimulatedRpcBlock>, Vec<StateDiff>), CallError> {
    let mut diffs = Vec::new();
    let blocks = simulate(&world.base(), &from_json::<SimulatePayload>(payload), &mut |diff| {
        diffs.push(diff.clone());
        Ok(root(diffs.len()))
    })?;
    Ok((blocks, diffs))
}

fn root(blocks: usize) -> B256 {
    U256::from(blocks).into()
}

fn blocks(world: &World, payload: Value) -> Vec<SimulatedRpcBlock> {
    run(world, payload).expect("the simulation works").0
}

/// The results of one block with these calls.
fn calls(world: &World, block: Value) -> Vec<SimCallResult> {
    blocks(world, json!({"blockStateCalls": [block]})).remove(0).calls
}

fn refused(payload: Value) -> (i32, String) {
    let error = run(&World::new(), payload).expect_err("it is refused");
    (error.code(), error.to_string())
}

/// A transfer log as `(from, to, wei)`.
fn transfers(call: &SimCallResult) -> Vec<(Address, Address, u64)> {
    let read = |log: &alloy_rpc_types_eth::Log| {
        assert_eq!(log.address(), ETHER);
        assert_eq!(log.topics()[0], keccak256("Transfer(address,address,uint256)"));
        let party = |at: usize| Address::from_word(log.topics()[at]);
        (party(1), party(2), U256::from_be_slice(&log.inner.data.data).to())
    };
    call.logs.iter().map(read).collect()
}

#[test]
fn two_blocks_follow_each_other_and_the_second_sees_the_first() {
    let world = World::new();
    let (blocks, diffs) = run(
        &world,
        json!({"traceTransfers": true, "blockStateCalls": [
            {"calls": [{"from": RICH, "to": POOR, "value": "0x64"}]},
            {"calls": [{"from": POOR, "to": ANSWER, "value": "0x3c"}, {"from": POOR, "to": ANSWER}]},
        ]}),
    )
    .expect("two transfers");
    let [first, second] = blocks.as_slice() else { panic!("two blocks") };
    assert_eq!(transfers(&first.calls[0]), [(RICH, POOR, 100)]);
    assert_eq!(transfers(&second.calls[0]), [(POOR, ANSWER, 60)]);
    assert_eq!(second.calls[1].return_data, word(42));
    let log = &second.calls[0].logs[0];
    assert_eq!((log.block_hash, log.log_index), (Some(second.inner.header.hash), Some(0)));
    let balances = |diff: &StateDiff| -> Vec<_> {
        diff.accounts
            .iter()
            .filter(|account| !account.deleted)
            .map(|a| (a.address, a.balance.to::<u64>(), a.nonce))
            .collect()
    };
    assert_eq!(balances(&diffs[0]), [(RICH, 999_999_900, 1), (POOR, 100, 0)]);
    assert_eq!(balances(&diffs[1]), [(ANSWER, 60, 1), (POOR, 40, 2)]);
}

#[test]
fn headers_are_those_that_this_ledger_would_make() {
    let world = World::new();
    let payload = json!({"blockStateCalls": [{"calls": [{"from": RICH, "to": POOR}]}, {}]});
    let blocks = blocks(&world, payload);
    let header = &blocks[0].inner.header;
    assert_eq!((header.number, header.timestamp, header.gas_used), (8, 1_700_000_001, 21_000));
    assert_eq!(header.parent_hash, world.header.hash_slow());
    assert_eq!(header.mix_hash, next_mix_hash(world.header.mix_hash, 8));
    assert_eq!(header.extra_data, world.header.extra_data);
    assert_eq!(header.beneficiary, world.rules.beneficiary);
    assert_eq!(header.requests_hash, world.header.requests_hash);
    assert_eq!((header.base_fee_per_gas, header.state_root), (Some(0), root(1)));
    assert_eq!(header.hash, header.inner.hash_slow());
    assert_eq!(blocks[1].inner.header.parent_hash, header.hash);
    assert_eq!(blocks[1].inner.header.state_root, root(2));
}

/// Base fee 10, chain and calls of `ethSimulate-two-blocks-with-complete-eth-sends` in the tests of execution-apis, whose roots and
/// first hash these are.
#[test]
fn roots_and_hashes_are_those_of_geth() {
    let address = |first: u8| Address::right_padding_from(&[first]);
    let (sender, receiver, third) = (address(0xc0), address(0xc1), address(0xc2));
    let send = |from: Address, to: Address, value: u64, nonce: u64| {
        json!({"from": from, "to": to, "gas": "0x5208", "maxFeePerGas": "0x14", "maxPriorityFeePerGas": "0x1",
            "maxFeePerBlobGas": "0x0", "value": format!("{value:#x}"), "nonce": format!("{nonce:#x}"), "input": "0x"})
    };
    let mut calls: Vec<_> = (0..6).map(|nonce| send(sender, receiver, 0x65 + nonce, nonce)).collect();
    calls.push(send(receiver, third, 0x6a, 0));
    let mut world = World::new();
    world.rules.chain_id = 0xc72dd9d5e883e;
    let block = json!({
        "blockOverrides": {"baseFeePerGas": "0xa"},
        "stateOverrides": {sender.to_string(): {"balance": "0x35a4ece8"}, receiver.to_string(): {"balance": "0x35a4f0d0"}},
        "calls": calls,
    });
    let header = blocks(&world, json!({"blockStateCalls": [block]})).remove(0).inner;
    let hash = |text: &str| text.parse::<B256>().expect("32 bytes");
    assert_eq!(
        header.header.transactions_root,
        hash("0xdb9e985db5c9eecf36177eb7ec3fffeb3c8228143d57f5f721cb95cf5f4c1a86")
    );
    assert_eq!(header.header.receipts_root, hash("0x9876b41ba412e30252e0c01dd31bf9b5a0ec8c66253b5d0fabdcb9f112b66803"));
    assert_eq!(
        header.transactions.hashes().next(),
        Some(hash("0xeb7436a384260a8a2f0718c37caf93bce973825ba711f04e51a6ee9099677ae2"))
    );
}

/// Results that the same tests give: `ethSimulate-override-empty-account-exists`, where an overridden account that is still empty
/// counts as existing for EIP-7702's refund, and `ethSimulate-override-precompile-code-without-move`.
#[test]
fn results_are_those_of_geth() {
    let (sender, code) = ("0xc000000000000000000000000000000000000000", "0x602a60005260206000f3");
    let authority = "0x3c99b48acd2a442808922929a1441f31245e3a45";
    let authorization = json!({
        "chainId": "0xc72dd9d5e883e", "address": "0xc100000000000000000000000000000000000000", "nonce": "0x0", "yParity": "0x0",
        "r": "0xe46a57110dd3e4f9d556fbcd95f00f29ec91ce3e656a796f46b665d6df4aa657",
        "s": "0x589ea4f67adc16d5de188b7f5e2b697c017325ada80332ecfd24ead54d49fc3f",
    });
    let mut world = World::new();
    world.rules.chain_id = 0xc72dd9d5e883e;
    for (block, gas) in [
        (
            json!({
                "stateOverrides": {
                    authority: {"code": "0x"},
                    sender: {"balance": "0x1e8480"},
                    "0xc100000000000000000000000000000000000000": {"code": code},
                },
                "calls": [
                    {"from": sender, "to": sender, "authorizationList": [authorization]},
                    {"from": sender, "to": authority},
                ],
            }),
            vec![(0x8fc0, 0xb3b0), (0x521a, 0x521a)],
        ),
        (
            json!({
                "stateOverrides": {"0x0000000000000000000000000000000000000004": {"code": code}},
                "calls": [{"from": sender, "to": "0x0000000000000000000000000000000000000004", "input": "0x1234"}],
            }),
            vec![(0x5258, 0x5258)],
        ),
    ] {
        let results = calls(&world, block);
        let used: Vec<_> = results.iter().map(|call| (call.gas_used, call.max_used_gas.unwrap_or_default())).collect();
        assert_eq!(used, gas);
        assert_eq!(results.last().map(|call| call.return_data.clone()), Some(word(42)));
    }
}

/// A trie, so that roots are real ones.
fn chain() -> Chain {
    let contracts = contracts().map(|(address, code)| {
        let storage = if address == WRITER { vec![(U256::from(3), U256::from(33))] } else { Vec::new() };
        (address, Seed { storage, ..Seed::contract(code) })
    });
    Chain::new(contracts.into_iter().chain([(RICH, Seed::rich())]))
}

#[test]
fn a_simulated_block_is_the_block_that_its_transactions_make() {
    let chain = chain();
    let world = World::new();
    let base = Base { rules: &world.rules, header: &world.header, db: &chain, gas_cap: 50_000_000 };
    // Initcode that writes a slot and destroys its account, and initcode that leaves 1 byte of code and a slot behind.
    let gone = Bytes::from(vec![PUSH1, 1, PUSH0, SSTORE, COINBASE, SELFDESTRUCT]);
    let kept = Bytes::from(vec![PUSH1, 1, PUSH1, 7, SSTORE, PUSH1, 1, PUSH0, RETURN]);
    let call =
        |to: Address, input: Bytes| json!({"from": RICH, "to": to, "gas": "0x7a120", "input": input, "value": "0x0"});
    let calls = [
        json!({"from": RICH, "to": POOR, "gas": "0x5208", "value": "0x64", "gasPrice": "0x1"}),
        json!({"from": POOR, "to": ANSWER, "gas": "0x7530", "value": "0x1"}),
        call(WRITER, word(5)),
        call(WRITER, word(0)),
        call(REVERTER, word(1)),
        call(LOOP, Bytes::new()),
        call(Address::repeat_byte(0x77), Bytes::new()),
        json!({"from": RICH, "gas": "0x186a0", "value": "0x3", "input": gone}),
        json!({"from": RICH, "gas": "0x186a0", "value": "0x3", "input": kept, "maxFeePerGas": "0x2", "maxPriorityFeePerGas": "0x1"}),
        call(FORWARDER, POOR.into_word().into()),
    ];
    let payload = from_json::<SimulatePayload>(json!({
        "validation": true, "returnFullTransactions": true, "blockStateCalls": [{"calls": calls}],
    }));
    let root_after = |diff: &StateDiff| chain.state.commit(diff).state.root();
    let simulated = simulate(&base, &payload, &mut |diff| Ok(root_after(diff))).expect("a block").remove(0).inner;
    let transactions = simulated.transactions.into_transactions().map(|tx| tx.inner);
    let frame = &simulated.header.inner;
    let outcome = execute_block(base.rules, frame, transactions, &chain, Mode::Verify).expect("the same block");
    let block = seal(frame, &outcome, root_after(&outcome.diff));
    assert_eq!(block.header(), frame);
    assert_eq!(block.hash(), simulated.header.hash);
}

#[test]
fn transactions_are_hashes_or_whole() {
    let world = World::new();
    let payload = |full: bool| json!({"returnFullTransactions": full, "blockStateCalls": [{"calls": [{"from": RICH, "to": POOR, "maxFeePerGas": "0x1"}]}]});
    let hashed = serde_json::to_value(blocks(&world, payload(false))).expect("json");
    let whole = serde_json::to_value(blocks(&world, payload(true))).expect("json");
    let shown = &whole[0]["transactions"][0];
    assert_eq!(shown["hash"], hashed[0]["transactions"][0]);
    assert_eq!(shown["from"], json!(RICH));
    assert_eq!(
        (&shown["type"], &shown["maxFeePerGas"], &shown["blockNumber"]),
        (&json!("0x2"), &json!("0x1"), &json!("0x8"))
    );
    assert_eq!(shown["blockHash"], whole[0]["hash"]);
    assert_eq!(hashed[0]["calls"][0]["status"], json!("0x1"));
    assert_eq!((&hashed[0]["uncles"], &hashed[0]["withdrawals"]), (&json!([]), &json!([])));
}

#[test]
fn gaps_are_filled_with_empty_blocks() {
    let payload = json!({"blockStateCalls": [{"blockOverrides": {"number": "0xa", "time": "0x70000000"}}, {}]});
    let numbers: Vec<_> = blocks(&World::new(), payload)
        .iter()
        .map(|block| (block.inner.header.number, block.inner.header.timestamp))
        .collect();
    assert_eq!(numbers, [(8, 1_700_000_001), (9, 1_700_000_002), (10, 0x7000_0000), (11, 0x7000_0001)]);
}

#[test]
fn numbers_and_times_rise_and_there_are_at_most_256_blocks() {
    let at = |overrides: Value| json!({"blockStateCalls": [{"blockOverrides": overrides}]});
    assert_eq!(refused(at(json!({"number": "0x7"}))), (-38020, "block numbers must be in order: 7 <= 7".into()));
    assert_eq!(
        refused(at(json!({"time": "0x5"}))),
        (-38021, "block timestamps must be in order: 5 <= 1700000000".into())
    );
    assert_eq!(refused(at(json!({"number": "0x108"}))), (-38026, "too many blocks".into()));
    assert_eq!(blocks(&World::new(), at(json!({"number": "0x107"}))).len(), 256);
    let huge = format!("{:#x}", U256::MAX);
    assert_eq!(refused(at(json!({"number": huge}))).0, -38026);
    assert_eq!(refused(json!({"blockStateCalls": []})), (-32602, "empty input".into()));
}

#[test]
fn a_call_that_fails_is_a_result_and_not_an_error() {
    let results = calls(
        &World::new(),
        json!({"calls": [
            {"to": REVERTER, "input": "0x0102"},
            {"to": BROKEN, "gas": "0x7530"},
            {"to": LOOP, "gas": "0x7530"},
            {"to": ANSWER},
        ]}),
    );
    let told: Vec<_> = results
        .iter()
        .map(|call| call.error.as_ref().map(|error| (error.code, error.message.as_str(), error.data.clone())))
        .collect();
    assert_eq!(
        told,
        [
            Some((3, "execution reverted", Some([1, 2].into()))),
            Some((-32015, "invalid opcode: INVALID", None)),
            Some((-32015, "out of gas", None)),
            None,
        ]
    );
    assert_eq!(results.iter().map(|call| call.status).collect::<Vec<_>>(), [false, false, false, true]);
    assert!(results[0].return_data.is_empty());
    assert_eq!((results[2].gas_used, results[2].max_used_gas), (30_000, Some(30_000)));
}

#[test]
fn a_call_that_can_be_no_transaction_fails_the_request_with_its_own_code() {
    let one = |validation: bool, call: Value| json!({"validation": validation, "blockStateCalls": [{"calls": [call]}]});
    let supplied = "(supplied gas 50000000)";
    for (payload, code, message) in [
        (
            one(true, json!({"from": RICH, "to": POOR, "nonce": "0x5"})),
            -38011,
            format!("err: nonce too high: address {RICH}, tx: 5 state: 0 {supplied}"),
        ),
        (
            one(true, json!({"from": ANSWER, "to": POOR, "nonce": "0x0"})),
            -38010,
            format!("err: nonce too low: address {ANSWER}, tx: 0 state: 1 {supplied}"),
        ),
        (
            one(false, json!({"from": POOR, "to": RICH, "value": "0x3e8"})),
            -38014,
            format!("err: insufficient funds for gas * price + value: address {POOR} have 0 want 1000 {supplied}"),
        ),
        (
            one(false, json!({"to": RICH, "gas": "0x0"})),
            -38013,
            "err: intrinsic gas too low: have 0, want 21000 (supplied gas 0)".into(),
        ),
        (
            one(false, json!({"input": format!("0x{}", "00".repeat(49_153))})),
            -38025,
            format!("err: max initcode size exceeded: code size 49153 {supplied}"),
        ),
        (
            one(false, json!({"to": RICH, "gas": "0x1dcd6501"})),
            -38015,
            "block gas limit reached: 500000001 >= 500000000".into(),
        ),
    ] {
        assert_eq!(refused(payload), (code, message));
    }
}

#[test]
fn validation_looks_at_the_base_fee_and_its_absence_does_not() {
    let payload = |validation: bool| {
        json!({"validation": validation, "blockStateCalls": [{
            "blockOverrides": {"baseFeePerGas": "0xa"},
            "calls": [{"from": RICH, "to": POOR}],
        }]})
    };
    let message = format!(
        "err: max fee per gas less than block base fee: address {RICH}, maxFeePerGas: 0, baseFee: 10 (supplied gas 50000000)"
    );
    assert_eq!(refused(payload(true)), (-38012, message));
    let block = blocks(&World::new(), payload(false)).remove(0);
    assert_eq!(block.inner.header.base_fee_per_gas, Some(10));
    assert!(block.calls[0].status);
}

#[test]
fn without_validation_any_nonce_goes_and_each_call_moves_it_on() {
    let mut world = World::new();
    world.put(POOR, U256::ZERO, &[]);
    let block =
        json!({"calls": [{"from": RICH, "to": POOR, "nonce": "0xffffffffffffffff"}, {"from": RICH, "to": POOR}]});
    assert!(calls(&world, block.clone()).iter().all(|call| call.status));
    let payload = json!({"validation": true, "blockStateCalls": [block]});
    let error = run(&world, payload).expect_err("the nonce is looked at");
    assert_eq!(
        error.to_string(),
        format!("err: nonce has max value: address {RICH}, nonce: 18446744073709551615 (supplied gas 50000000)")
    );
}

#[test]
fn the_gas_of_a_request_is_shared_by_all_its_blocks() {
    let mut world = World::new();
    world.gas_cap = 50_000;
    let one = json!({"calls": [{"to": POOR, "gas": "0x5208"}]});
    let payload = |count: usize| json!({"blockStateCalls": vec![one.clone(); count]});
    assert_eq!(blocks(&world, payload(2)).len(), 2);
    let error = run(&world, payload(3)).expect_err("8000 gas are left");
    assert_eq!(error.to_string(), "err: intrinsic gas too low: have 8000, want 21000 (supplied gas 8000)");
    world.gas_cap = 42_000;
    assert_eq!(run(&world, payload(3)).expect_err("nothing is left").code(), -38026);
}

#[test]
fn transfers_are_logged_where_they_happen_and_not_at_all_if_they_fail() {
    let mut world = World::new();
    // Emits an empty log, then gives all it has to the beneficiary.
    let bequest = Address::repeat_byte(0xa8);
    world.put(bequest, U256::from(9), &[PUSH0, PUSH0, LOG0, COINBASE, SELFDESTRUCT]);
    // Makes an account with one wei of its own.
    let maker = Address::repeat_byte(0xa9);
    world.put(maker, U256::ZERO, &[PUSH0, PUSH0, PUSH1, 1, CREATE]);
    let payload = |trace: bool| {
        json!({"traceTransfers": trace, "blockStateCalls": [{"calls": [
            {"from": RICH, "to": FORWARDER, "value": "0x5", "input": POOR.into_word()},
            {"from": RICH, "to": REVERTER, "value": "0x5"},
            {"from": RICH, "to": maker, "value": "0x5"},
            {"from": RICH, "to": bequest},
        ]}]})
    };
    let traced = blocks(&world, payload(true)).remove(0);
    let beneficiary = world.rules.beneficiary;
    assert_eq!(transfers(&traced.calls[0]), [(RICH, FORWARDER, 5), (FORWARDER, POOR, 5)]);
    assert_eq!(transfers(&traced.calls[1]), []);
    assert_eq!(transfers(&traced.calls[2]), [(RICH, maker, 5), (maker, maker.create(1), 1)]);
    let last = &traced.calls[3].logs;
    assert_eq!((last[0].address(), last[1].address()), (bequest, ETHER));
    assert_eq!(Address::from_word(last[1].topics()[2]), beneficiary);
    let indexes: Vec<_> = traced.calls.iter().flat_map(|call| &call.logs).map(|log| log.log_index).collect();
    assert_eq!(indexes, (0..6).map(Some).collect::<Vec<_>>());
    let plain = blocks(&world, payload(false)).remove(0);
    assert_eq!(plain.calls.iter().map(|call| call.logs.len()).collect::<Vec<_>>(), [0, 0, 0, 1]);
    assert_eq!(plain.inner.header.receipts_root, traced.inner.header.receipts_root);
    assert_eq!(plain.inner.header.logs_bloom, traced.inner.header.logs_bloom);
}

#[test]
fn a_simulated_block_knows_the_hashes_of_those_before_it() {
    let mut world = World::new();
    let asker = Address::repeat_byte(0xa8);
    // The hash of the block before: BLOCKHASH(NUMBER - 1).
    world.put(asker, U256::ZERO, &[PUSH1, 1, NUMBER, SUB, BLOCKHASH, PUSH0, MSTORE, PUSH1, 32, PUSH0, RETURN]);
    let ask = json!({"calls": [{"to": asker}]});
    let blocks = blocks(&world, json!({"blockStateCalls": [ask.clone(), ask]}));
    assert_eq!(blocks[0].calls[0].return_data.as_ref(), world.header.hash_slow().as_slice());
    assert_eq!(blocks[1].calls[0].return_data.as_ref(), blocks[0].inner.header.hash.as_slice());
}

#[test]
fn the_protocol_makes_its_calls_in_simulated_blocks_too() {
    let mut world = World::new();
    world.put(HISTORY_STORAGE_ADDRESS, U256::ZERO, &HISTORY_CODE);
    let (blocks, diffs) = run(&world, json!({"blockStateCalls": [{"calls": [{"to": HISTORY_STORAGE_ADDRESS}]}, {}]}))
        .expect("two blocks");
    assert_eq!(blocks[0].calls[0].return_data.as_ref(), world.header.hash_slow().as_slice());
    let kept = |block: usize| diffs[block].accounts.iter().find(|account| account.address == HISTORY_STORAGE_ADDRESS);
    let slots = kept(1).map(|account| account.storage.iter().map(|slot| B256::from(slot.value)).collect());
    assert_eq!(slots, Some(vec![blocks[0].inner.header.hash]));
}

#[test]
fn overrides_are_changes_of_their_block_and_stay_for_the_next() {
    let mut world = World::new();
    world.set_slot(WRITER, 3, 33);
    let slot = |number: u64| word(number).to_string();
    let reader = [PUSH1, 4, SLOAD, PUSH0, MSTORE, PUSH1, 32, PUSH0, RETURN];
    let (blocks, diffs) = run(
        &world,
        json!({"blockStateCalls": [
            {"stateOverrides": {WRITER.to_string(): {"state": {slot(4): word(44)}, "code": Bytes::copy_from_slice(&reader)}}},
            {"calls": [{"to": WRITER}]},
        ]}),
    )
    .expect("one override");
    assert_eq!(blocks[1].calls[0].return_data, word(44));
    let change = &diffs[0].accounts[0];
    assert_eq!((change.address, change.storage_wiped, change.code_hash), (WRITER, true, keccak256(reader)));
    assert_eq!(change.storage.iter().map(|s| (s.slot.to(), s.value.to())).collect::<Vec<(u64, u64)>>(), [(4, 44)]);
    assert!(!diffs[1].accounts.iter().any(|account| account.address == WRITER && account.storage_wiped));
}

#[test]
fn what_a_call_writes_is_a_change_and_what_it_reverts_is_not() {
    let mut world = World::new();
    let undecided = Address::repeat_byte(0xa8);
    world.put(undecided, U256::ZERO, &[PUSH1, 1, PUSH0, SSTORE, PUSH0, PUSH0, REVERT]);
    let payload = json!({"blockStateCalls": [{"calls": [{"to": WRITER, "input": word(6)}, {"to": undecided}]}]});
    let (_, diffs) = run(&world, payload).expect("two calls");
    let slots =
        |address: Address| diffs[0].accounts.iter().find(|a| a.address == address).map_or(0, |a| a.storage.len());
    assert_eq!((slots(WRITER), slots(undecided)), (10, 0));
}

#[test]
fn a_root_that_cannot_be_made_fails_the_request() {
    let payload = from_json::<SimulatePayload>(json!({"blockStateCalls": [{}]}));
    let error = simulate(&World::new().base(), &payload, &mut |_| Err(CallError::Internal("no trie".into())));
    assert_eq!(error.map_err(|error| error.to_string()).err().as_deref(), Some("no trie"));
}
