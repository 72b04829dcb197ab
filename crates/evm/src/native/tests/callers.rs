//! Bytecode that calls a native contract, in each of the four ways.

use alloy_rpc_types_eth::state::EvmOverrides;
use contracts::dispatch::INative;
use serde_json::json;

use super::*;
use crate::call::{call, fixture::request};

/// What [`PROXY`] answers: whether the inner call succeeded, and what it returned.
fn through(kind: u8, input: Vec<u8>, value: u64) -> (bool, Vec<u8>) {
    let mut world = world();
    world.put(PROXY, U256::ZERO, &proxy(kind));
    let sent = request(json!({ "from": RICH, "to": PROXY, "value": U256::from(value), "data": Bytes::from(input) }));
    let answer = call(&world.base(), &sent, &EvmOverrides::default()).expect("the proxy answers");
    (answer[31] == 1, answer[32..].to_vec())
}

#[test]
fn a_contract_reads_and_writes_through_an_ordinary_call() {
    let (read, epoch) = through(CALL, IProtocol::epochCall {}.abi_encode(), 0);
    assert_eq!((read, epoch), (true, vec![0; 32]));
    assert_eq!(through(CALL, schedule(1, 0), 0), (true, Vec::new()));
}

#[test]
fn a_static_call_reads_and_does_not_write() {
    assert!(through(STATICCALL, IProtocol::versionCall {}.abi_encode(), 0).0);
    assert_eq!(through(STATICCALL, schedule(1, 0), 0), (false, INative::StaticCall {}.abi_encode()));
}

#[test]
fn delegatecall_and_callcode_are_refused_by_name() {
    for kind in [DELEGATECALL, CALLCODE] {
        for input in [schedule(1, 0), IProtocol::versionCall {}.abi_encode(), Vec::new()] {
            assert_eq!(through(kind, input, 0), (false, INative::DelegateCall {}.abi_encode()));
        }
    }
}

#[test]
fn value_is_refused_by_name() {
    for input in [schedule(1, 0), IProtocol::versionCall {}.abi_encode()] {
        assert_eq!(through(CALL, input, 1), (false, INative::NotPayable {}.abi_encode()));
    }
}

#[test]
fn bad_input_is_refused_by_name() {
    let unknown = |selector: [u8; 4]| INative::UnknownSelector { selector: selector.into() }.abi_encode();
    let invalid = INative::InvalidCalldata {}.abi_encode();
    let mut long = IProtocol::versionCall {}.abi_encode();
    long.push(0);
    let mut dirty = schedule(1, 0);
    dirty[4] = 1;
    let cases = [
        (vec![], unknown([0; 4])),
        (vec![1, 2, 3], unknown([0; 4])),
        (vec![1, 2, 3, 4], unknown([1, 2, 3, 4])),
        (schedule(1, 0)[..40].to_vec(), invalid.clone()),
        (long, invalid.clone()),
        (dirty, invalid),
    ];
    for (input, error) in cases {
        assert_eq!(through(CALL, input.clone(), 0), (false, error), "{input:02x?}");
    }
}

#[test]
fn a_live_native_contract_has_one_byte_of_code_so_that_solidity_calls_it() {
    let size_code = [&[PUSH20], ADDRESS.as_slice(), &[EXTCODESIZE, PUSH0, MSTORE, PUSH1, 32, PUSH0, RETURN]].concat();
    let mut world = world();
    world.put(PROXY, U256::ZERO, &size_code);
    let size = |world: &World| {
        let answer = call(&world.base(), &request(json!({ "to": PROXY })), &EvmOverrides::default()).expect("answers");
        answer[31]
    };
    assert_eq!(size(&world), 0, "version 0: the room answers and has no code yet");
    world.advance(&[call_of(0, ADDRESS, 0, schedule(1, 0), 1_000_000)]);
    assert_eq!(size(&world), 1);
}
