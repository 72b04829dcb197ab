//! No number can be read in the files of a vault. First it is proved that the search finds one wherever it lies.

use std::{collections::HashSet, fs, path::Path};

use payments::{
    issuer::records::{CardStatus, RegistrationRecord},
    number::Pan,
};

use crate::{
    records::*,
    search::{Search, forms},
};

const NUMBER: &[u8] = b"5413330089020011";
const LONGEST: &[u8] = b"5413330089020000008";

/// A planted number among bytes of every remainder.
fn planted(form: &[u8]) -> Vec<Vec<u8>> {
    let places =
        (0..9_u8).map(|before| [&b"\xC3\x01pan=\0\xFF abc-"[..usize::from(before)], form, b"\x80;tail"].concat());
    places.collect()
}

#[test]
fn the_search_finds_a_planted_number_in_every_form() {
    let search = Search::new([NUMBER, LONGEST]);
    for number in [NUMBER, LONGEST] {
        for place in forms(number).into_iter().flat_map(|(_, form)| planted(&form)) {
            let scratch = tempfile::NamedTempFile::new().unwrap();
            fs::write(scratch.path(), [vec![0xE7; 5000], place.clone(), vec![0x11; 5000]].concat()).unwrap();
            let found = search.find(&fs::read(scratch.path()).unwrap());
            assert_eq!(found, HashSet::from([number.to_vec()]), "{}", String::from_utf8_lossy(&place));
        }
    }
    assert_eq!(search.find(&[NUMBER[..15].to_vec(), b"x".to_vec(), LONGEST[1..].to_vec()].concat()), HashSet::new());
}

/// What the files of a folder show, and how many bytes they have.
fn search_files(folder: &Path, search: &Search) -> (HashSet<Vec<u8>>, Vec<String>, usize) {
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    let names = entries.iter().map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect();
    let contents: Vec<_> = entries.iter().map(|path| fs::read(path).unwrap()).collect();
    let found = contents.iter().flat_map(|bytes| search.find(bytes)).collect();
    (found, names, contents.iter().map(Vec::len).sum())
}

#[test]
fn thousands_of_cards_leave_no_number_in_any_file() {
    const CARDS: u64 = 2000;
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path());
    add_range(&vault);
    for first in (0..CARDS).step_by(100) {
        write(&vault, move |vault| {
            for count in first..first + 100 {
                add_card(vault, count)?;
                vault.put_account(&account(count, 1000, 1))?;
                let id = vault.add_payment(&holding(count, count, 1, 0))?;
                vault.add_exchange(&exchange(count, Some(id)))?;
                let (token, card) = (token(count), reference(count));
                vault.register(&RegistrationRecord { token, card_index: [1; 6], card })?;
                vault.set_card_status(&card, CardStatus::Blocked)?;
            }
            Ok(())
        })
        .unwrap();
    }
    let numbers: Vec<Pan> = (0..CARDS).map(pan).collect();
    assert_eq!(numbers.iter().map(|number| number.digits().to_vec()).collect::<HashSet<_>>().len(), 2000);
    let search = Search::new(numbers.iter().map(Pan::digits));

    // Open: what is in the log and in the index of the log too.
    let (found, names, bytes) = search_files(folder.path(), &search);
    assert_eq!(found, HashSet::new());
    assert_eq!(names, ["vault.sqlite", "vault.sqlite-shm", "vault.sqlite-wal"]);
    assert!(bytes > 3_000_000, "{bytes}");

    // The numbers are there, for who has the key.
    for count in [0, 1, CARDS - 1] {
        let card = read(&vault, |vault| vault.card(&reference(count))).unwrap();
        assert_eq!(read(&vault, |vault| vault.reveal(&reference(count), &card.number)), pan(count));
    }
    drop(vault);
    let (found, names, _) = search_files(folder.path(), &search);
    assert_eq!((found, names), (HashSet::new(), vec!["vault.sqlite".to_owned()]));

    // The same search on the same files with one number written beside finds that one.
    fs::write(folder.path().join("left behind"), numbers[1234].digits()).unwrap();
    let (found, _, _) = search_files(folder.path(), &search);
    assert_eq!(found, HashSet::from([numbers[1234].digits().to_vec()]));
}

#[test]
fn errors_and_debug_output_show_no_number() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path());
    add_range(&vault);
    let card = write(&vault, |vault| add_card(vault, 1)).unwrap();
    let texts = [
        format!("{vault:?} {:?}", vault.written()),
        format!("{card:?}"),
        format!("{:?}", write(&vault, |vault| add_card(vault, 1).map(drop))),
        format!("{:?}", vault.read(|vault| vault.reveal(&reference(1), &card.number))),
        format!("{:?}", vault.read(|vault| vault.reveal(&reference(2), &card.number))),
    ];
    let number = pan(1);
    let search = Search::new([number.digits()]);
    for text in texts {
        assert_eq!(search.find(text.as_bytes()), HashSet::new(), "{text}");
    }
}
