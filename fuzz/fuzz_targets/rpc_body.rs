//! Any bytes as a JSON-RPC body: `cargo xtask fuzz rpc_body`.
#![no_main]

libfuzzer_sys::fuzz_target!(|body: &[u8]| gateway::rpc::check_body(body));
