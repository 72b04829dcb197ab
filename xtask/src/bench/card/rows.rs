//! Rows of `cargo xtask bench card`: what was measured, beside whom, and whether its bar is met.

use eyre::Result;
use serde::{Deserialize, Serialize};

pub(super) const WHOLE_TOKEN: &str = "ff1_tokenize with inputs, tweak and check digit";
pub(super) const DECISIONS: &str = "issuer decisions, durable, without the ledger";
pub(super) const AUTHORIZATIONS: &str = "authorizations with final holds, 32 terminals";
pub(super) const TAP: &str = "tap to final hold, one terminal";
pub(super) const APDU: &str = "SELECT through pcscd and vpcd";

/// One measurement. What was measured as a time has that too, and is as many times a second as fit in. Where nobody ran beside it, `peer`,
/// `peer_per_s` and `ratio` are null.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Row {
    name: String,
    ours_per_s: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    p50_us: Option<f64>,
    #[serde(default)]
    peer: Option<String>,
    #[serde(default)]
    peer_per_s: Option<f64>,
    /// How many times faster ours is.
    #[serde(default)]
    ratio: Option<f64>,
    /// `None` where there is no bar, or nothing to hold against it.
    #[serde(default)]
    bar_met: Option<bool>,
    /// Why it was not measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    not_measured: Option<String>,
}

/// What is wanted.
#[derive(Clone, Copy)]
enum Bar {
    /// At least so many times the peer's rate.
    Ratio(f64),
    /// Less than so long at the median.
    P50Us(f64),
}

impl Row {
    /// A row that an example printed.
    pub(super) fn parse(line: &str) -> Result<Self> {
        Ok(serde_json::from_str::<Self>(line)?.judged())
    }

    pub(super) fn per_s(name: &str, ours_per_s: f64) -> Self {
        Self::named(name, Some(ours_per_s)).judged()
    }

    pub(super) fn p50(name: &str, p50_us: f64) -> Self {
        Self { p50_us: Some(p50_us), ..Self::named(name, Some((1e6 / p50_us).round())) }.judged()
    }

    pub(super) fn not_measured(name: &str, reason: &str) -> Self {
        Self { not_measured: Some(reason.to_owned()), ..Self::named(name, None) }
    }

    pub(super) fn beside(self, peer: &str, peer_per_s: f64) -> Self {
        Self { peer: Some(peer.to_owned()), peer_per_s: Some(peer_per_s), ..self }.judged()
    }

    fn named(name: &str, ours_per_s: Option<f64>) -> Self {
        let name = name.to_owned();
        Self {
            name,
            ours_per_s,
            p50_us: None,
            peer: None,
            peer_per_s: None,
            ratio: None,
            bar_met: None,
            not_measured: None,
        }
    }

    fn judged(mut self) -> Self {
        let ratio = self.ours_per_s.zip(self.peer_per_s).map(|(ours, peer)| ours / peer);
        self.bar_met = match self.bar() {
            Some(Bar::Ratio(bar)) => ratio.map(|ratio| ratio >= bar),
            Some(Bar::P50Us(bar)) => self.p50_us.map(|p50_us| p50_us < bar),
            None => None,
        };
        self.ratio = ratio.map(|ratio| (ratio * 100.0).round() / 100.0);
        self
    }

    fn bar(&self) -> Option<Bar> {
        BARS.iter().find(|(name, _)| *name == self.name).map(|(_, bar)| *bar)
    }

    fn verdict(&self) -> String {
        let wanted = match self.bar() {
            None => return String::new(),
            Some(Bar::Ratio(bar)) => format!("{bar}x"),
            Some(Bar::P50Us(bar)) => shown(bar),
        };
        match (self.bar_met, &self.not_measured) {
            (Some(true), _) => format!("bar {wanted} met"),
            (Some(false), _) => format!("bar {wanted} MISSED"),
            (None, reason) => format!("bar {wanted} not measured: {}", reason.as_deref().unwrap_or("no figure")),
        }
    }
}

pub(super) fn table(rows: &[Row]) -> String {
    let mut out =
        format!("{:<48} {:>10} {:>10} {:>16} {:>10} {:>7}\n", "row", "ours/s", "p50", "peer", "peer/s", "ratio");
    for row in rows {
        let number = |value: Option<f64>| value.map_or_else(|| "-".into(), |value| value.to_string());
        let Row { name, ours_per_s, p50_us, peer, peer_per_s, ratio, .. } = row;
        let p50 = p50_us.map_or_else(|| "-".into(), shown);
        let [ours_per_s, peer_per_s, ratio] = [*ours_per_s, *peer_per_s, *ratio].map(number);
        let peer = peer.as_deref().unwrap_or("-");
        let figures = format!("{name:<48} {ours_per_s:>10} {p50:>10} {peer:>16} {peer_per_s:>10} {ratio:>7}");
        out += format!("{figures} {}", row.verdict()).trim_end();
        out.push('\n');
    }
    out
}

fn shown(us: f64) -> String {
    if us < 1_000.0 { format!("{us} us") } else { format!("{} ms", us / 1_000.0) }
}

const BARS: [(&str, Bar); 5] = [
    ("ff1_tokenize", Bar::Ratio(3.0)),
    ("arqc_aes", Bar::Ratio(1.0)),
    ("iso8583", Bar::Ratio(20.0)),
    (TAP, Bar::P50Us(25_000.0)),
    (APDU, Bar::P50Us(200.0)),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bar_can_be_missed() {
        for (name, bar) in BARS {
            let [met, missed] = match bar {
                Bar::Ratio(bar) => {
                    [bar * 100.0, bar * 100.0 - 0.1].map(|ours| Row::per_s(name, ours).beside("x", 100.0))
                }
                Bar::P50Us(bar) => [bar - 1.0, bar].map(|p50_us| Row::p50(name, p50_us)),
            };
            assert_eq!((met.bar_met, missed.bar_met), (Some(true), Some(false)), "{name}");
            assert!(met.verdict().ends_with("met") && missed.verdict().ends_with("MISSED"));
            let absent = Row::not_measured(name, "no reader");
            assert!(absent.bar_met.is_none() && absent.verdict().ends_with("not measured: no reader"));
        }
    }

    #[test]
    fn a_time_is_a_rate_too() {
        let row = Row::p50(TAP, 12_500.0);
        assert_eq!((row.ours_per_s, row.p50_us), (Some(80.0), Some(12_500.0)));
        assert!(table(&[row]).contains("12.5 ms"));
    }

    #[test]
    fn a_row_without_a_peer_has_the_names_of_one_with_it() {
        let printed = serde_json::to_value(Row::per_s(DECISIONS, 100.0)).unwrap();
        let nothing = serde_json::Value::Null;
        for name in ["peer", "peer_per_s", "ratio", "bar_met"] {
            assert_eq!(printed.get(name), Some(&nothing), "{name}");
        }
        assert_eq!(Row::parse(&printed.to_string()).unwrap().ours_per_s, Some(100.0));
    }

    #[test]
    fn what_an_example_prints_is_judged() {
        let row = Row::parse(r#"{"name":"arqc_aes","ours_per_s":150,"peer":"emv 0.1.1","peer_per_s":100}"#).unwrap();
        assert_eq!((row.ratio, row.bar_met), (Some(1.5), Some(true)));
    }
}
