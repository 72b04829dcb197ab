//! What the node keeps beside the ledger: attributes of items, and encrypted delivery details of redemptions.

use primitives::B256;
use serde_json::Value;

use super::Console;

/// The attributes of an item, if the node has those whose hash is on the ledger.
pub(super) fn attributes(_console: &Console, _item: B256, _hash: B256) -> Option<Value> {
    None
}

/// Bytes of the delivery details of a redemption, if they have arrived.
pub(super) fn delivery_bytes(_console: &Console, _redemption: B256) -> Option<usize> {
    None
}
