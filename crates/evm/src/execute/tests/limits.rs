//! What does not belong in a block: invalid transactions, too much gas, too many bytes.

use super::*;

fn hashes(transactions: &[Recovered<Tx>]) -> Vec<B256> {
    transactions.iter().map(|tx| *tx.tx_hash()).collect()
}

/// Transactions that no block takes, each with the reason in the words that clients know.
fn invalid() -> Vec<(Recovered<Tx>, &'static str)> {
    let eip1559 = TxEip1559 { chain_id: 31337, gas_limit: 21_000, to: NOBODY.into(), ..TxEip1559::default() };
    let legacy = call(NOBODY, 0);
    vec![
        (signer(1).sign(TxLegacy { nonce: 1, ..legacy.clone() }), "nonce too high"),
        (signer(1).sign(TxLegacy { nonce: u64::MAX, ..legacy.clone() }), "nonce has max value"),
        (
            signer(99).sign(TxLegacy { value: U256::ONE, ..legacy.clone() }),
            "insufficient funds for gas * price + value",
        ),
        (
            signer(1).sign(TxLegacy { gas_price: u128::MAX, ..legacy.clone() }),
            "insufficient funds for gas * price + value",
        ),
        (
            signer(1).sign(TxLegacy { gas_limit: 20_999, ..legacy.clone() }),
            "intrinsic gas too low: gas 20999, minimum needed 21000",
        ),
        (
            signer(1).sign(TxLegacy { gas_limit: 30_000, input: vec![1; 1000].into(), ..legacy.clone() }),
            "intrinsic gas too low: gas 30000, minimum needed 37000",
        ),
        (
            signer(1).sign(TxLegacy { gas_limit: 40_000, input: vec![1; 1000].into(), ..legacy.clone() }),
            "insufficient gas for floor data gas cost: gas 40000, minimum needed 61000",
        ),
        (
            signer(1).sign(TxLegacy { gas_limit: 16_777_217, ..legacy.clone() }),
            "transaction gas limit too high (cap: 16777216, tx: 16777217)",
        ),
        (signer(1).sign(TxLegacy { gas_limit: 100_000_001, ..legacy.clone() }), "exceeds block gas limit"),
        (
            signer(1).sign(TxLegacy { to: TxKind::Create, input: vec![0; 49_153].into(), ..legacy.clone() }),
            "max initcode size exceeded: code size 49153, limit 49152",
        ),
        (signer(1).sign(TxLegacy { chain_id: Some(1), ..legacy }), "invalid chain id for signer: have 1 want 31337"),
        (
            signer(1).sign(TxEip1559 { max_priority_fee_per_gas: 2, max_fee_per_gas: 1, ..eip1559 }),
            "max priority fee per gas higher than max fee per gas",
        ),
        (
            signer(1).sign(TxEip7702 { chain_id: 31337, gas_limit: 100_000, ..TxEip7702::default() }),
            "EIP-7702 transaction with empty auth list",
        ),
        (
            signer(1).sign(alloy_consensus::TxEip4844 { chain_id: 31337, gas_limit: 100_000, ..Default::default() }),
            "transaction type not supported",
        ),
    ]
}

#[test]
fn an_invalid_transaction_is_left_out_of_a_proposal_and_reported() {
    let ledger = Ledger::new([]);
    for (tx, words) in invalid() {
        let good = signer(5).sign(call(NOBODY, 0));
        let outcome = ledger.execute(&[tx.clone(), good.clone()], PROPOSE).expect("proposes");
        assert_eq!(hashes(&outcome.transactions), [*good.tx_hash()], "{words}");
        let [Rejected { hash, reason }] = outcome.rejected.as_slice() else {
            panic!("{words}: {:?}", outcome.rejected)
        };
        assert_eq!(hash, tx.tx_hash());
        assert!(reason.to_string().starts_with(words), "{reason} / {words}");
    }
}

#[test]
fn an_invalid_transaction_makes_a_block_invalid() {
    let ledger = Ledger::new([]);
    for (tx, words) in invalid() {
        let error = ledger.execute(&[signer(5).sign(call(NOBODY, 0)), tx], Mode::Verify).expect_err(words).to_string();
        assert!(error.starts_with("transaction 1 ") && error.contains(words), "{error} / {words}");
    }
}

#[test]
fn a_rejected_transaction_leaves_no_trace() {
    let ledger = Ledger::new([]);
    let good = [signer(5).sign(call(NOBODY, 0))];
    let clean = ledger.execute(&good, PROPOSE).expect("proposes");
    for (tx, words) in invalid() {
        let outcome = ledger.execute(&[tx, good[0].clone()], PROPOSE).expect("proposes");
        assert_eq!((&outcome.diff, &outcome.receipts), (&clean.diff, &clean.receipts), "{words}");
    }
}

#[test]
fn a_used_nonce_and_a_sender_with_code_are_refused() {
    let contract = signer(700);
    let ledger = Ledger::new([(contract.address, Seed::contract(bytes!("00")))]);
    let twice = signer(1).sign(call(NOBODY, 0));
    let outcome = ledger.execute(&[twice.clone(), twice, contract.sign(call(NOBODY, 1))], PROPOSE).expect("proposes");
    let reasons: Vec<_> = outcome.rejected.into_iter().map(|rejected| rejected.reason).collect();
    assert_eq!(reasons, [Invalid::NonceTooLow { tx: 0, state: 1 }, Invalid::SenderHasCode]);
}

#[test]
fn a_proposal_ends_where_the_gas_does_not_suffice_and_gives_the_transaction_back() {
    let mut ledger = Ledger::new([]);
    ledger.rules.gas_limit = 21_000 + 1_000_000 + 20_999;
    let transactions: Vec<_> = (1..5).map(|number| signer(number).sign(call(NOBODY, 0))).collect();
    let outcome = ledger.execute(&transactions, PROPOSE).expect("proposes");
    assert_eq!(outcome.gas_used, 42_000);
    assert_eq!(hashes(&outcome.transactions), hashes(&transactions[..2]));
    assert_eq!(outcome.left_over.map(|tx| *tx.tx_hash()), Some(*transactions[2].tx_hash()));
    assert!(outcome.rejected.is_empty(), "it may fit a later block");

    let error = ledger.execute(&transactions[..3], Mode::Verify).expect_err("too much gas");
    assert!(matches!(error, ExecuteError::GasLimit { index: 2, have: 999_999, want: 1_000_000 }), "{error}");
    ledger.execute(&transactions[..2], Mode::Verify).expect("what was proposed is valid");
}

#[test]
fn a_proposal_never_exceeds_the_bytes_of_a_block_and_fills_them() {
    let transactions: Vec<_> =
        (0..400).map(|nonce| signer(1).sign(TxLegacy { input: vec![0; 64].into(), ..call(NOBODY, nonce) })).collect();
    for extra_bytes in 0..70 {
        let mut ledger = Ledger::new([]);
        ledger.rules.max_block_bytes = 40_000 + extra_bytes;
        let outcome = ledger.execute(&transactions, PROPOSE).expect("proposes");
        let bytes = seal(&ledger.frame(), &outcome, B256::ZERO).encode().len();
        assert!(bytes <= ledger.rules.max_block_bytes, "{bytes} of {}", ledger.rules.max_block_bytes);

        let one_more = &transactions[..=outcome.transactions.len()];
        assert_eq!(outcome.left_over.as_ref().map(|tx| tx.tx_hash()), one_more.last().map(|tx| tx.tx_hash()));
        ledger.execute(&outcome.transactions, Mode::Verify).expect("what was proposed is valid");
        // The header was counted with its gas used at the longest.
        ledger.rules.max_block_bytes -= 4;
        let error = ledger.execute(one_more, Mode::Verify).map(|_| ()).expect_err("too large");
        assert!(matches!(error, ExecuteError::BlockBytes { .. }), "{error}");
    }
}

#[test]
fn the_bytes_of_a_verified_block_are_counted_exactly() {
    let mut ledger = Ledger::new([]);
    let transactions: Vec<_> = (0..300).map(|nonce| signer(1).sign(call(NOBODY, nonce))).collect();
    let outcome = ledger.execute(&transactions, PROPOSE).expect("proposes");
    let bytes = seal(&ledger.frame(), &outcome, B256::ZERO).encode().len();
    ledger.rules.max_block_bytes = bytes + 1;
    ledger.execute(&transactions, Mode::Verify).expect("fits");
    ledger.rules.max_block_bytes = bytes - 1;
    let error = ledger.execute(&transactions, Mode::Verify).expect_err("a byte too many");
    assert!(matches!(error, ExecuteError::BlockBytes { bytes: counted, .. } if counted == bytes), "{error}");
}

#[test]
fn a_proposal_stops_after_the_number_of_transactions_asked_for() {
    let ledger = Ledger::new([]);
    let transactions: Vec<_> = (0..5).map(|nonce| signer(1).sign(call(NOBODY, nonce))).collect();
    let outcome = ledger.execute(&transactions, Mode::Propose { max_transactions: 3 }).expect("proposes");
    assert_eq!(hashes(&outcome.transactions), hashes(&transactions[..3]));
    assert!(outcome.left_over.is_none());
}

#[test]
fn a_block_of_nothing_changes_nothing() {
    let ledger = Ledger::new([]);
    let outcome = ledger.execute(&[], Mode::Verify).expect("empty");
    assert_eq!(outcome.diff, StateDiff::default());
    let block = seal(&ledger.frame(), &outcome, ledger.world.root());
    assert_eq!(block.header().requests_hash, Some(EMPTY_REQUESTS_HASH));
    assert_eq!(block.header().transactions_root, alloy_consensus::EMPTY_ROOT_HASH);
    assert_eq!(block.header().receipts_root, alloy_consensus::EMPTY_ROOT_HASH);
}
