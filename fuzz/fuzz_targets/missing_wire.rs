//! Any bytes as a message to the resolvers, and as an answer that they asked for. What is checked stands in
//! `consensus::simplex::border::check_resolver`.
//! By hand: `cargo xtask fuzz missing_wire`. Inputs worth keeping go to `corpus/`, which the tests replay.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| consensus::simplex::border::check_resolver(data));
