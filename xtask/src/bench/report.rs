//! What the benchmark says: medians, bars, the table that people read and the line that is kept.
//!
//! Called by `mod.rs` and `large.rs`. The bars are shown, never enforced: a benchmark judges, a test forbids.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::process::Command;
use std::time::Duration;

use eyre::{OptionExt, Report, Result, ensure};
use serde::Serialize;

use super::load::{Kind, SENDERS};
use super::node::{ANVIL_VERSION, workspace_folder};
use super::{CONNECTIONS, Measure, Plan, Row, Side};

/// Measured values by name, the unit last.
pub(super) type Figures = BTreeMap<&'static str, f64>;

/// When, of which sources and on how many cores.
#[derive(Serialize)]
pub(super) struct Run {
    date: String,
    commit: String,
    cores: usize,
}

impl Run {
    pub(super) fn now() -> Result<Self> {
        let mut date = Command::new("date");
        let mut git = Command::new("git");
        // A trailing `+` says that files differ from the commit.
        git.args(["describe", "--always", "--abbrev=12", "--exclude=*", "--dirty=+"]);
        Ok(Self {
            date: first_line(date.args(["-u", "+%Y-%m-%dT%H:%M:%SZ"]))?,
            commit: first_line(git.current_dir(workspace_folder()))?,
            cores: std::thread::available_parallelism()?.get(),
        })
    }
}

/// Appends a line to `bench/history.jsonl`.
pub(super) fn keep_line(line: &str) -> Result<()> {
    let folder = workspace_folder().join("bench");
    fs::create_dir_all(&folder)?;
    let mut history = OpenOptions::new().create(true).append(true).open(folder.join("history.jsonl"))?;
    Ok(writeln!(history, "{line}")?)
}

/// One run of the whole benchmark: one line of `bench/history.jsonl`.
#[derive(Serialize)]
pub(super) struct Record {
    bench: &'static str,
    #[serde(flatten)]
    run: Run,
    peer: String,
    transactions: usize,
    senders: usize,
    connections: usize,
    rounds: usize,
    pub(super) rows: Vec<RowResult>,
    pub(super) large: Option<LargeState>,
}

#[derive(Serialize)]
pub(super) struct RowResult {
    name: String,
    load_average: f64,
    /// Medians over the rounds; none of a side that was not measured.
    ours: Figures,
    peer: Figures,
    /// How many times faster ours is.
    ratio: Option<f64>,
    bar_met: Option<bool>,
    /// Runs of the peer that broke and were repeated.
    peer_discarded: usize,
    /// How many times faster this is on our node than another kind of transaction, and whether it is as fast.
    #[serde(skip_serializing_if = "Option::is_none")]
    beside: Option<Beside>,
    #[serde(skip)]
    measure: Measure,
}

/// Another kind of transaction on our node, in the same rounds.
#[derive(Serialize)]
struct Beside {
    kind: &'static str,
    ours: Figures,
    ratio: f64,
    bar_met: bool,
}

#[derive(Serialize)]
pub(super) struct LargeState {
    pub(super) accounts: usize,
    pub(super) first_start_s: f64,
    pub(super) start_up_s: f64,
    pub(super) resident_at_start_mib: f64,
    pub(super) resident_at_end_mib: f64,
    pub(super) rows: Vec<RowResult>,
}

/// The rounds of one row, as they come.
pub(super) struct Samples {
    name: String,
    kind: Kind,
    measure: Measure,
    load_average: f64,
    ours: Vec<Figures>,
    peer: Vec<Figures>,
    beside: Vec<Figures>,
    peer_discarded: usize,
}

impl Samples {
    /// Announces the row with the machine's load, so that a disturbed run shows.
    pub(super) fn start(row: &Row) -> Result<Self> {
        let (name, load_average) = (row.name(), load_average()?);
        eprintln!("{name} (load average {load_average:.2})");
        Ok(Self {
            name,
            kind: row.kind,
            measure: row.measure,
            load_average,
            ours: vec![],
            peer: vec![],
            beside: vec![],
            peer_discarded: 0,
        })
    }

    pub(super) fn add(&mut self, side: Side, figures: Figures) {
        for (header, name) in self.measure.columns() {
            eprintln!("  {} {header}: {}", side.name(), number(figures.get(name)));
        }
        match side {
            Side::Ours => self.ours.push(figures),
            Side::Peer => self.peer.push(figures),
            Side::Beside => self.beside.push(figures),
        }
    }

    pub(super) fn discard_peer(&mut self, problem: &Report) {
        eprintln!("  {} again: {problem}", Side::Peer.name());
        self.peer_discarded += 1;
    }

    pub(super) fn finish(self) -> RowResult {
        let (ours, peer, beside) = (medians(&self.ours), medians(&self.peer), medians(&self.beside));
        let headline = |figures: &Figures| figures.get(self.measure.columns()[0].1).copied();
        let faster_than = |others: &Figures| {
            headline(&ours).zip(headline(others)).map(|(ours, others)| match self.measure {
                Measure::Load(_) => rounded(ours / others),
                Measure::Idle(_) => rounded(others / ours),
            })
        };
        let ratio = faster_than(&peer);
        let beside = self.kind.beside().zip(faster_than(&beside)).map(|(kind, ratio)| Beside {
            kind: kind.name(),
            ratio,
            bar_met: ratio >= BESIDE_BAR,
            ours: beside.clone(),
        });
        let bar_met = match self.measure {
            Measure::Load(_) => ratio.map(|ratio| ratio >= RATIO_BAR),
            Measure::Idle(_) => headline(&ours).map(|p50_ms| p50_ms < IDLE_BAR_MS),
        };
        RowResult {
            name: self.name,
            load_average: self.load_average,
            ours,
            peer,
            ratio,
            bar_met,
            peer_discarded: self.peer_discarded,
            beside,
            measure: self.measure,
        }
    }
}

impl Measure {
    /// Headers and figures of the table, the one that has a bar first.
    const fn columns(self) -> [(&'static str, &'static str); 2] {
        match self {
            Self::Load(_) => [("tx/s", "tx_per_s"), ("cpu us/tx", "node_cpu_us")],
            Self::Idle(_) => [("p50 ms", "p50_ms"), ("p95 ms", "p95_ms")],
        }
    }
}

/// Of each figure over the rounds.
pub(super) fn medians(rounds: &[Figures]) -> Figures {
    let names = rounds.iter().flat_map(|figures| figures.keys());
    let median_of = |name| median(rounds.iter().filter_map(|figures| figures.get(name).copied()).collect());
    names.filter_map(|name| Some((*name, median_of(name)?))).collect()
}

/// The middle, or the mean of the two middle ones.
pub(super) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let upper = *values.get(values.len() / 2)?;
    let lower = *values.get((values.len() - 1) / 2)?;
    Some(rounded(f64::midpoint(lower, upper)))
}

/// To three decimals, which is more than any figure here means.
pub(super) fn rounded(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}

/// Nearest rank: the smallest value that at least `percent` of all do not exceed.
pub(super) fn percentile(mut durations: Vec<Duration>, percent: usize) -> Option<Duration> {
    durations.sort_unstable();
    let rank = (durations.len() * percent).div_ceil(100).max(1);
    durations.get(rank - 1).copied()
}

impl Record {
    pub(super) fn new(plan: &Plan) -> Result<Self> {
        Ok(Self {
            bench: "ledger",
            run: Run::now()?,
            peer: format!("anvil {ANVIL_VERSION}"),
            transactions: plan.transactions,
            senders: SENDERS,
            connections: CONNECTIONS,
            rounds: plan.rounds,
            rows: Vec::new(),
            large: None,
        })
    }

    pub(super) fn line(&self) -> Result<String> {
        Ok(serde_json::to_string(self)?)
    }

    pub(super) fn keep(&self) -> Result<()> {
        keep_line(&self.line()?)
    }

    pub(super) fn table(&self) -> Result<String> {
        let Self { transactions, senders, connections, rounds, peer, .. } = self;
        let mut out = format!(
            "{transactions} transactions, {senders} senders, {connections} connections, medians of {rounds} rounds\n\
             ours makes every block durable, {peer} keeps nothing\n"
        );
        write_rows(&mut out, "", &self.rows)?;
        for (row, beside) in self.rows.iter().filter_map(|row| Some((row, row.beside.as_ref()?))) {
            let verdict = if beside.bar_met { "met" } else { "missed" };
            let Beside { kind, ratio, .. } = beside;
            writeln!(out, "\n{} is {ratio:.2}x {kind} on our node, {BESIDE_BAR:.1}x {verdict}", row.name)?;
        }
        let discarded: usize = self.rows.iter().map(|row| row.peer_discarded).sum();
        if discarded > 0 {
            writeln!(out, "\n{peer} broke {discarded} runs, which were repeated")?;
        }
        if let Some(large) = &self.large {
            write_rows(&mut out, &format!("with {} accounts, ", large.accounts), &large.rows)?;
            let LargeState { start_up_s, first_start_s, .. } = large;
            let [start_mib, end_mib] = [large.resident_at_start_mib, large.resident_at_end_mib];
            writeln!(out, "\nstart-up {start_up_s:.2} s, the first one {first_start_s:.2} s")?;
            writeln!(out, "resident {start_mib:.0} MiB after start-up, {end_mib:.0} MiB after all rows")?;
        }
        Ok(out)
    }
}

fn write_rows(out: &mut String, place: &str, rows: &[RowResult]) -> Result<()> {
    let (loads, idles): (Vec<_>, Vec<_>) = rows.iter().partition(|row| matches!(row.measure, Measure::Load(_)));
    write_table(out, &format!("{place}end to end"), &loads)?;
    write_table(out, &format!("{place}send to receipt, idle"), &idles)
}

fn write_table(out: &mut String, title: &str, rows: &[&RowResult]) -> Result<()> {
    let Some(columns) = rows.first().map(|row| row.measure.columns()) else {
        return Ok(());
    };
    write!(out, "\n{title:<42}")?;
    for (header, _) in columns {
        write!(out, "{:>15}{:>16}", format!("ours {header}"), format!("anvil {header}"))?;
    }
    writeln!(out, "{:>8}  {:<13}load", "ratio", "bar")?;
    for row in rows {
        write!(out, "{:<42}", row.name)?;
        for (_, name) in columns {
            write!(out, "{:>15}{:>16}", number(row.ours.get(name)), number(row.peer.get(name)))?;
        }
        let ratio = row.ratio.map_or("-".into(), |ratio| format!("{ratio:.2}x"));
        writeln!(out, "{ratio:>8}  {:<13}{:.2}", row.verdict(), row.load_average)?;
    }
    Ok(())
}

impl RowResult {
    fn verdict(&self) -> String {
        let Some(met) = self.bar_met else {
            return "-".into();
        };
        let verdict = if met { "met" } else { "missed" };
        match self.measure {
            Measure::Load(_) => format!("{RATIO_BAR:.1}x {verdict}"),
            Measure::Idle(_) => format!("{IDLE_BAR_MS:.0} ms {verdict}"),
        }
    }
}

pub(super) fn number(value: Option<&f64>) -> String {
    match value {
        None => "-".into(),
        Some(value) if *value < 100.0 => format!("{value:.2}"),
        Some(value) => format!("{value:.0}"),
    }
}

/// Of the last minute.
pub(super) fn load_average() -> Result<f64> {
    let line = fs::read_to_string("/proc/loadavg")?;
    Ok(line.split(' ').next().ok_or_eyre("an empty load average")?.parse()?)
}

fn first_line(command: &mut Command) -> Result<String> {
    let output = command.output()?;
    ensure!(output.status.success(), "{command:?} failed");
    Ok(String::from_utf8(output.stdout)?.trim().into())
}

const RATIO_BAR: f64 = 2.0;
const BESIDE_BAR: f64 = 1.0;
const IDLE_BAR_MS: f64 = 4.0;
