//! Any bytes as a certificate of finality. What is checked stands in `consensus::simplex::border::check_finality`.
//! By hand: `cargo xtask fuzz finality_wire`. Inputs worth keeping go to `corpus/`, which the tests replay.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| consensus::simplex::border::check_finality(data));
