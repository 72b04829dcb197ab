//! Which certificates of acquirers are let in: one file for each in a folder, named by acquirer and serial number (RFC 5280, 4.1.2.2). `issuer
//! acquirer add` makes it and `issuer acquirer remove` takes it away; `door` looks for it when somebody comes, and every second while he stays.

#![expect(clippy::disallowed_types, reason = "a folder of the issuer's, not the ledger's disk")]

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::PathBuf,
};

use rustls::pki_types::{CertificateDer, pem::PemObject};

use super::{
    caller::Acquirer,
    tls::{TlsError, subject_of},
};

/// The folder.
#[derive(Clone, Debug)]
pub struct Certified(PathBuf);

/// Why a certificate was not added.
#[derive(Debug, thiserror::Error)]
pub enum CertifiedError {
    #[error(transparent)]
    Certificate(#[from] TlsError),
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
}

impl Certified {
    /// Of certificates in this folder; it need not be there yet.
    pub const fn new(folder: PathBuf) -> Self {
        Self(folder)
    }

    /// Lets a certificate in, from PEM.
    pub fn add(&self, pem: &[u8]) -> Result<(), CertifiedError> {
        let certificate =
            CertificateDer::from_pem_slice(pem).map_err(|_| TlsError::Unreadable { what: "certificate" })?;
        let (acquirer, serial) = subject_of(&certificate)?;
        let path = self.file(&acquirer, &serial);
        let write = || {
            DirBuilder::new().recursive(true).mode(0o700).create(&self.0)?;
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
            file.write_all(pem)?;
            file.sync_all()?;
            File::open(&self.0)?.sync_all()
        };
        write().map_err(|source| CertifiedError::File { path: path.clone(), source })
    }

    /// Shuts an acquirer out; how many certificates it had.
    pub fn remove(&self, acquirer: &Acquirer) -> io::Result<usize> {
        let mut removed = 0;
        for (file, _) in self.files()?.into_iter().filter(|(_, of)| of == acquirer) {
            fs::remove_file(file)?;
            removed += 1;
        }
        if removed > 0 {
            File::open(&self.0)?.sync_all()?;
        }
        Ok(removed)
    }

    /// Whose certificates are let in, by number; one with two certificates twice.
    pub fn acquirers(&self) -> io::Result<Vec<Acquirer>> {
        let mut acquirers: Vec<Acquirer> = self.files()?.into_iter().map(|(_, acquirer)| acquirer).collect();
        acquirers.sort();
        Ok(acquirers)
    }

    /// Where it stands that a certificate is let in.
    pub(super) fn file(&self, acquirer: &Acquirer, serial: &str) -> PathBuf {
        self.0.join(format!("{acquirer}-{serial}.pem"))
    }

    fn files(&self) -> io::Result<Vec<(PathBuf, Acquirer)>> {
        let entries = match fs::read_dir(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut files = Vec::new();
        for entry in entries {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.split_once('-'));
            if let Some(acquirer) = name.and_then(|(acquirer, _)| acquirer.parse().ok()) {
                files.push((path, acquirer));
            }
        }
        Ok(files)
    }
}
