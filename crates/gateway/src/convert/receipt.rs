//! Receipts and logs as geth shows them. Indexes of logs run through the whole block.

use alloy_consensus::{Transaction, TxReceipt};
use alloy_primitives::{Address, B256, Bloom, Bytes, Log};
use alloy_serde::quantity;
use primitives::{Block, Receipt, Recovered, Tx};
use serde::Serialize;

use super::transaction::{Place, count};

/// What a transaction did.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RpcReceipt<'a> {
    block_hash: B256,
    #[serde(with = "quantity")]
    block_number: u64,
    contract_address: Option<Address>,
    #[serde(with = "quantity")]
    cumulative_gas_used: u64,
    #[serde(with = "quantity")]
    effective_gas_price: u128,
    from: Address,
    #[serde(with = "quantity")]
    gas_used: u64,
    logs: Vec<RpcLog<'a>>,
    logs_bloom: Bloom,
    #[serde(with = "quantity")]
    status: bool,
    to: Option<Address>,
    transaction_hash: B256,
    #[serde(with = "quantity")]
    transaction_index: u64,
    #[serde(rename = "type", with = "quantity")]
    tx_type: u8,
}

impl<'a> RpcReceipt<'a> {
    /// One receipt. `gas_before` and `logs_before` are what the transactions before it in the block used and emitted.
    pub fn new(tx: &Recovered<Tx>, receipt: &'a Receipt, place: Place, gas_before: u64, logs_before: usize) -> Self {
        let hash = *tx.tx_hash();
        let logs = receipt.logs.iter().enumerate();
        Self {
            block_hash: place.block_hash,
            block_number: place.block_number,
            contract_address: tx.to().is_none().then(|| tx.signer().create(tx.nonce())),
            cumulative_gas_used: receipt.cumulative_gas_used,
            effective_gas_price: tx.effective_gas_price(place.base_fee),
            from: tx.signer(),
            gas_used: receipt.cumulative_gas_used.saturating_sub(gas_before),
            logs: logs.map(|(nth, log)| RpcLog::new(log, hash, place, logs_before.saturating_add(nth))).collect(),
            logs_bloom: receipt.bloom(),
            status: receipt.success,
            to: tx.to(),
            transaction_hash: hash,
            transaction_index: place.index,
            tx_type: receipt.tx_type.into(),
        }
    }

    /// All receipts of a block, in order.
    pub fn of_block(block: &Block, receipts: &'a [Receipt]) -> Vec<Self> {
        let (mut gas_before, mut logs_before) = (0, 0);
        let pairs = block.transactions().iter().zip(receipts).enumerate();
        let each = pairs.map(|(index, (tx, receipt))| {
            let shown = Self::new(tx, receipt, Place::in_block(block, index), gas_before, logs_before);
            gas_before = receipt.cumulative_gas_used;
            logs_before = logs_before.saturating_add(receipt.logs.len());
            shown
        });
        each.collect()
    }
}

/// One log with its place.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RpcLog<'a> {
    address: Address,
    topics: &'a [B256],
    data: &'a Bytes,
    #[serde(with = "quantity")]
    block_number: u64,
    transaction_hash: B256,
    #[serde(with = "quantity")]
    transaction_index: u64,
    block_hash: B256,
    #[serde(with = "quantity")]
    block_timestamp: u64,
    #[serde(with = "quantity")]
    log_index: u64,
    /// Blocks are final here: nothing is ever taken back.
    removed: bool,
}

impl<'a> RpcLog<'a> {
    /// The log with the given index in its block.
    pub fn new(log: &'a Log, transaction_hash: B256, place: Place, index_in_block: usize) -> Self {
        Self {
            address: log.address,
            topics: log.topics(),
            data: &log.data.data,
            block_number: place.block_number,
            transaction_hash,
            transaction_index: place.index,
            block_hash: place.block_hash,
            block_timestamp: place.timestamp,
            log_index: count(index_in_block),
            removed: false,
        }
    }
}
