//! From a client's transaction request to a transaction that can be signed: what contradicts itself is refused, what is missing
//! is filled in. Called by `send` and `sign`. Rules and words: geth's `internal/ethapi/transaction_args.go`, but a price of
//! zero is taken, because this chain has no base fee.

use alloy_consensus::{EthereumTypedTransaction, TxEip1559, TxEip2930, TxEip4844, TxEip7702, TxLegacy};
use alloy_primitives::TxKind;
use alloy_rpc_types_eth::TransactionRequest;
use primitives::Rules;

use crate::{methods::Rpc, rpc::RpcError};

/// A transaction without its signature.
pub(crate) type Unsigned = EthereumTypedTransaction<TxEip4844>;

/// Refuses requests that no transaction of this chain can come from.
pub(crate) fn check(request: &TransactionRequest, rules: &Rules) -> Result<(), RpcError> {
    refuse_blobs(request)?;
    check_chain_id(request, rules.chain_id)?;
    check_prices(request)?;
    check_input(request)?;
    check_set_code(request)
}

/// What is put where a request says nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Filling {
    pub(crate) chain_id: u64,
    pub(crate) nonce: u64,
    pub(crate) gas: u64,
    /// Wei per gas.
    pub(crate) price: u64,
}

/// The transaction of a checked request.
pub(crate) fn build(request: TransactionRequest, filling: Filling) -> Result<Unsigned, RpcError> {
    let parts = Parts::of(&request, filling);
    match kind(&request) {
        Kind::Legacy => Ok(parts.legacy().into()),
        Kind::AccessList => Ok(parts.access_list(request).into()),
        Kind::DynamicFee => Ok(parts.dynamic_fee(request).into()),
        Kind::SetCode => Ok(parts.set_code(request)?.into()),
    }
}

impl Rpc {
    pub(super) fn filling(&self, nonce: u64, gas: u64) -> Filling {
        Filling { chain_id: self.chain.rules().chain_id, nonce, gas, price: self.suggested_gas_price() }
    }
}

/// Which envelope a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Legacy,
    AccessList,
    DynamicFee,
    SetCode,
}

/// By the fields given; `type` decides only where they leave it open.
const fn kind(request: &TransactionRequest) -> Kind {
    if request.authorization_list.is_some() {
        return Kind::SetCode;
    }
    let priced_once = request.gas_price.is_some() || matches!(request.transaction_type, Some(0 | 1));
    let listed = request.access_list.is_some() || matches!(request.transaction_type, Some(1));
    match (priced_once && !has_dynamic_price(request), listed) {
        (false, _) => Kind::DynamicFee,
        (true, true) => Kind::AccessList,
        (true, false) => Kind::Legacy,
    }
}

/// What every envelope has.
struct Parts {
    chain_id: u64,
    nonce: u64,
    gas: u64,
    /// Price of the types that have one.
    price: u128,
    max_fee: u128,
    tip: u128,
    to: TxKind,
    value: alloy_primitives::U256,
    input: alloy_primitives::Bytes,
}

impl Parts {
    fn of(request: &TransactionRequest, filling: Filling) -> Self {
        let Filling { chain_id, nonce, gas, price } = filling;
        let price = u128::from(price);
        let tip = request.max_priority_fee_per_gas;
        let max_fee = request.max_fee_per_gas;
        Self {
            chain_id,
            nonce,
            gas,
            price: request.gas_price.unwrap_or(price),
            max_fee: max_fee.or(tip).unwrap_or(price),
            tip: tip.unwrap_or_else(|| max_fee.map_or(price, |max_fee| max_fee.min(price))),
            to: request.to.unwrap_or(TxKind::Create),
            value: request.value.unwrap_or_default(),
            input: request.input.input().cloned().unwrap_or_default(),
        }
    }

    fn legacy(self) -> TxLegacy {
        let Self { chain_id, nonce, gas, price, to, value, input, .. } = self;
        TxLegacy { chain_id: Some(chain_id), nonce, gas_price: price, gas_limit: gas, to, value, input }
    }

    fn access_list(self, request: TransactionRequest) -> TxEip2930 {
        let Self { chain_id, nonce, gas, price, to, value, input, .. } = self;
        let access_list = request.access_list.unwrap_or_default();
        TxEip2930 { chain_id, nonce, gas_price: price, gas_limit: gas, to, value, access_list, input }
    }

    fn dynamic_fee(self, request: TransactionRequest) -> TxEip1559 {
        let Self { chain_id, nonce, gas, max_fee, tip, to, value, input, .. } = self;
        TxEip1559 {
            chain_id,
            nonce,
            gas_limit: gas,
            max_fee_per_gas: max_fee,
            max_priority_fee_per_gas: tip,
            to,
            value,
            access_list: request.access_list.unwrap_or_default(),
            input,
        }
    }

    fn set_code(self, request: TransactionRequest) -> Result<TxEip7702, RpcError> {
        let to = *self.to.to().ok_or_else(set_code_creates)?;
        let Self { chain_id, nonce, gas, max_fee, tip, value, input, .. } = self;
        Ok(TxEip7702 {
            chain_id,
            nonce,
            gas_limit: gas,
            max_fee_per_gas: max_fee,
            max_priority_fee_per_gas: tip,
            to,
            value,
            access_list: request.access_list.unwrap_or_default(),
            authorization_list: request.authorization_list.unwrap_or_default(),
            input,
        })
    }
}

fn refuse_blobs(request: &TransactionRequest) -> Result<(), RpcError> {
    let blobs = request.blob_versioned_hashes.is_some()
        || request.max_fee_per_blob_gas.is_some()
        || request.sidecar.is_some()
        || request.transaction_type == Some(3);
    if blobs { Err(primitives::TxError::Blob.into()) } else { Ok(()) }
}

fn check_chain_id(request: &TransactionRequest, node: u64) -> Result<(), RpcError> {
    match request.chain_id {
        Some(have) if have != node => {
            Err(RpcError::server(format!("chainId does not match node's (have={have}, want={node})")))
        }
        _ => Ok(()),
    }
}

fn check_prices(request: &TransactionRequest) -> Result<(), RpcError> {
    if request.gas_price.is_some() && has_dynamic_price(request) {
        return Err(RpcError::server("both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified"));
    }
    match (request.max_fee_per_gas, request.max_priority_fee_per_gas) {
        (Some(max_fee), Some(tip)) if max_fee < tip => {
            Err(RpcError::server(format!("maxFeePerGas ({max_fee}) < maxPriorityFeePerGas ({tip})")))
        }
        _ => Ok(()),
    }
}

fn check_input(request: &TransactionRequest) -> Result<(), RpcError> {
    let input = request.input.unique_input().map_err(|_| {
        RpcError::server(
            "both \"data\" and \"input\" are set and not equal. Please use \"input\" to pass transaction call data",
        )
    })?;
    let creates = request.to.is_none_or(|to| to.is_create());
    if creates && input.is_none_or(|input| input.is_empty()) {
        return Err(RpcError::server("contract creation without any data provided"));
    }
    Ok(())
}

/// EIP-7702: such a transaction calls an account, pays as type 2 does, and authorizes someone.
fn check_set_code(request: &TransactionRequest) -> Result<(), RpcError> {
    let Some(authorizations) = &request.authorization_list else { return Ok(()) };
    if request.to.is_none_or(|to| to.is_create()) {
        return Err(set_code_creates());
    }
    if authorizations.is_empty() {
        return Err(RpcError::server("EIP-7702 transaction with empty auth list"));
    }
    if request.gas_price.is_some() {
        return Err(RpcError::server("both gasPrice and authorizationList specified"));
    }
    Ok(())
}

fn set_code_creates() -> RpcError {
    RpcError::server("EIP-7702 transaction cannot be used to create contract")
}

const fn has_dynamic_price(request: &TransactionRequest) -> bool {
    request.max_fee_per_gas.is_some() || request.max_priority_fee_per_gas.is_some()
}

#[cfg(test)]
mod tests;
