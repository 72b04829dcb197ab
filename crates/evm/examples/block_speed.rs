//! How long `execute_block` takes per transaction, and the roots of its outcome, and the commit to the trie: transfers of ether,
//! of an ERC-20 in bytecode and of a currency, between random accounts, over hash maps and over the trie in memory. CPU time of
//! one thread where Linux tells it, which holds on a busy machine; the mean of several blocks. The commit may use other threads,
//! which is not counted.
//!
//! `cargo run --release -p evm --example block_speed -- [ACCOUNTS [TRANSACTIONS]]`

#![expect(clippy::disallowed_types, reason = "it measures time; nothing of it is consensus")]

use std::{
    cell::RefCell,
    collections::BTreeMap,
    convert::Infallible,
    hint::black_box,
    sync::LazyLock,
    time::{Duration, Instant},
};

use alloy_consensus::{SignableTransaction, TxLegacy};
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256, address, map::HashMap};
use alloy_sol_types::SolCall;
use contracts::{
    cash::{
        self,
        abi::{ICash, ICashFactory},
        iso4217::Currency,
    },
    registry::NEWEST_VERSION,
};
use evm::{BlockState, Mode, Outcome, execute_block, genesis_diff};
use primitives::{
    Fork, Genesis, Header, Recovered, Rules, TimeMs, Tx,
    genesis::{Alloc, Config, Section, Upgrade},
};
use rand::{Rng, SeedableRng, rngs::StdRng};
use revm::{
    DatabaseRef,
    state::{AccountInfo, Bytecode},
};

#[path = "../tests/world/people.rs"]
#[expect(dead_code, reason = "shared with tests")]
mod people;
#[path = "../tests/world/mod.rs"]
#[expect(dead_code, reason = "shared with tests")]
mod world;

use people::Signer;
use world::World;

const ROUNDS: usize = 15;
const UNITS_EACH: u64 = 1_000_000_000;
const CHAIN_ID: u64 = 31_337;
/// Governs `cash` on this chain, and pays everybody.
const TREASURY: Address = address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266");

/// What is transferred.
#[derive(Clone, Copy)]
enum Kind {
    Ether,
    Token(Address),
}

fn main() {
    let mut arguments = std::env::args().skip(1).map(|word| word.parse::<u64>().expect("a number"));
    let accounts = arguments.next().unwrap_or(2_000);
    let transactions = arguments.next().unwrap_or(5_000);
    let mut rng = StdRng::seed_from_u64(1);
    let people: Vec<Signer> = (1..=accounts).map(Signer::new).collect();
    let genesis = genesis(&people);
    let rules = genesis.rules();
    let (world, token) = world(&genesis, &rules, &people);
    let kinds = [("ether", Kind::Ether), ("erc-20", Kind::Token(token)), ("cash", Kind::Token(euro()))];
    for (name, kind) in kinds {
        let block: Vec<_> = transfers(&mut rng, &people, transactions, kind);
        measure(name, &rules, &world, &block);
    }
}

fn genesis(people: &[Signer]) -> Genesis {
    let upgrades = vec![Upgrade { version: NEWEST_VERSION, epoch: 0 }];
    let rich = Alloc { balance: U256::from(10).pow(U256::from(24)), ..Alloc::default() };
    let alloc = people.iter().map(|person| (person.address, rich.clone())).collect();
    Genesis {
        config: Config { chain_id: CHAIN_ID, other: BTreeMap::new() },
        timestamp: 1_767_225_600,
        gas_limit: 100_000_000_000,
        coinbase: Address::repeat_byte(0xbe),
        counterfoil: Section { upgrades, ..Section::new(Fork::Osaka, vec![B256::repeat_byte(7)]) },
        alloc,
    }
}

/// Everybody has ether, tokens and euros; and where the token is.
fn world(genesis: &Genesis, rules: &Rules, people: &[Signer]) -> (World, Address) {
    let mut world = World::default();
    world.apply(&genesis_diff(genesis).expect("the genesis is sound"));
    let token = TREASURY.create(0);
    let create = ICashFactory::createCall { code: "EUR".into(), issuer: TREASURY };
    let mut setup = vec![(TxKind::Create, bytecode()), (cash::ADDRESS.into(), create.abi_encode().into())];
    for person in people {
        let (to, amount) = (person.address, U256::from(UNITS_EACH));
        let money = ICash::mintCall { to, amount, referenceId: to.into_word() };
        setup.push((token.into(), ICash::transferCall { to, value: amount }.abi_encode().into()));
        setup.push((euro().into(), money.abi_encode().into()));
    }
    let setup = (0..).zip(setup).map(|(nonce, (to, input))| unsigned(nonce, to, input)).collect();
    let outcome = propose(rules, &world, setup);
    assert!(outcome.rejected.is_empty() && outcome.receipts.iter().all(|receipt| receipt.success));
    world.apply(&outcome.diff);
    (world, token)
}

/// By the treasury.
fn unsigned(nonce: u64, to: TxKind, input: Bytes) -> Recovered<Tx> {
    let tx = TxLegacy { gas_limit: 8_000_000, to, input, ..legacy(nonce) };
    Recovered::new_unchecked(Tx::Legacy(tx.into_signed(Signature::test_signature())), TREASURY)
}

fn euro() -> Address {
    cash::address_of(Currency::by_code(b"EUR").expect("the euro is a currency"))
}

fn bytecode() -> Bytes {
    let file = include_str!("../../../testdata/erc20.json");
    let file: serde_json::Value = serde_json::from_str(file).expect("the file is JSON");
    file["bytecode"].as_str().and_then(|text| text.parse().ok()).expect("the file has bytecode")
}

/// Each sender's nonces in order; signatures are made outside of what is measured.
fn transfers(rng: &mut StdRng, people: &[Signer], count: u64, kind: Kind) -> Vec<Recovered<Tx>> {
    let mut nonces = vec![0_u64; people.len()];
    let mut transfer = || {
        let (from, to) = (rng.random_range(0..people.len()), people[rng.random_range(0..people.len())].address);
        let nonce = nonces[from];
        nonces[from] += 1;
        people[from].sign(match kind {
            Kind::Ether => TxLegacy { value: U256::ONE, gas_limit: 21_000, to: to.into(), ..legacy(nonce) },
            Kind::Token(token) => {
                TxLegacy { input: call_data(to), gas_limit: 100_000, to: token.into(), ..legacy(nonce) }
            }
        })
    };
    (0..count).map(|_| transfer()).collect()
}

fn legacy(nonce: u64) -> TxLegacy {
    TxLegacy { chain_id: Some(CHAIN_ID), nonce, ..TxLegacy::default() }
}

fn call_data(to: Address) -> Bytes {
    ICash::transferCall { to, value: U256::ONE }.abi_encode().into()
}

fn measure(name: &str, rules: &Rules, world: &World, block: &[Recovered<Tx>]) {
    let flat = Flat::new(world);
    // What the maps do not know yet.
    propose(rules, &flat, block.to_vec());
    let mut spent = [Duration::ZERO; 4];
    let mut gas_used = 0;
    for _ in 0..ROUNDS {
        let (from_flat, outcome) = timed(|| propose(rules, &flat, block.to_vec()));
        black_box(outcome);
        let (from_trie, outcome) = timed(|| propose(rules, world, block.to_vec()));
        let (roots, _) = timed(|| outcome.roots());
        let (commit, _) = timed(|| after(world, &outcome).root());
        assert_eq!(outcome.transactions.len(), block.len(), "everything is valid: {:?}", outcome.rejected.first());
        assert!(outcome.receipts.iter().all(|receipt| receipt.success));
        gas_used = outcome.gas_used;
        for (sum, time) in spent.iter_mut().zip([from_flat, from_trie, roots, commit]) {
            *sum += time;
        }
    }
    let transactions = block.len() * ROUNDS;
    let [flat, trie, roots, commit] = spent.map(|time| time.as_secs_f64() * 1e6 / transactions as f64);
    let gas = gas_used / block.len() as u64;
    println!(
        "{name:7} execute {flat:.2} us (over the trie {trie:.2}), roots {roots:.2}, commit {commit:.2}; {gas} gas"
    );
}

fn propose<S: BlockState>(rules: &Rules, state: S, candidates: Vec<Recovered<Tx>>) -> Outcome {
    let parent = Header { number: 1, ..Header::default() };
    let frame = rules.next_header(B256::ZERO, &parent, TimeMs(1_800_000_000_000), B256::ZERO);
    execute_block(rules, &frame, candidates, state, Mode::Propose { max_transactions: usize::MAX }).expect("executes")
}

/// CPU time of this thread while `work` ran; wall time where that cannot be read.
fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let before = cpu_time();
    let result = work();
    (cpu_time() - before, result)
}

fn cpu_time() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let schedstat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = schedstat.split(' ').next().and_then(|word| word.parse().ok());
    nanoseconds.map_or_else(|| START.elapsed(), Duration::from_nanos)
}

/// A state in hash maps, of what was asked once: as little as a state can cost.
struct Flat<'a> {
    world: &'a World,
    accounts: RefCell<HashMap<Address, Option<AccountInfo>>>,
    slots: RefCell<HashMap<(Address, U256), U256>>,
}

impl<'a> Flat<'a> {
    fn new(world: &'a World) -> Self {
        Self { world, accounts: RefCell::default(), slots: RefCell::default() }
    }
}

impl DatabaseRef for Flat<'_> {
    type Error = Infallible;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, Infallible> {
        let mut accounts = self.accounts.borrow_mut();
        Ok(accounts.entry(address).or_insert_with(|| self.world.basic_ref(address).expect("infallible")).clone())
    }

    fn code_by_hash_ref(&self, hash: B256) -> Result<Bytecode, Infallible> {
        self.world.code_by_hash_ref(hash)
    }

    fn storage_ref(&self, address: Address, slot: U256) -> Result<U256, Infallible> {
        let mut slots = self.slots.borrow_mut();
        Ok(*slots.entry((address, slot)).or_insert_with(|| self.world.state.storage(address, slot)))
    }

    fn block_hash_ref(&self, _: u64) -> Result<B256, Infallible> {
        Ok(B256::ZERO)
    }
}

impl BlockState for Flat<'_> {
    fn has_storage(&self, address: Address) -> Result<bool, Infallible> {
        self.world.has_storage(address)
    }
}

fn after(world: &World, outcome: &Outcome) -> World {
    let mut world = world.clone();
    world.apply(&outcome.diff);
    world
}
