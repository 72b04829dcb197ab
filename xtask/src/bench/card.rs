//! `cargo xtask bench card`: ciphers, messages and decisions of card payments beside other implementations, in one run.
//!
//! ```text
//! examples of payments: cipher_speed (beside crates fpe and emv), iso8583 speed  -> rows
//! speed.py: the same message through PyPI's pyiso8583                           -> row iso8583
//! ```
//! The bars are shown, never enforced.

use std::process::Command;

use clap::Args;
use eyre::{OptionExt, Result, WrapErr};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::report::{Run, keep_line};
use crate::judges::iso8583;
use crate::workspace::{cargo, output};

#[derive(Args)]
pub(crate) struct CardOptions {
    /// print the line that is kept instead of the table
    #[arg(long)]
    json: bool,
}

/// One measurement.
#[derive(Serialize, Deserialize)]
struct Row {
    name: String,
    ours_per_s: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    peer: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    peer_per_s: Option<f64>,
    /// How many times faster ours is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ratio: Option<f64>,
}

#[derive(Serialize)]
struct Record {
    bench: &'static str,
    #[serde(flatten)]
    run: Run,
    rows: Vec<Row>,
}

pub(super) fn run(options: &CardOptions) -> Result<()> {
    let mut rows = ciphers()?;
    rows.push(messages()?);
    let record = Record { bench: "card", run: Run::now()?, rows: rows.into_iter().map(Row::with_ratio).collect() };
    let line = serde_json::to_string(&record)?;
    keep_line(&line)?;
    if options.json {
        println!("{line}");
    } else {
        print!("{}", table(&record.rows));
    }
    Ok(())
}

fn ciphers() -> Result<Vec<Row>> {
    let printed = output(&mut example("cipher_speed", &[]))?;
    printed.lines().map(serde_json::from_str).collect::<Result<_, _>>().wrap_err("cipher_speed printed something else")
}

/// Decoding and encoding one message of 18 elements, both together.
fn messages() -> Result<Row> {
    let printed = output(&mut example("iso8583", &["speed"]))?;
    let ours: Value = serde_json::from_str(&printed).wrap_err("iso8583 speed printed something else")?;
    let message = ours["message"].as_str().ok_or_eyre("iso8583 speed names no message")?;
    let peer: Value =
        serde_json::from_str(&iso8583::speed_of_peer(message)?).wrap_err("speed.py printed something else")?;
    Ok(Row {
        name: "iso8583".into(),
        ours_per_s: both(&ours)?,
        peer: Some("pyiso8583 4.0.1".into()),
        peer_per_s: Some(both(&peer)?),
        ratio: None,
    })
}

/// Messages that are decoded and encoded again in a second.
fn both(rates: &Value) -> Result<f64> {
    let rate = |name: &str| rates[name].as_f64().filter(|rate| *rate > 0.0).ok_or_eyre("a rate is missing");
    Ok((1.0 / (1.0 / rate("decode_per_s")? + 1.0 / rate("encode_per_s")?)).round())
}

fn example(name: &str, arguments: &[&str]) -> Command {
    let mut command = cargo(&["run", "--quiet", "--release", "--package", "payments", "--example", name, "--"]);
    command.args(arguments);
    command
}

impl Row {
    fn with_ratio(mut self) -> Self {
        self.ratio = self.peer_per_s.map(|peer| (self.ours_per_s / peer * 100.0).round() / 100.0);
        self
    }

    /// `None` where no bar is set.
    fn bar(&self) -> Option<f64> {
        BARS.iter().find(|(name, _)| *name == self.name).map(|(_, bar)| *bar)
    }

    fn verdict(&self) -> String {
        match (self.bar(), self.ratio) {
            (Some(bar), Some(ratio)) if ratio >= bar => format!("bar {bar} met"),
            (Some(bar), _) => format!("bar {bar} MISSED"),
            (None, _) => String::new(),
        }
    }
}

/// How many times faster than the peer.
const BARS: [(&str, f64); 3] = [("ff1_tokenize", 3.0), ("arqc_aes", 1.0), ("iso8583", 20.0)];

fn table(rows: &[Row]) -> String {
    let mut out = format!("{:<50} {:>12} {:>18} {:>12} {:>7}\n", "row", "ours/s", "peer", "peer/s", "ratio");
    for row in rows {
        let number = |value: Option<f64>| value.map_or_else(|| "-".into(), |value| value.to_string());
        let Row { name, ours_per_s, peer, peer_per_s, ratio } = row;
        let (peer, peer_per_s, ratio) = (peer.as_deref().unwrap_or("-"), number(*peer_per_s), number(*ratio));
        out += &format!("{name:<50} {ours_per_s:>12} {peer:>18} {peer_per_s:>12} {ratio:>7} {}\n", row.verdict());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bar_can_be_missed() {
        for (name, bar) in BARS {
            let row = |ours_per_s| {
                Row { name: name.into(), ours_per_s, peer: None, peer_per_s: Some(100.0), ratio: None }.with_ratio()
            };
            assert!(row(bar * 100.0).verdict().ends_with("met"));
            assert!(row(bar * 100.0 - 1.0).verdict().ends_with("MISSED"));
        }
    }
}
