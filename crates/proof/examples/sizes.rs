//! Sizes of typical counterfoils and the time to verify them, one line of JSON each. Run by `cargo xtask bench proof`.
//!
//! The network is that of the tests with a thousand transactions in each block, a thousand accounts and a thousand slots.

#![expect(clippy::disallowed_types, reason = "measuring is what this program is for; what it measures reads no clock")]

#[path = "../tests/counterfoil/network.rs"]
#[expect(dead_code, reason = "the tests need more of the network than its sizes do")]
mod network;

#[expect(
    clippy::disallowed_types,
    reason = "measuring is what this program is for; what it measures reads no clock"
)]
use std::time::Instant;

use network::{ERC20, Network, PAYMENT, TOKEN};
use proof::{Counterfoil, verify};

/// Verifications of each file, of which the median counts.
const ROUNDS: usize = 201;
const MORE: u64 = 1_000;

fn main() {
    let steady = Network::new(&[[1, 2, 3, 4]; 3], MORE);
    let changing = Network::new(&[[1, 2, 3, 5], [1, 2, 5, 6], [1, 2, 5, 6]], MORE);
    let none = steady.counterfoil(14, steady.receipt_fact(PAYMENT));
    print("receipt", &steady, &none, None);
    let two = changing.counterfoil(14, changing.receipt_fact(PAYMENT));
    print("receipt, two hand-overs", &changing, &two, Some((two.encode().len() - none.encode().len()) / 2));
    print("log", &steady, &steady.counterfoil(14, steady.log_fact(ERC20, 0)), None);
    print("account", &steady, &steady.counterfoil(14, steady.account_fact(TOKEN)), None);
    print("storage, one slot", &steady, &steady.counterfoil(14, steady.storage_fact(&[7])), None);
}

fn print(name: &str, network: &Network, file: &Counterfoil, bytes_a_handover: Option<usize>) {
    let bytes = file.encode();
    let mut micros: Vec<u128> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            let verdict = verify(&bytes, network.genesis_hash, None);
            let took = start.elapsed().as_micros();
            assert!(verdict.is_ok(), "{name}: {verdict:?}");
            took
        })
        .collect();
    micros.sort_unstable();
    let line = serde_json::json!({
        "name": name,
        "bytes": bytes.len(),
        "bytesAHandover": bytes_a_handover,
        "verifyUs": micros[ROUNDS / 2],
    });
    println!("{line}");
}
