//! A header that is not what parent, rules and execution make it is refused by the name of the field.

use alloy_consensus::{EMPTY_OMMER_ROOT_HASH, EMPTY_ROOT_HASH};
use alloy_primitives::{Address, B64, U256};
use primitives::{Committee, Fork};

use super::*;

const COMMITTEE: B256 = B256::repeat_byte(0xcc);

fn rules() -> Rules {
    Rules {
        chain_id: 31337,
        fork: Fork::Osaka,
        gas_limit: 100_000_000,
        beneficiary: Address::repeat_byte(0xbe),
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

fn parent() -> Header {
    Header {
        number: 7,
        timestamp: 1_700_000_000,
        nonce: TimeMs(250).nonce(),
        extra_data: COMMITTEE.into(),
        ..Header::default()
    }
}

fn header() -> Header {
    let frame = rules().next_header(parent().hash_slow(), &parent(), TimeMs(0));
    Header { transactions_root: EMPTY_ROOT_HASH, receipts_root: EMPTY_ROOT_HASH, ..frame }
}

fn verify(header: Header) -> Result<(), HeaderError> {
    verify_header(&rules(), parent().hash_slow(), &parent(), &Block::seal(header, Vec::new()))
}

#[test]
fn the_next_header_is_taken() {
    assert_eq!(verify(header()), Ok(()));
}

#[test]
fn every_field_that_parent_or_rules_determine_is_checked() {
    type Change = fn(&mut Header);
    let changes: &[(&str, Change)] = &[
        ("block number 9, expected 8", |h| h.number = 9),
        ("parent hash 0x1111", |h| h.parent_hash = B256::repeat_byte(0x11)),
        ("block time Some(1700000000250) ms is not after", |h| h.nonce = TimeMs(250).nonce()),
        ("block time Some(1699999999251) ms is not after", |h| h.timestamp -= 1),
        ("block time None ms is not after", |h| h.nonce = B64::repeat_byte(1)),
        ("gas used 100000001 is more than the gas limit 100000000", |h| h.gas_used = 100_000_001),
        ("header field sha3Uncles", |h| h.ommers_hash = EMPTY_ROOT_HASH),
        ("header field miner", |h| h.beneficiary = Address::ZERO),
        ("header field difficulty", |h| h.difficulty = U256::ONE),
        ("header field gasLimit", |h| h.gas_limit += 1),
        ("header field extraData", |h| h.extra_data = B256::ZERO.into()),
        ("header field mixHash", |h| h.mix_hash = B256::ZERO),
        ("header field baseFeePerGas", |h| h.base_fee_per_gas = Some(7)),
        ("header field baseFeePerGas", |h| h.base_fee_per_gas = None),
        ("header field withdrawalsRoot", |h| h.withdrawals_root = Some(B256::ZERO)),
        ("header field blobGasUsed", |h| h.blob_gas_used = Some(131_072)),
        ("header field excessBlobGas", |h| h.excess_blob_gas = Some(1)),
        ("header field parentBeaconBlockRoot", |h| h.parent_beacon_block_root = Some(B256::repeat_byte(1))),
        ("header field requestsHash", |h| h.requests_hash = None),
        ("header field blockAccessListHash", |h| h.block_access_list_hash = Some(B256::ZERO)),
        ("header field slotNumber", |h| h.slot_number = Some(1)),
    ];
    for (message, change) in changes {
        let mut header = header();
        change(&mut header);
        let error = verify(header).expect_err(message).to_string();
        assert!(error.starts_with(message), "{error} / {message}");
    }
}

#[test]
fn the_error_says_what_was_expected() {
    let error = verify(Header { gas_limit: 5, ..header() }).expect_err("wrong").to_string();
    assert_eq!(error, "header field gasLimit is 5, expected 100000000");
}

#[test]
fn a_block_may_be_as_large_as_the_rules_say_and_not_larger() {
    let block = Block::seal(header(), Vec::new());
    let bytes = block.encode().len();
    let verify = |max_block_bytes| {
        let rules = Rules { max_block_bytes, ..rules() };
        verify_header(&rules, parent().hash_slow(), &parent(), &block)
    };
    assert_eq!(verify(bytes), Ok(()));
    assert_eq!(verify(bytes - 1), Err(HeaderError::Bytes { bytes, limit: bytes - 1 }));
}

#[test]
fn every_field_that_execution_determines_is_checked() {
    let outcome = Outcome {
        transactions: Vec::new(),
        receipts: Vec::new(),
        gas_used: 0,
        requests_hash: header().requests_hash,
        extra_data: COMMITTEE.into(),
        diff: Default::default(),
        rejected: Vec::new(),
        left_over: None,
    };
    let roots = outcome.roots();
    let right = seal_header(&header(), &outcome, &roots, B256::repeat_byte(5));
    let check = |header: &Header| check_outcome(header, &outcome, &roots, B256::repeat_byte(5));
    assert_eq!(check(&right), Ok(()));
    assert_eq!(right.ommers_hash, EMPTY_OMMER_ROOT_HASH);

    type Change = fn(&mut Header);
    let changes: &[(&str, Change)] = &[
        ("stateRoot", |h| h.state_root = B256::ZERO),
        ("transactionsRoot", |h| h.transactions_root = B256::ZERO),
        ("receiptsRoot", |h| h.receipts_root = B256::ZERO),
        ("logsBloom", |h| h.logs_bloom = Bloom::repeat_byte(1)),
        ("gasUsed", |h| h.gas_used = 1),
        ("requestsHash", |h| h.requests_hash = Some(B256::ZERO)),
        ("extraData", |h| h.extra_data = B256::ZERO.into()),
    ];
    for (field, change) in changes {
        let mut header = right.clone();
        change(&mut header);
        let error = check(&header).expect_err(field).to_string();
        assert!(error.starts_with(&format!("header field {field} ")), "{error}");
    }
}

#[test]
fn the_committee_in_the_last_block_of_an_epoch_is_left_to_execution() {
    let before_last = Header { number: 62, ..parent() };
    let frame = rules().next_header(before_last.hash_slow(), &before_last, TimeMs(0));
    let roots = Header { transactions_root: EMPTY_ROOT_HASH, receipts_root: EMPTY_ROOT_HASH, ..frame };
    let other = Header { extra_data: B256::repeat_byte(0xdd).into(), ..roots };
    let block = Block::seal(other, Vec::new());
    assert_eq!(verify_header(&rules(), before_last.hash_slow(), &before_last, &block), Ok(()));
}
