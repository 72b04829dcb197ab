//! What `bench network` says: the table that people read and the line that is kept.
//!
//! Called by `mod.rs`. Bars are shown, never enforced; that nothing is lost is enforced, because a speed of unsound work is no number.

use std::fmt::Write as _;

use eyre::Result;
use serde::Serialize;

use super::super::load::SENDERS;
use super::super::report::{Figures, Run, keep_line, number};
use super::cluster::Shape;

/// One run: one line of `bench/history.jsonl`.
#[derive(Serialize)]
pub(super) struct Record {
    bench: &'static str,
    #[serde(flatten)]
    run: Run,
    members: usize,
    epoch_blocks: u64,
    min_block_interval_ms: u64,
    senders: usize,
    rounds: usize,
    pub(super) rows: Vec<Row>,
}

/// One row: medians over its rounds.
#[derive(Serialize)]
pub(super) struct Row {
    name: &'static str,
    load_average: f64,
    figures: Figures,
    bar_met: Option<bool>,
}

impl Row {
    pub(super) const fn new(name: &'static str, load_average: f64, figures: Figures, bar_met: Option<bool>) -> Self {
        Self { name, load_average, figures, bar_met }
    }
}

impl Record {
    pub(super) fn new(members: usize, shape: Shape, rounds: usize) -> Result<Self> {
        let Shape { epoch_blocks, min_block_interval_ms } = shape;
        let (bench, run, senders) = ("network", Run::now()?, SENDERS);
        Ok(Self { bench, run, members, epoch_blocks, min_block_interval_ms, senders, rounds, rows: Vec::new() })
    }

    pub(super) fn line(&self) -> Result<String> {
        Ok(serde_json::to_string(self)?)
    }

    pub(super) fn keep(&self) -> Result<()> {
        keep_line(&self.line()?)
    }

    pub(super) fn table(&self) -> Result<String> {
        let Self { members, epoch_blocks, min_block_interval_ms, senders, rounds, .. } = self;
        let mut out = format!(
            "{members} validators on this machine, {min_block_interval_ms} ms between blocks at least, {epoch_blocks} blocks in an epoch, \
             {senders} senders, medians of {rounds} rounds\n"
        );
        for row in &self.rows {
            let verdict = match row.bar_met {
                None => "",
                Some(true) => ", bar met",
                Some(false) => ", bar MISSED",
            };
            writeln!(out, "\n{} (load average {:.2}{verdict})", row.name, row.load_average)?;
            for (name, value) in &row.figures {
                writeln!(out, "  {:<22}{:>12}", name.replace('_', " "), number(Some(value)))?;
            }
        }
        Ok(out)
    }
}

/// Figures on one line.
pub(super) fn shown(figures: &Figures) -> String {
    let words: Vec<String> = figures.iter().map(|(name, value)| format!("{name} {}", number(Some(value)))).collect();
    words.join(", ")
}
