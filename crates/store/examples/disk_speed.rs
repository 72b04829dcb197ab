//! What the disk half costs: committing blocks of token transfers, flushing them, reading old states, starting again.
//! `cargo run -p store --example disk_speed [--release] [FOLDER]`; the folder is made and removed.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use alloy_consensus::{
    Header, SignableTransaction, TxEip1559, TxReceipt, TxType, constants::EMPTY_WITHDRAWALS, proofs,
};
use alloy_primitives::{Address, B256, Bytes, Log, Signature, TxKind, U256, keccak256};
use primitives::{AccountDiff, Block, FinalityProof, Receipt, Recovered, SlotDiff, StateDiff, Tx};
use rand::{Rng, SeedableRng, rngs::StdRng};
use store::{BlockRecord, Options, State, StateChange, Store};

const ACCOUNTS: u64 = 200_000;
const BLOCKS: u64 = 100;
/// Transactions in each of the large blocks.
const TRANSFERS: u64 = 1_000;

fn main() {
    let folder = std::env::args().nth(1).map_or_else(|| std::env::temp_dir().join("disk_speed"), PathBuf::from);
    let _ = std::fs::remove_dir_all(&folder);
    let mut random = StdRng::seed_from_u64(1);
    let (genesis, mut state) = genesis(&mut random);
    let options = Options::default();
    let store = timed("create with accounts", ACCOUNTS, || {
        Store::create(&folder, &options, &genesis.0, genesis.1.clone()).expect("created")
    });
    let mut parent = genesis.0.block;
    for size in [1, TRANSFERS] {
        let next = |_| {
            let (block, after) = transfers(&mut random, size, &parent, &state);
            (parent, state) = (block.0.block.clone(), after);
            block
        };
        let blocks: Vec<_> = (0..BLOCKS).map(next).collect();
        measure_append(&store, size, &blocks);
    }
    measure_history(&store, &mut random);
    timed("close", 1, || store.close().expect("closed"));
    let (store, recovered) = timed("start", 1, || Store::open(&folder, &options).expect("opened"));
    println!("recovered {} states; memory {} MB; disk {} MB", recovered.recent.len(), memory_mb(), folder_mb(&folder));
    drop(store);
    let _ = std::fs::remove_dir_all(&folder);
}

fn measure_append(store: &Store, size: u64, blocks: &[(BlockRecord, StateChange)]) {
    let own = std::cell::Cell::new(Duration::ZERO);
    let mut times: Vec<Duration> = timed("append and flush, by transaction", BLOCKS * size, || {
        let append = |(record, change): &(BlockRecord, StateChange)| {
            let change = change.clone();
            let start = Instant::now();
            store.append(record, change).expect("appended");
            start.elapsed()
        };
        let before = thread_time();
        let times = blocks.iter().map(append).collect();
        own.set(thread_time() - before);
        store.flush().expect("flushed");
        times
    });
    println!("of which the appending thread: {:?} a block", own.get() / u32::try_from(BLOCKS).expect("fits"));
    times.sort_unstable();
    let at = |share: usize| times[(times.len() - 1) * share / 100];
    println!("append, {TRANSFERS} transfers a block: p50 {:?}, p95 {:?}, most {:?}", at(50), at(95), at(100));
}

fn measure_history(store: &Store, random: &mut StdRng) {
    let reads = 20_000;
    timed("read of an old account", reads, || {
        let then = store.state_at(BLOCKS / 2).expect("kept");
        for _ in 0..reads {
            then.account(address(random.random_range(0..ACCOUNTS))).expect("read");
        }
    });
}

/// A token with a balance slot for every account, and as many plain accounts.
fn genesis(random: &mut StdRng) -> ((BlockRecord, StateChange), State) {
    let storage = (0..ACCOUNTS).map(|n| SlotDiff { slot: slot(n), value: U256::from(random.random::<u64>()) });
    let mut storage: Vec<_> = storage.collect();
    storage.sort_by_key(|entry| entry.slot);
    let mut accounts: Vec<_> = (0..ACCOUNTS).map(|n| account(address(n), 0)).collect();
    accounts.push(AccountDiff { storage, ..account(TOKEN, 1) });
    accounts.sort_by_key(|account| account.address);
    let diff = StateDiff { accounts, codes: vec![] };
    seal(Header::default(), vec![], vec![], diff, &State::default())
}

/// A block in which random accounts pay each other in tokens.
fn transfers(random: &mut StdRng, size: u64, parent: &Block, state: &State) -> ((BlockRecord, StateChange), State) {
    let (mut accounts, mut slots) = (std::collections::BTreeMap::new(), std::collections::BTreeMap::new());
    let (mut transactions, mut receipts) = (Vec::new(), Vec::new());
    for n in 0..size {
        let (from, to) = (random.random_range(0..ACCOUNTS), random.random_range(0..ACCOUNTS));
        let nonce = parent.number() * TRANSFERS + n;
        accounts.insert(address(from), account(address(from), nonce + 1));
        slots.extend([(slot(from), U256::from(random.random::<u64>())), (slot(to), U256::from(nonce + 1))]);
        let input = Bytes::from(vec![7; 68]);
        let tx = TxEip1559 { nonce, gas_limit: 100_000, to: TxKind::Call(TOKEN), input, ..Default::default() };
        transactions.push(Recovered::new_unchecked(tx.into_signed(Signature::test_signature()).into(), address(from)));
        let topics = vec![B256::repeat_byte(9), address(from).into_word(), address(to).into_word()];
        let logs = vec![Log::new_unchecked(TOKEN, topics, Bytes::from(vec![0; 32]))];
        receipts.push(Receipt { tx_type: TxType::Eip1559, success: true, cumulative_gas_used: 34_000 * (n + 1), logs });
    }
    let storage = slots.into_iter().map(|(slot, value)| SlotDiff { slot, value }).collect();
    accounts.insert(TOKEN, AccountDiff { storage, ..account(TOKEN, 1) });
    let diff = StateDiff { accounts: accounts.into_values().collect(), codes: vec![] };
    let frame = Header { number: parent.number() + 1, parent_hash: parent.hash(), ..Default::default() };
    seal(frame, transactions, receipts, diff, state)
}

fn seal(
    frame: Header,
    transactions: Vec<Recovered<Tx>>,
    receipts: Vec<Receipt>,
    diff: StateDiff,
    parent: &State,
) -> ((BlockRecord, StateChange), State) {
    let commit = parent.commit(&diff);
    let bare: Vec<&Tx> = transactions.iter().map(Recovered::inner).collect();
    let blooming: Vec<_> = receipts.iter().map(TxReceipt::with_bloom_ref).collect();
    let header = Header {
        state_root: commit.state.root(),
        transactions_root: proofs::calculate_transaction_root(&bare),
        receipts_root: proofs::calculate_receipt_root(&blooming),
        base_fee_per_gas: Some(0),
        withdrawals_root: Some(EMPTY_WITHDRAWALS),
        ..frame
    };
    let finality = Some(FinalityProof { scheme: 1, epoch: 0, bytes: Bytes::from(vec![1; 237]) });
    (
        (
            BlockRecord { block: Block::seal(header, transactions).into(), receipts: receipts.into(), diff, finality },
            commit.change,
        ),
        commit.state,
    )
}

const TOKEN: Address = Address::repeat_byte(0xee);

fn address(n: u64) -> Address {
    Address::from_word(keccak256(n.to_be_bytes()))
}

fn slot(n: u64) -> U256 {
    keccak256([n.to_be_bytes(), [1; 8]].concat()).into()
}

fn account(address: Address, nonce: u64) -> AccountDiff {
    AccountDiff {
        address,
        deleted: false,
        nonce,
        balance: U256::from(10_u64.pow(18)),
        code_hash: keccak256([]),
        storage_wiped: false,
        storage: vec![],
    }
}

fn timed<T>(what: &str, count: u64, work: impl FnOnce() -> T) -> T {
    let (start, cpu) = (Instant::now(), cpu_time());
    let result = work();
    let (wall, cpu) = (start.elapsed(), cpu_time() - cpu);
    println!("{what}: {wall:?}, processor {cpu:?}; {count} times {:?}", cpu / u32::try_from(count).expect("fits"));
    result
}

/// Processor time of all threads of this process; unlike wall time it means something on a busy machine.
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(") ").next().unwrap_or_default().split(' ');
    let ticks: u64 = fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

/// Processor time of this thread alone.
fn thread_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(stat.split(' ').next().and_then(|field| field.parse().ok()).unwrap_or_default())
}

/// Resident memory of this process.
fn memory_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or_default() / 1024
}

fn folder_mb(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let sizes = entries.flatten().map(|entry| match entry.metadata() {
        Ok(meta) if meta.is_dir() => folder_mb(&entry.path()),
        Ok(meta) => meta.len() >> 20,
        Err(_) => 0,
    });
    sizes.sum()
}
