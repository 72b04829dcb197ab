//! Bytes as a script of calls to every contract of every room. What is checked stands in `contracts::testing::check_calls`.
//! By hand: `cargo xtask fuzz native_dispatch`. Inputs worth keeping go to `corpus/`, which the tests replay.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    contracts::testing::check_calls(data);
});
