//! Any bytes as a data object list and what fills it. What is checked stands in `payments::dol::check_parsing`.
//! By hand: `cargo xtask fuzz dol`. Inputs worth keeping go to `corpus/`, which the tests replay.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| payments::dol::check_parsing(data));
