//! Builds a `State` from flat entries at start-up. Called by the disk, which reads accounts and slots in key order.

use super::{AccountValue, State};
use alloy_primitives::{B256, U256};
use std::collections::BTreeMap;

/// Takes accounts in rising order of key, each followed by its slots in rising order of key.
#[derive(Debug, Default)]
pub struct StateBuilder {
    accounts: Vec<(B256, (AccountValue, BTreeMap<B256, U256>))>,
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
        if self.accounts.last().is_some_and(|(last, _)| *last >= key) {
            return Err(BuildError::AccountOrder(key));
        }
        self.accounts.push((key, (value, BTreeMap::new())));
        Ok(())
    }

    /// Adds the next slot of the account given last.
    pub fn slot(&mut self, account: B256, slot: B256, value: U256) -> Result<(), BuildError> {
        let Some((_, (_, slots))) = self.accounts.last_mut().filter(|(last, _)| *last == account) else {
            return Err(BuildError::Orphan { account, slot });
        };
        if slots.last_key_value().is_some_and(|(last, _)| *last >= slot) {
            return Err(BuildError::SlotOrder { account, slot });
        }
        if value.is_zero() {
            return Err(BuildError::ZeroSlot { account, slot });
        }
        slots.insert(slot, value);
        Ok(())
    }

    /// The state of all entries given.
    pub fn finish(self) -> Result<State, BuildError> {
        Ok(State::of(self.accounts.into_iter().collect()))
    }
}
