//! What a reader's own block adds: the file must hold it, and it must be that one.

use ed25519_consensus::SigningKey;
use primitives::B256;
use proof::{Certified, Counterfoil, Refusal, certificate::CertificateError, verify};

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

/// Block 7, the last of epoch 1, as `key` alone would sign it after a recovery; it names the committee of epoch 2.
fn signed_alone(network: &Network, key: &SigningKey) -> Certified {
    let finality = certify(network.genesis_hash, 1, network.hash(7), std::slice::from_ref(key));
    let committee = vec![B256::from(key.verification_key().to_bytes())];
    Certified { header: network.header(7).clone(), finality, committee }
}

#[test]
fn a_recovered_network_is_followed_from_the_block_that_the_reader_pins() {
    let network = Network::changing();
    let survivor = SigningKey::from([1; 32]);
    let recovery = signed_alone(&network, &survivor);
    let pinned = Some((7, network.hash(7)));
    // After the recovery: nobody that genesis leads to has handed over.
    let mut file = network.counterfoil_to(9, 12, network.receipt_fact(0));
    file.handovers = vec![recovery.clone()];
    let unknown = Err(Refusal::Committee { height: 7 });
    assert_eq!(verify(&file.encode(), network.genesis_hash, None), unknown);
    for other in [Some((7, OTHER)), Some((9, network.hash(9))), Some((12, network.hash(12)))] {
        assert_eq!(verify(&file.encode(), network.genesis_hash, other), unknown, "{other:?}");
    }
    assert!(verify(&file.encode(), network.genesis_hash, pinned).is_ok());
    // The hand-overs before it do no harm.
    file.handovers.insert(0, network.certified(3));
    assert!(verify(&file.encode(), network.genesis_hash, pinned).is_ok());
    // Before it: the fact's block is an ancestor of the pinned one.
    let Certified { finality, committee, .. } = recovery;
    let before = Counterfoil {
        finality,
        committee,
        handovers: Vec::new(),
        ..network.counterfoil_to(5, 7, network.receipt_fact(0))
    };
    assert!(verify(&before.encode(), network.genesis_hash, pinned).is_ok());
    assert_eq!(verify(&before.encode(), network.genesis_hash, None), unknown);
}

#[test]
fn a_pinned_block_lets_nobody_sign_but_those_that_it_names() {
    let network = Network::changing();
    let (survivor, stranger) = (SigningKey::from([1; 32]), SigningKey::from([9; 32]));
    let pinned = Some((7, network.hash(7)));
    let honest = || Counterfoil {
        handovers: vec![signed_alone(&network, &stranger)],
        ..network.counterfoil(9, network.receipt_fact(0))
    };
    // Whoever signed the pinned block: the reader trusts its hash.
    assert!(verify(&honest().encode(), network.genesis_hash, pinned).is_ok());
    // Blocks above it are those of the committee that it names.
    let mut header = network.header(9).clone();
    header.state_root = OTHER;
    for keys in [vec![survivor], vec![stranger.clone()], (1..=4).map(|seed| SigningKey::from([seed; 32])).collect()] {
        let finality = certify(network.genesis_hash, 2, header.hash_slow(), &keys);
        let mut committee: Vec<B256> = keys.iter().map(|key| key.verification_key().to_bytes().into()).collect();
        committee.sort_unstable();
        let forged = Counterfoil { header: header.clone(), finality, committee, ..honest() };
        assert_eq!(verify(&forged.encode(), network.genesis_hash, pinned), Err(Refusal::Committee { height: 9 }));
    }
    // A rival of the pinned block is not the pinned block.
    let mut rival = signed_alone(&network, &stranger);
    rival.header.state_root = OTHER;
    rival.finality = certify(network.genesis_hash, 1, rival.header.hash_slow(), std::slice::from_ref(&stranger));
    let forged = Counterfoil { handovers: vec![rival], ..honest() };
    assert_eq!(verify(&forged.encode(), network.genesis_hash, pinned), Err(Refusal::Committee { height: 7 }));
}

#[test]
fn the_certificate_of_a_pinned_block_is_that_of_the_keys_beside_it() {
    let network = Network::changing();
    let (survivor, stranger) = (SigningKey::from([1; 32]), SigningKey::from([9; 32]));
    let pinned = Some((7, network.hash(7)));
    let file = |handover| Counterfoil { handovers: vec![handover], ..network.counterfoil(9, network.receipt_fact(0)) };
    let refused = |error| Err(Refusal::Certificate { height: 7, error });
    let mut wrong = signed_alone(&network, &survivor);
    wrong.committee = signed_alone(&network, &stranger).committee;
    let signature = refused(CertificateError::Signature(0));
    assert_eq!(verify(&file(wrong).encode(), network.genesis_hash, pinned), signature);
    let mut wrong = signed_alone(&network, &survivor);
    wrong.finality = certify(network.genesis_hash, 2, network.hash(7), std::slice::from_ref(&survivor));
    let epoch = refused(CertificateError::Other("epoch"));
    assert_eq!(verify(&file(wrong).encode(), network.genesis_hash, pinned), epoch);
}

#[test]
fn a_block_within_an_epoch_can_be_pinned_and_spares_what_came_before_it() {
    let network = Network::changing();
    // Block 9 is of epoch 2; the hand-overs at 3 and 7 are left out.
    let mut file = network.counterfoil(10, network.receipt_fact(0));
    file.handovers = vec![network.certified(9)];
    assert_eq!(verify(&file.encode(), network.genesis_hash, None), Err(Refusal::Committee { height: 9 }));
    assert!(verify(&file.encode(), network.genesis_hash, Some((9, network.hash(9)))).is_ok());
}
