//! What one block changed, by hashed key, with the values before and after.
//! Made by `State::commit`; the disk writes it forward into flat state and backward into history.

use alloy_primitives::{B256, U256};
use alloy_trie::KECCAK_EMPTY;

/// An account without its storage: the storage root is derived from the slots, never kept beside them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountValue {
    /// Nonce.
    pub nonce: u64,
    /// Balance in wei.
    pub balance: U256,
    /// keccak of the code; keccak of nothing for an account without code.
    pub code_hash: B256,
}

impl Default for AccountValue {
    fn default() -> Self {
        Self { nonce: 0, balance: U256::ZERO, code_hash: KECCAK_EMPTY }
    }
}

/// All changes of one block, in rising order of key, each key once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StateChange {
    /// Accounts whose value or storage is not what it was.
    pub accounts: Vec<AccountChange>,
}

/// One account before and after the block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountChange {
    /// keccak of the address.
    pub key: B256,
    /// Value before; `None` when the account did not exist.
    pub before: Option<AccountValue>,
    /// Value after; `None` when the account no longer exists.
    pub after: Option<AccountValue>,
    /// Changed slots in rising order of key. A wiped storage lists every slot it held.
    pub slots: Vec<SlotChange>,
}

impl AccountChange {
    pub(super) fn is_change(&self) -> bool {
        self.before != self.after || !self.slots.is_empty()
    }
}

/// One storage slot before and after the block; zero means absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotChange {
    /// keccak of the slot number as 32 bytes.
    pub key: B256,
    /// Value before.
    pub before: U256,
    /// Value after; never equal to `before`.
    pub after: U256,
}

impl SlotChange {
    pub(super) fn is_change(&self) -> bool {
        self.before != self.after
    }
}
