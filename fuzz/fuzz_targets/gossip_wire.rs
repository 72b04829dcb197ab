//! Any bytes as transactions that a peer told. What is checked stands in `consensus::simplex::border::check_told`.
//! By hand: `cargo xtask fuzz gossip_wire`. Inputs worth keeping go to `corpus/`, which the tests replay.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| consensus::simplex::border::check_told(data));
