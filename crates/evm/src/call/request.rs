//! From a JSON-RPC transaction request to what revm executes: defaults filled in as geth does (`TransactionArgs.CallDefaults` and
//! `ToMessage`), contradictions refused. Called for every call, estimate, access list, trace of a call and simulated transaction.

use alloy_rpc_types_eth::TransactionRequest;
use primitives::TxType;
use revm::{
    context::TxEnv,
    context_interface::either::Either,
    primitives::{Bytes, TxKind},
};

use super::error::{CallError, Invalid};

/// The request as a transaction with this gas limit and, unless it names one, this nonce.
pub(crate) fn tx_env(
    request: &TransactionRequest,
    chain_id: u64,
    gas_limit: u64,
    next_nonce: u64,
) -> Result<TxEnv, CallError> {
    check(request, chain_id)?;
    let tx_type = tx_type(request);
    let fee_market = matches!(tx_type, TxType::Eip1559 | TxType::Eip7702);
    let max_fee = request.gas_price.or(request.max_fee_per_gas).unwrap_or_default();
    Ok(TxEnv {
        tx_type: tx_type.into(),
        caller: request.from.unwrap_or_default(),
        gas_limit,
        gas_price: max_fee,
        gas_priority_fee: fee_market
            .then(|| request.gas_price.or(request.max_priority_fee_per_gas).unwrap_or_default()),
        kind: request.to.unwrap_or(TxKind::Create),
        value: request.value.unwrap_or_default(),
        data: input(request),
        nonce: request.nonce.unwrap_or(next_nonce),
        chain_id: Some(chain_id),
        access_list: request.access_list.clone().unwrap_or_default(),
        blob_hashes: Vec::new(),
        max_fee_per_blob_gas: 0,
        authorization_list: request.authorization_list.iter().flatten().cloned().map(Either::Left).collect(),
    })
}

/// The transaction for where nonces are not looked at; revm refuses the last one even there.
pub(crate) fn with_any_nonce(mut tx: TxEnv) -> TxEnv {
    tx.nonce = tx.nonce.min(u64::MAX - 1);
    tx
}

/// Nothing is paid for gas; geth then runs the call as if the base fee were zero.
pub(crate) fn is_free(tx: &TxEnv) -> bool {
    tx.gas_price == 0 && tx.gas_priority_fee.unwrap_or_default() == 0
}

/// What revm leaves to its caller to check.
pub(crate) fn check_set_code(tx: &TxEnv) -> Result<(), Invalid> {
    if tx.tx_type == u8::from(TxType::Eip7702) && tx.kind.is_create() {
        return Err(Invalid::SetCodeCreate { address: tx.caller });
    }
    Ok(())
}

/// `input` counts if `data` is there too, as in geth.
pub(crate) fn input(request: &TransactionRequest) -> Bytes {
    request.input.input().cloned().unwrap_or_default()
}

fn check(request: &TransactionRequest, chain_id: u64) -> Result<(), CallError> {
    if request.gas_price.is_some() && (request.max_fee_per_gas.is_some() || request.max_priority_fee_per_gas.is_some())
    {
        return Err(CallError::FeeStyles);
    }
    if let Some(have) = request.chain_id.filter(|have| *have != chain_id) {
        return Err(CallError::ChainId { have, want: chain_id });
    }
    if request.sidecar.is_some() || request.blob_versioned_hashes.as_ref().is_some_and(|hashes| !hashes.is_empty()) {
        return Err(CallError::Blob);
    }
    Ok(())
}

/// geth's choice: EIP-1559 unless an authorization list or a plain gas price says otherwise.
fn tx_type(request: &TransactionRequest) -> TxType {
    if request.authorization_list.is_some() {
        return TxType::Eip7702;
    }
    match (request.gas_price.is_some(), request.access_list.is_some()) {
        (false, _) => TxType::Eip1559,
        (true, true) => TxType::Eip2930,
        (true, false) => TxType::Legacy,
    }
}
