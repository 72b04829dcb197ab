//! What keys sign for this room. Each begins with a word of its own, so that no signature counts for two purposes; consensus
//! signs messages that begin with the length of their namespace.

use alloy_primitives::{Address, B256};

use super::ADDRESS;

const POSSESSION_NAMESPACE: &[u8] = b"counterfoil_POSSESSION";
const AUTHORIZATION_NAMESPACE: &[u8] = b"counterfoil_AUTHORIZE";

/// Which network this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    /// EIP-155.
    pub chain_id: u64,
    /// keccak of the canonical configuration.
    pub hash: B256,
}

impl Network {
    /// Signed by a certificate's key, and by the node key where that is another: they ask through this account, once.
    pub fn possession(&self, account: Address, fingerprint: B256, nonce: u64) -> Vec<u8> {
        let about = [account.as_slice(), fingerprint.as_slice(), &nonce.to_be_bytes()].concat();
        self.message(POSSESSION_NAMESPACE, &about)
    }

    /// Signed by a node key: the account acts for it, or no longer.
    pub fn authorization(&self, node_key: B256, account: Address, acts: bool, sequence: u64) -> Vec<u8> {
        let about = [node_key.as_slice(), account.as_slice(), &[u8::from(acts)], &sequence.to_be_bytes()].concat();
        self.message(AUTHORIZATION_NAMESPACE, &about)
    }

    fn message(&self, namespace: &[u8], about: &[u8]) -> Vec<u8> {
        [namespace, &self.chain_id.to_be_bytes(), self.hash.as_slice(), ADDRESS.as_slice(), about].concat()
    }
}
