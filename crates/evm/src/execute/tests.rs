//! Stories of blocks: who pays whom, what is left out, what does not fit, what accounts become.

use alloy_consensus::{TxEip1559, TxEip7702, TxLegacy};
use alloy_eips::eip7702::{Authorization, SignedAuthorization};
use alloy_primitives::{Address, Bytes, TxKind, U256, bytes, hex, keccak256};
use primitives::{Committee, Header, Recovered, Rules, TimeMs, Tx};
use revm::{DatabaseRef, primitives::KECCAK_EMPTY};

use super::*;
use crate::{
    header::{check_outcome, seal, verify_header},
    people::Signer,
    world::{Seed, World},
};

mod accounts;
mod limits;
mod properties;
mod system_contracts;

const PROPOSE: Mode = Mode::Propose { max_transactions: usize::MAX };
const BENEFICIARY: Address = Address::repeat_byte(0xbe);
const CONTRACT: Address = Address::repeat_byte(0xc0);
const NOBODY: Address = Address::repeat_byte(0x99);

fn rules() -> Rules {
    Rules {
        chain_id: 31337,
        fork: Fork::Osaka,
        gas_limit: 100_000_000,
        beneficiary: BENEFICIARY,
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

/// A chain whose head is in memory.
struct Ledger {
    rules: Rules,
    world: World,
    parent: Header,
}

impl Ledger {
    /// Signers 1 to 9 are rich; other accounts as given.
    fn new(accounts: impl IntoIterator<Item = (Address, Seed)>) -> Self {
        let rich = (1..10).map(|number| (Signer::new(number).address, Seed::rich()));
        let world = World::new(rich.chain(accounts));
        Self { rules: rules(), world, parent: Header { number: 7, timestamp: 1_700_000_000, ..Header::default() } }
    }

    fn frame(&self) -> Header {
        let now = TimeMs(self.parent.timestamp * 1000 + 12_345);
        self.rules.next_header(self.parent.hash_slow(), &self.parent, now)
    }

    fn execute(&self, transactions: &[Recovered<Tx>], mode: Mode) -> Result<Outcome, ExecuteError> {
        execute_block(&self.rules, &self.frame(), transactions.iter().cloned(), &self.world, mode)
    }

    /// Executes transactions that are all valid and makes their block the head.
    fn advance(&mut self, transactions: &[Recovered<Tx>]) -> Outcome {
        let outcome = self.execute(transactions, Mode::Verify).expect("all transactions are valid");
        self.world.apply(&outcome.diff);
        let block = seal(&self.frame(), &outcome, self.world.root());
        self.parent = block.header().clone();
        outcome
    }

    fn balance(&self, address: Address) -> U256 {
        self.world.state.account(address).map_or(U256::ZERO, |account| account.balance)
    }

    fn code(&self, address: Address) -> Bytes {
        let hash = self.world.state.account(address).map_or(KECCAK_EMPTY, |account| account.code_hash);
        self.world.code_by_hash_ref(hash).expect("infallible").original_bytes()
    }
}

/// A plain call: no value, no price, a million gas.
fn call(to: Address, nonce: u64) -> TxLegacy {
    let to = TxKind::Call(to);
    TxLegacy { chain_id: Some(31337), nonce, gas_limit: 1_000_000, to, ..TxLegacy::default() }
}

fn signer(number: u64) -> Signer {
    Signer::new(number)
}

fn authorize(authority: Signer, authorization: Authorization) -> SignedAuthorization {
    let signature = authority.sign_hash(authorization.signature_hash());
    authorization.into_signed(signature)
}

#[test]
fn tips_go_to_the_beneficiary_and_nothing_is_burnt() {
    let mut ledger = Ledger::new([]);
    let legacy = TxLegacy { gas_price: 3, ..call(NOBODY, 0) };
    let tip = TxEip1559 {
        chain_id: 31337,
        gas_limit: 21_000,
        to: NOBODY.into(),
        max_fee_per_gas: 10,
        max_priority_fee_per_gas: 7,
        ..TxEip1559::default()
    };
    ledger.advance(&[signer(1).sign(legacy), signer(2).sign(tip)]);
    assert_eq!(ledger.balance(BENEFICIARY), U256::from(21_000 * 3 + 21_000 * 7));
    assert_eq!(ledger.balance(signer(2).address), Seed::rich().balance - U256::from(21_000 * 7));
}

#[test]
fn a_price_of_zero_is_taken_even_from_the_poor() {
    let mut ledger = Ledger::new([]);
    let poor = signer(1_000);
    let outcome = ledger.advance(&[poor.sign(call(NOBODY, 0))]);
    assert_eq!(outcome.diff.accounts.len(), 1, "neither the beneficiary nor the receiver came to be");
    assert_eq!(ledger.world.state.account(poor.address).expect("has a nonce").nonce, 1);
}

#[test]
fn a_legacy_transaction_may_be_unprotected() {
    let mut ledger = Ledger::new([]);
    let unprotected = TxLegacy { chain_id: None, value: U256::ONE, ..call(NOBODY, 0) };
    ledger.advance(&[signer(1).sign(unprotected)]);
    assert_eq!(ledger.balance(NOBODY), U256::ONE);
}

#[test]
fn receipts_hold_status_cumulative_gas_and_logs() {
    let ledger = Ledger::new([(CONTRACT, Seed::contract(LOG_THEN_REVERT_IF_DATA))]);
    let failing = TxLegacy { input: bytes!("01"), ..call(CONTRACT, 0) };
    let outcome = ledger
        .execute(
            &[signer(1).sign(call(CONTRACT, 0)), signer(2).sign(failing), signer(3).sign(call(NOBODY, 0))],
            PROPOSE,
        )
        .expect("executes");
    let statuses: Vec<_> = outcome.receipts.iter().map(|receipt| (receipt.success, receipt.logs.len())).collect();
    assert_eq!(statuses, [(true, 1), (false, 0), (true, 0)]);
    assert_eq!(outcome.gas_used, outcome.receipts[2].cumulative_gas_used);
    assert_eq!(outcome.receipts[2].cumulative_gas_used - outcome.receipts[1].cumulative_gas_used, 21_000);
    assert!(outcome.roots().bloom.contains_log(&outcome.receipts[0].logs[0]));
}

/// `LOG1` of nothing with topic 7; reverts afterwards if there is call data.
const LOG_THEN_REVERT_IF_DATA: Bytes = bytes!("60075f5fa136600957005b5f5ffd");

#[test]
fn an_authorization_sets_a_delegation_and_another_clears_it() {
    let mut ledger = Ledger::new([(CONTRACT, Seed::contract(bytes!("600160005500")))]);
    let authority = signer(500);
    let delegate = |address, sender_nonce, nonce| {
        let authorization = Authorization { chain_id: U256::from(31337), address, nonce };
        signer(1).sign(TxEip7702 {
            chain_id: 31337,
            nonce: sender_nonce,
            gas_limit: 200_000,
            to: authority.address,
            authorization_list: vec![authorize(authority, authorization)],
            ..TxEip7702::default()
        })
    };
    let outcome = ledger.advance(&[delegate(CONTRACT, 0, 0)]);
    let designation: Bytes = [&hex!("ef0100")[..], CONTRACT.as_slice()].concat().into();
    assert_eq!(ledger.code(authority.address), designation);
    assert_eq!(outcome.diff.codes, [designation]);
    assert_eq!(ledger.world.state.storage(authority.address, U256::ZERO), U256::ONE, "the delegate ran");

    let outcome = ledger.advance(&[delegate(Address::ZERO, 1, 1)]);
    assert_eq!(ledger.code(authority.address), Bytes::new());
    assert!(outcome.diff.codes.is_empty());
    assert_eq!(ledger.world.state.account(authority.address).expect("has a nonce").nonce, 2);
}

#[test]
fn an_authorization_by_nobody_is_skipped() {
    let mut ledger = Ledger::new([]);
    let authorization = Authorization { chain_id: U256::from(31337), address: CONTRACT, nonce: 0 };
    let unsigned = SignedAuthorization::new_unchecked(authorization, 9, U256::ONE, U256::ONE);
    let outcome = ledger.advance(&[signer(1).sign(TxEip7702 {
        chain_id: 31337,
        gas_limit: 200_000,
        to: NOBODY,
        authorization_list: vec![unsigned],
        ..TxEip7702::default()
    })]);
    assert!(outcome.receipts[0].success);
    assert_eq!(outcome.diff.accounts.len(), 1, "only the sender changed");
}

#[test]
fn block_hashes_are_asked_of_the_database() {
    // sstore(0, blockhash(number - 1))
    let mut ledger = Ledger::new([(CONTRACT, Seed::contract(bytes!("6001430340600055")))]);
    ledger.world.block_hashes.insert(7, B256::repeat_byte(0x77));
    ledger.advance(&[signer(1).sign(call(CONTRACT, 0))]);
    assert_eq!(ledger.world.state.storage(CONTRACT, U256::ZERO), U256::from_be_bytes([0x77; 32]));
}

#[test]
fn a_replay_of_the_sealed_block_gives_its_header() {
    let ledger = Ledger::new([(CONTRACT, Seed::contract(LOG_THEN_REVERT_IF_DATA))]);
    let outcome = ledger.execute(&[signer(1).sign(call(CONTRACT, 0))], PROPOSE).expect("executes");
    let mut world = ledger.world.clone();
    world.apply(&outcome.diff);
    let block = seal(&ledger.frame(), &outcome, world.root());
    assert_eq!(verify_header(&ledger.rules, block.header().parent_hash, &ledger.parent, &block), Ok(()));

    let replayed =
        execute_block(&ledger.rules, block.header(), block.transactions().iter().cloned(), &ledger.world, Mode::Verify)
            .expect("replays");
    assert_eq!(replayed.diff, outcome.diff);
    assert_eq!(check_outcome(block.header(), &replayed, &replayed.roots(), world.root()), Ok(()));
}
