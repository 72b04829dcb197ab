//! Replays the corpus of the fuzz target `log_recovery` on the ordinary toolchain.

use std::{fs, path::Path};

#[test]
fn the_kept_corpus_of_log_recovery_passes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/log_recovery");
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("cannot read {}: {error}", folder.display()));
    let inputs: Vec<_> = entries.map(|entry| fs::read(entry.expect("an entry").path()).expect("a file")).collect();
    assert!(!inputs.is_empty(), "no corpus in {}", folder.display());
    inputs.iter().for_each(|input| store::log::check_recovery(input));
}
