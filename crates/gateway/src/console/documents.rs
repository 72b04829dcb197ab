//! What the node keeps beside the ledger: attributes of items, and encrypted delivery details of redemptions.

use chain::DocumentError;
use primitives::B256;
use serde_json::Value;

use super::{Console, Problem};

/// The attributes with the hash that is on the ledger, if the node has them.
pub(super) fn attributes(console: &Console, hash: B256) -> Result<Option<Value>, Problem> {
    let kept = console.chain.documents().attributes_of_hash(hash)?;
    Ok(kept.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
}

/// How many bytes the delivery details of a redemption have, if they have arrived.
pub(super) fn delivery_bytes(console: &Console, redemption: B256) -> Result<Option<usize>, Problem> {
    Ok(console.chain.documents().delivery(redemption)?.map(|bytes| bytes.len()))
}

impl From<DocumentError> for Problem {
    fn from(error: DocumentError) -> Self {
        Self::Unreadable(error.to_string())
    }
}
