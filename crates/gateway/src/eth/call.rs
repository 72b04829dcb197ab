//! Executions that change nothing: `eth_call`, `eth_estimateGas`, `eth_createAccessList`. The work is `evm`'s.

use alloy_primitives::U64;
use alloy_rpc_types_eth::{
    BlockOverrides, TransactionRequest,
    state::{EvmOverrides, StateOverride},
};
use chain::StateView;
use evm::call::Base;
use primitives::{Header, Rules};

use crate::{
    convert::BlockId,
    methods::{Call, Reply, Rpc},
    rpc::RpcError,
};

/// A request on a block: the request, the block, and what is to be different there.
type Arguments = (TransactionRequest, Option<BlockId>, Option<StateOverride>, Option<Box<BlockOverrides>>);

/// `eth_call`.
pub(crate) fn call(rpc: &Rpc, call: Call<'_>) -> Reply {
    let (request, at, state, block) = call.params.parse::<Arguments>()?;
    rpc.aside(move |rpc| {
        let ground = Ground::at(rpc, at)?;
        Ok(evm::call::call(&ground.base(), &request, &EvmOverrides::new(state, block))?)
    })
}

/// `eth_estimateGas`.
pub(crate) fn estimate_gas(rpc: &Rpc, call: Call<'_>) -> Reply {
    let (request, at, state, block) = call.params.parse::<Arguments>()?;
    // What is estimated is on its way to the next block, whose time is now, however old the latest is.
    let at = Some(at.unwrap_or_else(BlockId::pending));
    rpc.aside(move |rpc| Ground::at(rpc, at)?.estimate(&request, &EvmOverrides::new(state, block)).map(U64::from))
}

/// `eth_createAccessList`.
pub(crate) fn create_access_list(rpc: &Rpc, call: Call<'_>) -> Reply {
    let (request, at, state) = call.params.parse::<(TransactionRequest, Option<BlockId>, Option<StateOverride>)>()?;
    rpc.aside(move |rpc| {
        let ground = Ground::at(rpc, at)?;
        Ok(evm::access_list::create_access_list(&ground.base(), &request, &EvmOverrides::new(state, None))?)
    })
}

/// What an execution stands on: rules, a block's header, and the state after it; for `pending` the header that the next block would
/// have now.
pub(crate) struct Ground {
    rules: Rules,
    header: Header,
    state: StateView,
    gas_cap: u64,
}

impl Ground {
    /// The ground after a block; after the latest if none is named.
    pub(crate) fn at(rpc: &Rpc, at: Option<BlockId>) -> Result<Self, RpcError> {
        let state = rpc.state(at)?;
        let next = at.is_some_and(|at| at.is_pending());
        let header = if next { state.next_header() } else { state.header().clone() };
        Ok(Self { rules: rpc.chain.rules().clone(), header, state, gas_cap: rpc.limits.call_gas })
    }

    pub(crate) fn base(&self) -> Base<'_, StateView> {
        Base { rules: &self.rules, header: &self.header, db: &self.state, gas_cap: self.gas_cap }
    }

    pub(crate) const fn state(&self) -> &StateView {
        &self.state
    }

    pub(crate) fn estimate(&self, request: &TransactionRequest, overrides: &EvmOverrides) -> Result<u64, RpcError> {
        Ok(evm::estimate::estimate_gas(&self.base(), request, overrides)?)
    }
}
