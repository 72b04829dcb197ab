//! `eth_simulateV1`: blocks that could follow, executed one after the other on a copy of the state and shown as if they existed.
//! Called by the gateway, which brings the trie: this crate has none.
//! Rules: the method's notes in execution-apis, and geth's `internal/ethapi/simulate.go` where they are silent.
//!
//! ```text
//! payload -> chain: blocks in order, gaps filled, headers begun
//!         -> block: overrides, system calls, calls, receipts, roots  -> SimulatedBlock
//! ```
//!
//! What this ledger's blocks have in common holds for simulated ones too: base fee 0 unless overridden, `mixHash` from the parent's,
//! `extraData` as in the parent; a block is one second later than the one before unless it says otherwise.

use alloy_rpc_types_eth::{
    Block as RpcBlock, Transaction as RpcTransaction,
    simulate::{SimulatePayload, SimulatedBlock},
};
use primitives::{B256, StateDiff, Tx, U256};

mod block;
mod chain;
mod changes;
#[cfg(test)]
mod tests;
mod transaction;
mod transfers;

use crate::{
    BlockState,
    call::{Base, CallError, scratch},
};
use block::Simulation;

/// A simulated block with the results of its calls.
pub type SimulatedRpcBlock = SimulatedBlock<RpcBlock<RpcTransaction<Tx>>>;

/// Simulates the blocks of `payload` on top of the block that `base` names.
///
/// `state_root` is asked once for each block, in order, with what that block changed since the one before; it answers the root of the
/// state with all changes so far. The calls of all blocks together use at most the gas cap of `base`.
pub fn simulate<DB: BlockState>(
    base: &Base<'_, DB>,
    payload: &SimulatePayload,
    state_root: &mut dyn FnMut(&StateDiff) -> Result<B256, CallError>,
) -> Result<Vec<SimulatedRpcBlock>, CallError> {
    let planned = chain::plan(base, &payload.block_state_calls)?;
    let mut parent_hash = base.header.hash_slow();
    let mut db = scratch::over(base.db);
    db.cache.block_hashes.insert(U256::from(base.header.number), parent_hash);
    let mut simulation = Simulation::new(base, db, payload);
    let mut blocks = Vec::with_capacity(planned.len());
    for block in planned {
        let simulated = simulation.block(block, parent_hash, state_root)?;
        parent_hash = simulated.inner.header.hash;
        blocks.push(simulated);
    }
    Ok(blocks)
}
