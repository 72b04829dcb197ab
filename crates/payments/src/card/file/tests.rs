//! There and back, every change noticed, torn writes survived. Argon2id and AES-GCM themselves are checked with vectors of their standards.

use super::*;
use crate::{
    card::tests::{PAN, personalization, secrets},
    profile::Input,
};

/// Cheap to open, for tests.
const STRETCH: Stretch = Stretch { memory_kib: 16, passes: 1, lanes: 1 };
const COUNTERS: Counters = Counters { atc: 7, last_online_atc: 5 };

fn file() -> Vec<u8> {
    encode(&personalization("combined"), COUNTERS, "pass", STRETCH, [1; 16], [2; 12]).unwrap()
}

fn refused(bytes: &[u8]) -> FileError {
    decode(bytes, "pass").unwrap_err()
}

/// The file with one text exchanged.
fn changed(from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8(file()).unwrap();
    assert_eq!(text.matches(from).count(), 1, "{from} in {text}");
    text.replace(from, to).into_bytes()
}

#[test]
fn a_card_comes_back_whole() {
    let mut card = secrets(PAN);
    card.credentials.set(Input::Name, b"DOE/JANE").unwrap();
    let card = Personalization::new(personalization("credentials").face().clone(), card).unwrap();
    let bytes = encode(&card, COUNTERS, "pass", Stretch::default(), [1; 16], [2; 12]).unwrap();
    let (back, state) = decode(&bytes, "pass").unwrap();
    assert_eq!(state.counters(), COUNTERS);
    assert_eq!(back.face(), card.face());
    assert_eq!(face(&bytes).unwrap(), *card.face());
    let (was, is) = (card.secrets(), back.secrets());
    assert_eq!((&was.pan, was.reference), (&is.pan, is.reference));
    let keys = |secrets: &crate::card::Secrets| {
        let keys = &secrets.keys;
        [&keys.fpe, &keys.tweak, &keys.index, &keys.master].map(|key| *key.expose())
    };
    assert_eq!(keys(was), keys(is));
    assert!(was.credentials.iter().eq(is.credentials.iter()));
    assert_eq!(is.credentials.get(Input::Name), Some(b"DOE/JANE".as_slice()));
}

/// The form is pinned: files of yesterday open tomorrow.
#[test]
fn the_file_is_json_with_its_counters_in_front() {
    let text = String::from_utf8(file()).unwrap();
    let (first, rest) = text.split_once('\n').unwrap();
    assert_eq!(first, r#"{"state":["000700057dba1a16","000700057dba1a16"],"#);
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&json["format"], &json["version"]), (&"counterfoil-card".into(), &1.into()));
    assert_eq!(json["face"]["aid"], "F0434F554E54455201");
    assert_eq!(json["face"]["token_bin"], "999001");
    assert_eq!(json["face"]["expiry"], "3012");
    assert_eq!(json["face"]["profile"]["name"], "combined");
    assert_eq!(json["stretch"], serde_json::json!({ "memory_kib": 16, "passes": 1, "lanes": 1 }));
    for secret in [PAN, &PAN[6..15], "421337000017", "541333", &hex::encode(b"fpe key of card1"), "75001"] {
        assert!(!rest.contains(secret) && !rest.contains(&hex::encode(secret)), "{secret}");
    }
}

#[test]
fn only_the_passphrase_opens_it() {
    for wrong in ["", "Pass", "pass ", "word"] {
        assert_eq!(decode(&file(), wrong).unwrap_err(), FileError::DoesNotOpen);
    }
    // Other salts and nonces give other files of the same card.
    let other = encode(&personalization("combined"), COUNTERS, "pass", STRETCH, [3; 16], [4; 12]).unwrap();
    let sealed = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).unwrap()["sealed"].clone();
    assert_ne!(sealed(&file()), sealed(&other));
}

#[test]
fn whatever_is_changed_in_the_open_part_it_no_longer_opens() {
    for (from, to) in [
        (r#""token_bin": "999001""#, r#""token_bin": "999002""#),
        (r#""expiry": "3012""#, r#""expiry": "3112""#),
        (r#""sequence": 1"#, r#""sequence": 2"#),
        (r#""key_set": 1"#, r#""key_set": 2"#),
        (r#""aid": "F0434F554E54455201""#, r#""aid": "F0434F554E54455202""#),
        (r#""mode": "combined""#, r#""mode": "single-use""#),
        (r#""passes": 1"#, r#""passes": 2"#),
        (r#""salt": "01"#, r#""salt": "02"#),
        (r#""nonce": "02"#, r#""nonce": "03"#),
    ] {
        assert_eq!(refused(&changed(from, to)), FileError::DoesNotOpen, "{to}");
    }
}

#[test]
fn every_changed_digit_of_the_sealed_part_is_noticed() {
    let bytes = file();
    let text = String::from_utf8(bytes.clone()).unwrap();
    let at = text.find(r#""sealed": ""#).unwrap() + r#""sealed": ""#.len();
    for place in (at..at + 64).chain(bytes.len() - 40..bytes.len() - 4) {
        let mut bytes = bytes.clone();
        bytes[place] = if bytes[place] == b'0' { b'1' } else { b'0' };
        assert_eq!(refused(&bytes), FileError::DoesNotOpen, "{place}");
    }
}

#[test]
fn what_is_no_card_file_is_refused_by_its_name() {
    let json = |why: &str| FileError::Json(why.into());
    assert_eq!(refused(b""), json("it is too short"));
    assert!(matches!(refused(&[b'x'; 200]), FileError::Json(_)));
    assert_eq!(refused(&vec![b' '; MAX_BYTES + 1]), FileError::TooLarge);
    assert_eq!(refused(&changed("counterfoil-card", "other")), json("its format is not counterfoil-card"));
    assert_eq!(refused(&changed(r#""version": 1"#, r#""version": 2"#)), FileError::Version(2));
    assert!(matches!(refused(&changed(r#""sequence": 1"#, r#""sequence": 1, "pan": "5413""#)), FileError::Json(_)));
    let cut = &file()[..file().len() / 2];
    assert!(matches!(refused(cut), FileError::Json(_)));
}

#[test]
fn a_file_cannot_make_the_machine_work_for_hours() {
    for (from, to) in [
        (r#""memory_kib": 16"#, r#""memory_kib": 4294967295"#),
        (r#""passes": 1"#, r#""passes": 4294967295"#),
        (r#""lanes": 1"#, r#""lanes": 4294967295"#),
        (r#""lanes": 1"#, r#""lanes": 0"#),
        (r#""memory_kib": 16"#, r#""memory_kib": 1"#),
    ] {
        assert_eq!(refused(&changed(from, to)), FileError::Stretch, "{to}");
    }
}

#[test]
fn the_newer_slot_counts_and_a_torn_one_does_not() {
    let mut bytes = file();
    let (_, mut state) = decode(&bytes, "pass").unwrap();
    for atc in 8..12 {
        let (place, slot, next) = state.replaced(Counters { atc, last_online_atc: 5 });
        let place = usize::try_from(place).unwrap();
        let before = bytes.clone();
        // Whatever part of a write is there: the number before, or the whole new one.
        for written in 0..SLOT_BYTES {
            bytes[place..place + written].copy_from_slice(&slot[..written]);
            let counters = decode(&bytes, "pass").unwrap().1.counters();
            let whole = bytes[place..place + SLOT_BYTES] == slot;
            assert_eq!(counters.atc, if whole { atc } else { atc - 1 }, "{written}");
            // The rest of it may be anything, and no text.
            bytes[place + written..place + SLOT_BYTES].fill(0);
            assert!(decode(&bytes, "pass").unwrap().1.counters().atc < atc);
            bytes.copy_from_slice(&before);
        }
        bytes[place..place + SLOT_BYTES].copy_from_slice(&slot);
        assert_eq!(decode(&bytes, "pass").unwrap().1, next);
        state = next;
    }
    // Without any counter there is no safe transaction.
    bytes[11..46].fill(b'0');
    assert_eq!(refused(&bytes), FileError::State);
}

#[test]
fn the_rest_of_the_file_stays_as_it_is() {
    let bytes = file();
    let (_, state) = decode(&bytes, "pass").unwrap();
    let mut places = Vec::new();
    let mut state = state;
    for atc in 8..12 {
        let (place, slot, next) = state.replaced(Counters { atc, last_online_atc: 5 });
        assert!(slot.iter().all(u8::is_ascii_hexdigit));
        places.push(place);
        state = next;
    }
    // By turns, both inside the first line.
    assert_eq!(places, [11, 30, 11, 30]);
}

/// The form is pinned, and opened by other implementations: PyPI `cryptography` 48 (its Argon2id and AES-GCM) got the secrets out of this
/// file, with everything in front of `sealed` but the state, as compact JSON, for additional data.
#[test]
fn a_file_of_yesterday_opens() {
    let yesterday = include_str!("tests/card.json");
    assert_eq!(String::from_utf8(file()).unwrap(), yesterday);
}
