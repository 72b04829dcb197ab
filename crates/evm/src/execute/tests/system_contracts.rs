//! Calls by the protocol: only where there is code, and only their contracts' own business.

use alloy_eips::{
    eip2935::{HISTORY_STORAGE_ADDRESS, HISTORY_STORAGE_CODE},
    eip4788::BEACON_ROOTS_ADDRESS,
    eip7002::WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS,
    eip7685::Requests,
};

use super::*;

#[test]
fn the_parent_hash_is_stored_where_the_contract_of_eip_2935_is() {
    let contract = Seed { nonce: 1, code: HISTORY_STORAGE_CODE.clone(), ..Seed::default() };
    let mut ledger = Ledger::new([(HISTORY_STORAGE_ADDRESS, contract)]);
    let parent_hash = ledger.parent.hash_slow();
    let outcome = ledger.advance(&[]);
    assert_eq!(outcome.diff.accounts.len(), 1);
    assert_eq!(ledger.world.state.storage(HISTORY_STORAGE_ADDRESS, U256::from(7)), U256::from_be_bytes(parent_hash.0));
}

#[test]
fn a_beacon_root_contract_that_fails_is_no_obstacle() {
    let ledger = Ledger::new([(BEACON_ROOTS_ADDRESS, Seed::contract(bytes!("fe")))]);
    let outcome = ledger.execute(&[], Mode::Verify).expect("the call may fail");
    assert_eq!(outcome.diff, StateDiff::default());
}

#[test]
fn requests_are_committed_to_from_the_block_in_which_their_contract_appears() {
    // return(0, 32) of the caller
    let code = bytes!("335f5260205ff3");
    let system = B256::left_padding_from(&[&[0xff; 19][..], &[0xfe]].concat());
    let mut ledger = Ledger::new([]);
    assert_eq!(ledger.advance(&[]).requests_hash, Some(EMPTY_REQUESTS_HASH));

    ledger.world = World::new([(WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS, Seed::contract(code))]);
    let outcome = ledger.execute(&[], Mode::Verify).expect("executes");
    let mut requests = Requests::default();
    requests.push_request_with_type(1, system.to_vec());
    assert_eq!(outcome.requests_hash, Some(requests.requests_hash()));
    assert_eq!(seal(&ledger.frame(), &outcome, B256::ZERO).header().requests_hash, outcome.requests_hash);
}

#[test]
fn a_request_contract_that_fails_makes_the_block_impossible() {
    let ledger = Ledger::new([(WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS, Seed::contract(bytes!("fe")))]);
    let error = ledger.execute(&[], PROPOSE).expect_err("no block is possible");
    assert!(
        matches!(error, ExecuteError::SystemContract { contract: WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS }),
        "{error}"
    );
}

#[test]
fn before_prague_there_are_neither_requests_nor_stored_hashes() {
    let contract = Seed { nonce: 1, code: HISTORY_STORAGE_CODE.clone(), ..Seed::default() };
    let mut ledger = Ledger::new([(HISTORY_STORAGE_ADDRESS, contract)]);
    ledger.rules.fork = Fork::Cancun;
    let outcome = ledger.execute(&[], Mode::Verify).expect("executes");
    assert_eq!((outcome.requests_hash, outcome.diff), (None, StateDiff::default()));
}
