//! `cargo xtask bench network`: four validators on one machine, each a process with a folder on a real disk, over TCP on loopback.
//!
//! ```text
//! cluster (processes) <- drive (senders, a kill) + watch (heads, blocks) -> check (one history, all receipts) -> rows -> report
//! ```
//!
//! Called by `bench/mod.rs`. Every measurement has a fresh network; what is compared is measured in turns, and who goes first changes
//! with the round. Only the long run of the last two rows is made once: it takes as long as its blocks.

mod check;
mod cluster;
mod drive;
mod heads;
mod report;
mod rows;
mod watch;

use std::path::{Path, PathBuf};

use clap::Args;
use eyre::{Result, WrapErr, ensure};

use super::report::{Figures, load_average, medians, rounded};
use crate::workspace::build_node;
use cluster::{Cluster, MEMBERS, Shape};
use report::{Record, Row};

#[derive(Args)]
pub(crate) struct NetworkOptions {
    /// print the line that is kept instead of the table
    #[arg(long)]
    json: bool,
    /// rounds of every measurement but the long one, of which the median counts
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// seconds of a measurement at a fixed rate
    #[arg(long, default_value_t = 30, value_name = "S")]
    seconds: u64,
    /// transactions of a measurement of the highest rate
    #[arg(long, default_value_t = 20_000, value_name = "N")]
    transactions: usize,
    /// blocks that a joining node finds
    #[arg(long, default_value_t = 10_000, value_name = "N")]
    blocks: u64,
    /// one short round of everything
    #[arg(long)]
    quick: bool,
    /// milliseconds between blocks, at least
    #[arg(long, default_value_t = 20, value_name = "MS")]
    interval_ms: u64,
    /// blocks of an epoch
    #[arg(long, default_value_t = 256, value_name = "N")]
    epoch_blocks: u64,
    /// measure only the rows whose name holds this, and keep nothing
    #[arg(long, value_name = "PART")]
    row: Option<String>,
    /// measure this program instead of a fresh build of these sources, and keep nothing
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
}

pub(super) fn run(options: &NetworkOptions) -> Result<()> {
    let plan = Plan::new(options)?;
    let record = match &options.program {
        Some(program) => plan.measure(program)?,
        None => plan.measure(&build_node()?)?,
    };
    if options.row.is_none() && options.program.is_none() {
        record.keep()?;
    }
    let output = if options.json { record.line()? } else { record.table()? };
    println!("{output}");
    Ok(())
}

/// How much is measured, on which network.
struct Plan {
    rounds: usize,
    seconds: u64,
    transactions: usize,
    blocks: u64,
    shape: Shape,
    row: Option<String>,
}

impl Plan {
    fn new(options: &NetworkOptions) -> Result<Self> {
        ensure!((1..=100).contains(&options.rounds), "--rounds must be 1 to 100");
        ensure!((20..=600).contains(&options.seconds), "--seconds must be 20 to 600");
        ensure!((1_000..=1_000_000).contains(&options.transactions), "--transactions must be 1,000 to 1,000,000");
        ensure!((500..=1_000_000).contains(&options.blocks), "--blocks must be 500 to 1,000,000");
        let shape = Shape { epoch_blocks: options.epoch_blocks, min_block_interval_ms: options.interval_ms };
        let epoch_ms = shape.epoch_blocks.saturating_mul(shape.min_block_interval_ms);
        ensure!(epoch_ms >= LEAST_EPOCH_MS, "an epoch must take {LEAST_EPOCH_MS} ms by its blocks and their interval");
        let full = Self {
            rounds: options.rounds,
            seconds: options.seconds,
            transactions: options.transactions,
            blocks: options.blocks,
            shape,
            row: options.row.clone(),
        };
        Ok(if options.quick {
            Self { rounds: 1, seconds: 20, transactions: 5_000, blocks: 1_000, ..full }
        } else {
            full
        })
    }

    fn wants(&self, name: &str) -> bool {
        self.row.as_ref().is_none_or(|part| name.contains(part.as_str()))
    }

    fn measure(&self, program: &Path) -> Result<Record> {
        let mut record = Record::new(MEMBERS, self.shape, self.rounds)?;
        if self.wants(FIXED) {
            let bar = |figures: &Figures| figures["p50_ms"] < P50_BAR_MS;
            record.rows.push(self.measure_row(FIXED, bar, || rows::at_fixed_rate(program, self.shape, self.seconds))?);
        }
        if self.wants(KILLED) {
            // A history with a gap or a transaction twice is an error, so what comes here has neither.
            record.rows.push(self.measure_row(
                KILLED,
                |_| true,
                || rows::with_one_killed(program, self.shape, self.seconds),
            )?);
        }
        if self.wants(HIGHEST) {
            record.rows.push(self.measure_highest(program)?);
        }
        if self.wants(SWITCH) || self.wants(CATCH_UP) {
            let load = announce(&format!("{SWITCH}, {CATCH_UP}"))?;
            let [switches, catch_up] =
                rows::epochs_and_catch_up(program, self.shape, self.blocks).wrap_err(CATCH_UP)?;
            let met = switches["switch_ms"] < SWITCH_BAR_MS;
            record.rows.push(Row::new(SWITCH, load, switches, Some(met)));
            let met = catch_up["ratio"] >= CATCH_UP_BAR;
            record.rows.push(Row::new(CATCH_UP, load, catch_up, Some(met)));
        }
        ensure!(!record.rows.is_empty(), "no row has such a name");
        Ok(record)
    }

    fn measure_row(
        &self,
        name: &'static str,
        bar: impl Fn(&Figures) -> bool,
        measure: impl Fn() -> Result<Figures>,
    ) -> Result<Row> {
        let load = announce(name)?;
        let mut rounds = Vec::new();
        for _ in 0..self.rounds {
            let figures = measure().wrap_err(name)?;
            eprintln!("  {}", report::shown(&figures));
            rounds.push(figures);
        }
        let figures = medians(&rounds);
        let met = bar(&figures);
        Ok(Row::new(name, load, figures, Some(met)))
    }

    /// Four nodes, one node alone, and three of four, in turns.
    fn measure_highest(&self, program: &Path) -> Result<Row> {
        let load = announce(HIGHEST)?;
        let mut sides: [(&str, Vec<Figures>); 3] = [("four", vec![]), ("solo", vec![]), ("three of four", vec![])];
        for round in 0..self.rounds {
            for turn in 0..sides.len() {
                let (name, rounds) = &mut sides[(round + turn) % 3];
                let cluster = match *name {
                    "solo" => Cluster::solo(program)?,
                    "four" => Cluster::network(program, self.shape, MEMBERS)?,
                    _ => Cluster::network(program, self.shape, MEMBERS - 1)?,
                };
                let figures =
                    rows::highest_rate(cluster, self.transactions).wrap_err_with(|| format!("{HIGHEST}, {name}"))?;
                eprintln!("  {name}: {}", report::shown(&figures));
                rounds.push(figures);
            }
        }
        let [four, solo, three] = sides.map(|(_, rounds)| medians(&rounds));
        let mut figures = four.clone();
        figures.insert("solo_tx_per_s", solo["tx_per_s"]);
        figures.insert("solo_p50_ms", solo["p50_ms"]);
        figures.insert("solo_cpu_us_per_tx", solo["cpu_us_per_tx"]);
        figures.insert("of_solo", rounded(four["tx_per_s"] / solo["tx_per_s"]));
        figures.insert("three_tx_per_s", three["tx_per_s"]);
        figures.insert("three_p50_ms", three["p50_ms"]);
        Ok(Row::new(HIGHEST, load, figures, None))
    }
}

/// Names the row with the machine's load, so that a disturbed run shows.
fn announce(name: &str) -> Result<f64> {
    let load = load_average()?;
    eprintln!("{name} (load average {load:.2})");
    Ok(load)
}

const FIXED: &str = "1,000 erc-20 a second";
const KILLED: &str = "1,000 a second, one of four killed";
const HIGHEST: &str = "highest rate";
const SWITCH: &str = "epoch switch";
const CATCH_UP: &str = "catch-up";
const P50_BAR_MS: f64 = 60.0;
const SWITCH_BAR_MS: f64 = 50.0;
const CATCH_UP_BAR: f64 = 20.0;
const LEAST_EPOCH_MS: u64 = 5_000;
