//! Who may make a block final, and the certificate that they did.
//! The rules are DESIGN section 5; the certificate's bytes are commonware simplex's finalization with ed25519 signatures.

use alloy_primitives::{B256, keccak256};
use alloy_rlp::{RlpDecodable, RlpEncodable};

/// An ed25519 public key: the identity of a node.
pub type NodeId = B256;

/// A signing namespace is this text, then the genesis hash: a signature never counts on another chain.
pub const NAMESPACE_PREFIX: &[u8] = b"counterfoil";

/// The namespace under which members of the chain with this genesis sign.
pub fn signing_namespace(genesis_hash: B256) -> Vec<u8> {
    [NAMESPACE_PREFIX, genesis_hash.as_slice()].concat()
}

/// The members whose signatures count in one epoch, in rising order of key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committee {
    members: Vec<NodeId>,
}

impl Committee {
    /// Sorts and deduplicates; simplex numbers its participants in this order.
    pub fn new(mut members: Vec<NodeId>) -> Self {
        members.sort_unstable();
        members.dedup();
        Self { members }
    }

    /// The members in order.
    pub fn members(&self) -> &[NodeId] {
        &self.members
    }

    /// keccak of the concatenated keys: what `extraData` of a header commits to.
    pub fn hash(&self) -> B256 {
        let keys: Vec<u8> = self.members.iter().flat_map(|key| key.0).collect();
        keccak256(keys)
    }

    /// n - floor((n - 1) / 3) signatures finalize a block.
    pub fn quorum(&self) -> usize {
        let n = self.members.len();
        n - n.saturating_sub(1) / 3
    }
}

/// A finality certificate in transit: opaque here, read by the engine that made it and by `proof`.
#[derive(Clone, Debug, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct FinalityProof {
    /// Format of `bytes`; 1 = simplex finalization, ed25519.
    pub scheme: u8,
    /// The epoch whose committee signed.
    pub epoch: u64,
    /// The encoded certificate.
    pub bytes: alloy_primitives::Bytes,
}

/// [`FinalityProof::scheme`] of a simplex finalization with ed25519 signatures.
pub const SCHEME_SIMPLEX_ED25519: u8 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    fn committee(n: u8) -> Committee {
        Committee::new((1..=n).map(B256::repeat_byte).collect())
    }

    #[test]
    fn quorum_is_more_than_two_thirds() {
        let quorums: Vec<_> = (1..=7).map(|n| committee(n).quorum()).collect();
        assert_eq!(quorums, [1, 2, 3, 3, 4, 5, 5]);
    }

    #[test]
    fn order_of_members_does_not_change_the_hash() {
        let turned = Committee::new(committee(4).members().iter().rev().copied().collect());
        assert_eq!(turned.hash(), committee(4).hash());
    }
}
