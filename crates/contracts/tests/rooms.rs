//! What holds for every room of the registry. ABIs and storage layouts are pinned in `snapshots/`: changing one is changing a
//! contract that exists. `UPDATE_SNAPSHOTS=1 cargo test -p contracts --test rooms` writes them anew.

use std::{collections::BTreeSet, fs, path::PathBuf};

use alloy_primitives::Address;
use alloy_sol_types::SolError;
use contracts::{
    Stop,
    dispatch::INative,
    registry::{self, Door, NEWEST_VERSION, ROOMS},
    testing::Memory,
};

fn doors() -> impl Iterator<Item = &'static Door> {
    ROOMS.iter().flat_map(|room| room.doors())
}

/// Compares with the snapshot, or writes it.
fn check_snapshot(file: &str, now: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("snapshots").join(file);
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        fs::write(&path, now).expect("the snapshot is written");
        return;
    }
    let pinned = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(now, pinned, "{file} is not as pinned: was this meant?");
}

#[test]
fn every_abi_is_as_pinned() {
    for door in doors() {
        check_snapshot(&format!("{}.sol", door.interface), &(door.full_abi().to_sol(door.interface, None) + "\n"));
    }
}

#[test]
fn every_storage_layout_is_as_pinned() {
    for door in doors() {
        let mut next = 0;
        let lines = door.layout.iter().map(|(field, kind, slots)| {
            let first = next;
            next += slots;
            format!("{first} {field}: {kind} ({slots})\n")
        });
        check_snapshot(&format!("{}.layout", door.interface), &lines.collect::<String>());
    }
}

#[test]
fn no_snapshot_is_left_over() {
    let known: BTreeSet<_> =
        doors().flat_map(|door| ["sol", "layout"].map(|kind| format!("{}.{kind}", door.interface))).collect();
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("snapshots");
    for file in fs::read_dir(folder).expect("snapshots are there") {
        let name = file.expect("readable").file_name().into_string().expect("a plain name");
        assert!(known.contains(&name), "{name} belongs to no interface");
    }
}

#[test]
fn rooms_have_numbers_words_and_versions_of_their_own() {
    assert!(ROOMS.is_sorted_by(|one, next| one.number < next.number));
    assert_eq!(ROOMS.iter().map(|room| room.word).collect::<BTreeSet<_>>().len(), ROOMS.len());
    assert_eq!(doors().map(|door| door.interface).collect::<BTreeSet<_>>().len(), doors().count());
    assert!(ROOMS.iter().all(|room| room.since <= NEWEST_VERSION));
    assert!(ROOMS.iter().all(|room| registry::is_reserved(room.address())));
}

#[test]
fn every_room_has_its_page() {
    for room in ROOMS {
        let page = format!("{}/../../docs/systems/{}.md", env!("CARGO_MANIFEST_DIR"), room.word);
        assert!(fs::read_to_string(&page).is_ok_and(|text| text.len() > 200), "docs/systems/{}.md", room.word);
    }
}

#[test]
fn every_function_of_a_rooms_abi_is_routed() {
    for room in ROOMS {
        let mut memory = Memory::new();
        for function in (room.contract.abi)().functions() {
            let unknown = INative::UnknownSelector { selector: function.selector() }.abi_encode();
            let answer = memory.call(Address::ZERO, room.address(), function.selector().as_slice());
            assert_ne!(answer, Err(Stop::Revert(unknown.into())), "{}.{}", room.word, function.signature());
        }
    }
}

#[test]
fn every_room_refuses_an_unknown_selector_and_calldata_that_is_cut_off() {
    for room in ROOMS {
        let mut memory = Memory::new();
        let unknown = INative::UnknownSelector { selector: [0xff; 4].into() }.abi_encode();
        let answer = memory.call(Address::ZERO, room.address(), &[0xff; 4]);
        assert_eq!(answer, Err(Stop::Revert(unknown.into())), "{}", room.word);
        for function in (room.contract.abi)().functions().filter(|function| !function.inputs.is_empty()) {
            let answer = memory.call(Address::ZERO, room.address(), function.selector().as_slice());
            let invalid = Err(Stop::Revert(INative::InvalidCalldata {}.abi_encode().into()));
            assert_eq!(answer, invalid, "{}.{}", room.word, function.signature());
        }
    }
}

#[test]
fn an_address_of_no_room_is_an_empty_account() {
    let nobody = registry::address_of(0xfe, [1; 7]);
    assert_eq!(Memory::new().call(Address::ZERO, nobody, &[1, 2, 3, 4]), Ok(Default::default()));
}
