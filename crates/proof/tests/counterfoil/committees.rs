//! Who may sign: certificates of other chains, epochs and committees, and hand-overs that are missing, moved or made up.

use ed25519_consensus::SigningKey;
use primitives::B256;
use proof::{Certified, Counterfoil, Refusal, certificate::CertificateError, verify};

use crate::network::{EPOCH_BLOCKS, Network, certify};

fn refusal(network: &Network, file: &Counterfoil) -> Refusal {
    verify(&file.encode(), network.genesis_hash, None).expect_err("it is refused")
}

/// A fact in the last epoch, behind two hand-overs.
fn late(network: &Network) -> Counterfoil {
    network.counterfoil(14, network.receipt_fact(0))
}

#[test]
fn hand_overs_lead_from_the_first_committee_to_the_last() {
    let network = Network::changing();
    for height in 1..4 * EPOCH_BLOCKS {
        let file = network.counterfoil(height, network.receipt_fact(0));
        let expected = match height / EPOCH_BLOCKS {
            0 => 0,
            1 => 1,
            _ => 2,
        };
        let verified = verify(&file.encode(), network.genesis_hash, None).expect("it is true");
        assert_eq!((verified.handovers, verified.block_hash), (expected, network.hash(height)), "{height}");
    }
}

/// One member of four leaves and one comes with each epoch.
#[test]
fn fifty_changes_of_the_committee_are_followed_at_little_cost() {
    let changes: Vec<[u8; 4]> = (1..=52).map(|first| [first + 1, first + 2, first + 3, first + 4]).collect();
    let network = Network::new(&changes, 0);
    let size = |height| network.counterfoil(height, network.receipt_fact(0)).encode().len();
    let last = 52 * EPOCH_BLOCKS + 1;
    let file = network.counterfoil(last, network.receipt_fact(0));
    let verified = verify(&file.encode(), network.genesis_hash, None).expect("it is true");
    assert_eq!((verified.handovers, verified.block_hash), (52, network.hash(last)));
    assert!((size(last) - size(1)) / 52 <= 1_200, "{} bytes", size(last) - size(1));
    for left_out in [0, 25, 51] {
        let mut cut = file.clone();
        cut.handovers.remove(left_out);
        assert!(matches!(refusal(&network, &cut), Refusal::Committee { .. }), "{left_out}");
    }
}

#[test]
fn a_descendant_of_a_later_epoch_may_be_the_certified_one() {
    let network = Network::changing();
    let file = network.counterfoil_to(2, 10, network.receipt_fact(0));
    let verified = verify(&file.encode(), network.genesis_hash, None).expect("it is true");
    assert_eq!((verified.height, verified.block_hash), (2, network.hash(2)));
}

#[test]
fn a_hand_over_left_out_is_refused() {
    let network = Network::changing();
    for left_out in 0..2 {
        let mut file = late(&network);
        file.handovers.remove(left_out);
        let height = if left_out == 0 { 7 } else { 14 };
        assert_eq!(refusal(&network, &file), Refusal::Committee { height });
    }
    let none = Counterfoil { handovers: Vec::new(), ..late(&network) };
    assert_eq!(refusal(&network, &none), Refusal::Committee { height: 14 });
}

#[test]
fn hand_overs_in_another_order_or_twice_are_refused() {
    let network = Network::changing();
    let mut swapped = late(&network);
    swapped.handovers.swap(0, 1);
    assert_eq!(refusal(&network, &swapped), Refusal::Committee { height: 7 });
    let mut twice = late(&network);
    twice.handovers.insert(0, twice.handovers[0].clone());
    assert_eq!(refusal(&network, &twice), Refusal::Order("certified blocks"));
    let mut after = network.counterfoil(5, network.receipt_fact(0));
    after.handovers.push(network.certified(7));
    assert_eq!(refusal(&network, &after), Refusal::Order("certified blocks"));
}

#[test]
fn swapped_headers_and_committees_are_refused() {
    let network = Network::changing();
    let honest = late(&network);
    let other = network.certified(13);
    let header = Counterfoil { header: other.header, ..honest.clone() };
    let not_this_block = Refusal::Certificate { height: 13, error: CertificateError::Other("block") };
    assert_eq!(refusal(&network, &header), not_this_block);
    let keys = Counterfoil { committee: honest.handovers[0].committee.clone(), ..honest.clone() };
    assert_eq!(refusal(&network, &keys), Refusal::Committee { height: 14 });
    let turned = Counterfoil { committee: honest.committee.iter().rev().copied().collect(), ..honest.clone() };
    assert_eq!(refusal(&network, &turned), Refusal::Order("committee keys"));
    let mut crossed = honest;
    std::mem::swap(&mut crossed.finality, &mut crossed.handovers[0].finality);
    let of_other_epoch = Refusal::Certificate { height: 3, error: CertificateError::Other("epoch") };
    assert_eq!(refusal(&network, &crossed), of_other_epoch);
}

#[test]
fn certificates_of_another_chain_or_epoch_are_refused() {
    let network = Network::steady();
    let keys: Vec<SigningKey> = (1..=4).map(|seed| SigningKey::from([seed; 32])).collect();
    let honest = network.counterfoil(5, network.receipt_fact(0));
    let sign =
        |genesis, epoch, block| Counterfoil { finality: certify(genesis, epoch, block, &keys), ..honest.clone() };
    let (genesis, block) = (network.genesis_hash, network.hash(5));
    assert_eq!(sign(genesis, 1, block), honest);
    let refused = |error| Refusal::Certificate { height: 5, error };
    let other_chain = sign(B256::repeat_byte(7), 1, block);
    assert_eq!(refusal(&network, &other_chain), refused(CertificateError::Signature(0)));
    assert_eq!(refusal(&network, &sign(genesis, 0, block)), refused(CertificateError::Other("epoch")));
    assert_eq!(refusal(&network, &sign(genesis, 2, block)), refused(CertificateError::Other("epoch")));
    let mut disguised = sign(genesis, 0, block);
    disguised.finality.epoch = 1;
    assert_eq!(refusal(&network, &disguised), refused(CertificateError::Other("epoch")));
}

#[test]
fn another_genesis_or_configuration_is_refused() {
    let network = Network::steady();
    let honest = network.counterfoil(5, network.receipt_fact(0));
    let want = B256::repeat_byte(1);
    let refused = Refusal::Genesis { have: network.genesis_hash, want };
    assert_eq!(verify(&honest.encode(), want, None), Err(refused));
    let config = String::from_utf8(honest.config.to_vec()).expect("JSON").replace("4242", "4243");
    let changed = Counterfoil { config: config.into_bytes().into(), ..honest };
    let refused = Refusal::Config("is not the one that genesis commits to".into());
    assert_eq!(refusal(&network, &changed), refused);
}

/// The new committee signs its own way in: the old one never named it.
#[test]
fn a_committee_cannot_hand_over_to_itself() {
    let network = Network::steady();
    let usurpers: Vec<SigningKey> = (21..=24).map(|seed| SigningKey::from([seed; 32])).collect();
    let honest = network.counterfoil(9, network.receipt_fact(0));
    let mut keys: Vec<B256> = usurpers.iter().map(|key| B256::new(key.verification_key().to_bytes())).collect();
    keys.sort_unstable();
    let finality = certify(network.genesis_hash, 1, network.hash(7), &usurpers);
    let forged = Certified { header: network.header(7).clone(), finality, committee: keys.clone() };
    let finality = certify(network.genesis_hash, 2, network.hash(9), &usurpers);
    let file = Counterfoil { handovers: vec![forged], finality, committee: keys, ..honest };
    assert_eq!(refusal(&network, &file), Refusal::Committee { height: 7 });
}

#[test]
fn headers_between_must_be_there_and_linked() {
    let network = Network::steady();
    let honest = network.counterfoil_to(5, 9, network.receipt_fact(0));
    for left_out in 0..honest.descendants.len() - 1 {
        let mut file = honest.clone();
        file.descendants.remove(left_out);
        let reason = "does not follow the block before it";
        let height = file.descendants[left_out].number;
        assert_eq!(refusal(&network, &file), Refusal::Header { height, reason });
    }
    let mut cut = honest;
    cut.descendants.pop();
    // Block 8 is of the epoch of block 9, whose certificate this is.
    let error = CertificateError::Other("block");
    assert_eq!(refusal(&network, &cut), Refusal::Certificate { height: 8, error });
}
