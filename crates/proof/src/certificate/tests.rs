//! Certificates against vectors that commonware-consensus 2026.10.0 made (keys: seeds of 32 equal bytes 1, 2, ..;
//! genesis hash 0xabab..; block hash 0xcdcd..), and what is refused.

use ed25519_consensus::SigningKey;

use super::*;

const GENESIS: B256 = B256::repeat_byte(0xab);
const BLOCK: B256 = B256::repeat_byte(0xcd);

/// (epoch, view, parent view, members, bytes)
const VECTORS: &[(u64, u64, u64, u8, &str)] = &[
    (
        0,
        1,
        0,
        1,
        "000100cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd0000000000000001010103112a5dc897b69585cb9bd33543a8c769d2b9ca5f5079e1ab26f8b2034b99aceff053afe6cbc174f10624beeb8e3e5394073cf8af042c01669515103352bf00",
    ),
    (
        0,
        2,
        1,
        1,
        "000201cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd00000000000000010101c512f7fa51f87d5743e5877987973024dcfd59385b8307cce9febf2e4ce14c873c12607db4906e4bd7d47bc4897e47fa28e4dd129e27db558657c5a1bb0ba50c",
    ),
    (
        3,
        300,
        299,
        1,
        "03ac02ab02cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd000000000000000101010ddca13b82a1bad743d6d61ecff7a67117cfc1f7c840d1dfec795f390b9dc5b0836fb38f7ad52f11a6e57235e79ac2782f80c514b2e2adadd3441e43a018d601",
    ),
    (
        70000,
        64,
        63,
        1,
        "f0a204403fcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd00000000000000010101e1216508218d4d0dfba21c1ebe2e370af6d3a7bde82958a3a7854dc64af93d6ef67dc759d7631966c4a0b030da9b2455a6c28ac9c796c4afa0def5ceecf3ae0e",
    ),
    (
        5,
        130,
        127,
        4,
        "0582017fcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd00000000000000040b034478b88727b3cfa2a87295bc795775532f03b3569a6130dd52424f1a3ae886c261ae033b5434031ef3ef11b2192174f0e76e0d68d4dd57bc4301adacf142f40f4f53e750079c6341688dcced760ee4b5dbc30494879a9c2004815dbe08c67c6105be748cb0ab2bebfb74c15daa600ab19fb98d2b4b66dcff830d69f6d3016e01f648f2b91979ee4551fbdc929e20f55882d434c611232129c722a299f07ef34d96741a92fd67e2fef63e5eddb058f8368fcd2bcafadbd645f27eba2747123601",
    ),
];

fn key(index: u8) -> SigningKey {
    SigningKey::from([index; 32])
}

fn committee(members: u8) -> Committee {
    Committee::new((1..=members).map(|index| B256::new(key(index).verification_key().to_bytes())).collect())
}

fn proof(epoch: u64, bytes: Vec<u8>) -> FinalityProof {
    FinalityProof { scheme: SCHEME_SIMPLEX_ED25519, epoch, bytes: bytes.into() }
}

fn vectors() -> impl Iterator<Item = (u64, u8, FinalityProof)> {
    VECTORS.iter().map(|&(epoch, _, _, members, bytes)| {
        (epoch, members, proof(epoch, hex::decode(bytes).expect("the vectors are hex")))
    })
}

/// The certificate of the vectors' last committee (four members, epoch 5) with these members' signatures, well formed
/// whoever signed.
fn signed_by(members: &[usize]) -> FinalityProof {
    let proposal = [&[5, 3, 2], BLOCK.as_slice()].concat();
    let message = signed_message(GENESIS, &proposal);
    let ours = committee(4);
    let key_of = |member: &usize| {
        let keys = (1..=4).map(key);
        keys.into_iter().find(|key| key.verification_key().to_bytes() == ours.members()[*member].0)
    };
    let bitmap = members.iter().fold(0, |bits, member| bits | 1 << member);
    let count = u8::try_from(members.len()).expect("at most four");
    let mut bytes = [&proposal, 4_u64.to_be_bytes().as_slice(), &[bitmap, count]].concat();
    for member in members {
        bytes.extend_from_slice(&key_of(member).expect("a member").sign(&message).to_bytes());
    }
    proof(5, bytes)
}

#[test]
fn certificates_of_commonware_verify() {
    for (epoch, members, proof) in vectors() {
        assert_eq!(verify(&proof, &committee(members), GENESIS, BLOCK), Ok(()), "epoch {epoch}");
    }
}

#[test]
fn every_flipped_bit_is_refused() {
    for (epoch, members, original) in vectors() {
        for bit in 0..original.bytes.len() * 8 {
            let mut bytes = original.bytes.to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let changed = proof(epoch, bytes);
            assert!(verify(&changed, &committee(members), GENESIS, BLOCK).is_err(), "bit {bit} of epoch {epoch}");
        }
    }
}

#[test]
fn every_truncation_and_any_extension_is_refused() {
    for (epoch, members, original) in vectors() {
        let check = |bytes: &[u8]| verify(&proof(epoch, bytes.to_vec()), &committee(members), GENESIS, BLOCK);
        for length in 0..original.bytes.len() {
            assert!(check(&original.bytes[..length]).is_err(), "{length} bytes");
        }
        assert!(check(&[&original.bytes[..], &[0]].concat()).is_err());
    }
}

#[test]
fn another_chain_block_epoch_or_committee_is_refused() {
    let (_, members, proof) = vectors().last().expect("there are vectors");
    let ours = committee(members);
    assert!(matches!(verify(&proof, &ours, B256::ZERO, BLOCK), Err(CertificateError::Signature(_))));
    assert_eq!(verify(&proof, &ours, GENESIS, B256::ZERO), Err(CertificateError::Other("block")));
    assert_eq!(verify(&proof, &committee(5), GENESIS, BLOCK), Err(CertificateError::Other("committee")));
    let later = FinalityProof { epoch: proof.epoch + 1, ..proof };
    assert_eq!(verify(&later, &ours, GENESIS, BLOCK), Err(CertificateError::Other("epoch")));
}

#[test]
fn three_of_four_are_enough_and_two_are_not() {
    let ours = committee(4);
    assert_eq!(verify(&signed_by(&[0, 1, 3]), &ours, GENESIS, BLOCK), Ok(()));
    assert_eq!(verify(&signed_by(&[0, 1, 2, 3]), &ours, GENESIS, BLOCK), Ok(()));
    let too_few = Err(CertificateError::Quorum { signed: 2, quorum: 3 });
    assert_eq!(verify(&signed_by(&[1, 2]), &ours, GENESIS, BLOCK), too_few);
}

#[test]
fn signatures_of_the_same_member_do_not_count_twice() {
    let honest = signed_by(&[0, 1, 2]);
    let signatures = honest.bytes.len() - 3 * SIGNATURE_BYTES;
    let mut bytes = honest.bytes.to_vec();
    bytes.copy_within(signatures..signatures + SIGNATURE_BYTES, signatures + SIGNATURE_BYTES);
    assert_eq!(verify(&proof(5, bytes), &committee(4), GENESIS, BLOCK), Err(CertificateError::Signature(1)));
}

#[test]
fn a_bit_above_the_last_member_is_refused() {
    let honest = signed_by(&[0, 1, 2]);
    let bitmap = honest.bytes.len() - 3 * SIGNATURE_BYTES - 2;
    let mut bytes = honest.bytes.to_vec();
    bytes[bitmap] = 0b1_0011;
    assert_eq!(verify(&proof(5, bytes), &committee(4), GENESIS, BLOCK), Err(malformed("bitmap")));
}

#[test]
fn a_number_has_one_encoding() {
    let honest = signed_by(&[0, 1, 2]);
    let longer = [&[0x85, 0x00], &honest.bytes[1..]].concat();
    assert_eq!(verify(&proof(5, longer), &committee(4), GENESIS, BLOCK), Err(malformed("varint")));
}
