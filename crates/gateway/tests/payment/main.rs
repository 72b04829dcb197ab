//! The payment doors over real sockets, the ledger door over a real chain, and the whole issuer between them.

mod authority;
mod bank;
mod days;
mod doors;
mod echo;
mod http;
#[path = "../../../../bin/counterfoil/tests/program/lane.rs"]
#[expect(dead_code, clippy::unwrap_used, reason = "shared with the tests of the program, which use more of it")]
mod lane;
mod ledger;
#[path = "../methods/network.rs"]
#[expect(dead_code, reason = "shared with the tests of the methods, which use more of it")]
mod network;
mod reuse;
mod start;
mod tls;
mod town;
mod trouble;
