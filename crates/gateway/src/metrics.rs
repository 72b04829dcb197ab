//! Counters of the doors and the Prometheus text they are shown as. `http` serves it at `/metrics`; other rooms add theirs
//! through the same [`MetricsText`].
//!
//! Written by hand: what is counted is a fixed table of atomics, so a registry crate would bring look-ups on the hot path and
//! nothing that this page needs. Format: Prometheus text exposition 0.0.4.

use std::{
    collections::HashMap,
    fmt::{self, Display, Write},
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// What the doors count.
pub(crate) struct Metrics {
    index: HashMap<&'static str, usize>,
    methods: Vec<MethodMetrics>,
    durations: Histogram,
    pub(crate) connections: Count,
    pub(crate) refused_connections: Count,
    pub(crate) websockets: Count,
    pub(crate) live_streams: Count,
    pub(crate) slow_subscribers: Count,
}

struct MethodMetrics {
    name: &'static str,
    calls: AtomicU64,
    errors: AtomicU64,
    micros: AtomicU64,
}

/// A single number.
#[derive(Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn add(&self) {
        self.0.fetch_add(1, Relaxed);
    }

    /// Counts something for as long as the answer lives.
    pub(crate) fn hold(&self) -> Held<'_> {
        self.add();
        Held(self)
    }
}

impl Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.load(Relaxed).fmt(f)
    }
}

/// One of a [`Count`].
pub(crate) struct Held<'a>(&'a Count);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Relaxed);
    }
}

#[derive(Default)]
struct Histogram {
    buckets: [AtomicU64; BUCKETS_US.len()],
    count: AtomicU64,
    micros: AtomicU64,
}

impl Metrics {
    /// A row for each name, and one for all the names that do not exist.
    pub(crate) fn new(names: &[&'static str]) -> Self {
        let names: Vec<_> = names.iter().chain(&["eth_subscribe", "eth_unsubscribe", OTHER]).copied().collect();
        Self {
            index: names.iter().enumerate().map(|(row, name)| (*name, row)).collect(),
            methods: names.into_iter().map(MethodMetrics::new).collect(),
            durations: Histogram::default(),
            connections: Count::default(),
            refused_connections: Count::default(),
            websockets: Count::default(),
            live_streams: Count::default(),
            slow_subscribers: Count::default(),
        }
    }

    /// Counts one call.
    pub(crate) fn called(&self, method: &str, took: Duration, failed: bool) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let row = self.index.get(method).copied().unwrap_or(self.methods.len() - 1);
        if let Some(row) = self.methods.get(row) {
            row.calls.fetch_add(1, Relaxed);
            row.micros.fetch_add(micros, Relaxed);
            row.errors.fetch_add(u64::from(failed), Relaxed);
        }
        self.durations.observe(micros);
    }

    /// Writes all of it.
    pub(crate) fn write(&self, text: &mut MetricsText) {
        let called = || self.methods.iter().filter(|row| row.calls.load(Relaxed) > 0);
        text.family("gateway_calls_total", "counter", "JSON-RPC calls by method");
        called().for_each(|row| text.sample("gateway_calls_total", &[("method", row.name)], row.calls.load(Relaxed)));
        text.family("gateway_errors_total", "counter", "JSON-RPC calls answered with an error, by method");
        called().for_each(|row| text.sample("gateway_errors_total", &[("method", row.name)], row.errors.load(Relaxed)));
        text.family("gateway_seconds_total", "counter", "time from a call's turn to its result, by method");
        called().for_each(|row| {
            text.sample("gateway_seconds_total", &[("method", row.name)], seconds(row.micros.load(Relaxed)));
        });
        self.durations.write(text);
        text.gauge("gateway_connections", "open HTTP connections", &self.connections);
        text.gauge("gateway_websockets", "open WebSockets", &self.websockets);
        text.gauge("gateway_live_streams", "open streams of live events", &self.live_streams);
        let (refused, slow) = (&self.refused_connections, &self.slow_subscribers);
        text.counter("gateway_refused_connections_total", "sockets closed because too many are open", refused);
        text.counter(
            "gateway_slow_subscribers_total",
            "WebSockets and live streams closed because they were read too slowly",
            slow,
        );
    }
}

impl MethodMetrics {
    fn new(name: &'static str) -> Self {
        Self { name, calls: AtomicU64::default(), errors: AtomicU64::default(), micros: AtomicU64::default() }
    }
}

impl Histogram {
    fn observe(&self, micros: u64) {
        if let Some(bucket) = BUCKETS_US.iter().position(|bound| micros <= *bound) {
            self.buckets[bucket].fetch_add(1, Relaxed);
        }
        self.count.fetch_add(1, Relaxed);
        self.micros.fetch_add(micros, Relaxed);
    }

    fn write(&self, text: &mut MetricsText) {
        text.family("gateway_call_seconds", "histogram", "time from a call's turn to its result");
        let mut below = 0_u64;
        for (bound, bucket) in BUCKETS_US.iter().zip(&self.buckets) {
            below = below.saturating_add(bucket.load(Relaxed));
            text.sample("gateway_call_seconds_bucket", &[("le", &seconds(*bound))], below);
        }
        let count = self.count.load(Relaxed).max(below);
        text.sample("gateway_call_seconds_bucket", &[("le", "+Inf")], count);
        text.sample("gateway_call_seconds_sum", &[], seconds(self.micros.load(Relaxed)));
        text.sample("gateway_call_seconds_count", &[], count);
    }
}

/// A page of metrics being written.
#[derive(Default)]
pub struct MetricsText(String);

impl MetricsText {
    /// A number that goes up and down.
    pub fn gauge(&mut self, name: &str, help: &str, value: impl Display) {
        self.family(name, "gauge", help);
        self.sample(name, &[], value);
    }

    /// A number that only rises; by convention its name ends in `_total`.
    pub fn counter(&mut self, name: &str, help: &str, value: impl Display) {
        self.family(name, "counter", help);
        self.sample(name, &[], value);
    }

    /// Announces samples of one name: `kind` is `counter`, `gauge`, `histogram` or `summary`.
    pub fn family(&mut self, name: &str, kind: &str, help: &str) {
        self.line(format_args!("# HELP {name} {help}\n# TYPE {name} {kind}"));
    }

    /// One sample with its labels. Label values are ours, never a caller's: they are not escaped.
    pub fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        let labels: Vec<_> = labels.iter().map(|(key, value)| format!("{key}=\"{value}\"")).collect();
        if labels.is_empty() {
            self.line(format_args!("{name} {value}"));
        } else {
            self.line(format_args!("{name}{{{}}} {value}", labels.join(",")));
        }
    }

    pub(crate) fn finish(self) -> String {
        self.0
    }

    fn line(&mut self, line: impl Display) {
        writeln!(self.0, "{line}").expect("writing to a string cannot fail");
    }
}

/// Microseconds as Prometheus wants them, in exact decimal seconds.
fn seconds(micros: u64) -> String {
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

const OTHER: &str = "other";
const BUCKETS_US: [u64; 11] = [50, 100, 250, 1_000, 2_500, 10_000, 50_000, 250_000, 1_000_000, 5_000_000, 30_000_000];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_shown_by_method_and_unknown_names_together() {
        let metrics = Metrics::new(&["eth_chainId"]);
        metrics.called("eth_chainId", Duration::from_micros(70), false);
        metrics.called("eth_chainId", Duration::from_secs(2), true);
        metrics.called("made_up\"\n", Duration::from_secs(99), true);
        let mut text = MetricsText::default();
        metrics.write(&mut text);
        let text = text.finish();
        for line in [
            "# TYPE gateway_calls_total counter",
            "gateway_calls_total{method=\"eth_chainId\"} 2",
            "gateway_errors_total{method=\"eth_chainId\"} 1",
            "gateway_seconds_total{method=\"eth_chainId\"} 2.000070",
            "gateway_calls_total{method=\"other\"} 1",
            "gateway_call_seconds_bucket{le=\"0.000100\"} 1",
            "gateway_call_seconds_bucket{le=\"5.000000\"} 2",
            "gateway_call_seconds_bucket{le=\"+Inf\"} 3",
            "gateway_connections 0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        assert!(!text.contains("made_up"));
    }
}
