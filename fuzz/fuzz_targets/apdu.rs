//! Any bytes as a command and as a response. What is checked stands in `payments::apdu::check_parsing`.
//! By hand: `cargo xtask fuzz apdu`. Inputs worth keeping go to `corpus/`, which the tests replay.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| payments::apdu::check_parsing(data));
