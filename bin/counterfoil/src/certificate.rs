//! Node certificates: X.509 v3, signed by the node key itself, with the node's address as the room `admission` reads it
//! (docs/systems/admission.md). Made by `network new`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use alloy_primitives::{B256, Bytes, hex};
use consensus::NodeKey;
use eyre::Context;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose, PublicKeyData,
    SanType, SignatureAlgorithm, SigningKey,
};

/// What a certificate says of a node.
pub(crate) struct Subject<'a> {
    /// The organization that runs it.
    pub(crate) name: &'a str,
    /// HOST:PORT.
    pub(crate) address: &'a str,
    pub(crate) days: u64,
}

/// A certificate that is valid from now on, as DER.
pub(crate) fn make(key: &NodeKey, subject: &Subject<'_>) -> eyre::Result<Bytes> {
    let signer = Signer(key, key.id());
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, subject.name);
    let uri = format!("counterfoil://{}@{}", hex::encode(signer.1), subject.address);
    params.subject_alt_names = vec![SanType::URI(uri.as_str().try_into().wrap_err("the node's address")?)];
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    // `rcgen` does not name the crate of its times.
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    params.not_before = epoch + Duration::from_secs(now.saturating_sub(CLOCKS_APART_SECONDS));
    params.not_after = epoch + Duration::from_secs(now.saturating_add(subject.days.saturating_mul(DAY_SECONDS)));
    let certificate = params.self_signed(&signer).wrap_err("no certificate can be made")?;
    Ok(certificate.der().to_vec().into())
}

/// The certificate is good on a node whose clock is behind.
const CLOCKS_APART_SECONDS: u64 = 60;
const DAY_SECONDS: u64 = 86_400;

struct Signer<'a>(&'a NodeKey, B256);

impl PublicKeyData for Signer<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.1.as_slice()
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &rcgen::PKCS_ED25519
    }
}

impl SigningKey for Signer<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        Ok(self.0.sign_message(message).to_vec())
    }
}

#[cfg(test)]
mod tests {
    use contracts::admission::certificate;
    use primitives::Policy;

    use super::*;

    #[test]
    fn what_is_made_here_is_what_the_room_takes() {
        let key = NodeKey::from_seed([7; 32]);
        let der = make(&key, &Subject { name: "Bank", address: "[::1]:30303", days: 365 }).expect("it is made");
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
        let read = certificate::judge(&der, now, &Policy::default()).expect("it is good");
        assert_eq!((read.node_key, read.address.as_str(), read.subject.as_str()), (key.id(), "[::1]:30303", "O=Bank"));
    }
}
