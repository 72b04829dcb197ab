//! `cargo xtask bench ledger` (and `bench proof` in proof.rs, `bench network` in network/): how fast our node is beside anvil, in one run, on the same bytes.
//!
//! ```text
//! load (signed before any clock) -> node (ours, anvil, anvil, ours, ...) -> drive (send, wait, check) -> report
//!                                   large (ours on a million accounts)   ->
//! ```
//!
//! Called by `main.rs`. Each measurement on a small state has a fresh node; both sides take the same bytes through the same
//! generator, and the side that goes first changes with the round. Anvil runs in its best mode for each row: under load
//! `--no-mining` with `evm_mine` every 100 ms, for single transactions its automatic mining. It writes nothing to disk, so
//! it is a peer in speed only. Transfers of a currency stand beside the peer's ERC-20, and beside that ERC-20 on our node, which
//! is measured again in the same rounds: two rows minutes apart differ by more than the contracts do.

mod card;
mod drive;
mod http;
mod large;
mod load;
mod network;
mod node;
mod proof;
mod report;
mod rpc;
#[cfg(test)]
mod tests;

use clap::{Args, Subcommand};
use eyre::{Result, WrapErr, ensure};

use drive::measure;
use load::{Kind, Load, SENDERS};
use node::{Node, Programs};
use report::{Figures, Record, RowResult, Samples};

#[derive(Subcommand)]
pub(crate) enum Bench {
    /// card payments: ciphers and messages beside other implementations, decisions, holds
    Card(card::CardOptions),
    /// the one-node ledger beside anvil
    Ledger(LedgerOptions),
    /// four validators on this machine: latency, highest rate, one killed, epochs, catching up
    Network(network::NetworkOptions),
    /// sizes of counterfoils and the time to verify one
    Proof(proof::ProofOptions),
}

#[derive(Args)]
pub(crate) struct LedgerOptions {
    /// print the line that is kept instead of the table
    #[arg(long)]
    json: bool,
    /// rounds of every measurement, of which the median counts
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// transactions of a measurement under load; more of them, less noise
    #[arg(long, default_value_t = 20_000, value_name = "N")]
    transactions: usize,
    /// one round of 2,000 transactions
    #[arg(long)]
    quick: bool,
    /// accounts of the large state; 0 leaves it out
    #[arg(long, default_value_t = 1_000_000)]
    accounts: usize,
    /// measure only the rows whose name holds this, without the large state, and keep nothing
    #[arg(long, value_name = "PART")]
    row: Option<String>,
    /// measure anvil alone and keep nothing
    #[arg(long, hide = true)]
    peer_only: bool,
}

pub(crate) fn run(bench: &Bench) -> Result<()> {
    match bench {
        Bench::Card(options) => card::run(options),
        Bench::Ledger(options) => run_ledger(options),
        Bench::Network(options) => network::run(options),
        Bench::Proof(options) => proof::run(options),
    }
}

fn run_ledger(options: &LedgerOptions) -> Result<()> {
    let record = measure_ledger(options)?;
    if !options.peer_only && options.row.is_none() {
        record.keep()?;
    }
    let output = if options.json { record.line()? } else { record.table()? };
    println!("{output}");
    Ok(())
}

/// What a row measures.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Measure {
    /// The whole load over four connections, in requests of this many transactions.
    Load(usize),
    /// One transaction at a time on an idle node, from send to receipt.
    Idle(Wait),
}

/// How a client learns that its transaction is in a block.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wait {
    /// `eth_sendRawTransaction`, then `eth_getTransactionReceipt` until there is one.
    Poll,
    /// `eth_sendRawTransactionSync` (EIP-7966) answers with the receipt.
    Sync,
}

struct Row {
    kind: Kind,
    measure: Measure,
}

const ROWS: [Row; 10] = [
    Row { kind: Kind::Native, measure: Measure::Load(1) },
    Row { kind: Kind::Native, measure: Measure::Load(50) },
    Row { kind: Kind::Erc20, measure: Measure::Load(1) },
    Row { kind: Kind::Erc20, measure: Measure::Load(50) },
    Row { kind: Kind::Cash, measure: Measure::Load(1) },
    Row { kind: Kind::Cash, measure: Measure::Load(50) },
    Row { kind: Kind::Native, measure: Measure::Idle(Wait::Poll) },
    Row { kind: Kind::Native, measure: Measure::Idle(Wait::Sync) },
    Row { kind: Kind::Erc20, measure: Measure::Idle(Wait::Poll) },
    Row { kind: Kind::Erc20, measure: Measure::Idle(Wait::Sync) },
];

impl Row {
    fn name(&self) -> String {
        let how = match self.measure {
            Measure::Load(1) => "single requests".into(),
            Measure::Load(batch) => format!("batches of {batch}"),
            Measure::Idle(Wait::Poll) => "polled".into(),
            Measure::Idle(Wait::Sync) => "sendRawTransactionSync".into(),
        };
        format!("{}, {how}", self.kind.name())
    }
}

/// How much is measured.
struct Plan {
    rounds: usize,
    transactions: usize,
}

impl Plan {
    fn new(options: &LedgerOptions) -> Result<Self> {
        ensure!((1..=100).contains(&options.rounds), "--rounds must be 1 to 100");
        ensure!((1_000..=1_000_000).contains(&options.transactions), "--transactions must be 1,000 to 1,000,000");
        let quick = Self { rounds: 1, transactions: 2_000 };
        let full = Self { rounds: options.rounds, transactions: options.transactions };
        Ok(if options.quick { quick } else { full })
    }

    /// Transactions and connections of a row.
    const fn size(&self, measure: Measure) -> (usize, usize) {
        match measure {
            Measure::Load(_) => (self.transactions, CONNECTIONS),
            Measure::Idle(_) => (SENDERS, 1),
        }
    }
}

fn measure_ledger(options: &LedgerOptions) -> Result<Record> {
    let plan = Plan::new(options)?;
    let programs = Programs::prepare(options.peer_only)?;
    let mut record = Record::new(&plan)?;
    let wanted = |row: &&Row| options.row.as_ref().is_none_or(|part| row.name().contains(part));
    for row in ROWS.iter().filter(wanted) {
        record.rows.push(measure_row(&plan, &programs, row)?);
    }
    ensure!(!record.rows.is_empty(), "no row has such a name");
    if options.accounts > 0 && options.row.is_none() && programs.measures_ours() {
        record.large = Some(large::measure_all(&plan, &programs, options.accounts)?);
    }
    Ok(record)
}

fn measure_row(plan: &Plan, programs: &Programs, row: &Row) -> Result<RowResult> {
    let size = plan.size(row.measure);
    let (load, peer_load) = (Load::on_fresh_chain(row.kind, size)?, Load::on_fresh_chain(row.kind.on_peer(), size)?);
    let beside_load = row.kind.beside().map(|kind| Load::on_fresh_chain(kind, size)).transpose()?;
    let mut samples = Samples::start(row)?;
    for round in 0..plan.rounds {
        for side in sides(programs, round, beside_load.is_some()) {
            let figures = match (side, &beside_load) {
                (Side::Beside, Some(beside_load)) => measure_fresh(programs.start_ours()?, beside_load, row),
                (Side::Ours | Side::Beside, _) => measure_fresh(programs.start_ours()?, &load, row),
                (Side::Peer, _) => measure_peer(programs, &peer_load, row, &mut samples),
            };
            samples.add(side, figures.wrap_err_with(|| row.name())?);
        }
    }
    Ok(samples.finish())
}

/// Anvil can lose a transaction that it accepted while it made a block: the sender's nonce has come to it, and it stays in
/// the queue for ever. Such a run is no measure of speed; it is counted and repeated. Ours gets no second try.
fn measure_peer(programs: &Programs, load: &Load, row: &Row, samples: &mut Samples) -> Result<Figures> {
    let mines_on_request = matches!(row.measure, Measure::Load(_));
    for _ in 1..PEER_ATTEMPTS {
        match measure_fresh(programs.start_anvil(mines_on_request)?, load, row) {
            Ok(figures) => return Ok(figures),
            Err(problem) => samples.discard_peer(&problem),
        }
    }
    measure_fresh(programs.start_anvil(mines_on_request)?, load, row)
}

fn measure_fresh(node: Node, load: &Load, row: &Row) -> Result<Figures> {
    let figures = measure(&node, load, row.measure)?;
    node.stop()?;
    Ok(figures)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Ours,
    Peer,
    /// Ours with the kind of transaction that the row's kind is compared with.
    Beside,
}

impl Side {
    const fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Peer => "anvil",
            Self::Beside => "ours beside",
        }
    }
}

/// Who is measured in a round, in which order: each side comes first, and after each other, as often.
fn sides(programs: &Programs, round: usize, beside: bool) -> Vec<Side> {
    let mut sides = vec![Side::Ours, Side::Beside, Side::Peer];
    sides.retain(|side| match side {
        Side::Ours => programs.measures_ours(),
        Side::Beside => programs.measures_ours() && beside,
        Side::Peer => true,
    });
    let first = round % sides.len();
    sides.rotate_left(first);
    if round / sides.len() % 2 == 1 {
        sides.reverse();
    }
    sides
}

const CONNECTIONS: usize = 4;
const PEER_ATTEMPTS: usize = 5;
