//! How long `execute_block` takes per transaction, and the roots of its outcome, and the commit to the trie: native and
//! token transfers between random accounts, over flat maps and over the trie in memory. CPU time of one thread where Linux
//! tells it, which holds on a busy machine; the mean of several blocks. The commit may use other threads, which is not counted.
//!
//! `cargo run --release -p evm --example block_speed -- [ACCOUNTS [TRANSACTIONS]]`

#![expect(clippy::disallowed_types, reason = "it measures time; nothing of it is consensus")]

use std::{
    convert::Infallible,
    hint::black_box,
    sync::LazyLock,
    time::{Duration, Instant},
};

use alloy_consensus::TxLegacy;
use alloy_primitives::{Address, B256, Bytes, U256, hex, keccak256, map::HashMap};
use evm::{BlockState, Mode, Outcome, execute_block};
use primitives::{Committee, Fork, Header, Recovered, Rules, TimeMs, Tx};
use rand::{Rng, SeedableRng, rngs::StdRng};
use revm::{
    DatabaseRef,
    state::{AccountInfo, Bytecode},
};

#[path = "../tests/world/people.rs"]
mod people;
#[path = "../tests/world/mod.rs"]
mod world;

use people::Signer;
use world::{Seed, World};

const ROUNDS: usize = 15;
const TOKENS_EACH: u64 = 1_000_000_000;
const TOKEN: Address = Address::repeat_byte(0x70);

/// `transfer(to, amount)` of a token and nothing else: balances in `mapping(address => uint256)` at slot 0, a check, the event.
const TOKEN_CODE: &[u8] = &hex!(
    "335f525f60205260405f20805460243590818110610062570390556004355f5260405f2080546024350190556024355f5260"
    "0435337fddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef60205fa360015f5260205ff35b5f"
    "5ffd"
);

fn main() {
    let mut arguments = std::env::args().skip(1).map(|word| word.parse::<u64>().expect("a number"));
    let accounts = arguments.next().unwrap_or(2_000);
    let transactions = arguments.next().unwrap_or(5_000);
    let mut rng = StdRng::seed_from_u64(1);
    let people: Vec<Signer> = (1..=accounts).map(Signer::new).collect();
    let world = world(&people);
    let flat = Flat::new(&world, &people);
    for (name, token) in [("native", false), ("token", true)] {
        let block: Vec<_> = transfers(&mut rng, &people, transactions, token);
        measure(name, &world, &flat, &block);
    }
}

fn world(people: &[Signer]) -> World {
    let balances = people.iter().map(|person| (balance_slot(person.address), U256::from(TOKENS_EACH))).collect();
    let token = Seed { storage: balances, ..Seed::contract(TOKEN_CODE) };
    World::new(people.iter().map(|person| (person.address, Seed::rich())).chain([(TOKEN, token)]))
}

fn balance_slot(holder: Address) -> U256 {
    U256::from_be_bytes(keccak256([holder.into_word().0, [0; 32]].concat()).0)
}

/// Each sender's nonces in order; signatures are made outside of what is measured.
fn transfers(rng: &mut StdRng, people: &[Signer], count: u64, token: bool) -> Vec<Recovered<Tx>> {
    let mut nonces = vec![0_u64; people.len()];
    let mut transfer = || {
        let (from, to) = (rng.random_range(0..people.len()), people[rng.random_range(0..people.len())].address);
        let nonce = nonces[from];
        nonces[from] += 1;
        people[from].sign(match token {
            false => TxLegacy { value: U256::ONE, gas_limit: 21_000, to: to.into(), ..legacy(nonce) },
            true => TxLegacy { input: call_data(to), gas_limit: 100_000, to: TOKEN.into(), ..legacy(nonce) },
        })
    };
    (0..count).map(|_| transfer()).collect()
}

fn legacy(nonce: u64) -> TxLegacy {
    TxLegacy { chain_id: Some(31337), nonce, ..TxLegacy::default() }
}

fn call_data(to: Address) -> Bytes {
    [&[0xa9, 0x05, 0x9c, 0xbb][..], to.into_word().as_slice(), B256::with_last_byte(1).as_slice()].concat().into()
}

fn measure(name: &str, world: &World, flat: &Flat, block: &[Recovered<Tx>]) {
    let mut spent = [Duration::ZERO; 4];
    let mut gas_used = 0;
    for _ in 0..ROUNDS {
        let (from_flat, outcome) = timed(|| propose(flat, block.to_vec()));
        black_box(outcome);
        let (from_trie, outcome) = timed(|| propose(world, block.to_vec()));
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

fn propose<S: BlockState>(state: S, candidates: Vec<Recovered<Tx>>) -> Outcome {
    let rules = rules();
    let frame = rules.next_header(B256::ZERO, &Header::default(), TimeMs(1_700_000_000_000), B256::ZERO);
    execute_block(&rules, &frame, candidates, state, Mode::Propose { max_transactions: usize::MAX }).expect("executes")
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

/// A state in hash maps: as little as a state can cost.
struct Flat {
    accounts: HashMap<Address, AccountInfo>,
    balances: HashMap<U256, U256>,
    token: Bytecode,
}

impl Flat {
    fn new(world: &World, people: &[Signer]) -> Self {
        let addresses = people.iter().map(|person| person.address).chain([TOKEN]);
        let info = |address| world.basic_ref(address).expect("infallible").expect("it is there");
        let token = Bytecode::new_raw(Bytes::from_static(TOKEN_CODE));
        let slot = |person: &Signer| balance_slot(person.address);
        Self {
            accounts: addresses.map(|address| (address, info(address))).collect(),
            balances: people.iter().map(|person| (slot(person), U256::from(TOKENS_EACH))).collect(),
            token,
        }
    }
}

impl DatabaseRef for Flat {
    type Error = Infallible;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, Infallible> {
        Ok(self.accounts.get(&address).cloned())
    }

    fn code_by_hash_ref(&self, _: B256) -> Result<Bytecode, Infallible> {
        Ok(self.token.clone())
    }

    fn storage_ref(&self, _: Address, slot: U256) -> Result<U256, Infallible> {
        Ok(self.balances.get(&slot).copied().unwrap_or_default())
    }

    fn block_hash_ref(&self, _: u64) -> Result<B256, Infallible> {
        Ok(B256::ZERO)
    }
}

impl BlockState for Flat {
    fn has_storage(&self, _: Address) -> Result<bool, Infallible> {
        Ok(false)
    }
}

fn after(world: &World, outcome: &Outcome) -> World {
    let mut world = world.clone();
    world.apply(&outcome.diff);
    world
}

fn rules() -> Rules {
    Rules {
        chain_id: 31337,
        fork: Fork::Osaka,
        gas_limit: 10_000_000_000,
        beneficiary: Address::repeat_byte(0xbe),
        epoch_blocks: 64,
        min_block_interval_ms: 10,
        max_block_bytes: 1 << 24,
        min_gas_price: 0,
        senders: None,
        committee: Committee::new(Vec::new()),
        upgrades: Vec::new(),
        founding: Default::default(),
    }
}
