//! Any bytes as a node's certificate. What is checked stands in `contracts::admission::certificate::check_parsing`.
//! By hand: `cargo xtask fuzz certificate_parse`. Inputs worth keeping go to `corpus/`, which the tests replay.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| contracts::admission::certificate::check_parsing(data));
