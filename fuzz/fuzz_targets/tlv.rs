//! Any bytes as BER-TLV: one level, nested, and as a map. What is checked stands in `payments::tlv::check_parsing`.
//! By hand: `cargo xtask fuzz tlv`. Inputs worth keeping go to `corpus/`, which the tests replay.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| payments::tlv::check_parsing(data));
