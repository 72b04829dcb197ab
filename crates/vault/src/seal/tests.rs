//! Sealed values open where they were sealed and nowhere else; data keys open under their master key and no other.

use std::{collections::HashSet, path::Path, time::Duration};

use super::*;
use crate::database::Location;

const NUMBER: &[u8] = b"5413330089020011";
const PLACE: Place = Place { table: "cards", column: "number_sealed", row: 7 };

fn master(id: &str, byte: u8) -> MasterKey {
    MasterKey::new(id, Masked::new([byte; KEY_BYTES])).unwrap()
}

fn connect(folder: &Path) -> Connection {
    Location::new(folder, Duration::from_secs(5)).prepare().unwrap()
}

fn open(folder: &Path, master: &MasterKey) -> Result<(Connection, Sealer), SealFailure> {
    let mut connection = connect(folder);
    let sealer = Sealer::open(&mut connection, master)?;
    Ok((connection, sealer))
}

fn refusal(folder: &Path, master: &MasterKey) -> SealError {
    match open(folder, master) {
        Err(SealFailure::Seal(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_sealed_value_opens_at_its_place_after_any_number_of_starts() {
    let folder = tempfile::tempdir().unwrap();
    let (connection, sealer) = open(folder.path(), &master("one", 1)).unwrap();
    let sealed = sealer.seal(&connection, PLACE, NUMBER).unwrap();
    drop(connection);
    for _ in 0..3 {
        let (_connection, again) = open(folder.path(), &master("one", 1)).unwrap();
        assert_eq!(again.unseal(PLACE, &sealed).unwrap().expose(), NUMBER);
    }
}

#[test]
fn a_value_of_another_place_does_not_open() {
    let folder = tempfile::tempdir().unwrap();
    let (connection, sealer) = open(folder.path(), &master("one", 1)).unwrap();
    let sealed = sealer.seal(&connection, PLACE, NUMBER).unwrap();
    let elsewhere = [
        Place { table: "card", ..PLACE },
        Place { table: "cardsn", column: "umber_sealed", ..PLACE },
        Place { column: "name_sealed", ..PLACE },
        Place { row: 8, ..PLACE },
    ];
    for place in elsewhere {
        let damaged = SealError::Damaged { table: place.table, column: place.column, row: place.row };
        assert_eq!(sealer.unseal(place, &sealed).unwrap_err(), damaged);
    }
}

#[test]
fn a_changed_value_does_not_open_whatever_was_changed() {
    let folder = tempfile::tempdir().unwrap();
    let (connection, sealer) = open(folder.path(), &master("one", 1)).unwrap();
    let sealed = sealer.seal(&connection, PLACE, NUMBER).unwrap();
    for bit in 0..sealed.len() * 8 {
        let mut changed = sealed.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(sealer.unseal(PLACE, &changed).is_err(), "bit {bit}");
    }
    for length in 0..sealed.len() {
        assert!(sealer.unseal(PLACE, &sealed[..length]).is_err(), "{length} bytes");
    }
    assert!(sealer.unseal(PLACE, &[&sealed[..], &[0]].concat()).is_err());
}

#[test]
fn equal_values_are_sealed_differently_and_found_equally() {
    let folder = tempfile::tempdir().unwrap();
    let (connection, sealer) = open(folder.path(), &master("one", 1)).unwrap();
    let sealed: HashSet<_> = (0..200).map(|_| sealer.seal(&connection, PLACE, NUMBER).unwrap()).collect();
    assert_eq!(sealed.len(), 200);
}

#[test]
fn the_wrong_master_key_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path(), &master("one", 1)).unwrap();
    assert_eq!(refusal(folder.path(), &master("one", 2)), SealError::WrongMasterKey("one".into()));
    let other = SealError::OtherMasterKey { needed: "one".into(), given: "two".into() };
    assert_eq!(refusal(folder.path(), &master("two", 1)), other);
    open(folder.path(), &master("one", 1)).unwrap();
}

#[test]
fn a_damaged_or_exchanged_wrapped_key_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path(), &master("one", 1)).unwrap());
    let connection = connect(folder.path());
    let damages = [
        "UPDATE data_keys SET id = 2",
        "UPDATE data_keys SET id = 1, wrapped = zeroblob(60)",
        "UPDATE data_keys SET wrapped = x''",
    ];
    for damage in damages {
        connection.execute(damage, []).unwrap();
        assert_eq!(refusal(folder.path(), &master("one", 1)), SealError::WrongMasterKey("one".into()), "{damage}");
    }
}

#[test]
fn a_data_key_that_is_used_up_seals_no_more_and_the_next_start_has_a_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let (connection, sealer) = open(folder.path(), &master("one", 1)).unwrap();
    let sealed = sealer.seal(&connection, PLACE, NUMBER).unwrap();
    connection.execute("UPDATE data_keys SET sealed = ?1", [SEALED_MAX - 1]).unwrap();
    sealer.seal(&connection, PLACE, NUMBER).unwrap();
    let spent = sealer.seal(&connection, PLACE, NUMBER).unwrap_err();
    assert!(matches!(spent, SealFailure::Seal(SealError::Spent)));

    let (connection, sealer) = open(folder.path(), &master("one", 1)).unwrap();
    let again = sealer.seal(&connection, PLACE, NUMBER).unwrap();
    assert_ne!(sealed[1..5], again[1..5], "the key's id");
    for value in [sealed, again] {
        assert_eq!(sealer.unseal(PLACE, &value).unwrap().expose(), NUMBER);
    }
}

#[test]
fn nothing_shows_a_key() {
    let folder = tempfile::tempdir().unwrap();
    let (_connection, sealer) = open(folder.path(), &master("one", 0x41)).unwrap();
    assert_eq!(format!("{sealer:?}"), "Sealer(1 data keys, ***)");
    assert_eq!(format!("{:?}", master("one", 0x41)), "MasterKey(one, ***)");
    assert_eq!(MasterKey::new("", Masked::new([1; KEY_BYTES])).unwrap_err(), SealError::MasterKeyName);
    assert!(MasterKey::new(&"x".repeat(65), Masked::new([1; KEY_BYTES])).is_err());
}
