//! The suite against the vector of RFC 9180's authors, which is not of our making: of github.com/cfrg/draft-irtf-cfrg-hpke,
//! test-vectors.json at 5f503c5 (the final one), the entry with mode 0, kem_id 16, kdf_id 1, aead_id 2, first encryption.

use alloy_primitives::hex;

use super::*;

const SECRET: [u8; 32] = hex!("317f915db7bc629c48fe765587897e01e282d3e8445f79f27f65d031a88082b2");
const PUBLIC: [u8; 65] = hex!(
    "04abc7e49a4c6b3566d77d0304addc6ed0e98512ffccf505e6a8e3eb25c685136f853148544876de76c0f2ef99cdc3a05ccf5ded7860c7c021238f9e2073d2356c"
);
const ENCAPSULATED: [u8; 65] = hex!(
    "04c06b4f6bebc7bb495cb797ab753f911aff80aefb86fd8b6fcc35525f3ab5f03e0b21bd31a86c6048af3cb2d98e0d3bf01da5cc4c39ff5370d331a4f1f7d5a4e0"
);
const INFO: [u8; 20] = hex!("4f6465206f6e2061204772656369616e2055726e");
const AAD: [u8; 7] = hex!("436f756e742d30");
const CIPHERTEXT: [u8; 45] =
    hex!("58c61a45059d0c5704560e9d88b564a8b63f1364b8d1fcb3c4c6ddc1d291742465e902cd216f8908da49f8f96f");

const REDEMPTION: B256 = B256::repeat_byte(7);

fn key() -> SecretKey {
    SecretKey::of_bytes(&SECRET).unwrap()
}

#[test]
fn the_vector_of_the_standard_opens() {
    let opened = key().decrypt(&ENCAPSULATED, &INFO, &CIPHERTEXT, &AAD).unwrap();
    assert_eq!(opened.as_slice(), b"Beauty is truth, truth beauty");
    assert_eq!(key().public().to_bytes(), PUBLIC);
    assert_eq!(key().to_bytes().as_slice(), SECRET);
}

#[test]
fn what_is_sealed_opens_with_the_key_and_for_the_redemption_alone() {
    let public = PublicKey::of_bytes(&PUBLIC).unwrap();
    let document = public.seal(REDEMPTION, b"Herengracht 1").unwrap();
    assert_eq!((document[0], document[1], document.len()), (1, 4, 66 + 13 + 16));
    assert_eq!(key().open(REDEMPTION, &document).unwrap().as_slice(), b"Herengracht 1");
    assert_eq!(key().open(B256::repeat_byte(8), &document).unwrap_err(), DeliveryError::Closed);
    assert_eq!(SecretKey::random().open(REDEMPTION, &document).unwrap_err(), DeliveryError::Closed);
    assert_ne!(public.seal(REDEMPTION, b"Herengracht 1").unwrap(), document);
}

#[test]
fn every_changed_or_missing_byte_is_refused() {
    let document = key().public().seal(REDEMPTION, b"Herengracht 1").unwrap();
    for at in 0..document.len() {
        let mut changed = document.clone();
        changed[at] ^= 1;
        let expected = if at == 0 { DeliveryError::UnknownForm } else { DeliveryError::Closed };
        assert_eq!(key().open(REDEMPTION, &changed).unwrap_err(), expected, "byte {at}");
        assert!(key().open(REDEMPTION, &document[..at]).is_err(), "{at} bytes");
    }
}

#[test]
fn the_largest_details_fill_the_largest_document() {
    let public = key().public();
    let document = public.seal(REDEMPTION, &vec![7; DETAILS_MOST_BYTES]).unwrap();
    assert_eq!(document.len(), DOCUMENT_MOST_BYTES);
    let size = DETAILS_MOST_BYTES + 1;
    assert_eq!(public.seal(REDEMPTION, &vec![7; size]).unwrap_err(), DeliveryError::TooLarge(size));
}

#[test]
fn what_is_no_key_is_refused() {
    let mut off_curve = PUBLIC;
    off_curve[64] ^= 1;
    let compressed = [&[2], &PUBLIC[1..33]].concat();
    for bytes in [&off_curve[..], &compressed, &PUBLIC[..64], &[0; 65], &[]] {
        assert_eq!(PublicKey::of_bytes(bytes).err(), Some(DeliveryError::NotPublicKey), "{bytes:?}");
    }
    for bytes in [&[0; 32][..], &[0xff; 32], &[1; 31], &[]] {
        assert_eq!(SecretKey::of_bytes(bytes).err(), Some(DeliveryError::NotSecretKey), "{bytes:?}");
    }
}
