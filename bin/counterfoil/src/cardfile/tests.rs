//! Cards on a real disk: what is there after each step, who gets in, and what a failing disk does.

use payments::{
    card::{Aid, Credentials, Face, Secrets},
    cryptogram::{Aes128Key, CardKeys, CardReference},
    number::{Expiry, Pan},
    profile::Profile,
};

use super::*;

/// A card with keys that no issuer has.
pub(crate) fn personalization() -> Personalization {
    let face = Face {
        aid: Aid::default(),
        label: "COUNTERFOIL".into(),
        token_bin: "999001".into(),
        expiry: Expiry::parse("3012").unwrap(),
        token_expiry: None,
        sequence: 1,
        service_code: "221".into(),
        country: 250,
        currency: 978,
        derivation_index: 1,
        key_set: 1,
        profile: Profile::default(),
    };
    let key = |byte| Aes128Key::new([byte; 16]);
    let secrets = Secrets {
        pan: Pan::parse("5413330089020011").unwrap(),
        reference: CardReference::parse("421337000017").unwrap(),
        keys: CardKeys { fpe: key(1), tweak: key(2), index: key(3), master: key(4) },
        credentials: Credentials::default(),
    };
    Personalization::new(face, secrets).unwrap()
}

/// Cheap to open, for tests.
const STRETCH: file::Stretch = file::Stretch { memory_kib: 16, passes: 1, lanes: 1 };

fn new_card(counters: Counters) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("card.json");
    fs::write(&path, file::encode(&personalization(), counters, "pass", STRETCH, [1; 16], [2; 12]).unwrap()).unwrap();
    (folder, path)
}

fn counters(path: &Path) -> Counters {
    CardFile::open(path, "pass").unwrap().0.counters()
}

#[test]
fn a_new_card_is_its_owners_alone_and_never_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("card.json");
    CardFile::create(&path, &personalization(), "pass").unwrap();
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    let refused = CardFile::create(&path, &personalization(), "pass").unwrap_err();
    assert!(refused.to_string().contains("could not write"), "{refused}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "a draft is left");
    assert_eq!(counters(&path), Counters::default());
}

#[test]
fn every_step_of_a_tap_can_be_the_last() {
    let (_folder, path) = new_card(Counters::default());
    // Inserted, and taken out before the tap.
    assert_eq!(counters(&path).atc, 0);
    // The power goes while the slot is written: any part of it may be there.
    let (card, _) = CardFile::open(&path, "pass").unwrap();
    let (place, slot, _) = card.state.replaced(card.counters().advanced().unwrap());
    let torn = [&slot[..7], b"?????????"].concat();
    card.file.write_all_at(&torn, place).unwrap();
    drop(card);
    assert_eq!(counters(&path).atc, 0, "the transaction was never answered");
    // The slot is whole, the answer was not given: the number is spent.
    let (mut card, _) = CardFile::open(&path, "pass").unwrap();
    assert_eq!(card.advance().unwrap(), 1);
    drop(card);
    let (mut card, _) = CardFile::open(&path, "pass").unwrap();
    assert_eq!(card.advance().unwrap(), 2);
    // The issuer answered; the power goes before anybody wrote that down.
    card.record_online(2);
    std::mem::forget(card);
}

#[test]
fn an_answer_of_the_issuer_is_kept_when_the_card_is_taken_out() {
    let (_folder, path) = new_card(Counters { atc: 6, last_online_atc: 5 });
    let (mut card, _) = CardFile::open(&path, "pass").unwrap();
    card.record_online(6);
    assert_eq!(card.counters(), Counters { atc: 6, last_online_atc: 6 });
    drop(card);
    assert_eq!(counters(&path), Counters { atc: 6, last_online_atc: 6 });
}

#[test]
fn a_card_is_in_one_reader_at_a_time() {
    let (_folder, path) = new_card(Counters::default());
    let inserted = CardFile::open(&path, "pass").unwrap();
    let refused = CardFile::open(&path, "pass").unwrap_err();
    assert!(format!("{refused:#}").contains("inserted in another reader"), "{refused:#}");
    drop(inserted);
    CardFile::open(&path, "pass").unwrap();
}

#[test]
fn many_taps_of_many_readers_never_share_a_number() {
    let (_folder, path) = new_card(Counters::default());
    let tap = || loop {
        if let Ok((mut card, _)) = CardFile::open(&path, "pass") {
            return card.advance().unwrap();
        }
        std::thread::yield_now();
    };
    let mut numbers: Vec<u16> = std::thread::scope(|scope| {
        let readers: Vec<_> = (0..8).map(|_| scope.spawn(|| (0..5).map(|_| tap()).collect::<Vec<_>>())).collect();
        readers.into_iter().flat_map(|reader| reader.join().unwrap()).collect()
    });
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=40).collect::<Vec<_>>());
}

#[test]
fn a_full_disk_makes_no_token_and_is_not_tried_again() {
    let (_folder, path) = new_card(Counters::default());
    let (mut file, _) = CardFile::open(&path, "pass").unwrap();
    file.file = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let refused = file.advance().unwrap_err();
    assert!(matches!(&refused, CounterError::NotKept(why) if why.contains("No space left")), "{refused}");
    file.file = OpenOptions::new().read(true).write(true).open(&path).unwrap();
    assert_eq!(file.advance().unwrap_err(), refused);
    drop(file);
    assert_eq!(counters(&path).atc, 0);
}

#[test]
fn what_is_no_card_and_what_does_not_open_are_told_apart() {
    let (folder, path) = new_card(Counters::default());
    let why = |path: &Path, passphrase| format!("{:#}", CardFile::open(path, passphrase).unwrap_err());
    assert!(why(&path, "wrong").contains("does not open"), "{}", why(&path, "wrong"));
    let other = folder.path().join("other.json");
    fs::write(&other, "{}").unwrap();
    assert!(why(&other, "pass").contains("no card file"), "{}", why(&other, "pass"));
    fs::write(&other, vec![b' '; file::MAX_BYTES + 1]).unwrap();
    assert!(why(&other, "pass").contains("larger"), "{}", why(&other, "pass"));
    assert!(why(&folder.path().join("none"), "pass").contains("No such file"));
}
