//! Blocks, headers and receipts in the encoding that hashes and roots are made of.

use std::sync::Arc;

use alloy_consensus::TxReceipt;
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::Bytes;
use chain::Executed;
use primitives::Receipt;

use crate::{
    convert::{BlockId, BlockNumberOrTag},
    methods::{Call, Reply, Rpc},
    rpc::{RpcError, json},
};

/// `debug_getRawHeader`: RLP.
pub(crate) fn header(rpc: &Rpc, call: Call<'_>) -> Reply {
    let (at,) = call.params.parse::<(BlockId,)>()?;
    rpc.about(at, move |rpc| json(&Bytes::from(alloy_rlp::encode(known(rpc, at)?.block.header()))))
}

/// `debug_getRawBlock`: RLP.
pub(crate) fn block(rpc: &Rpc, call: Call<'_>) -> Reply {
    let (at,) = call.params.parse::<(BlockId,)>()?;
    rpc.aside(move |rpc| Ok(known(rpc, at)?.block.encode()))
}

/// `debug_getRawReceipts`: each as EIP-2718 bytes, bloom included.
pub(crate) fn receipts(rpc: &Rpc, call: Call<'_>) -> Reply {
    let (at,) = call.params.parse::<(BlockId,)>()?;
    rpc.aside(move |rpc| Ok(known(rpc, at)?.receipts.iter().map(raw_receipt).collect::<Vec<_>>()))
}

/// The block of this name, or geth's words for an unknown one.
pub(super) fn known(rpc: &Rpc, at: BlockId) -> Result<Arc<Executed>, RpcError> {
    rpc.executed(at)?.ok_or_else(|| match at {
        BlockId::Hash(hash) => RpcError::server(format!("block {} not found", hash.block_hash)),
        BlockId::Number(number) => RpcError::server(format!("block #{} not found", shown(number))),
    })
}

fn shown(number: BlockNumberOrTag) -> String {
    number.as_number().map_or_else(|| number.to_string(), |number| number.to_string())
}

fn raw_receipt(receipt: &Receipt) -> Bytes {
    receipt.with_bloom_ref().encoded_2718().into()
}
