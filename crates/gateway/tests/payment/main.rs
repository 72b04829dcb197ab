//! The payment doors over real sockets, the ledger door over a real chain, and the whole issuer between them.

mod authority;
mod doors;
mod echo;
mod http;
mod ledger;
#[path = "../methods/network.rs"]
#[expect(dead_code, reason = "shared with the tests of the methods, which use more of it")]
mod network;
mod start;
mod tls;
mod town;
