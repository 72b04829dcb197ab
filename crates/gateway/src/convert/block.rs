//! Headers and blocks as geth shows them since the merge: no `totalDifficulty`, fields of later forks only where the header
//! has them. Every header field is there, so a client can recompute the hash.

use alloy_consensus::{BlockBody, Header};
use alloy_eips::eip4895::Withdrawals;
use alloy_primitives::{Address, B64, B256, Bloom, Bytes, U256};
use alloy_serde::quantity;
use primitives::{Block, Recovered, Tx};
use serde::Serialize;

use super::transaction::{Place, RpcTransaction, count};

/// A header with its hash: `eth_getHeaderBy...` and the `newHeads` subscription.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RpcHeader<'a> {
    #[serde(with = "quantity::opt", skip_serializing_if = "Option::is_none")]
    base_fee_per_gas: Option<u64>,
    #[serde(with = "quantity::opt", skip_serializing_if = "Option::is_none")]
    blob_gas_used: Option<u64>,
    difficulty: U256,
    #[serde(with = "quantity::opt", skip_serializing_if = "Option::is_none")]
    excess_blob_gas: Option<u64>,
    extra_data: &'a Bytes,
    #[serde(with = "quantity")]
    gas_limit: u64,
    #[serde(with = "quantity")]
    gas_used: u64,
    hash: Option<B256>,
    logs_bloom: &'a Bloom,
    miner: Option<Address>,
    mix_hash: B256,
    nonce: Option<B64>,
    #[serde(with = "quantity")]
    number: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_beacon_block_root: Option<B256>,
    parent_hash: B256,
    receipts_root: B256,
    #[serde(skip_serializing_if = "Option::is_none")]
    requests_hash: Option<B256>,
    sha3_uncles: B256,
    state_root: B256,
    #[serde(with = "quantity")]
    timestamp: u64,
    transactions_root: B256,
    #[serde(skip_serializing_if = "Option::is_none")]
    withdrawals_root: Option<B256>,
}

impl<'a> RpcHeader<'a> {
    pub fn of(block: &'a Block) -> Self {
        let header = block.header();
        Self {
            base_fee_per_gas: header.base_fee_per_gas,
            blob_gas_used: header.blob_gas_used,
            difficulty: header.difficulty,
            excess_blob_gas: header.excess_blob_gas,
            extra_data: &header.extra_data,
            gas_limit: header.gas_limit,
            gas_used: header.gas_used,
            hash: Some(block.hash()),
            logs_bloom: &header.logs_bloom,
            miner: Some(header.beneficiary),
            mix_hash: header.mix_hash,
            nonce: Some(header.nonce),
            number: header.number,
            parent_beacon_block_root: header.parent_beacon_block_root,
            parent_hash: header.parent_hash,
            receipts_root: header.receipts_root,
            requests_hash: header.requests_hash,
            sha3_uncles: header.ommers_hash,
            state_root: header.state_root,
            timestamp: header.timestamp,
            transactions_root: header.transactions_root,
            withdrawals_root: header.withdrawals_root,
        }
    }

    /// The same of a block that nobody made: what only its maker decides is null.
    #[must_use]
    pub fn unmade(self) -> Self {
        Self { hash: None, miner: None, nonce: None, ..self }
    }
}

/// A block with the hashes of its transactions, or with all of them.
#[derive(Debug, Serialize)]
pub struct RpcBlock<'a> {
    #[serde(flatten)]
    header: RpcHeader<'a>,
    /// Bytes of the block's RLP.
    #[serde(with = "quantity")]
    size: u64,
    transactions: Transactions<'a>,
    uncles: [B256; 0],
    #[serde(skip_serializing_if = "Option::is_none")]
    withdrawals: Option<Withdrawals>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Transactions<'a> {
    Hashes(Vec<B256>),
    Full(Vec<RpcTransaction<'a>>),
}

impl<'a> RpcBlock<'a> {
    pub fn new(block: &'a Block, full_transactions: bool) -> Self {
        Self {
            header: RpcHeader::of(block),
            size: count(encoded_bytes(block)),
            transactions: if full_transactions { full(block) } else { hashes(block) },
            uncles: [],
            withdrawals: withdrawals(block),
        }
    }

    /// The same of a block that nobody made.
    #[must_use]
    pub fn unmade(self) -> Self {
        Self { header: self.header.unmade(), ..self }
    }
}

fn full(block: &Block) -> Transactions<'_> {
    let each = block.transactions().iter().enumerate();
    Transactions::Full(each.map(|(index, tx)| RpcTransaction::mined(tx, Place::in_block(block, index))).collect())
}

fn hashes(block: &Block) -> Transactions<'_> {
    Transactions::Hashes(block.transactions().iter().map(|tx| *tx.tx_hash()).collect())
}

fn encoded_bytes(block: &Block) -> usize {
    let transactions: Vec<&Tx> = block.transactions().iter().map(Recovered::inner).collect();
    let body = BlockBody { transactions, ommers: Vec::<Header>::new(), withdrawals: withdrawals(block) };
    alloy_consensus::Block::rlp_length_for(block.header(), &body)
}

/// There never are any, but since Shanghai the list is part of a block.
fn withdrawals(block: &Block) -> Option<Withdrawals> {
    block.header().withdrawals_root.map(|_| Withdrawals::default())
}
