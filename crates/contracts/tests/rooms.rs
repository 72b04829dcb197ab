//! What holds for every room of the registry and for what factories make. ABIs, storage layouts and gas are pinned in
//! `snapshots/`: changing one is changing a contract that exists. `UPDATE_SNAPSHOTS=1 cargo test -p contracts --test rooms`
//! writes the first two anew; the gas is measured by the tests of `evm`, and here only looked at for gaps.

use std::{collections::BTreeSet, fs, path::PathBuf};

use alloy_primitives::Address;
use alloy_sol_types::SolError;
use contracts::{
    CodeKind, Stop,
    dispatch::INative,
    registry::{self, Door, NEWEST_VERSION, ROOMS},
    testing::Memory,
};

fn doors() -> impl Iterator<Item = &'static Door> {
    ROOMS.iter().flat_map(|room| room.doors())
}

/// A world in which each factory has made something, and where each door is.
fn open_doors() -> (Memory, Vec<(&'static Door, Address)>) {
    let mut memory = Memory::new();
    let mut doors = Vec::new();
    for room in ROOMS {
        doors.push((&room.contract, room.address()));
        if let Some(door) = &room.instance {
            let instance = registry::address_of(room.number, [1; 7]);
            memory.codes.insert(instance, CodeKind::Native);
            doors.push((door, instance));
        }
    }
    (memory, doors)
}

fn snapshot(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("snapshots").join(file)
}

/// Compares with the snapshot, or writes it.
fn check_snapshot(file: &str, now: &str) {
    let path = snapshot(file);
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
        doors().flat_map(|door| ["sol", "layout", "gas"].map(|kind| format!("{}.{kind}", door.interface))).collect();
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

/// `cargo test -p evm --test gas` measures them.
#[test]
fn every_function_has_its_gas_pinned() {
    for door in doors() {
        let pinned = fs::read_to_string(snapshot(&format!("{}.gas", door.interface))).unwrap_or_default();
        let rows: BTreeSet<_> = pinned.lines().filter_map(|line| line.split_once(' ')).map(|(name, _)| name).collect();
        for function in (door.abi)().functions().map(|function| function.signature()) {
            assert!(rows.contains(function.as_str()), "{}.gas has no row of {function}", door.interface);
        }
    }
}

/// The ABI is where users read what a function does.
#[test]
fn every_function_is_explained_where_the_abi_declares_it() {
    for room in ROOMS {
        let file = format!("{}/src/{}/abi.rs", env!("CARGO_MANIFEST_DIR"), room.word);
        let text = fs::read_to_string(&file).expect("each room has its abi.rs");
        let lines: Vec<_> = text.lines().map(str::trim).collect();
        for name in room.doors().flat_map(|door| (door.abi)().functions.into_keys()) {
            let explained = lines
                .windows(2)
                .any(|pair| pair[0].starts_with("///") && pair[1].starts_with(&format!("function {name}(")));
            assert!(explained, "{name} has no comment in {}/abi.rs", room.word);
        }
    }
}

#[test]
fn every_function_of_every_abi_is_routed() {
    let (mut memory, doors) = open_doors();
    for (door, address) in doors {
        for function in (door.abi)().functions() {
            let unknown = INative::UnknownSelector { selector: function.selector() }.abi_encode();
            let answer = memory.call(Address::ZERO, address, function.selector().as_slice());
            assert_ne!(answer, Err(Stop::Revert(unknown.into())), "{}.{}", door.interface, function.signature());
        }
    }
}

#[test]
fn every_contract_refuses_an_unknown_selector_and_calldata_that_is_cut_off() {
    let (mut memory, doors) = open_doors();
    for (door, address) in doors {
        let unknown = INative::UnknownSelector { selector: [0xff; 4].into() }.abi_encode();
        let answer = memory.call(Address::ZERO, address, &[0xff; 4]);
        assert_eq!(answer, Err(Stop::Revert(unknown.into())), "{}", door.interface);
        for function in (door.abi)().functions().filter(|function| !function.inputs.is_empty()) {
            let answer = memory.call(Address::ZERO, address, function.selector().as_slice());
            let invalid = Err(Stop::Revert(INative::InvalidCalldata {}.abi_encode().into()));
            assert_eq!(answer, invalid, "{}.{}", door.interface, function.signature());
        }
    }
}

/// A view that takes nothing would answer; one more byte, or a word, is an argument too many.
#[test]
fn every_contract_refuses_calldata_that_is_too_long_or_dirty() {
    let (mut memory, doors) = open_doors();
    let invalid = Err(Stop::Revert(INative::InvalidCalldata {}.abi_encode().into()));
    for (door, address) in doors {
        for function in (door.abi)().functions() {
            let words = vec![0; 32 * function.inputs.len()];
            for rest in [&[0][..], &[0; 32]] {
                let data = [function.selector().as_slice(), &words, rest].concat();
                let answer = memory.call(Address::ZERO, address, &data);
                assert_eq!(answer, invalid, "{}.{}", door.interface, function.signature());
            }
            let narrow = |kind: &str| kind != "uint256" && kind != "bytes32" && !kind.starts_with("bytes");
            for (index, _) in function.inputs.iter().enumerate().filter(|(_, input)| narrow(&input.ty)) {
                let mut data = [function.selector().as_slice(), &words].concat();
                data[4 + 32 * index] = 0x80;
                let answer = memory.call(Address::ZERO, address, &data);
                assert_eq!(answer, invalid, "{}.{}, argument {index}", door.interface, function.signature());
            }
        }
    }
}

#[test]
fn an_address_of_no_room_is_an_empty_account() {
    let nobody = registry::address_of(0xfe, [1; 7]);
    assert_eq!(Memory::new().call(Address::ZERO, nobody, &[1, 2, 3, 4]), Ok(Default::default()));
}
