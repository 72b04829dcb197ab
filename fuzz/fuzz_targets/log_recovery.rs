//! Bytes as a record, a segment and damage to a segment of the block log. The meaning of the bytes stands in
//! `store::log::check_recovery`. By hand: `cargo xtask fuzz log_recovery`. Inputs worth keeping go to `corpus/`,
//! which the tests replay.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| store::log::check_recovery(data));
