//! Asks native contracts by calls, as any client would, and tries calls out before somebody signs them. Used by the pages
//! over `cash` and `token`.

use alloy_primitives::{Bytes, TxKind};
use alloy_rpc_types_eth::{TransactionRequest, state::EvmOverrides};
use alloy_sol_types::SolCall;
use chain::StateView;
use evm::call::{Base, CallError, call};
use primitives::{Address, Rules};

use super::{Console, Problem};
use crate::native;

/// Questions to one state.
pub(super) struct Reader<'a> {
    rules: &'a Rules,
    state: &'a StateView,
    call_gas: u64,
}

impl<'a> Reader<'a> {
    pub(super) fn of(console: &'a Console, state: &'a StateView) -> Self {
        Self { rules: console.chain.rules(), state, call_gas: console.call_gas }
    }

    /// What the contract answers; `None` where it refuses, or where there is none: it knows nothing of this name.
    pub(super) fn ask<C: SolCall>(&self, contract: Address, question: &C) -> Result<Option<C::Return>, Problem> {
        match self.run(None, contract, question.abi_encode().into()) {
            Ok(answer) => Ok(C::abi_decode_returns(&answer).ok()),
            Err(CallError::Internal(reason)) => Err(Problem::Unreadable(reason)),
            Err(_) => Ok(None),
        }
    }

    /// Why this call by `from` would fail now, in words.
    pub(super) fn refusal(&self, from: Address, contract: Address, data: Bytes) -> Option<String> {
        let error = self.run(Some(from), contract, data).err()?;
        let described = match &error {
            CallError::Revert(data) => native::error(data),
            _ => None,
        };
        Some(described.map_or_else(|| error.to_string(), |described| described.to_string()))
    }

    /// Seconds since 1970 of the block that is read.
    pub(super) fn now(&self) -> u64 {
        self.state.header().timestamp
    }

    fn run(&self, from: Option<Address>, to: Address, data: Bytes) -> Result<Bytes, CallError> {
        let request = TransactionRequest {
            from,
            to: Some(TxKind::Call(to)),
            input: data.into(),
            ..TransactionRequest::default()
        };
        let base = Base { rules: self.rules, header: self.state.header(), db: self.state, gas_cap: self.call_gas };
        call(&base, &request, &EvmOverrides::default())
    }
}
