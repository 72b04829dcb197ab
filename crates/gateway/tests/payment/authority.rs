//! A certification authority of the test, and whom it certifies.

use std::sync::Arc;

use gateway::payment::{
    Acquirer, Certified,
    tls::{self, Identity},
};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use tokio_rustls::rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    pki_types::{CertificateDer, pem::PemObject},
};

pub(crate) struct Authority {
    pem: String,
    let_in: tempfile::TempDir,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "test authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate().expect("a key");
        let pem = params.self_signed(&key).expect("a certificate").pem();
        let let_in = tempfile::tempdir().expect("a folder");
        Self { pem, let_in, issuer: Issuer::new(params, key) }
    }

    /// All acquirers that it ever certified.
    pub(crate) fn certified(&self) -> Certified {
        Certified::new(self.let_in.path().to_owned())
    }

    /// For the doors.
    pub(crate) fn server(&self) -> Arc<ServerConfig> {
        let identity = self.issue("doors", ExtendedKeyUsagePurpose::ServerAuth);
        tls::server(identity, self.pem.as_bytes()).expect("a sound configuration")
    }

    /// For a client that trusts this authority and shows a certificate of `by`.
    pub(crate) fn client_of(&self, by: &Self, name: &str, usage: ExtendedKeyUsagePurpose) -> Arc<ClientConfig> {
        tls::client(by.issue(name, usage), self.pem.as_bytes()).expect("a sound configuration")
    }

    pub(crate) fn acquirer(&self, name: &str) -> Arc<ClientConfig> {
        self.client_of(self, name, ExtendedKeyUsagePurpose::ClientAuth)
    }

    /// For a client that shows nothing.
    pub(crate) fn anonymous(&self) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.pem.as_bytes()).expect("sound PEM")).expect("sound");
        let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        Arc::new(config.expect("sound").with_root_certificates(roots).with_no_client_auth())
    }

    pub(crate) fn identity(&self) -> Identity {
        self.issue("somebody", ExtendedKeyUsagePurpose::ClientAuth)
    }

    fn issue(&self, name: &str, usage: ExtendedKeyUsagePurpose) -> Identity {
        let mut params = CertificateParams::new(vec!["localhost".into()]).expect("a name");
        params.distinguished_name.push(DnType::CommonName, name);
        params.extended_key_usages = vec![usage];
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate").pem();
        if name.parse::<Acquirer>().is_ok() {
            self.certified().add(certificate.as_bytes()).expect("a new certificate");
        }
        Identity::from_pem(certificate.as_bytes(), key.serialize_pem().as_bytes()).expect("sound PEM")
    }
}
