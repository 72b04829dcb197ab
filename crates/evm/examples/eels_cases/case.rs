//! One case: a pre-state, a block of transactions executed by `execute_block`, and what a header says of it, as one line of JSON.

use std::{collections::BTreeMap, fmt};

use alloy_consensus::TxReceipt;
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, B256, Bytes, U256, hex};
use evm::{Mode, Outcome, execute_block};
use primitives::{Committee, Fork, Header, Recovered, Rules, Tx};
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};

use crate::{
    people::Signer,
    program::{self, Surroundings},
    transactions::{self, Actor, Actors},
    vectors,
    world::{Seed, World},
};

const CHAIN_ID: u64 = 31337;

/// What all cases together reached.
#[derive(Default)]
pub(crate) struct Tally {
    blocks: usize,
    refused: usize,
    transactions: usize,
    succeeded: usize,
    types: BTreeMap<u8, usize>,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { blocks, refused, transactions, succeeded, types } = self;
        write!(
            f,
            "{blocks} blocks and {refused} refused ones, {transactions} transactions, {succeeded} succeeded, by type {types:?}"
        )
    }
}

/// The `index`-th case of a seed. Every twelfth block holds a transaction that makes it invalid.
pub(crate) fn case(seed: u64, index: u64, tally: &mut Tally) -> Value {
    let mut rng = StdRng::seed_from_u64(seed.wrapping_mul(1 << 32).wrapping_add(index));
    let mut setting = setting(&mut rng, index);
    let mut transactions = propose(&mut rng, &mut setting);
    let expected = if index % 12 == 11 {
        transactions.push(transactions::invalid(&mut rng, &setting.actors));
        tally.refused += 1;
        refused(&setting, &transactions)
    } else {
        executed(&setting, &transactions, tally)
    };
    json!({
        "name": format!("seed {seed} case {index}"),
        "fork": "Osaka",
        "chainId": hex_number(CHAIN_ID),
        "env": setting.env(),
        "alloc": setting.alloc(),
        "txs": transactions.iter().map(|tx| hex::encode_prefixed(tx.inner().encoded_2718())).collect::<Vec<_>>(),
        "expected": expected,
    })
}

/// Everything before the transactions.
struct Setting {
    header: Header,
    accounts: BTreeMap<Address, Seed>,
    world: World,
    actors: Actors,
    around: Surroundings,
    block_hashes: Vec<B256>,
}

fn setting(rng: &mut StdRng, index: u64) -> Setting {
    let number = if rng.random_ratio(1, 20) { 300 } else { rng.random_range(1..30) };
    let block_hashes: Vec<B256> = (0..number.min(256)).map(|_| B256::new(rng.random())).collect();
    let header = header(rng, number, *block_hashes.last().expect("there is a parent"));
    let contracts: Vec<Address> = (1..=5).map(|contract| Address::with_last_byte(contract * 0x11 + 0x80)).collect();
    let actors = actors(rng, contracts.clone());
    let around = surroundings(rng, &actors, &header, index);
    let accounts = accounts(rng, &actors, &around);
    let mut world = World::new(accounts.clone());
    let oldest = number.saturating_sub(256);
    world.block_hashes = (oldest..number).zip(block_hashes.iter().copied()).collect();
    Setting { header, accounts, world, actors, around, block_hashes }
}

fn header(rng: &mut StdRng, number: u64, parent_hash: B256) -> Header {
    let beneficiary = Address::repeat_byte(0xbe);
    Header {
        number,
        parent_hash,
        beneficiary,
        timestamp: rng.random_range(1_700_000_000..2_000_000_000),
        mix_hash: B256::new(rng.random()),
        ..rules(beneficiary).header_frame(B256::ZERO)
    }
}

fn rules(beneficiary: Address) -> Rules {
    Rules {
        chain_id: CHAIN_ID,
        fork: Fork::Osaka,
        gas_limit: 100_000_000,
        beneficiary,
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

fn actors(rng: &mut StdRng, contracts: Vec<Address>) -> Actors {
    let mut actor = |key| Actor { signer: Signer::new(key), nonce: rng.random_range(0..4) };
    let senders = (1..=5).map(&mut actor).collect();
    let authorities = (11..=14).map(&mut actor).collect();
    Actors { chain_id: CHAIN_ID, senders, authorities, contracts }
}

/// Every third case holds a call of a precompiled contract that the reference takes long for.
fn surroundings(rng: &mut StdRng, actors: &Actors, header: &Header, index: u64) -> Surroundings {
    let people = actors.senders.iter().chain(&actors.authorities).map(|actor| actor.signer.address);
    let mut addresses: Vec<Address> = people.chain(actors.contracts.iter().copied().cycle().take(15)).collect();
    addresses.extend([header.beneficiary, Address::repeat_byte(0x77), Address::with_last_byte(4)]);
    let vector = index.is_multiple_of(3).then(|| vectors::dear(index / 3, rng));
    Surroundings { addresses, number: header.number, vector }
}

fn accounts(rng: &mut StdRng, actors: &Actors, around: &Surroundings) -> BTreeMap<Address, Seed> {
    let person = |actor: &Actor| (actor.signer.address, Seed { nonce: actor.nonce, ..Seed::rich() });
    let mut accounts: BTreeMap<_, _> = actors.senders.iter().chain(&actors.authorities).map(person).collect();
    let plain = Surroundings { addresses: around.addresses.clone(), number: around.number, vector: None };
    for (index, address) in actors.contracts.iter().enumerate() {
        let statements = rng.random_range(3..14);
        let code = program::contract(rng, if index == 0 { around } else { &plain }, statements);
        let storage = (0..6).map(|slot| (U256::from(slot), U256::from(rng.random_range(0..3_u64)))).collect();
        accounts.insert(*address, Seed { balance: U256::from(1_000_000), storage, ..Seed::contract(code) });
    }
    // One authority begins as delegated.
    let delegated = [&hex!("ef0100")[..], actors.contracts[1].as_slice()].concat();
    if let Some(account) = accounts.get_mut(&actors.authorities[0].signer.address) {
        account.code = Bytes::from(delegated);
        account.nonce = account.nonce.max(1);
    }
    accounts
}

/// What a builder takes of random transactions.
fn propose(rng: &mut StdRng, setting: &mut Setting) -> Vec<Recovered<Tx>> {
    let delegated = &setting.accounts[&setting.actors.authorities[0].signer.address];
    setting.actors.authorities[0].nonce = delegated.nonce;
    let plain =
        Surroundings { addresses: setting.around.addresses.clone(), number: setting.header.number, vector: None };
    let count = rng.random_range(4..10);
    let candidates: Vec<_> = (0..count).map(|_| transactions::transaction(rng, &mut setting.actors, &plain)).collect();
    setting
        .execute(candidates, Mode::Propose { max_transactions: count })
        .expect("a proposal always comes about")
        .transactions
}

fn executed(setting: &Setting, transactions: &[Recovered<Tx>], tally: &mut Tally) -> Value {
    let outcome = setting.execute(transactions.to_vec(), Mode::Verify).expect("what was proposed is valid");
    tally.add(&outcome);
    let mut world = setting.world.clone();
    world.apply(&outcome.diff);
    let roots = outcome.roots();
    let mut before = 0;
    let receipts: Vec<_> = outcome
        .receipts
        .iter()
        .map(|receipt| {
            let gas_used = receipt.cumulative_gas_used - before;
            before = receipt.cumulative_gas_used;
            json!({
                "status": hex_number(u64::from(receipt.status())),
                "gasUsed": hex_number(gas_used),
                "logs": receipt.logs.len(),
            })
        })
        .collect();
    json!({
        "stateRoot": world.root(),
        "receiptsRoot": roots.receipts,
        "logsBloom": roots.bloom,
        "gasUsed": hex_number(outcome.gas_used),
        "receipts": receipts,
    })
}

fn refused(setting: &Setting, transactions: &[Recovered<Tx>]) -> Value {
    let error = setting.execute(transactions.to_vec(), Mode::Verify).expect_err("the last transaction is invalid");
    json!({ "error": error.to_string() })
}

impl Setting {
    fn execute(&self, transactions: Vec<Recovered<Tx>>, mode: Mode) -> Result<Outcome, evm::ExecuteError> {
        execute_block(&rules(self.header.beneficiary), &self.header, transactions, &self.world, mode)
    }

    fn env(&self) -> Value {
        let header = &self.header;
        json!({
            "number": hex_number(header.number),
            "timestamp": hex_number(header.timestamp),
            "gasLimit": hex_number(header.gas_limit),
            "baseFee": hex_number(0),
            "coinbase": header.beneficiary,
            "prevRandao": header.mix_hash,
            "parentHash": header.parent_hash,
            "parentBeaconRoot": B256::ZERO,
            "excessBlobGas": hex_number(0),
            "difficulty": hex_number(0),
            "blockHashes": self.block_hashes,
        })
    }

    fn alloc(&self) -> Value {
        let account = |(address, seed): (&Address, &Seed)| {
            let slots = seed.storage.iter().filter(|(_, value)| !value.is_zero());
            let storage: BTreeMap<String, String> =
                slots.map(|(slot, value)| (format!("{slot:#x}"), format!("{value:#x}"))).collect();
            let fields = json!({
                "nonce": hex_number(seed.nonce),
                "balance": format!("{:#x}", seed.balance),
                "code": seed.code,
                "storage": storage,
            });
            (format!("{address:#x}"), fields)
        };
        self.accounts.iter().map(account).collect::<serde_json::Map<_, _>>().into()
    }
}

impl Tally {
    fn add(&mut self, outcome: &Outcome) {
        self.blocks += 1;
        self.transactions += outcome.transactions.len();
        self.succeeded += outcome.receipts.iter().filter(|receipt| receipt.success).count();
        for tx in &outcome.transactions {
            *self.types.entry(tx.tx_type().into()).or_default() += 1;
        }
    }
}

fn hex_number(number: u64) -> String {
    format!("{number:#x}")
}
