//! `net_` and `rpc_modules`: what this node is on the network. Rules: geth's `net` and `rpc` namespaces.

use std::collections::BTreeMap;

use alloy_primitives::U64;

use crate::{
    methods::{Call, Reply, Rpc},
    rpc::now,
};

/// `net_version`: the chain id in decimal.
pub(crate) fn version(rpc: &Rpc, call: Call<'_>) -> Reply {
    let () = call.params.parse()?;
    now(&rpc.chain.rules().chain_id.to_string())
}

/// `net_listening`: the node answers, so it listens.
pub(crate) fn listening(_: &Rpc, call: Call<'_>) -> Reply {
    let () = call.params.parse()?;
    now(&true)
}

/// `net_peerCount`: a chain of one node has no peers.
pub(crate) fn peer_count(_: &Rpc, call: Call<'_>) -> Reply {
    let () = call.params.parse()?;
    now(&U64::ZERO)
}

/// `rpc_modules`: the namespaces served, all in version 1.0.
pub(crate) fn modules(_: &Rpc, call: Call<'_>) -> Reply {
    let () = call.params.parse()?;
    now(&NAMESPACES.into_iter().map(|name| (name, "1.0")).collect::<BTreeMap<_, _>>())
}

pub(crate) const NAMESPACES: [&str; 7] = ["counterfoil", "debug", "eth", "net", "rpc", "txpool", "web3"];
