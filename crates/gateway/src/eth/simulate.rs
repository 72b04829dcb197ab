//! `eth_simulateV1`: blocks that could follow, shown as if they existed. The work is `evm`'s; the roots come from the chain's trie.

use alloy_rpc_types_eth::simulate::SimulatePayload;

use super::call::Ground;
use crate::{
    convert::BlockId,
    methods::{Call, Reply, Rpc},
    rpc::heavy,
};

/// `eth_simulateV1`.
pub(crate) fn simulate(rpc: &Rpc, call: Call<'_>) -> Reply {
    let (payload, at) = call.params.parse::<(SimulatePayload, Option<BlockId>)>()?;
    let ground = Ground::at(rpc, at)?;
    heavy(move || {
        let mut trie = ground.state().trie()?;
        let mut root = |diff: &primitives::StateDiff| {
            trie = trie.commit(diff).state;
            Ok(trie.root())
        };
        Ok(evm::simulate::simulate(&ground.base(), &payload, &mut root)?)
    })
}
