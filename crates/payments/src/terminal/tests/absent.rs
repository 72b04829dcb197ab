//! What is not here: any way to name a real card number.

use std::{fs, path::Path};

#[test]
fn no_source_of_the_terminal_names_the_type_of_real_numbers() {
    let room = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut sources = vec![room.join("terminal.rs")];
    let files = fs::read_dir(room.join("terminal")).unwrap().map(|entry| entry.unwrap().path());
    sources.extend(files.filter(|path| path.extension().is_some_and(|kind| kind == "rs")));
    assert!(sources.len() > 10, "they are found");
    // Put together here, so that this file does not hold it.
    let name = ["P", "an"].concat();
    for source in sources {
        let text = fs::read_to_string(&source).unwrap();
        let words = text.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
        assert!(!words.into_iter().any(|word| word == name), "{}", source.display());
    }
}
