//! X.509 certificates of nodes, read from DER: a pure function of the bytes ([`parse`]), and what depends on time and policy.
//! Used by the room, and by whoever makes or looks at a certificate outside the ledger ([`judge`]).
//! Rules: RFC 5280 for the fields, RFC 8410 and RFC 5480 for the keys; DC-02, DC-14, DC-15 and the abuse cases in
//! docs/systems/admission.md. Whatever has two readings is refused.

use alloy_primitives::{B256, keccak256};
use primitives::{Policy, genesis::CERTIFICATE_BYTES_MOST};
use x509_cert::{
    Certificate as X509, TbsCertificate, Version,
    der::{
        Decode, Encode,
        asn1::{BitString, ObjectIdentifier},
        oid::AssociatedOid,
    },
    ext::{
        Extension,
        pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAltName, name::GeneralName},
    },
    spki::AlgorithmIdentifierOwned,
    time::Time,
};

use super::{
    abi::IAdmission::{self, Flaw},
    peer::{self, Peer},
};
use crate::{
    Env, Res,
    env::{require, revert},
    signature,
};

/// A certificate whose form is right; whether it is signed and valid now is asked separately.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// SHA-256 of the DER.
    pub fingerprint: B256,
    /// The key that it certifies.
    pub key: Key,
    /// The node's ed25519 key: the same, or the one that it names.
    pub node_key: B256,
    /// HOST:PORT.
    pub address: String,
    /// keccak of the subject's DER.
    pub subject_hash: B256,
    /// The subject, as RFC 4514 writes it.
    pub subject: String,
    /// Big-endian.
    pub serial: Vec<u8>,
    /// The first second.
    pub not_before: u64,
    /// The last second.
    pub not_after: u64,
    signed: Vec<u8>,
    signature: [u8; 64],
}

/// A certified key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// Also the node key.
    Ed25519(B256),
    /// Uncompressed SEC1.
    P256([u8; 65]),
}

/// Gas of reading a certificate: a start and each byte, at about the time of a signature for one of 4 KiB.
const READING_GAS: u64 = 1_000;
const READING_BYTE_GAS: u64 = 2;

const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const PRIME256V1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const ECDSA_WITH_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
const TLS_USES: [ObjectIdentifier; 3] = [
    // serverAuth, clientAuth, anyExtendedKeyUsage
    ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1"),
    ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2"),
    ObjectIdentifier::new_unwrap("2.5.29.37.0"),
];
/// RFC 5280, section 4.1.2.2.
const SERIAL_BYTES_MOST: usize = 20;

/// Reads a certificate and checks its form.
pub fn parse(der: &[u8]) -> Result<Certificate, Flaw> {
    ensure(der.len() <= CERTIFICATE_BYTES_MOST, Flaw::TooLong)?;
    let x509 = X509::from_der(der).map_err(|_| Flaw::Unreadable)?;
    ensure(x509.to_der().is_ok_and(|again| again == der), Flaw::NotCanonical)?;
    let fields = x509.tbs_certificate();
    ensure(fields.version() == Version::V3, Flaw::NotVersion3)?;
    let serial = parse_serial(fields)?;
    let key = parse_key(fields)?;
    let signature = parse_signature(&x509, key)?;
    let subject = parse_subject(fields)?;
    let (not_before, not_after) = parse_validity(fields)?;
    let peer = parse_extensions(fields.extensions().map(Vec::as_slice).unwrap_or_default())?;
    ensure(key.is_node_key_of(&peer), Flaw::NodeKeyDiffers)?;
    Ok(Certificate {
        fingerprint: signature::sha256(der),
        key,
        node_key: peer.node_key,
        address: peer.address,
        subject_hash: keccak256(subject),
        subject: fields.subject().to_string(),
        serial,
        not_before,
        not_after,
        signed: fields.to_der().map_err(|_| Flaw::Unreadable)?,
        signature,
    })
}

/// All that can be said of a certificate without its owner: its form, keys, signature, and whether it can be admitted now.
pub fn judge(der: &[u8], now: u64, policy: &Policy) -> Result<Certificate, Flaw> {
    let certificate = parse(der)?;
    certificate.check_time(now, policy.validity_seconds)?;
    certificate.check_keys()?;
    let valid = certificate.key.is_valid(&certificate.signed, &certificate.signature);
    ensure(valid, Flaw::InvalidSignature)?;
    Ok(certificate)
}

/// The same on the ledger, for its gas.
pub(super) fn read(env: &mut Env<'_>, der: &[u8], validity_seconds: u64) -> Res<Certificate> {
    require(der.len() <= CERTIFICATE_BYTES_MOST, || IAdmission::InvalidCertificate { flaw: Flaw::TooLong })?;
    let bytes = u64::try_from(der.len()).unwrap_or(u64::MAX);
    env.charge(bytes.saturating_mul(READING_BYTE_GAS).saturating_add(READING_GAS))?;
    // Its fingerprint.
    env.sha256(der)?;
    let certificate = or_revert(parse(der))?;
    or_revert(certificate.check_time(env.now(), validity_seconds))?;
    // A weak key is found by a verification.
    env.charge(KEY_CHECK_GAS)?;
    or_revert(certificate.check_keys())?;
    let valid = certificate.key.verify(env, &certificate.signed, &certificate.signature)?;
    require(valid, || IAdmission::InvalidCertificate { flaw: Flaw::InvalidSignature })?;
    Ok(certificate)
}

/// As much as verifying a signature.
const KEY_CHECK_GAS: u64 = 2_000;

impl Certificate {
    /// Hashes of the keys that nobody else may have: the certified one, and the node key where it is another.
    pub fn key_hashes(&self) -> Vec<B256> {
        match self.key {
            Key::Ed25519(key) => vec![keccak256(key)],
            Key::P256(key) => vec![keccak256(key), keccak256(self.node_key)],
        }
    }

    fn check_time(&self, now: u64, validity_seconds: u64) -> Result<(), Flaw> {
        ensure(self.not_before <= now, Flaw::NotYetValid)?;
        ensure(now <= self.not_after, Flaw::Expired)?;
        ensure(self.not_after.saturating_sub(now) <= validity_seconds, Flaw::ValidTooLong)
    }

    fn check_keys(&self) -> Result<(), Flaw> {
        let sound = match &self.key {
            Key::Ed25519(_) => true,
            Key::P256(key) => signature::is_p256_key(key),
        };
        ensure(sound && signature::is_ed25519_key(self.node_key), Flaw::WeakKey)
    }
}

impl Key {
    /// Whether this key signed `message`, on the ledger.
    pub(super) fn verify(&self, env: &mut Env<'_>, message: &[u8], signature: &[u8; 64]) -> Res<bool> {
        match self {
            Self::Ed25519(key) => env.verify_ed25519(*key, message, signature),
            Self::P256(key) => env.verify_p256(key, message, signature),
        }
    }

    fn is_valid(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        match self {
            Self::Ed25519(key) => signature::ed25519_is_valid(*key, message, signature),
            Self::P256(key) => signature::p256_is_valid(key, message, signature),
        }
    }

    fn is_node_key_of(&self, peer: &Peer) -> bool {
        match self {
            Self::Ed25519(key) => *key == peer.node_key,
            Self::P256(_) => true,
        }
    }
}

fn parse_serial(fields: &TbsCertificate) -> Result<Vec<u8>, Flaw> {
    let serial = fields.serial_number().as_bytes();
    let positive = serial.iter().any(|byte| *byte != 0) && serial.first().is_some_and(|byte| *byte < 0x80);
    ensure(positive && serial.len() <= SERIAL_BYTES_MOST, Flaw::InvalidSerial)?;
    Ok(serial.to_vec())
}

fn parse_key(fields: &TbsCertificate) -> Result<Key, Flaw> {
    let info = fields.subject_public_key_info();
    let bytes = whole_bytes(&info.subject_public_key)?;
    if is_plain(&info.algorithm, ED25519) {
        return bytes.try_into().map(Key::Ed25519).map_err(|_| Flaw::WeakKey);
    }
    let curve = info.algorithm.parameters.as_ref().and_then(|curve| curve.decode_as::<ObjectIdentifier>().ok());
    ensure(info.algorithm.oid == EC_PUBLIC_KEY && curve == Some(PRIME256V1), Flaw::UnknownAlgorithm)?;
    bytes.try_into().map(Key::P256).map_err(|_| Flaw::WeakKey)
}

fn parse_signature(x509: &X509, key: Key) -> Result<[u8; 64], Flaw> {
    let (within, around) = (x509.tbs_certificate().signature(), x509.signature_algorithm());
    let bytes = whole_bytes(x509.signature())?;
    match key {
        Key::Ed25519(_) => {
            ensure(is_plain(within, ED25519) && is_plain(around, ED25519), Flaw::UnknownAlgorithm)?;
            bytes.try_into().map_err(|_| Flaw::InvalidSignature)
        }
        Key::P256(_) => {
            let known = is_plain(within, ECDSA_WITH_SHA256) && is_plain(around, ECDSA_WITH_SHA256);
            ensure(known, Flaw::UnknownAlgorithm)?;
            signature::p256_signature_of_der(bytes).ok_or(Flaw::InvalidSignature)
        }
    }
}

fn parse_subject(fields: &TbsCertificate) -> Result<Vec<u8>, Flaw> {
    let subject = fields.subject();
    ensure(!subject.is_empty() && subject == fields.issuer(), Flaw::NotSelfIssued)?;
    subject.to_der().map_err(|_| Flaw::Unreadable)
}

fn parse_validity(fields: &TbsCertificate) -> Result<(u64, u64), Flaw> {
    let seconds = |time: Time| time.to_unix_duration().as_secs();
    let validity = fields.validity();
    let (not_before, not_after) = (seconds(validity.not_before), seconds(validity.not_after));
    ensure(not_before < not_after, Flaw::InvalidValidity)?;
    Ok((not_before, not_after))
}

fn parse_extensions(extensions: &[Extension]) -> Result<Peer, Flaw> {
    let mut peers = Vec::new();
    for (index, extension) in extensions.iter().enumerate() {
        let repeated = extensions[..index].iter().any(|before| before.extn_id == extension.extn_id);
        ensure(!repeated, Flaw::InvalidExtension)?;
        match extension.extn_id {
            BasicConstraints::OID => check_constraints(&decoded(extension)?)?,
            KeyUsage::OID => check_usage(&decoded(extension)?)?,
            ExtendedKeyUsage::OID => check_extended_usage(&decoded(extension)?)?,
            SubjectAltName::OID => peers = parse_names(&decoded(extension)?)?,
            _ => ensure(!extension.critical, Flaw::UnknownExtension)?,
        }
    }
    match peers.pop() {
        Some(peer) if peers.is_empty() => Ok(peer),
        _ => Err(Flaw::NoPeer),
    }
}

/// The content, if it is in the one encoding of DER.
fn decoded<T: for<'a> Decode<'a> + Encode>(extension: &Extension) -> Result<T, Flaw> {
    let bytes = extension.extn_value.as_bytes();
    let content = T::from_der(bytes).map_err(|_| Flaw::InvalidExtension)?;
    ensure(content.to_der().is_ok_and(|again| again == bytes), Flaw::NotCanonical)?;
    Ok(content)
}

fn check_constraints(constraints: &BasicConstraints) -> Result<(), Flaw> {
    ensure(!constraints.ca && constraints.path_len_constraint.is_none(), Flaw::Authority)
}

fn check_usage(usage: &KeyUsage) -> Result<(), Flaw> {
    let authority = usage.key_cert_sign() || usage.crl_sign();
    ensure(usage.digital_signature() && !authority, Flaw::WrongKeyUsage)
}

fn check_extended_usage(usage: &ExtendedKeyUsage) -> Result<(), Flaw> {
    ensure(usage.0.iter().any(|purpose| TLS_USES.contains(purpose)), Flaw::WrongKeyUsage)
}

fn parse_names(names: &SubjectAltName) -> Result<Vec<Peer>, Flaw> {
    let mut peers = Vec::new();
    for name in &names.0 {
        match name {
            GeneralName::DnsName(name) => ensure(!name.as_str().contains('*'), Flaw::Wildcard)?,
            GeneralName::UniformResourceIdentifier(uri) if uri.as_str().starts_with(peer::SCHEME) => {
                ensure(!uri.as_str().contains('*'), Flaw::Wildcard)?;
                peers.push(peer::parse(uri.as_str()).ok_or(Flaw::InvalidPeer)?);
            }
            _ => {}
        }
    }
    Ok(peers)
}

/// The algorithm, without parameters.
fn is_plain(algorithm: &AlgorithmIdentifierOwned, oid: ObjectIdentifier) -> bool {
    algorithm.oid == oid && algorithm.parameters.is_none()
}

fn whole_bytes(bits: &BitString) -> Result<&[u8], Flaw> {
    bits.as_bytes().ok_or(Flaw::NotCanonical)
}

fn ensure(holds: bool, flaw: Flaw) -> Result<(), Flaw> {
    if holds { Ok(()) } else { Err(flaw) }
}

fn or_revert<T>(result: Result<T, Flaw>) -> Res<T> {
    match result {
        Ok(value) => Ok(value),
        Err(flaw) => revert(&IAdmission::InvalidCertificate { flaw }),
    }
}

/// What holds for any bytes: reading them ends, twice alike, and what is taken names its keys. For fuzzing.
pub fn check_parsing(der: &[u8]) {
    let read = parse(der);
    assert_eq!(read, parse(der), "reading is a function");
    let judged = judge(der, 1_800_000_000, &Policy::default());
    if let Ok(certificate) = judged {
        assert_eq!(read.as_ref(), Ok(&certificate), "judging reads the same");
        assert_eq!(certificate.fingerprint, signature::sha256(der));
        let longer = [der, &[0]].concat();
        assert!(parse(&longer).is_err(), "nothing may follow");
    }
}
