//! Operations on a trie, each step compared with `alloy-trie`. The meaning of the bytes stands in `store::trie::check`.
//! By hand: `cargo xtask fuzz trie_operations`. Inputs worth keeping go to `corpus/`, which the tests replay.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| store::trie::check_operations(data));
