//! Any bytes as a raw transaction. What is checked stands in `primitives::tx::check_decoding`.
//! By hand: `cargo xtask fuzz transaction_decode`. Inputs worth keeping go to `corpus/`, which the tests replay.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| primitives::tx::check_decoding(data));
