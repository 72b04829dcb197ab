//! Any bytes as a JSON-RPC body: `cargo +nightly fuzz run rpc_body`.
#![no_main]

libfuzzer_sys::fuzz_target!(|body: &[u8]| gateway::rpc::check_body(body));
