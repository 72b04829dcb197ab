//! Signatures by the node's own accounts. Only unlocked accounts sign, and never for a page of a foreign site: whoever can
//! make a browser send a request must not be able to spend from them. Rules: EIP-191, EIP-712, geth for the words.

use alloy_dyn_abi::TypedData;
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, B256, Bytes, eip191_hash_message};
use alloy_rpc_types_eth::TransactionRequest;
use primitives::Tx;
use serde::Serialize;

use super::request::{self, Unsigned};
use crate::{
    accounts::{Account, AccountError},
    convert::SignedTransaction,
    methods::{Call, Reply, Rpc},
    rpc::{Caller, RpcError, now},
};

/// `eth_sign`: an EIP-191 personal message.
pub(crate) fn message(rpc: &Rpc, call: Call<'_>) -> Reply {
    let (address, message) = call.params.parse::<(Address, Bytes)>()?;
    let account = unlocked(rpc, &call.caller, Some(address))?;
    now(&signature(account, eip191_hash_message(message))?)
}

/// `eth_signTypedData` and `eth_signTypedData_v4`: EIP-712 data, as an object or as its text.
pub(crate) fn typed_data(rpc: &Rpc, call: Call<'_>) -> Reply {
    let (address, data) = call.params.parse::<(Address, TypedData)>()?;
    let account = unlocked(rpc, &call.caller, Some(address))?;
    now(&signature(account, typed_digest(&data)?)?)
}

/// `eth_signTransaction`: signed, not sent. Nothing is filled in that would change what it costs or when it runs.
pub(crate) fn transaction(rpc: &Rpc, call: Call<'_>) -> Reply {
    let (request,) = call.params.parse::<(TransactionRequest,)>()?;
    let account = unlocked(rpc, &call.caller, request.from)?;
    request::check(&request, rpc.chain.rules())?;
    let gas = request.gas.ok_or_else(|| RpcError::server("gas not specified"))?;
    if request.gas_price.is_none() && request.max_fee_per_gas.is_none() {
        return Err(RpcError::server("missing gasPrice or maxFeePerGas/maxPriorityFeePerGas"));
    }
    let nonce = request.nonce.ok_or_else(|| RpcError::server("nonce not specified"))?;
    let tx = signed(account, request::build(request, rpc.filling(nonce, gas))?)?;
    now(&Signed { raw: tx.encoded_2718().into(), tx: SignedTransaction::of(&tx) })
}

/// The account that a request names, if this caller may use it.
pub(super) fn unlocked<'a>(rpc: &'a Rpc, caller: &Caller, from: Option<Address>) -> Result<&'a Account, RpcError> {
    if caller.cross_site {
        return Err(RpcError::server("this node signs nothing for pages of other sites"));
    }
    from.and_then(|address| rpc.accounts.get(address)).ok_or_else(|| RpcError::server("unknown account"))
}

/// The signed transaction.
pub(super) fn signed(account: &Account, unsigned: Unsigned) -> Result<Tx, AccountError> {
    let (unsigned, signature, hash) = account.sign_transaction(unsigned)?.into_parts();
    Ok(Tx::new_unchecked(unsigned, signature, hash))
}

fn typed_digest(data: &TypedData) -> Result<B256, RpcError> {
    data.eip712_signing_hash().map_err(|error| RpcError::invalid_params(error.to_string()))
}

#[derive(Serialize)]
struct Signed<'a> {
    raw: Bytes,
    tx: SignedTransaction<'a>,
}

/// 65 bytes: `r`, `s`, and 27 or 28.
fn signature(account: &Account, digest: B256) -> Result<Bytes, AccountError> {
    Ok(account.sign_digest(digest)?.as_bytes().into())
}

#[cfg(test)]
mod tests;
