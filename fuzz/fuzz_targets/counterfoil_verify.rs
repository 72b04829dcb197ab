//! Any bytes as a counterfoil in either form. What is checked stands in `proof::verify::check_reading`.
//! By hand: `cargo xtask fuzz counterfoil_verify`. Inputs worth keeping go to `corpus/`, which the tests replay.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| proof::verify::check_reading(data));
