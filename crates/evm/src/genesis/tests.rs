//! Block 0 with and without rooms.

use contracts::{host::NATIVE_CODE, protocol, registry::ROOMS};
use primitives::genesis::{Alloc as Account, Config, Section, Upgrade};
use primitives::{Bytes, Fork};

use super::*;

fn genesis(upgrades: Vec<Upgrade>) -> Genesis {
    Genesis {
        config: Config { chain_id: 7, other: Default::default() },
        timestamp: 1_700_000_000,
        gas_limit: 100_000_000,
        coinbase: Address::ZERO,
        counterfoil: Section { upgrades, ..Section::new(Fork::Osaka, vec![B256::repeat_byte(9)]) },
        alloc: [(Address::repeat_byte(1), Account { balance: U256::from(5), ..Account::default() })].into(),
    }
}

fn from_the_start() -> Vec<Upgrade> {
    vec![Upgrade { version: NEWEST_VERSION, epoch: 0 }]
}

#[test]
fn without_a_version_from_the_start_block_0_is_what_alloc_says() {
    for upgrades in [vec![], vec![Upgrade { version: 1, epoch: 1 }]] {
        let genesis = genesis(upgrades);
        assert_eq!(genesis_diff(&genesis).expect("valid"), genesis.alloc_diff());
    }
}

#[test]
fn with_one_every_room_has_its_code_and_alloc_is_still_there() {
    let diff = genesis_diff(&genesis(from_the_start())).expect("valid");
    assert!(diff.accounts.is_sorted_by_key(|account| account.address));
    assert_eq!(diff.accounts.len(), 1 + ROOMS.iter().filter(|room| room.since <= NEWEST_VERSION).count());
    for room in ROOMS {
        let account = diff.accounts.iter().find(|account| account.address == room.address()).expect(room.word);
        assert_eq!((account.code_hash, account.nonce), (keccak256(NATIVE_CODE), 1));
    }
    assert_eq!(diff.codes, [Bytes::from_static(&NATIVE_CODE)]);
    let protocol = diff.accounts.iter().find(|account| account.address == protocol::ADDRESS).expect("a room");
    assert_eq!(protocol.storage.len(), 1);
    assert_eq!(protocol.storage[0].value, U256::from(NEWEST_VERSION));
}

#[test]
fn money_at_a_rooms_address_is_kept() {
    let mut genesis = genesis(from_the_start());
    genesis.alloc.insert(protocol::ADDRESS, Account { balance: U256::from(3), ..Account::default() });
    let diff = genesis_diff(&genesis).expect("valid");
    let rooms: Vec<_> = diff.accounts.iter().filter(|account| account.address == protocol::ADDRESS).collect();
    assert_eq!(rooms.len(), 1);
    assert_eq!(rooms[0].balance, U256::from(3));
}

#[test]
fn code_at_a_reserved_address_and_a_version_of_the_future_are_refused() {
    let mut occupied = genesis(vec![]);
    occupied.alloc.insert(protocol::ADDRESS, Account { code: Bytes::from_static(&[0]), ..Account::default() });
    assert!(genesis_diff(&occupied).expect_err("reserved").to_string().contains("reserved for native contracts"));
    let future = genesis(vec![Upgrade { version: NEWEST_VERSION + 1, epoch: 5 }]);
    assert!(genesis_diff(&future).expect_err("unknown").to_string().contains("needs a newer program"));
}
