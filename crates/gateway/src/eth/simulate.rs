//! `eth_simulateV1`: blocks that could follow, shown as if they existed. The work is `evm`'s; the roots come from the chain's trie.

use std::collections::BTreeMap;

use alloy_rpc_types_eth::simulate::SimulatePayload;
use primitives::{AccountDiff, Address, Bytes, SlotDiff, StateDiff, U256};

use super::call::Ground;
use crate::{
    convert::BlockId,
    methods::{Call, Reply, Rpc},
    rpc::RpcError,
};

/// `eth_simulateV1`.
pub(crate) fn simulate(rpc: &Rpc, call: Call<'_>) -> Reply {
    let (payload, at) = call.params.parse::<(SimulatePayload, Option<BlockId>)>()?;
    rpc.aside(move |rpc| {
        // Simulated blocks follow a block that is there.
        let ground = Ground::at(rpc, at.filter(|at| !at.is_pending()))?;
        let _ = ground.state().root_after(&StateDiff::default()).ok_or_else(|| RpcError::server(NO_TRIE))?;
        let mut changes = Changes::default();
        let mut root = |diff: &StateDiff| {
            changes.add(diff);
            // Whether there is a trie was seen before anything was executed.
            Ok(ground.state().root_after(&changes.so_far()).unwrap_or_default())
        };
        Ok(evm::simulate::simulate(&ground.base(), &payload, &mut root)?)
    })
}

/// What several blocks changed, one after the other, as the change of a single one.
#[derive(Default)]
struct Changes {
    accounts: BTreeMap<Address, Change>,
    codes: Vec<Bytes>,
}

/// An account's change, its slots by number.
struct Change {
    account: AccountDiff,
    storage: BTreeMap<U256, U256>,
}

impl Changes {
    fn add(&mut self, diff: &StateDiff) {
        for account in &diff.accounts {
            match self.accounts.get_mut(&account.address) {
                Some(change) => change.follow(account),
                None => {
                    self.accounts.insert(account.address, Change::of(account));
                }
            }
        }
        self.codes.extend(diff.codes.iter().cloned());
    }

    fn so_far(&self) -> StateDiff {
        StateDiff { accounts: self.accounts.values().map(Change::diff).collect(), codes: self.codes.clone() }
    }
}

impl Change {
    fn of(account: &AccountDiff) -> Self {
        let storage = account.storage.iter().map(|slot| (slot.slot, slot.value)).collect();
        Self { account: AccountDiff { storage: Vec::new(), ..account.clone() }, storage }
    }

    /// A later change to the same account. Storage that was emptied once stays emptied below what was written since.
    fn follow(&mut self, later: &AccountDiff) {
        let emptied = later.storage_wiped || later.deleted;
        let wiped = emptied || self.account.storage_wiped || self.account.deleted;
        let earlier = std::mem::take(&mut self.storage);
        *self = Self::of(&AccountDiff { storage_wiped: wiped, ..later.clone() });
        if !emptied {
            for (slot, value) in earlier {
                self.storage.entry(slot).or_insert(value);
            }
        }
    }

    fn diff(&self) -> AccountDiff {
        let slots = self.storage.iter().map(|(slot, value)| SlotDiff { slot: *slot, value: *value });
        AccountDiff { storage: slots.collect(), ..self.account.clone() }
    }
}

const NO_TRIE: &str = "roots cannot be computed here: proofs of this block are no longer kept";

#[cfg(test)]
mod tests;
