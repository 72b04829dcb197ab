//! Mutual TLS: who connects shows a certificate of the issuer's own authority, whose subject's common name is the acquirer's
//! number. Called by `door` for each connection, and by clients of the issuer.
//!
//! TLS 1.2 and 1.3 of rustls with ring (RFC 8446). The verifier checks chain, time and extended key usage; `certified` whether the
//! certificate is still let in.

use std::{fmt, sync::Arc};

use alloy_primitives::hex;
use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::WebPkiClientVerifier,
    version::{TLS12, TLS13},
};
use x509_cert::{Certificate, der::Decode};

use super::caller::Acquirer;

/// A certificate with its chain, and its key.
pub struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

/// What is wrong with certificates.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("{what}: no PEM of it can be read")]
    Unreadable { what: &'static str },
    #[error("the {what} is not usable: {why}")]
    Unusable { what: &'static str, why: String },
    #[error("the certificate names no acquirer: its common name must be 1 to 11 digits")]
    NamesNobody,
}

impl Identity {
    /// From PEM: one or more certificates, the first one's key as PKCS #8.
    pub fn from_pem(certificates: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        let chain = certificates_of(certificates)?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| TlsError::Unreadable { what: "certificate key" })?;
        Ok(Self { chain, key })
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("chain", &self.chain.len()).field("key", &"***").finish()
    }
}

/// For the doors: callers must show a certificate of `authority`.
pub fn server(identity: Identity, authority: &[u8]) -> Result<Arc<ServerConfig>, TlsError> {
    let provider = provider();
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots(authority)?), Arc::clone(&provider))
        .build()
        .map_err(|error| unusable("authority", &error))?;
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(|error| unusable("provider", &error))?
        .with_client_cert_verifier(verifier)
        .with_single_cert(identity.chain, identity.key)
        .map_err(|error| unusable("server certificate", &error))?;
    Ok(Arc::new(config))
}

/// For whoever connects to an issuer whose authority it was given.
pub fn client(identity: Identity, authority: &[u8]) -> Result<Arc<ClientConfig>, TlsError> {
    let config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(|error| unusable("provider", &error))?
        .with_root_certificates(roots(authority)?)
        .with_client_auth_cert(identity.chain, identity.key)
        .map_err(|error| unusable("client certificate", &error))?;
    Ok(Arc::new(config))
}

/// Whom a verified certificate names: the common name of its subject (RFC 5280, 4.1.2.6); and its serial number in hex.
pub fn subject_of(certificate: &CertificateDer<'_>) -> Result<(Acquirer, String), TlsError> {
    let certificate = Certificate::from_der(certificate).map_err(|_| TlsError::NamesNobody)?;
    let certificate = certificate.tbs_certificate();
    let name = certificate.subject().common_name();
    let name = name.ok().flatten().ok_or(TlsError::NamesNobody)?;
    let acquirer = name.value().parse().map_err(|_| TlsError::NamesNobody)?;
    Ok((acquirer, hex::encode(certificate.serial_number().as_bytes())))
}

fn certificates_of(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let unreadable = TlsError::Unreadable { what: "certificate" };
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    read.ok().filter(|chain| !chain.is_empty()).ok_or(unreadable)
}

fn roots(authority: &[u8]) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates_of(authority)? {
        roots.add(certificate).map_err(|error| unusable("authority", &error))?;
    }
    Ok(roots)
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn unusable(what: &'static str, error: &dyn fmt::Display) -> TlsError {
    TlsError::Unusable { what, why: error.to_string() }
}
