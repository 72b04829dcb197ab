//! What a reader's own block adds: the file must hold it, and it must be that one.

use ed25519_consensus::SigningKey;
use primitives::B256;
use proof::{Certified, Counterfoil, Refusal, verify};

use crate::network::{Network, certify};

const OTHER: B256 = B256::repeat_byte(0xee);

#[test]
fn a_checkpoint_in_the_file_is_compared_with_the_block_of_its_height() {
    let network = Network::changing();
    // Hand-overs at 3 and 7, the fact at 9, certified at 12; genesis is always there.
    let bytes = network.counterfoil_to(9, 12, network.receipt_fact(0)).encode();
    for height in [0, 3, 7, 9, 10, 11, 12] {
        let have = network.hash(height);
        assert!(verify(&bytes, network.genesis_hash, Some((height, have))).is_ok(), "{height}");
        let refused = Err(Refusal::Checkpoint { height, have, want: OTHER });
        assert_eq!(verify(&bytes, network.genesis_hash, Some((height, OTHER))), refused);
    }
}

#[test]
fn a_checkpoint_that_the_file_does_not_hold_proves_nothing() {
    let network = Network::changing();
    let bytes = network.counterfoil_to(9, 12, network.receipt_fact(0)).encode();
    for height in [1, 8, 13, u64::MAX] {
        let refused = Err(Refusal::NoCheckpoint(height));
        assert_eq!(verify(&bytes, network.genesis_hash, Some((height, B256::ZERO))), refused);
    }
}

#[test]
fn a_certified_block_on_the_way_can_be_a_checkpoint_without_changing_the_committee() {
    let network = Network::steady();
    let mut file = network.counterfoil(9, network.receipt_fact(0));
    file.handovers.push(network.certified(6));
    assert!(verify(&file.encode(), network.genesis_hash, Some((6, network.hash(6)))).is_ok());
}

/// Members of long ago sign another block with keys that they kept: genesis alone cannot tell, a checkpoint does.
#[test]
fn old_members_that_conspire_are_found_out_by_a_checkpoint() {
    let network = Network::changing();
    let old: Vec<SigningKey> = (1..=4).map(|seed| SigningKey::from([seed; 32])).collect();
    let honest = network.counterfoil(2, network.receipt_fact(0));
    let mut header = honest.header.clone();
    header.state_root = OTHER;
    let finality = certify(network.genesis_hash, 0, header.hash_slow(), &old);
    let forged = Counterfoil { header, finality, ..honest };
    assert!(verify(&forged.encode(), network.genesis_hash, None).is_ok());
    let checkpoint = Some((12, network.hash(12)));
    assert_eq!(verify(&forged.encode(), network.genesis_hash, checkpoint), Err(Refusal::NoCheckpoint(12)));
    let longer = Counterfoil { descendants: (3..=12).map(|height| network.header(height).clone()).collect(), ..forged };
    let reason = "does not follow the block before it";
    let refused = Err(Refusal::Header { height: 3, reason });
    assert_eq!(verify(&longer.encode(), network.genesis_hash, checkpoint), refused);
    let true_one = network.counterfoil_to(2, 12, network.receipt_fact(0));
    assert!(verify(&true_one.encode(), network.genesis_hash, checkpoint).is_ok());
}

#[test]
fn two_blocks_of_one_height_are_refused() {
    let network = Network::steady();
    let keys: Vec<SigningKey> = (1..=4).map(|seed| SigningKey::from([seed; 32])).collect();
    let mut header = network.header(3).clone();
    header.state_root = OTHER;
    let finality = certify(network.genesis_hash, 0, header.hash_slow(), &keys);
    let committee = network.certified(3).committee;
    let mut file = network.counterfoil_to(2, 5, network.receipt_fact(0));
    file.handovers.push(Certified { header, finality, committee });
    assert_eq!(verify(&file.encode(), network.genesis_hash, None), Err(Refusal::Fork(3)));
}
