//! What `proof` knows of the rooms is what the rooms say of themselves: addresses, slots, and the signatures of their events.

use std::collections::BTreeSet;

use contracts::{
    admission,
    registry::{PREFIX, ROOMS, Room},
    token,
};
use primitives::{Address, B256, U256};
use proof::statement::CertificateSlots;

/// Signatures of all events of a room and of what its factory makes.
fn events(room: &Room) -> BTreeSet<String> {
    let doors = [Some(&room.contract), room.instance.as_ref()].into_iter().flatten();
    let abis: Vec<_> = doors.map(|door| (door.abi)()).collect();
    abis.iter().flat_map(|abi| abi.events().map(|event| event.signature()).collect::<Vec<_>>()).collect()
}

#[test]
fn rooms_have_the_addresses_that_statements_look_for() {
    assert_eq!(proof::statement::ROOM_PREFIX, PREFIX);
    let known = [("token", proof::statement::TOKEN_ADDRESS), ("admission", proof::statement::ADMISSION_ADDRESS)];
    for (word, address) in known {
        let rooms: Vec<_> = ROOMS.iter().filter(|room| room.word == word).map(Room::address).collect();
        assert_eq!(rooms, [address]);
    }
}

/// A statement of ownership is a statement about a slot: that where the room keeps this balance.
#[test]
fn balances_of_tokens_are_where_statements_look_for_them() {
    for (id, owner) in
        [(0, 0), (7, 0xaa), (u64::MAX, 0xff)].map(|(id, byte)| (U256::from(id), Address::repeat_byte(byte)))
    {
        let (slot, preimages) = proof::statement::ownership(id, owner);
        assert_eq!(slot, token::storage().balances.find(id).find(owner).slot());
        assert_eq!(preimages.len(), 2, "the way from the mapping to the slot");
    }
}

#[test]
fn certificates_are_where_statements_look_for_them() {
    let fingerprint = B256::repeat_byte(7);
    let (places, kept) = (CertificateSlots::of(fingerprint), admission::storage().certificates.find(fingerprint));
    assert_eq!((places.node_key, places.not_after), (kept.node_key.slot(), kept.not_after.slot()));
}

#[test]
fn every_event_that_a_statement_understands_is_one_of_its_room() {
    for (word, signature) in proof::statement::understood() {
        for room in ROOMS.iter().filter(|room| room.word == word) {
            assert!(events(room).contains(signature), "{word} has no event {signature}");
        }
    }
}
