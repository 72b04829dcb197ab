//! The node's ed25519 key: its identity and its vote.

use ed25519_consensus::{Signature, SigningKey};
use primitives::{B256, Masked, NodeId};

/// A private key that signs finality certificates; never printed, wiped when dropped.
#[derive(Clone, Debug)]
pub struct NodeKey {
    seed: Masked<[u8; 32]>,
}

/// Why a key file is refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("node key must be 64 hex digits (32 bytes)")]
pub struct KeyError;

impl NodeKey {
    /// A key from its 32 secret bytes (RFC 8032 seed).
    pub const fn from_seed(seed: [u8; 32]) -> Self {
        Self { seed: Masked::new(seed) }
    }

    /// Reads 64 hex digits.
    pub fn from_hex(text: &str) -> Result<Self, KeyError> {
        let seed: B256 = text.trim().parse().map_err(|_| KeyError)?;
        Ok(Self::from_seed(seed.0))
    }

    /// The public key.
    pub fn id(&self) -> NodeId {
        B256::new(self.signing_key().verification_key().to_bytes())
    }

    /// The 32 secret bytes, for writing the key file.
    pub const fn seed(&self) -> &[u8; 32] {
        self.seed.expose()
    }

    /// Signs a message that begins like no message of consensus: an upgrade of the protocol, for instance.
    pub fn sign_message(&self, message: &[u8]) -> [u8; 64] {
        self.sign(message).to_bytes()
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Signature {
        self.signing_key().sign(message)
    }

    fn signing_key(&self) -> SigningKey {
        SigningKey::from(*self.seed.expose())
    }
}
