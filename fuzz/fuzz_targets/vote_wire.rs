//! Any bytes as a vote, a certificate or a request. What is checked stands in `consensus::simplex::border::check_vote`.
//! By hand: `cargo xtask fuzz vote_wire`. Inputs worth keeping go to `corpus/`, which the tests replay.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| consensus::simplex::border::check_vote(data));
