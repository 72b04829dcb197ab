//! The closed part of a card file: a passphrase becomes a key, the key seals what nobody may read.
//!
//! Called by the card file alone. Argon2id (RFC 9106) stretches the passphrase, AES-256-GCM (NIST SP 800-38D) seals; the open part of the
//! file is additional data, so that it cannot be exchanged. Salt and nonce are arguments, fresh for every file.

use aes_gcm::{
    Aes256Gcm, KeyInit,
    aead::{Aead, Payload},
};
use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::FileError;

/// What a passphrase costs to try. Stored in the file, so that it can rise with the years.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stretch {
    /// Memory, in KiB.
    pub memory_kib: u32,
    /// How often it is gone through.
    pub passes: u32,
    /// Parts that could be worked on at once.
    pub lanes: u32,
}

impl Default for Stretch {
    /// RFC 9106, 4: the second recommended choice (64 MiB, 3 passes, 4 lanes).
    fn default() -> Self {
        Self { memory_kib: 64 * 1024, passes: 3, lanes: 4 }
    }
}

/// Seals `secret`; `open` is the additional data.
pub(super) fn seal(secret: &[u8], open: &[u8], key: &Key, nonce: [u8; 12]) -> Result<Vec<u8>, FileError> {
    let payload = Payload { msg: secret, aad: open };
    key.cipher().encrypt(&nonce.into(), payload).map_err(|_| FileError::TooLarge)
}

/// The way back. A wrong passphrase and a changed file look alike.
pub(super) fn unseal(sealed: &[u8], open: &[u8], key: &Key, nonce: [u8; 12]) -> Result<Zeroizing<Vec<u8>>, FileError> {
    let payload = Payload { msg: sealed, aad: open };
    key.cipher().decrypt(&nonce.into(), payload).map(Zeroizing::new).map_err(|_| FileError::DoesNotOpen)
}

/// A stretched passphrase.
pub(super) struct Key(Zeroizing<[u8; 32]>);

impl Key {
    /// Refuses parameters that would keep the machine busy or take all its memory: they come from a file.
    pub(super) fn stretched(passphrase: &str, salt: &[u8; 16], stretch: Stretch) -> Result<Self, FileError> {
        let Stretch { memory_kib, passes, lanes } = stretch;
        if memory_kib > MAX_MEMORY_KIB || passes > MAX_PASSES || lanes > MAX_LANES {
            return Err(FileError::Stretch);
        }
        let params = Params::new(memory_kib, passes, lanes, Some(32)).map_err(|_| FileError::Stretch)?;
        let mut key = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase.as_bytes(), salt, key.as_mut())
            .map_err(|_| FileError::Stretch)?;
        Ok(Self(key))
    }

    fn cipher(&self) -> Aes256Gcm {
        Aes256Gcm::new((&*self.0).into())
    }
}

const MAX_MEMORY_KIB: u32 = 1024 * 1024;
const MAX_PASSES: u32 = 16;
const MAX_LANES: u32 = 16;
