//! Every byte of a counterfoil matters, in both of its forms.

use proof::{Counterfoil, Fact, Refusal, Verified, verify};

use crate::network::{NOBODY, Network};

#[test]
fn every_file_verifies_and_has_two_forms_of_one_content() {
    for network in [Network::steady(), Network::changing()] {
        for (name, file) in network.files() {
            let bytes = file.encode();
            let verified = verify(&bytes, network.genesis_hash, None);
            assert_eq!(verified.map(|verified| verified.height), Ok(file.header.number), "{name}");
            assert_eq!(Counterfoil::decode(&bytes), Ok(file.clone()), "{name}");
            let json = file.to_json().expect("a true counterfoil");
            assert_eq!(Counterfoil::from_json(&json), Ok(file), "{name}");
        }
    }
}

/// The verdict on each file that differs in one byte, for each of these changes of the byte.
fn each_change(
    file: &Counterfoil,
    network: &Network,
    changes: &[u8],
    mut look: impl FnMut(usize, u8, Result<Verified, Refusal>),
) {
    let mut bytes = file.encode();
    for place in 0..bytes.len() {
        for change in changes {
            bytes[place] ^= change;
            look(place, *change, verify(&bytes, network.genesis_hash, None));
            bytes[place] ^= change;
        }
    }
}

#[test]
fn every_byte_of_every_file_may_become_no_other_byte() {
    let network = Network::steady();
    let changes: Vec<u8> = (1..=255).collect();
    std::thread::scope(|scope| {
        for (name, file) in network.files() {
            let (network, changes) = (&network, &changes);
            scope.spawn(move || {
                each_change(&file, network, changes, |place, change, verdict| {
                    assert!(verdict.is_err(), "{name}: byte {place} ^ {change:#x}");
                });
            });
        }
    });
}

#[test]
fn a_changed_bit_anywhere_behind_hand_overs_is_refused() {
    let network = Network::changing();
    for (name, file) in network.files() {
        each_change(&file, &network, &[0x01, 0x80], |place, change, verdict| {
            assert!(verdict.is_err(), "{name}: byte {place} ^ {change:#x}");
        });
    }
}

/// The seal is the last guard and needed for little: whatever else is changed is refused for what it is.
#[test]
fn only_another_question_with_a_true_answer_is_left_to_the_seal() {
    let network = Network::steady();
    let bytes_of = |fact: Fact| network.counterfoil(5, fact);
    for (name, file, most) in [
        ("receipt", bytes_of(network.receipt_fact(1)), 32),
        // And the place of the log, which becomes that of the next one.
        ("log", bytes_of(network.log_fact(1, 0)), 33),
        // And the address of nobody, which becomes that of somebody else who has no account.
        ("absent", bytes_of(network.account_fact(NOBODY)), 32 + 20),
    ] {
        let mut places = std::collections::BTreeSet::new();
        each_change(&file, &network, &[0x01, 0x81], |place, _, verdict| {
            if verdict == Err(Refusal::Seal) {
                places.insert(place);
            }
        });
        assert!((32..=most).contains(&places.len()), "{name}: {places:?}");
    }
}

#[test]
fn every_truncation_and_any_extension_is_refused() {
    let network = Network::changing();
    for (name, file) in network.files() {
        let bytes = file.encode();
        for length in 0..bytes.len() {
            assert!(verify(&bytes[..length], network.genesis_hash, None).is_err(), "{name}: {length} bytes");
        }
        for more in [0x00, 0x80, 0xc0, 0xff] {
            let extended = [&bytes[..], &[more]].concat();
            assert!(verify(&extended, network.genesis_hash, None).is_err(), "{name}: and {more:#x}");
        }
    }
}

#[test]
fn a_file_above_the_limit_is_not_read() {
    let bytes = vec![0; proof::file::MAX_FILE_BYTES + 1];
    let refused = Refusal::TooLarge { bytes: bytes.len() };
    assert_eq!(verify(&bytes, Network::steady().genesis_hash, None), Err(refused));
}

#[test]
fn another_version_is_named() {
    let network = Network::steady();
    let mut bytes = network.counterfoil(1, network.receipt_fact(0)).encode();
    // After the three bytes that say how long the list is.
    assert_eq!(bytes[3], 1);
    bytes[3] = 2;
    assert_eq!(verify(&bytes, network.genesis_hash, None), Err(Refusal::Version(2)));
}

#[test]
fn any_changed_byte_of_the_json_form_is_refused() {
    let network = Network::steady();
    let (_, file) = network.files().swap_remove(3);
    let json = file.to_json().expect("a true counterfoil");
    for place in 0..json.len() {
        let mut changed = json.clone().into_bytes();
        // The other case of a letter too: hex digits have one form.
        changed[place] ^= if place % 2 == 0 { 0x01 } else { 0x20 };
        let Ok(text) = String::from_utf8(changed) else { continue };
        let verdict = Counterfoil::from_json(&text).and_then(|file| verify(&file.encode(), network.genesis_hash, None));
        assert!(verdict.is_err(), "byte {place}");
    }
    for length in 0..json.len() {
        assert!(Counterfoil::from_json(&json[..length]).is_err(), "{length} bytes");
    }
}

/// The corpus holds true files in both forms, and broken ones. Fresh files are read beside it, so that it needs no care when the format grows.
#[test]
fn the_fuzz_corpus_is_replayed() {
    let corpus = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/counterfoil_verify");
    let inputs: Vec<Vec<u8>> = std::fs::read_dir(corpus)
        .expect("the corpus is there")
        .map(|entry| std::fs::read(entry.expect("it reads").path()).expect("it reads"))
        .collect();
    assert!(inputs.len() >= 5, "{} inputs", inputs.len());
    let fresh = Network::changing().files().into_iter().map(|(_, file)| file.encode());
    inputs.into_iter().chain(fresh).for_each(|input| proof::verify::check_reading(&input));
}

/// Files of an earlier day stay true: these were written when the format was made.
#[test]
fn files_written_before_verify_as_they_did() {
    let corpus = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/counterfoil_verify");
    for (name, statements) in [("receipt.cfl", 2), ("log_and_preimage.cfl", 2), ("storage.cfl", 3)] {
        let bytes = std::fs::read(corpus.join(name)).expect("it is there");
        let genesis_hash = Counterfoil::decode(&bytes).expect("it reads").genesis.hash_slow();
        let verified = verify(&bytes, genesis_hash, None).map(|verified| verified.statements.len());
        assert_eq!(verified, Ok(statements), "{name}");
    }
}

#[test]
fn a_json_form_that_states_something_else_is_refused() {
    let network = Network::steady();
    let json = network.counterfoil(1, network.log_fact(1, 0)).to_json().expect("a true counterfoil");
    assert!(json.contains(r#""amount":"250""#), "{json}");
    for (from, to) in [(r#""amount":"250""#, r#""amount":"999""#), ("value moved", "value moved!"), (":[{", ": [{")] {
        let refused = Counterfoil::from_json(&json.replace(from, to));
        assert!(matches!(refused, Err(Refusal::Json(_))), "{from} -> {to}: {refused:?}");
    }
}
