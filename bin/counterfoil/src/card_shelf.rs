//! The card files that the console may tap: `cards/NAME.card` in the issuer's folder. Called through [`CardShelf`].

use std::{fs, io::ErrorKind, path::PathBuf};

use gateway::payment::{CardShelf, Inserted, ShelfError};
use payments::card::{Card, Protocol};

use crate::cardfile::CardFile;

/// A folder of card files; it need not be there.
#[derive(Debug)]
pub(crate) struct Shelf(PathBuf);

impl Shelf {
    pub(crate) const fn new(folder: PathBuf) -> Self {
        Self(folder)
    }
}

impl CardShelf for Shelf {
    fn names(&self) -> Result<Vec<String>, ShelfError> {
        let entries = match fs::read_dir(&self.0) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|error| unreadable(&error))?,
        };
        let mut names = Vec::new();
        for entry in entries {
            let path = entry.map_err(|error| unreadable(&error))?.path();
            let is_card = path.extension().is_some_and(|extension| extension == EXTENSION);
            let name = path.file_stem().and_then(|name| name.to_str()).filter(|name| is_card && is_name(name));
            names.extend(name.map(str::to_owned));
        }
        names.sort_unstable();
        names.truncate(MOST);
        Ok(names)
    }

    fn insert(&self, name: &str, passphrase: &str) -> Result<Inserted, ShelfError> {
        let file = self.0.join(name).with_extension(EXTENSION);
        if !is_name(name) || !file.exists() {
            return Err(ShelfError::NoSuchCard(name.to_owned()));
        }
        let opened = CardFile::open(&file, passphrase).map_err(|error| ShelfError::Refused(format!("{error:#}")))?;
        let (counter, personalization) = opened;
        Ok(Inserted { card: Card::new(personalization, Protocol::T1), counter: Box::new(counter) })
    }
}

/// No path: it comes from a browser.
fn is_name(text: &str) -> bool {
    let sound = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=NAME_MAX).contains(&text.len()) && text.bytes().all(sound)
}

fn unreadable(error: &std::io::Error) -> ShelfError {
    ShelfError::Refused(format!("the folder of cards cannot be read: {error}"))
}

const EXTENSION: &str = "card";
const NAME_MAX: usize = 64;
/// More are not offered.
const MOST: usize = 500;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_are_offered_by_name_and_no_name_leads_out_of_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(folder.path().join("cards"));
        assert_eq!(shelf.names(), Ok(Vec::new()), "without a folder");
        fs::create_dir(folder.path().join("cards")).unwrap();
        for file in ["cards/ben.card", "cards/anna.card", "cards/notes.txt", "cards/a b.card", "out.card"] {
            fs::write(folder.path().join(file), "{}").unwrap();
        }
        assert_eq!(shelf.names(), Ok(vec!["anna".to_owned(), "ben".to_owned()]));
        for name in ["", "../out", "cleo", "anna.card", "a b"] {
            assert!(matches!(shelf.insert(name, "secret"), Err(ShelfError::NoSuchCard(_))), "{name}");
        }
        assert!(matches!(shelf.insert("anna", "secret"), Err(ShelfError::Refused(_))), "it is no card file");
    }
}
