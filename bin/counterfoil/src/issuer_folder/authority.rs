//! The issuer's own certification authority: for its doors, and for the acquirers that may speak to it. Called by `issuer init` and
//! `issuer acquirer add`. RFC 5280; what the doors check of it is in `gateway::payment::tls`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use eyre::{Context, OptionExt};
use gateway::payment::Acquirer;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use zeroize::Zeroizing;

use crate::certificate::P256Key;

/// The authority, with its key.
pub(super) struct Authority {
    name: String,
    key: P256Key,
}

/// A certificate and its key, as PEM.
pub(super) struct Issued {
    pub(super) certificate: String,
    pub(super) key: Zeroizing<String>,
}

impl Authority {
    /// The same secret is the same authority.
    pub(super) fn new(name: &str, secret: &[u8; 32]) -> eyre::Result<Self> {
        let key = P256Key::from_secret(secret).ok_or_eyre("the secret is no key of P-256")?;
        Ok(Self { name: name.to_owned(), key })
    }

    /// Its certificate, which it signs itself.
    pub(super) fn certificate(&self) -> eyre::Result<String> {
        Ok(self.params().self_signed(&self.key).wrap_err("the authority's certificate")?.pem())
    }

    /// For the doors, under these names and `localhost`.
    pub(super) fn server(&self, names: &[String]) -> eyre::Result<Issued> {
        let names: Vec<String> =
            ["localhost", "127.0.0.1", "::1"].map(str::to_owned).into_iter().chain(names.iter().cloned()).collect();
        let params = CertificateParams::new(names).wrap_err("a name of the doors")?;
        self.issue(params, &format!("{} payment doors", self.name), ExtendedKeyUsagePurpose::ServerAuth)
    }

    /// For an acquirer, whose number is the common name.
    pub(super) fn acquirer(&self, acquirer: &Acquirer) -> eyre::Result<Issued> {
        self.issue(CertificateParams::default(), acquirer.as_str(), ExtendedKeyUsagePurpose::ClientAuth)
    }

    fn issue(&self, mut params: CertificateParams, name: &str, usage: ExtendedKeyUsagePurpose) -> eyre::Result<Issued> {
        params.distinguished_name = self.called(name);
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![usage];
        params.use_authority_key_identifier_extension = true;
        valid_for(&mut params, LEAF_DAYS);
        let key = KeyPair::generate().wrap_err("a key for a certificate")?;
        let certificate = params.signed_by(&key, &Issuer::new(self.params(), &self.key));
        let certificate = certificate.wrap_err("a certificate")?.pem();
        Ok(Issued { certificate, key: Zeroizing::new(key.serialize_pem()) })
    }

    fn params(&self) -> CertificateParams {
        let mut params = CertificateParams::default();
        params.distinguished_name = self.called(&format!("{} payment authority", self.name));
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        valid_for(&mut params, AUTHORITY_DAYS);
        params
    }

    fn called(&self, name: &str) -> DistinguishedName {
        let mut names = DistinguishedName::new();
        names.push(DnType::OrganizationName, self.name.as_str());
        names.push(DnType::CommonName, name);
        names
    }
}

/// From a little before now on.
fn valid_for(params: &mut CertificateParams, days: u64) {
    let now_s = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    // `rcgen` does not name the crate of its times.
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    params.not_before = epoch + Duration::from_secs(now_s.saturating_sub(CLOCKS_APART_S));
    params.not_after = epoch + Duration::from_secs(now_s.saturating_add(days.saturating_mul(DAY_S)));
}

const DAY_S: u64 = 86_400;
const CLOCKS_APART_S: u64 = 300;
const AUTHORITY_DAYS: u64 = 3_650;
const LEAF_DAYS: u64 = 1_095;
