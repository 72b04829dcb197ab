//! Transactions on their way in.
//!
//! ```text
//! raw bytes --decode, recover--> Recovered<Tx> --submit--> hash                 (eth_sendRawTransaction)
//!                                                    \---> wait for its block   (eth_sendRawTransactionSync, EIP-7966)
//! request --check, estimate, choose nonce, sign--> Recovered<Tx> --submit-->    (eth_sendTransaction, unlocked accounts only)
//! ```

use std::{sync::Arc, time::Duration};

use alloy_consensus::Transaction;
use alloy_primitives::{B256, Bytes, U64};
use alloy_rpc_types_eth::{TransactionRequest, state::EvmOverrides};
use chain::{Chain, Executed};
use evm::{Invalid, unpayable::Unpayable};
use primitives::{
    Recovered, Tx,
    tx::{decode_tx, recover},
};
use serde_json::value::RawValue;
use tokio::sync::broadcast::{Receiver, error::RecvError};

use super::{call::Ground, request, sign, transaction::receipt_in};
use crate::{
    convert::BlockId,
    methods::{Call, CallLimits, Prepared, Reply, Rpc},
    rpc::{CallResult, Params, RpcError, json, later, now},
};

/// `eth_sendRawTransaction`: the hash, once the pool has the transaction.
pub(crate) fn raw(rpc: &Rpc, call: Call<'_>) -> Reply {
    let tx = call.prepared.unwrap_or_else(|| decode(call.params))?;
    now(&rpc.chain.submit(tx)?)
}

/// `eth_sendRawTransactionSync`: the receipt, once the block is final; at most as long as the caller and the node wish to wait.
pub(crate) fn raw_sync(rpc: &Rpc, call: Call<'_>) -> Reply {
    let (tx, wait_ms) = match call.prepared {
        Some(tx) => (tx?, wait_of(call.params)?),
        None => decode_sync(call.params)?,
    };
    refuse_gap(rpc, &tx)?;
    let wait = rpc.limits.wait(wait_ms);
    let heads = rpc.chain.subscribe_heads();
    let hash = rpc.chain.submit(tx)?;
    later(receipt_within(rpc.chain.clone(), heads, hash, wait))
}

/// `eth_sendTransaction`: fills in what is missing, signs and submits. Waits its turn if the sender's nonce is to be chosen.
pub(crate) fn transaction(rpc: &Rpc, call: Call<'_>) -> Reply {
    let (request,) = call.params.parse::<(TransactionRequest,)>()?;
    let from = sign::unlocked(rpc, &call.caller, request.from)?.address();
    request::check(&request, rpc.chain.rules())?;
    rpc.aside(move |rpc| {
        let gas = gas_for(rpc, &request)?;
        let account = sign::unlocked(rpc, &call.caller, Some(from))?;
        let _no_other_chooses = rpc.nonce_choice.lock();
        let nonce = request.nonce.unwrap_or_else(|| rpc.next_nonce(from));
        let tx = sign::signed(account, request::build(request, rpc.filling(nonce, gas))?)?;
        Ok(rpc.chain.submit(Recovered::new_unchecked(tx, from))?)
    })
}

/// The costly part of `eth_sendRawTransaction`, which needs no state.
pub(crate) fn decode(params: Params<'_>) -> Prepared {
    let (bytes,) = params.parse::<(Bytes,)>()?;
    recovered(&bytes)
}

/// The same of `eth_sendRawTransactionSync`, with the milliseconds to wait.
pub(crate) fn decode_sync(params: Params<'_>) -> Result<(Recovered<Tx>, Option<u64>), RpcError> {
    let (bytes, wait_ms) = params.parse::<(Bytes, Option<U64>)>()?;
    Ok((recovered(&bytes)?, wait_ms.map(|ms| ms.to())))
}

impl CallLimits {
    /// EIP-7966: a wait of zero means the node's own.
    fn wait(&self, asked_ms: Option<u64>) -> Duration {
        let asked_ms = asked_ms.filter(|ms| *ms > 0).unwrap_or(self.default_wait_ms);
        Duration::from_millis(asked_ms.min(self.max_wait_ms))
    }
}

fn recovered(bytes: &[u8]) -> Prepared {
    match decode_tx(bytes) {
        Ok(tx) => Ok(recover(tx)?),
        // Well formed for geth, which then finds no balance large enough.
        Err(_) if Unpayable::recognise(bytes).is_some() => Err(RpcError::server(Invalid::CostOverflow.to_string())),
        Err(error) => Err(error.into()),
    }
}

fn wait_of(params: Params<'_>) -> Result<Option<u64>, RpcError> {
    let (_, wait_ms) = params.parse::<(&RawValue, Option<U64>)>()?;
    Ok(wait_ms.map(|ms| ms.to()))
}

fn gas_for(rpc: &Rpc, request: &TransactionRequest) -> Result<u64, RpcError> {
    let estimate = || Ground::at(rpc, Some(BlockId::pending()))?.estimate(request, &EvmOverrides::default());
    request.gas.map_or_else(estimate, Ok)
}

/// What would wait for another transaction is not taken in the first place; the expected nonce is the error's data.
fn refuse_gap(rpc: &Rpc, tx: &Recovered<Tx>) -> Result<(), RpcError> {
    let (expected, nonce) = (rpc.next_nonce(tx.signer()), tx.nonce());
    if nonce <= expected {
        return Ok(());
    }
    let message = format!("nonce gap: expected nonce {expected}, tx nonce {nonce}");
    Err(RpcError::new(NONCE_GAP, message).with_data(&U64::from(expected)))
}

async fn receipt_within(chain: Chain, heads: Receiver<Arc<Executed>>, hash: B256, wait: Duration) -> CallResult {
    tokio::time::timeout(wait, receipt(&chain, heads, hash)).await.unwrap_or_else(|_| {
        let message = format!("the transaction was added to the mempool but wasn't processed in {wait:?}");
        Err(RpcError::new(TIMEOUT, message).with_data(&hash))
    })
}

async fn receipt(chain: &Chain, mut heads: Receiver<Arc<Executed>>, hash: B256) -> CallResult {
    loop {
        let head = match heads.recv().await {
            Ok(head) => Some(head),
            Err(RecvError::Lagged(_)) => None,
            Err(RecvError::Closed) => return Err(unready("the node is stopping", hash)),
        };
        if let Some(receipt) = receipt_now(chain, head.as_deref(), hash)? {
            return Ok(receipt);
        }
    }
}

/// Looks into the new head, then whether the transaction still waits, and only then further back.
fn receipt_now(chain: &Chain, head: Option<&Executed>, hash: B256) -> Result<Option<Box<RawValue>>, RpcError> {
    if let Some((head, index)) = head.and_then(|head| Some((head, head.index_of(hash)?))) {
        return json(&receipt_in(head, index)).map(Some);
    }
    if chain.pool().get(hash).is_some() {
        return Ok(None);
    }
    match chain.mined(hash)? {
        Some((executed, index)) => json(&receipt_in(&executed, index)).map(Some),
        None => Err(unready("the transaction became invalid and was dropped", hash)),
    }
}

fn unready(why: &'static str, hash: B256) -> RpcError {
    RpcError::new(UNREADY, why).with_data(&hash)
}

/// EIP-7966.
const TIMEOUT: i64 = 4;
const UNREADY: i64 = 5;
const NONCE_GAP: i64 = 6;
