//! A simulated call as the transaction that it would have been: unsigned, so that its hash is made with an empty signature, as in geth.

use alloy_consensus::{SignableTransaction, TxEip1559, TxEip2930, TxEip7702, TxLegacy};
use alloy_primitives::Signature;
use primitives::{Recovered, Tx, TxType, U256};
use revm::{context::TxEnv, context_interface::either::Either, primitives::TxKind};

/// The transaction that `tx` executes.
pub(super) fn unsigned(tx: &TxEnv) -> Recovered<Tx> {
    let signature = Signature::new(U256::ZERO, U256::ZERO, false);
    let envelope = match TxType::try_from(tx.tx_type) {
        Ok(TxType::Legacy) => Tx::Legacy(legacy(tx).into_signed(signature)),
        Ok(TxType::Eip2930) => Tx::Eip2930(with_access_list(tx).into_signed(signature)),
        Ok(TxType::Eip7702) => Tx::Eip7702(set_code(tx).into_signed(signature)),
        // Requests for blobs were refused, and no other type is made of a request.
        _ => Tx::Eip1559(fee_market(tx).into_signed(signature)),
    };
    Recovered::new_unchecked(envelope, tx.caller)
}

fn legacy(tx: &TxEnv) -> TxLegacy {
    TxLegacy {
        chain_id: tx.chain_id,
        nonce: tx.nonce,
        gas_price: tx.gas_price,
        gas_limit: tx.gas_limit,
        to: tx.kind,
        value: tx.value,
        input: tx.data.clone(),
    }
}

fn with_access_list(tx: &TxEnv) -> TxEip2930 {
    TxEip2930 {
        chain_id: tx.chain_id.unwrap_or_default(),
        nonce: tx.nonce,
        gas_price: tx.gas_price,
        gas_limit: tx.gas_limit,
        to: tx.kind,
        value: tx.value,
        access_list: tx.access_list.clone(),
        input: tx.data.clone(),
    }
}

fn fee_market(tx: &TxEnv) -> TxEip1559 {
    TxEip1559 {
        chain_id: tx.chain_id.unwrap_or_default(),
        nonce: tx.nonce,
        gas_limit: tx.gas_limit,
        max_fee_per_gas: tx.gas_price,
        max_priority_fee_per_gas: tx.gas_priority_fee.unwrap_or_default(),
        to: tx.kind,
        value: tx.value,
        access_list: tx.access_list.clone(),
        input: tx.data.clone(),
    }
}

fn set_code(tx: &TxEnv) -> TxEip7702 {
    TxEip7702 {
        chain_id: tx.chain_id.unwrap_or_default(),
        nonce: tx.nonce,
        gas_limit: tx.gas_limit,
        max_fee_per_gas: tx.gas_price,
        max_priority_fee_per_gas: tx.gas_priority_fee.unwrap_or_default(),
        // A creation of this type was refused before.
        to: match tx.kind {
            TxKind::Call(to) => to,
            TxKind::Create => Default::default(),
        },
        value: tx.value,
        access_list: tx.access_list.clone(),
        authorization_list: tx.authorization_list.iter().filter_map(signed).cloned().collect(),
        input: tx.data.clone(),
    }
}

fn signed<L, R>(authorization: &Either<L, R>) -> Option<&L> {
    authorization.as_ref().left()
}
