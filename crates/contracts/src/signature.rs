//! Signatures and digests as pure functions: behind every [`Host`](crate::Host), which takes the gas for them, and for whoever
//! looks at certificates outside the ledger. Rules: ZIP 215 for ed25519, FIPS 186-5 for ECDSA with P-256, FIPS 180-4.

use alloy_primitives::B256;
use ed25519_consensus::VerificationKey;
use p256::ecdsa::signature::Verifier;
use sha2::{Digest, Sha256};

/// Whether this ed25519 signature over `message` is valid, by the rules of ZIP 215, which leave no case open.
pub fn ed25519_is_valid(key: B256, message: &[u8], signature: &[u8; 64]) -> bool {
    let Ok(key) = VerificationKey::try_from(key.0) else { return false };
    key.verify(&ed25519_consensus::Signature::from(*signature), message).is_ok()
}

/// Whether this is the signature (r, s), in 32 bytes each, with P-256 and SHA-256 over `message`. Both values of s count.
pub fn p256_is_valid(key: &[u8; 65], message: &[u8], signature: &[u8; 64]) -> bool {
    let Ok(key) = p256::ecdsa::VerifyingKey::from_sec1_bytes(key) else { return false };
    let Ok(signature) = p256::ecdsa::Signature::from_slice(signature) else { return false };
    key.verify(message, &signature).is_ok()
}

/// SHA-256.
pub fn sha256(bytes: &[u8]) -> B256 {
    B256::from(<[u8; 32]>::from(Sha256::digest(bytes)))
}

/// The signature (r, s) of an `Ecdsa-Sig-Value` in its one DER encoding (RFC 3279).
pub fn p256_signature_of_der(der: &[u8]) -> Option<[u8; 64]> {
    let signature = p256::ecdsa::Signature::from_der(der).ok()?;
    let same = signature.to_der().as_bytes() == der;
    same.then(|| signature.to_bytes().into())
}

/// Whether a key is on the curve.
pub fn is_p256_key(key: &[u8; 65]) -> bool {
    key[0] == UNCOMPRESSED && p256::ecdsa::VerifyingKey::from_sec1_bytes(key).is_ok()
}

/// Whether a key is the one encoding of a point that can hide a secret: not one of the few points of small order, for which
/// anybody can sign.
pub fn is_ed25519_key(key: B256) -> bool {
    is_canonical(key) && VerificationKey::try_from(key.0).is_ok() && !has_small_order(key)
}

/// The first byte of an uncompressed point (SEC1).
const UNCOMPRESSED: u8 = 4;

/// ZIP 215 multiplies by the cofactor 8: with R = the neutral element and s = 0 only a key of an order that divides 8 passes.
fn has_small_order(key: B256) -> bool {
    let mut signature = [0; 64];
    signature[0] = 1;
    ed25519_is_valid(key, &[], &signature)
}

/// y, little-endian below the sign bit, is below 2^255 - 19. The two keys with x = 0 and the sign bit set have small order.
fn is_canonical(key: B256) -> bool {
    let above = key[31] & 0x7f == 0x7f && key[1..31].iter().all(|byte| *byte == 0xff) && key[0] >= 0xed;
    !above
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(hex: &str) -> B256 {
        hex.parse().expect("64 hex digits")
    }

    #[test]
    fn every_key_that_anybody_can_sign_for_is_weak() {
        // All encodings of points of small order that decode; "Taming the many EdDSAs" (2020), table 6, and their twins with
        // the other sign or without reduction.
        let weak = [
            "0000000000000000000000000000000000000000000000000000000000000000",
            "0000000000000000000000000000000000000000000000000000000000000080",
            "0100000000000000000000000000000000000000000000000000000000000000",
            "0100000000000000000000000000000000000000000000000000000000000080",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        ];
        for hex in weak {
            assert!(!is_ed25519_key(key(hex)), "{hex}");
        }
        let rfc_8032_test_1 = key("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
        assert!(is_ed25519_key(rfc_8032_test_1));
    }

    #[test]
    fn rfc_8032s_first_vector_is_valid_and_no_other() {
        let public = key("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
        let signature: alloy_primitives::FixedBytes<64> =
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b\
             d25bf5f0595bbe24655141438e7a100b"
                .parse()
                .expect("128 hex digits");
        assert!(ed25519_is_valid(public, &[], &signature));
        assert!(!ed25519_is_valid(public, &[0], &signature));
    }

    #[test]
    fn a_point_off_the_curve_is_no_key() {
        let mut point = [0; 65];
        point[0] = UNCOMPRESSED;
        assert!(!is_p256_key(&point));
        assert!(!p256_is_valid(&point, &[], &[1; 64]));
    }
}
