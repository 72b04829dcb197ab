//! Delivery details of a redemption, encrypted by the redeemer to the key in the item's attributes and readable by its issuer
//! alone (TK-18). Called by `token redeem`, `token delivery` and `token delivery-key`. Rules: RFC 9180 (HPKE), SEC 1 for keys;
//! why so: docs/adr/0012-delivery-details.md.
//!
//! ```text
//! document = 0x01 | encapsulated key (65 bytes, uncompressed) | ciphertext with its tag (16 bytes)
//! mode base, DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM; info = "counterfoil delivery" | redemption; aad empty; one message
//! ```

use alloy_primitives::B256;
use hpke::{
    Deserializable, HpkeError, Kem, OpModeR, OpModeS, Serializable, aead::AesGcm256, kdf::HkdfSha256,
    kem::DhP256HkdfSha256, single_shot_open, single_shot_seal,
};
use zeroize::Zeroizing;

type PublicPoint = <DhP256HkdfSha256 as Kem>::PublicKey;
type SecretScalar = <DhP256HkdfSha256 as Kem>::PrivateKey;
type Encapsulated = <DhP256HkdfSha256 as Kem>::EncappedKey;

/// Largest document that a node keeps.
pub(crate) const DOCUMENT_MOST_BYTES: usize = 16_384;
/// Largest details that fit into one.
pub(crate) const DETAILS_MOST_BYTES: usize = DOCUMENT_MOST_BYTES - HEAD_BYTES - TAG_BYTES;

/// Whom details are encrypted to.
#[derive(Clone)]
pub(crate) struct PublicKey(PublicPoint);

/// The issuer's half; wiped when dropped.
pub(crate) struct SecretKey(SecretScalar);

/// Why not.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DeliveryError {
    #[error("this is no P-256 public key: 65 bytes of an uncompressed point are expected")]
    NotPublicKey,
    #[error("this is no P-256 secret key: 32 bytes are expected")]
    NotSecretKey,
    #[error("the details have {0} bytes; at most {DETAILS_MOST_BYTES} are taken")]
    TooLarge(usize),
    #[error("this is no delivery document of a form that this program knows")]
    UnknownForm,
    #[error("this key does not open it: it was encrypted to another key or for another redemption, or was changed")]
    Closed,
}

impl PublicKey {
    pub(crate) fn of_bytes(bytes: &[u8]) -> Result<Self, DeliveryError> {
        PublicPoint::from_bytes(bytes).map(Self).map_err(|_| DeliveryError::NotPublicKey)
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        self.0.to_bytes().to_vec()
    }

    /// The document of a redemption: a new one every time.
    pub(crate) fn seal(&self, redemption: B256, details: &[u8]) -> Result<Vec<u8>, DeliveryError> {
        let (size, mode) = (details.len(), OpModeS::Base);
        if size > DETAILS_MOST_BYTES {
            return Err(DeliveryError::TooLarge(size));
        }
        let sealed = single_shot_seal::<AesGcm256, HkdfSha256, DhP256HkdfSha256>;
        let (encapsulated, ciphertext) =
            sealed(&mode, &self.0, &info(redemption), details, &[]).map_err(|_| DeliveryError::NotPublicKey)?;
        Ok([&[FORM], encapsulated.to_bytes().as_slice(), &ciphertext].concat())
    }
}

impl SecretKey {
    /// From the operating system's randomness.
    pub(crate) fn random() -> Self {
        Self(DhP256HkdfSha256::gen_keypair().0)
    }

    pub(crate) fn of_bytes(bytes: &[u8]) -> Result<Self, DeliveryError> {
        SecretScalar::from_bytes(bytes).map(Self).map_err(|_| DeliveryError::NotSecretKey)
    }

    pub(crate) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(vec![0; SecretScalar::size()]);
        self.0.write_exact(&mut bytes);
        bytes
    }

    pub(crate) fn public(&self) -> PublicKey {
        PublicKey(DhP256HkdfSha256::sk_to_pk(&self.0))
    }

    /// The details in a document of a redemption.
    pub(crate) fn open(&self, redemption: B256, document: &[u8]) -> Result<Zeroizing<Vec<u8>>, DeliveryError> {
        let (head, ciphertext) = document.split_at_checked(HEAD_BYTES).ok_or(DeliveryError::UnknownForm)?;
        let [FORM, encapsulated @ ..] = head else { return Err(DeliveryError::UnknownForm) };
        self.decrypt(encapsulated, &info(redemption), ciphertext, &[]).map_err(|_| DeliveryError::Closed)
    }

    fn decrypt(
        &self,
        encapsulated: &[u8],
        info: &[u8],
        ciphertext: &[u8],
        aad: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, HpkeError> {
        let encapsulated = Encapsulated::from_bytes(encapsulated)?;
        let opened = single_shot_open::<AesGcm256, HkdfSha256, DhP256HkdfSha256>;
        opened(&OpModeR::Base, &self.0, &encapsulated, info, ciphertext, aad).map(Zeroizing::new)
    }
}

/// A document is bound to its redemption: it opens for no other.
fn info(redemption: B256) -> Vec<u8> {
    [b"counterfoil delivery".as_slice(), redemption.as_slice()].concat()
}

/// The only form so far.
const FORM: u8 = 1;
/// Form and encapsulated key.
const HEAD_BYTES: usize = 66;
/// Of AES-GCM.
const TAG_BYTES: usize = 16;

#[cfg(test)]
mod tests;
