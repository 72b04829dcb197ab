//! Chains for the tests of this crate: seeded blocks with real transactions, receipts, roots and state changes.
//! Signatures are dummies, because senders are stored and never recovered.

use std::collections::BTreeMap;
use std::sync::Arc;

use alloy_consensus::{Header, SignableTransaction, TxLegacy, TxReceipt, TxType, constants::EMPTY_WITHDRAWALS, proofs};
use alloy_primitives::{Address, B256, Bytes, Log, Signature, TxKind, U256, keccak256};
use primitives::{AccountDiff, Block, FinalityProof, Receipt, Recovered, SlotDiff, StateDiff, Tx};
use rand::{Rng, SeedableRng, rngs::StdRng};

use crate::{
    record::BlockRecord,
    state::{State, StateChange},
};

/// Makes block after block.
pub(crate) struct TestChain {
    random: StdRng,
    pub(crate) head: BlockRecord,
    pub(crate) state: State,
    nonce: u64,
}

/// A block as [`crate::Store::append`] takes it, and the state after it.
#[derive(Clone, Debug)]
pub(crate) struct TestBlock {
    pub(crate) record: BlockRecord,
    pub(crate) change: StateChange,
    pub(crate) state: State,
}

impl TestChain {
    pub(crate) fn new(seed: u64) -> (Self, TestBlock) {
        let mut random = StdRng::seed_from_u64(seed);
        let diff = random_diff(&mut random, 6, false);
        let header = Header { parent_hash: keccak256(seed.to_be_bytes()), ..frame(0) };
        let block = sealed(header, &State::default(), Vec::new(), Vec::new(), diff);
        (Self { random, head: block.record.clone(), state: block.state.clone(), nonce: 0 }, block)
    }

    /// Another chain after a block of an earlier one.
    pub(crate) fn fork(seed: u64, after: &TestBlock) -> Self {
        let (head, state) = (after.record.clone(), after.state.clone());
        Self { random: StdRng::seed_from_u64(seed), head, state, nonce: seed << 16 }
    }

    /// The next block, with up to `most` transactions and changed accounts.
    pub(crate) fn next(&mut self, most: usize) -> TestBlock {
        let diff = random_diff(&mut self.random, most, true);
        let count = self.random.random_range(0..=most);
        let transactions = (0..count).map(|_| self.transaction()).collect();
        let receipts = (1..).zip(0..count).map(|(gas, _)| random_receipt(&mut self.random, gas * 21_000)).collect();
        self.seal(transactions, receipts, diff)
    }

    /// The next block with what the caller wants in it.
    pub(crate) fn seal(&mut self, txs: Vec<Recovered<Tx>>, receipts: Vec<Receipt>, diff: StateDiff) -> TestBlock {
        let parent = &self.head.block;
        let header = Header { parent_hash: parent.hash(), ..frame(parent.number() + 1) };
        let block = sealed(header, &self.state, txs, receipts, diff);
        (self.head, self.state) = (block.record.clone(), block.state.clone());
        block
    }

    pub(crate) fn transaction(&mut self) -> Recovered<Tx> {
        self.nonce += 1;
        let input: Vec<u8> = (0..self.random.random_range(0..80)).map(|_| self.random.random()).collect();
        let tx =
            TxLegacy { nonce: self.nonce, to: TxKind::Call(address(3)), input: input.into(), ..Default::default() };
        let signed = tx.into_signed(Signature::test_signature());
        Recovered::new_unchecked(signed.into(), address(self.random.random_range(0..ADDRESSES)))
    }
}

/// The `n`th address that test blocks use.
pub(crate) fn address(n: u8) -> Address {
    Address::repeat_byte(n + 1)
}

/// The `n`th topic that test blocks use.
pub(crate) fn topic(n: u8) -> B256 {
    B256::repeat_byte(n + 1)
}

/// How many addresses and topics there are.
pub(crate) const ADDRESSES: u8 = 16;
const SLOTS: u64 = 6;

/// A successful receipt with these logs.
pub(crate) fn receipt(cumulative_gas_used: u64, logs: Vec<Log>) -> Receipt {
    Receipt { tx_type: TxType::Legacy, success: true, cumulative_gas_used, logs }
}

/// Every optional field up to the last one present must be present, or the encoding shifts.
fn frame(number: u64) -> Header {
    Header {
        number,
        timestamp: 1_700_000_000 + number,
        base_fee_per_gas: Some(0),
        withdrawals_root: Some(EMPTY_WITHDRAWALS),
        ..Default::default()
    }
}

fn sealed(
    frame: Header,
    parent: &State,
    transactions: Vec<Recovered<Tx>>,
    receipts: Vec<Receipt>,
    diff: StateDiff,
) -> TestBlock {
    let commit = parent.commit(&diff);
    let bare: Vec<&Tx> = transactions.iter().map(Recovered::inner).collect();
    let blooming: Vec<_> = receipts.iter().map(TxReceipt::with_bloom_ref).collect();
    let header = Header {
        state_root: commit.state.root(),
        transactions_root: proofs::calculate_transaction_root(&bare),
        receipts_root: proofs::calculate_receipt_root(&blooming),
        logs_bloom: receipts.iter().fold(Default::default(), |bloom, receipt| bloom | receipt.bloom()),
        gas_used: receipts.last().map_or(0, |receipt| receipt.cumulative_gas_used),
        ..frame
    };
    let finality =
        (header.number > 0).then(|| FinalityProof { scheme: 1, epoch: 0, bytes: Bytes::from_static(b"certificate") });
    let record = BlockRecord {
        block: Arc::new(Block::seal(header, transactions)),
        receipts: Arc::new(receipts),
        diff,
        finality,
    };
    TestBlock { record, change: commit.change, state: commit.state }
}

fn random_receipt(random: &mut StdRng, cumulative_gas_used: u64) -> Receipt {
    let logs = (0..random.random_range(0..3)).map(|_| {
        let count = random.random_range(0..=4);
        let topics = (0..count).map(|_| topic(random.random_range(0..ADDRESSES))).collect();
        Log::new_unchecked(address(random.random_range(0..ADDRESSES)), topics, Bytes::from_static(b"data"))
    });
    receipt(cumulative_gas_used, logs.collect())
}

fn random_diff(random: &mut StdRng, most: usize, may_delete: bool) -> StateDiff {
    let mut accounts = BTreeMap::new();
    let mut codes = Vec::new();
    for _ in 0..random.random_range(0..=most) {
        let address = address(random.random_range(0..ADDRESSES));
        accounts.insert(address, random_account(random, address, may_delete, &mut codes));
    }
    StateDiff { accounts: accounts.into_values().collect(), codes }
}

fn random_account(random: &mut StdRng, address: Address, may_delete: bool, codes: &mut Vec<Bytes>) -> AccountDiff {
    let deleted = may_delete && random.random_bool(0.1);
    let slots: BTreeMap<u64, u8> =
        (0..random.random_range(0..4)).map(|_| (random.random_range(0..SLOTS), random.random_range(0..3))).collect();
    let storage = slots.into_iter().map(|(slot, value)| SlotDiff { slot: U256::from(slot), value: U256::from(value) });
    AccountDiff {
        address,
        deleted,
        nonce: random.random_range(1..4),
        balance: U256::from(random.random_range(0..1_000_000_000_000_u64)) << 40,
        code_hash: if random.random_bool(0.2) { random_code(random, codes) } else { keccak256([]) },
        storage_wiped: may_delete && random.random_bool(0.1),
        storage: if deleted { Vec::new() } else { storage.collect() },
    }
}

fn random_code(random: &mut StdRng, codes: &mut Vec<Bytes>) -> B256 {
    let code = Bytes::from(vec![random.random(), 1, 2, 3]);
    let hash = keccak256(&code);
    codes.push(code);
    hash
}
