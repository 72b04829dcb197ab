//! Any bytes as a block from a peer. What is checked stands in `consensus::simplex::border::check_block`.
//! By hand: `cargo xtask fuzz block_wire`. Inputs worth keeping go to `corpus/`, which the tests replay.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| consensus::simplex::border::check_block(data));
