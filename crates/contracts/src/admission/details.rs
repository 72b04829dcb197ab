//! What a node's certificate says, for people who look at it: a name, the subject, the key, and every extension in words.
//! Reads only what the room took ([`certificate::parse`]); decides nothing. Used by pages, outside the ledger.
//! Names are RFC 5280's; texts in them are the applicant's own, and whoever shows them escapes them.

use std::net::IpAddr;

use alloy_primitives::hex;
use x509_cert::{
    Certificate as X509,
    der::{
        Decode,
        asn1::ObjectIdentifier,
        oid::{AssociatedOid, db::DB},
    },
    ext::{
        Extension as X509Extension,
        pkix::{
            BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages, SubjectAltName,
            name::{DirectoryString, GeneralName},
        },
    },
    name::Name,
};

use super::{
    abi::IAdmission::Flaw,
    certificate::{self, Certificate, Key},
};

/// A certificate in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Details {
    /// What the room reads of it.
    pub certificate: Certificate,
    /// Whose it is, in short: the subject's common name, its organization, or all of it.
    pub name: String,
    /// The issuer, as RFC 4514 writes it.
    pub issuer: String,
    /// Kind of the certified key.
    pub key_kind: &'static str,
    /// The certified key.
    pub key: Vec<u8>,
    /// What the certificate is signed with.
    pub algorithm: &'static str,
    /// The signature.
    pub signature: Vec<u8>,
    /// In the certificate's order.
    pub extensions: Vec<Extension>,
}

/// An extension in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// Its object identifier.
    pub oid: String,
    /// Such as `subject alternative name`; `None` where it is not known here.
    pub name: Option<&'static str>,
    /// Whoever does not know it must refuse the certificate.
    pub critical: bool,
    /// What it says, item by item; the bytes in hex where it is not known.
    pub says: Vec<String>,
}

/// Reads a certificate that is of the form that the room takes.
pub fn read(der: &[u8]) -> Result<Details, Flaw> {
    let certificate = certificate::parse(der)?;
    let x509 = X509::from_der(der).map_err(|_| Flaw::Unreadable)?;
    let fields = x509.tbs_certificate();
    let (key_kind, algorithm) = match certificate.key {
        Key::Ed25519(_) => ("ed25519", "ed25519 (RFC 8410)"),
        Key::P256(_) => ("P-256", "ECDSA with P-256 and SHA-256"),
    };
    Ok(Details {
        name: short_name(fields.subject()),
        issuer: fields.issuer().to_string(),
        key_kind,
        key: fields.subject_public_key_info().subject_public_key.raw_bytes().to_vec(),
        algorithm,
        signature: x509.signature().raw_bytes().to_vec(),
        extensions: fields.extensions().into_iter().flatten().map(extension).collect(),
        certificate,
    })
}

/// The name of a certificate's subject, in short; `None` if it cannot be read.
pub fn name(der: &[u8]) -> Option<String> {
    let x509 = X509::from_der(der).ok()?;
    Some(short_name(x509.tbs_certificate().subject()))
}

fn short_name(subject: &Name) -> String {
    let text = |found: Option<DirectoryString>| found.map(|text| text.value().into_owned());
    let common = subject.common_name().ok().and_then(text);
    let organization = || subject.organization().ok().and_then(text);
    let meant = common.or_else(organization).filter(|name| !name.trim().is_empty());
    meant.unwrap_or_else(|| subject.to_string())
}

fn extension(extension: &X509Extension) -> Extension {
    let bytes = extension.extn_value.as_bytes();
    let (name, says) = match extension.extn_id {
        BasicConstraints::OID => ("basic constraints", constraints(bytes)),
        KeyUsage::OID => ("key usage", usage(bytes)),
        ExtendedKeyUsage::OID => ("extended key usage", extended_usage(bytes)),
        SubjectAltName::OID => ("subject alternative name", names(bytes)),
        other => return unknown(other, extension),
    };
    let says = says.unwrap_or_else(|| vec![hex::encode_prefixed(bytes)]);
    Extension { oid: extension.extn_id.to_string(), name: Some(name), critical: extension.critical, says }
}

/// One that the room does not read.
fn unknown(oid: ObjectIdentifier, extension: &X509Extension) -> Extension {
    Extension {
        oid: oid.to_string(),
        name: DB.by_oid(&oid).map(|name| name.trim_start_matches("id-ce-")),
        critical: extension.critical,
        says: vec![hex::encode_prefixed(extension.extn_value.as_bytes())],
    }
}

fn constraints(bytes: &[u8]) -> Option<Vec<String>> {
    let constraints = BasicConstraints::from_der(bytes).ok()?;
    Some(vec![if constraints.ca { "an authority" } else { "no authority" }.to_owned()])
}

fn usage(bytes: &[u8]) -> Option<Vec<String>> {
    let usage = KeyUsage::from_der(bytes).ok()?;
    Some(usage.0.into_iter().map(|usage| usage_word(usage).to_owned()).collect())
}

const fn usage_word(usage: KeyUsages) -> &'static str {
    match usage {
        KeyUsages::DigitalSignature => "digitalSignature",
        KeyUsages::NonRepudiation => "nonRepudiation",
        KeyUsages::KeyEncipherment => "keyEncipherment",
        KeyUsages::DataEncipherment => "dataEncipherment",
        KeyUsages::KeyAgreement => "keyAgreement",
        KeyUsages::KeyCertSign => "keyCertSign",
        KeyUsages::CRLSign => "cRLSign",
        KeyUsages::EncipherOnly => "encipherOnly",
        KeyUsages::DecipherOnly => "decipherOnly",
    }
}

fn extended_usage(bytes: &[u8]) -> Option<Vec<String>> {
    let usage = ExtendedKeyUsage::from_der(bytes).ok()?;
    let word = |oid: &ObjectIdentifier| {
        DB.by_oid(oid).map_or_else(|| oid.to_string(), |name| name.trim_start_matches("id-kp-").to_owned())
    };
    Some(usage.0.iter().map(word).collect())
}

fn names(bytes: &[u8]) -> Option<Vec<String>> {
    let names = SubjectAltName::from_der(bytes).ok()?;
    Some(names.0.iter().map(general_name).collect())
}

fn general_name(name: &GeneralName) -> String {
    match name {
        GeneralName::UniformResourceIdentifier(uri) => uri.to_string(),
        GeneralName::DnsName(name) => format!("DNS {name}"),
        GeneralName::Rfc822Name(address) => format!("e-mail {address}"),
        GeneralName::IpAddress(bytes) => ip_address(bytes.as_bytes()),
        GeneralName::DirectoryName(name) => format!("directory {name}"),
        GeneralName::RegisteredId(oid) => format!("registered id {oid}"),
        GeneralName::OtherName(other) => format!("other name of type {}", other.type_id),
        GeneralName::EdiPartyName(_) => "EDI party name".to_owned(),
    }
}

fn ip_address(bytes: &[u8]) -> String {
    let known = match bytes.len() {
        4 => <[u8; 4]>::try_from(bytes).ok().map(IpAddr::from),
        _ => <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from),
    };
    known.map_or_else(|| format!("IP {}", hex::encode_prefixed(bytes)), |address| format!("IP {address}"))
}
