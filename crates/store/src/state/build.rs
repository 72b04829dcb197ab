//! Builds a `State` from flat entries at start-up. Called by the disk, which reads accounts and slots in key order.

use super::{Account, AccountValue, State};
use crate::trie::TrieBuilder;
use alloy_primitives::{B256, U256};

/// Takes accounts in rising order of key, each followed by its slots in rising order of key.
#[derive(Default)]
pub struct StateBuilder {
    accounts: TrieBuilder<Account>,
    open: Option<Open>,
}

/// The account given last, which may still get slots.
struct Open {
    key: B256,
    value: AccountValue,
    storage: TrieBuilder<U256>,
}

/// Flat entries that cannot be a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// An account's key does not come after the one before.
    #[error("account {0} is out of order in the flat state")]
    AccountOrder(B256),
    /// A slot's key does not come after the one before.
    #[error("slot {slot} of account {account} is out of order in the flat state")]
    SlotOrder {
        /// Whose slot.
        account: B256,
        /// Its key.
        slot: B256,
    },
    /// A slot does not belong to the account given last.
    #[error("slot {slot} belongs to account {account}, which is not in the flat state")]
    Orphan {
        /// Whose slot.
        account: B256,
        /// Its key.
        slot: B256,
    },
    /// A slot is zero, which is how absence is said.
    #[error("slot {slot} of account {account} is zero in the flat state")]
    ZeroSlot {
        /// Whose slot.
        account: B256,
        /// Its key.
        slot: B256,
    },
}

impl StateBuilder {
    /// An empty builder.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the next account.
    pub fn account(&mut self, key: B256, value: AccountValue) -> Result<(), BuildError> {
        if self.open.as_ref().is_some_and(|open| open.key >= key) {
            return Err(BuildError::AccountOrder(key));
        }
        self.close()?;
        self.open = Some(Open { key, value, storage: TrieBuilder::default() });
        Ok(())
    }

    /// Adds the next slot of the account given last.
    pub fn slot(&mut self, account: B256, slot: B256, value: U256) -> Result<(), BuildError> {
        let open = self.open.as_mut().filter(|open| open.key == account);
        let open = open.ok_or(BuildError::Orphan { account, slot })?;
        if value.is_zero() {
            return Err(BuildError::ZeroSlot { account, slot });
        }
        open.storage.push(slot.into(), value).map_err(|_| BuildError::SlotOrder { account, slot })
    }

    /// The state of all entries given.
    pub fn finish(mut self) -> Result<State, BuildError> {
        self.close()?;
        Ok(State { accounts: self.accounts.finish() })
    }

    fn close(&mut self) -> Result<(), BuildError> {
        let Some(Open { key, value, storage }) = self.open.take() else { return Ok(()) };
        let account = Account::new(value, storage.finish());
        self.accounts.push(key.into(), account).map_err(|_| BuildError::AccountOrder(key))
    }
}
