//! Any bytes as frames, messages, requests and answers of ISO 8583, and as their JSON. What is checked stands in `payments::message::check_bytes`.
//! By hand: `cargo xtask fuzz iso8583`. Inputs worth keeping go to `corpus/`, which the tests replay.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| payments::message::check_bytes(data));
