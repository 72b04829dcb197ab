//! Node certificates: X.509 v3, signed by the key that they certify, with the node's address as the room `admission` reads it
//! (docs/systems/admission.md). The key is the node key itself, or a P-256 key beside it, kept as PEM. Made by `network new` and
//! `member certificate`; `member join` and `member renew` prove with the same keys whose they are.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use alloy_primitives::{B256, Bytes, hex};
use consensus::NodeKey;
use eyre::{Context, eyre};
use p256::{
    ecdsa::{DerSignature, Signature, SigningKey as P256SigningKey, signature::Signer as _},
    pkcs8::{DecodePrivateKey, EncodePrivateKey, LineEnding},
};
use rand::rngs::OsRng;
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

/// The keys behind a certificate.
pub(crate) struct Keys<'a> {
    pub(crate) node: &'a NodeKey,
    /// Certified in the node key's place.
    pub(crate) p256: Option<&'a P256Key>,
}

impl Keys<'_> {
    /// Both signatures over a message that a certificate is asked with: the certified key's, and the node key's where that is another.
    pub(crate) fn prove(&self, message: &[u8]) -> (Bytes, Bytes) {
        let of_node = Bytes::copy_from_slice(&self.node.sign_message(message));
        match self.p256 {
            Some(key) => (key.sign(message), of_node),
            None => (of_node, Bytes::new()),
        }
    }
}

/// A certificate that is valid from now on, as DER.
pub(crate) fn make(keys: &Keys<'_>, subject: &Subject<'_>) -> eyre::Result<Bytes> {
    let node = keys.node.id();
    let params = params(node, subject)?;
    let made = match keys.p256 {
        Some(key) => params.self_signed(key),
        None => params.self_signed(&NodeSigner(keys.node, node)),
    };
    Ok(made.wrap_err("no certificate can be made")?.der().to_vec().into())
}

fn params(node: B256, subject: &Subject<'_>) -> eyre::Result<CertificateParams> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, subject.name);
    let uri = format!("counterfoil://{}@{}", hex::encode(node), subject.address);
    params.subject_alt_names = vec![SanType::URI(uri.as_str().try_into().wrap_err("the node's address")?)];
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    // `rcgen` does not name the crate of its times.
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    params.not_before = epoch + Duration::from_secs(now.saturating_sub(CLOCKS_APART_SECONDS));
    params.not_after = epoch + Duration::from_secs(now.saturating_add(subject.days.saturating_mul(DAY_SECONDS)));
    Ok(params)
}

/// The certificate is good on a node whose clock is behind.
const CLOCKS_APART_SECONDS: u64 = 60;
const DAY_SECONDS: u64 = 86_400;

struct NodeSigner<'a>(&'a NodeKey, B256);

impl PublicKeyData for NodeSigner<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.1.as_slice()
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &rcgen::PKCS_ED25519
    }
}

impl SigningKey for NodeSigner<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        Ok(self.0.sign_message(message).to_vec())
    }
}

/// A P-256 key that certificates are made for.
pub(crate) struct P256Key {
    key: P256SigningKey,
    /// Uncompressed (SEC 1).
    point: Vec<u8>,
}

impl P256Key {
    /// From a PEM file, PKCS #8 without a passphrase, as `openssl genpkey` writes it.
    pub(crate) fn read(file: &Path) -> eyre::Result<Self> {
        let shown = || format!("certificate key {}", file.display());
        let text = zeroize::Zeroizing::new(fs::read_to_string(file).wrap_err_with(shown)?);
        let key = P256SigningKey::from_pkcs8_pem(&text)
            .map_err(|error| eyre!("{}: no P-256 key as PEM with PKCS #8: {error}", shown()))?;
        Ok(Self::of(key))
    }

    /// A new one, in a new file that only its owner can read.
    pub(crate) fn create(file: &Path) -> eyre::Result<Self> {
        let shown = || format!("certificate key {}", file.display());
        let key = P256SigningKey::random(&mut OsRng);
        let text = key.to_pkcs8_pem(LineEnding::LF).map_err(|error| eyre!("{}: {error}", shown()))?;
        let mut options = OpenOptions::new();
        let mut out = options.write(true).create_new(true).mode(0o600).open(file).wrap_err_with(shown)?;
        out.write_all(text.as_bytes()).wrap_err_with(shown)?;
        out.sync_all().wrap_err_with(shown)?;
        Ok(Self::of(key))
    }

    /// From a secret; `None` if it is no scalar of the curve, which no random one is.
    pub(crate) fn from_secret(secret: &[u8; 32]) -> Option<Self> {
        P256SigningKey::from_slice(secret).ok().map(Self::of)
    }

    fn of(key: P256SigningKey) -> Self {
        let point = key.verifying_key().to_encoded_point(false).as_bytes().to_vec();
        Self { key, point }
    }

    /// (r, s), in 32 bytes each.
    fn sign(&self, message: &[u8]) -> Bytes {
        let signature: Signature = self.key.sign(message);
        Bytes::copy_from_slice(&signature.to_bytes())
    }
}

impl PublicKeyData for P256Key {
    fn der_bytes(&self) -> &[u8] {
        &self.point
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &rcgen::PKCS_ECDSA_P256_SHA256
    }
}

impl SigningKey for P256Key {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let signature: DerSignature = self.key.sign(message);
        Ok(signature.as_bytes().to_vec())
    }
}

#[cfg(test)]
mod tests {
    use contracts::admission::certificate;
    use primitives::Policy;

    use super::*;

    const SUBJECT: Subject<'_> = Subject { name: "Bank", address: "[::1]:30303", days: 365 };

    fn check(keys: &Keys<'_>, is_p256: bool) {
        let der = make(keys, &SUBJECT).expect("it is made");
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
        let read = certificate::judge(&der, now, &Policy::default()).expect("it is good");
        let expected = (keys.node.id(), SUBJECT.address, "O=Bank");
        assert_eq!((read.node_key, read.address.as_str(), read.subject.as_str()), expected);
        assert_eq!(matches!(read.key, certificate::Key::P256(_)), is_p256);
    }

    #[test]
    fn what_is_made_here_is_what_the_room_takes() {
        let (node, folder) = (NodeKey::from_seed([7; 32]), tempfile::tempdir().expect("a folder"));
        check(&Keys { node: &node, p256: None }, false);
        let file = folder.path().join("certificate.pem");
        P256Key::create(&file).expect("it is new");
        let key = P256Key::read(&file).expect("it was just written");
        check(&Keys { node: &node, p256: Some(&key) }, true);
        assert!(P256Key::create(&file).is_err(), "a key is never written over another");
    }

    #[test]
    fn only_a_p256_key_is_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("certificate.pem");
        // RFC 8410, appendix A: an ed25519 key.
        let ed25519 = "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC";
        for text in ["", "5a", &format!("-----BEGIN PRIVATE KEY-----\n{ed25519}\n-----END PRIVATE KEY-----\n")] {
            fs::write(&file, text).expect("it is written");
            assert!(P256Key::read(&file).is_err(), "{text}");
        }
    }
}
