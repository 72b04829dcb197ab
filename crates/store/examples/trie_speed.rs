//! Prints what the state costs with a million accounts and a token of a million holders: start-up, memory, commits, reads, proofs.
//! By hand: `cargo run --release -p store --example trie_speed`; with `RAYON_NUM_THREADS=1` for one thread.
//! The figures are those of this machine at this moment; nothing compares them.

use alloy_primitives::{Address, B256, U256, keccak256};
use primitives::{AccountDiff, SlotDiff, StateDiff};
use std::{env, fs, hint::black_box, process::Command, time::Instant};
use store::{
    AccountValue, State, StateBuilder,
    trie::{Key, Trie, TrieBuilder},
};

/// The allocator of the node, so that memory is the node's too.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const KEYS: u64 = 1_000_000;
const ROUNDS: u64 = 40;
const TOKEN: Address = Address::repeat_byte(0x70);

/// Each part runs in a process of its own, where memory starts from nothing.
fn main() {
    match env::args().nth(1).as_deref() {
        None => ["accounts", "token", "bare"].into_iter().for_each(run_alone),
        Some("accounts") => measure_accounts(),
        Some("token") => measure_token(),
        Some("bare") => measure_bare_trie(),
        Some(part) => eprintln!("there is no part {part}; the parts are accounts, token and bare"),
    }
}

fn run_alone(part: &str) {
    let program = env::current_exe().expect("this program has a file");
    let status = Command::new(program).arg(part).status().expect("it can run again");
    assert!(status.success(), "part {part} failed");
}

fn accounts() -> Vec<(B256, AccountValue)> {
    let value =
        |number| AccountValue { nonce: number % 7, balance: U256::from(number) << 40, ..AccountValue::default() };
    let mut accounts: Vec<_> = (0..KEYS).map(|number| (keccak256(address(number)), value(number))).collect();
    accounts.sort_unstable_by_key(|(key, _)| *key);
    accounts
}

fn measure_accounts() {
    println!("{KEYS} plain accounts");
    let accounts = accounts();
    let state = with_memory(KEYS, || build(&accounts));
    for count in [1, 10, 100, 500, 1_000, 2_000, 5_000, 10_000] {
        measure_commits(&format!("  commit of {count} accounts"), &state, |seed| transfers(seed, count));
    }
    measure_reads(&state);
    measure_layers(&state);
}

fn build(accounts: &[(B256, AccountValue)]) -> State {
    let mut builder = StateBuilder::new();
    accounts.iter().for_each(|(key, value)| builder.account(*key, *value).expect("in order"));
    builder.finish().expect("in order")
}

fn transfers(seed: u64, count: u64) -> StateDiff {
    let account = |number| AccountDiff {
        address: address(random(seed, number) % KEYS),
        deleted: false,
        nonce: seed + 9,
        balance: U256::from(random(seed, number)),
        code_hash: AccountValue::default().code_hash,
        storage_wiped: false,
        storage: vec![],
    };
    StateDiff { accounts: (0..count).map(account).collect(), codes: vec![] }
}

fn measure_token() {
    println!("a token with {KEYS} holders");
    let mut slots: Vec<_> = (0..KEYS).map(|slot| (keccak256(U256::from(slot).to_be_bytes::<32>()), slot + 1)).collect();
    slots.sort_unstable();
    let state = with_memory(KEYS, || {
        let mut builder = StateBuilder::new();
        let key = keccak256(TOKEN);
        builder.account(key, AccountValue { nonce: 1, ..AccountValue::default() }).expect("the first");
        slots.iter().for_each(|(slot, value)| builder.slot(key, *slot, U256::from(*value)).expect("in order"));
        builder.finish().expect("in order")
    });
    for count in [100, 1_000, 10_000] {
        measure_commits(&format!("  commit of {count} slots"), &state, |seed| token_transfers(seed, count));
    }
}

fn token_transfers(seed: u64, count: u64) -> StateDiff {
    let slot =
        |number| SlotDiff { slot: U256::from(random(seed, number) % KEYS), value: U256::from(random(number, seed)) };
    let token = AccountDiff {
        address: TOKEN,
        deleted: false,
        nonce: 1,
        balance: U256::ZERO,
        code_hash: AccountValue::default().code_hash,
        storage_wiped: false,
        storage: (0..count).map(slot).collect(),
    };
    StateDiff { accounts: vec![token], codes: vec![] }
}

fn measure_commits(what: &str, state: &State, diff: impl Fn(u64) -> StateDiff) {
    let mut times = Times::default();
    for seed in 0..ROUNDS {
        let diff = diff(seed);
        black_box(times.take(|| state.commit(&diff)).state.root());
    }
    times.print(what);
}

/// Sorted changes straight into a trie: without hashing keys, looking up old values or writing changes down.
fn measure_bare_trie() {
    println!("a bare trie of {KEYS} numbers");
    let mut keys: Vec<_> = (0..KEYS).map(|number| Key::from(keccak256(number.to_be_bytes()))).collect();
    keys.sort_unstable();
    let trie = with_memory(KEYS, || {
        let mut builder = TrieBuilder::default();
        keys.iter().for_each(|key| builder.push(*key, U256::from(1)).expect("in order"));
        builder.finish()
    });
    for count in [100, 1_000, 10_000] {
        let mut times = Times::default();
        for seed in 0..ROUNDS {
            let changes = changes(&keys, seed, count);
            black_box(times.take(|| trie.commit(&changes)).root());
        }
        times.print(&format!("  commit of {count}"));
    }
    measure_drop(&trie, &changes(&keys, ROUNDS, 10_000));
}

fn changes(keys: &[Key], seed: u64, count: u64) -> Vec<(Key, Option<U256>)> {
    let pick = |number| keys[usize::try_from(random(seed, number) % KEYS).expect("an index")];
    let mut changes: Vec<_> = (0..count).map(|number| (pick(number), Some(U256::from(seed + 2)))).collect();
    changes.sort_unstable();
    changes.dedup_by_key(|(key, _)| *key);
    changes
}

fn measure_drop(trie: &Trie<U256>, changes: &[(Key, Option<U256>)]) {
    let mut times = Times::default();
    for _ in 0..ROUNDS {
        let after = trie.commit(changes);
        times.take(|| drop(after));
    }
    times.print("  drop of a layer of 10000");
}

fn measure_reads(state: &State) {
    let mut times = Times::default();
    times.take(|| (0..100_000).for_each(|number| _ = black_box(state.account(address(random(1, number) % KEYS)))));
    times.print("  100000 reads");
    let mut times = Times::default();
    times.take(|| (0..10_000).for_each(|number| _ = black_box(state.prove(address(random(2, number) % KEYS), &[]))));
    times.print("  10000 proofs");
}

/// The window of final states under load.
fn measure_layers(state: &State) {
    for count in [500, 2_000] {
        println!("  128 layers of {count} accounts each");
        let mut head = state.clone();
        let layers = with_memory(128 * count, || {
            let next = |seed| {
                head = head.commit(&transfers(seed, count)).state;
                head.clone()
            };
            (0..128).map(next).collect::<Vec<_>>()
        });
        drop(layers);
    }
}

#[derive(Default)]
struct Times {
    wall_ms: Vec<f64>,
    cpu_ms: Vec<f64>,
}

impl Times {
    fn take<R>(&mut self, work: impl FnOnce() -> R) -> R {
        let (start, cpu_start) = (Instant::now(), cpu_ms());
        let result = work();
        self.wall_ms.push(start.elapsed().as_secs_f64() * 1e3);
        self.cpu_ms.push(cpu_ms() - cpu_start);
        result
    }

    /// On a busy machine the least wall time says most; processor time is the mean, for the kernel counts it in ticks.
    fn print(mut self, what: &str) {
        self.wall_ms.sort_by(f64::total_cmp);
        let (least, median) = (self.wall_ms[0], self.wall_ms[self.wall_ms.len() / 2]);
        let cpu = self.cpu_ms.iter().sum::<f64>() / self.cpu_ms.len() as f64;
        println!("{what}: {least:.3} ms least, {median:.3} ms median, {cpu:.3} ms CPU");
    }
}

fn with_memory<R>(keys: u64, work: impl FnOnce() -> R) -> R {
    let before = resident_bytes();
    let mut times = Times::default();
    let result = times.take(work);
    let grown = resident_bytes().saturating_sub(before);
    times.print(&format!("  built, {} bytes a key", grown / keys));
    result
}

/// Time on a processor of all threads (proc(5): task/*/schedstat, nanoseconds).
fn cpu_ms() -> f64 {
    let tasks = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let stats = tasks.filter_map(|task| fs::read_to_string(task.path().join("schedstat")).ok());
    let nanoseconds: u64 = stats.filter_map(|stat| stat.split(' ').next()?.parse::<u64>().ok()).sum();
    nanoseconds as f64 / 1e6
}

/// Resident memory (proc(5): statm, pages of 4 KiB).
fn resident_bytes() -> u64 {
    let statm = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * 4096
}

fn address(number: u64) -> Address {
    Address::left_padding_from(&number.to_be_bytes())
}

/// Different for every pair of seed and number, the same in every run.
fn random(seed: u64, number: u64) -> u64 {
    let mut value = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 30)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}
