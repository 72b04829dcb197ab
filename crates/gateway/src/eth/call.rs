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

/// What an execution stands on: rules, a block's header, and the state after it.
pub(crate) struct Ground {
    rules: Rules,
    state: StateView,
    gas_cap: u64,
}

impl Ground {
    /// The ground after a block; after the latest if none is named.
    pub(crate) fn at(rpc: &Rpc, at: Option<BlockId>) -> Result<Self, RpcError> {
        Ok(Self { rules: rpc.chain.rules().clone(), state: rpc.state(at)?, gas_cap: rpc.limits.call_gas })
    }

    pub(crate) fn base(&self) -> Base<'_, StateView> {
        Base { rules: &self.rules, header: self.header(), db: &self.state, gas_cap: self.gas_cap }
    }

    pub(crate) fn header(&self) -> &Header {
        self.state.header()
    }

    pub(crate) const fn state(&self) -> &StateView {
        &self.state
    }

    pub(crate) fn estimate(&self, request: &TransactionRequest, overrides: &EvmOverrides) -> Result<u64, RpcError> {
        Ok(evm::estimate::estimate_gas(&self.base(), request, overrides)?)
    }
}
