//! A transaction as `eth_getTransactionBy...` shows it, and as `eth_signTransaction` shows one that is in no block.
//! Field by field as geth's; which fields a type has is the business of EIP-2718 and its successors.

use alloy_consensus::{Transaction, Typed2718};
use alloy_eips::{eip2930::AccessList, eip7702::SignedAuthorization};
use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_serde::quantity;
use primitives::{Block, Recovered, Tx};
use serde::Serialize;

/// Where a transaction was mined.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub block_hash: B256,
    pub block_number: u64,
    /// Seconds since 1970.
    pub timestamp: u64,
    pub index: u64,
    pub base_fee: Option<u64>,
}

impl Place {
    /// The place number `index` of a block.
    pub fn in_block(block: &Block, index: usize) -> Self {
        let header = block.header();
        Self {
            block_hash: block.hash(),
            block_number: header.number,
            timestamp: header.timestamp,
            index: count(index),
            base_fee: header.base_fee_per_gas,
        }
    }
}

/// A transaction with its sender and, when mined, its place; the place's fields are null while it waits.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RpcTransaction<'a> {
    block_hash: Option<B256>,
    #[serde(with = "quantity::opt")]
    block_number: Option<u64>,
    #[serde(with = "quantity::opt")]
    block_timestamp: Option<u64>,
    from: Address,
    #[serde(with = "quantity::opt")]
    transaction_index: Option<u64>,
    /// What is paid per gas: the effective price once mined, the highest price before.
    #[serde(with = "quantity")]
    gas_price: u128,
    #[serde(flatten)]
    body: Body<'a>,
}

impl<'a> RpcTransaction<'a> {
    /// A transaction in the pool.
    pub fn pending(tx: &'a Recovered<Tx>) -> Self {
        Self::new(tx, None)
    }

    /// A transaction in a block.
    pub fn mined(tx: &'a Recovered<Tx>, place: Place) -> Self {
        Self::new(tx, Some(place))
    }

    fn new(tx: &'a Recovered<Tx>, place: Option<Place>) -> Self {
        Self {
            block_hash: place.map(|place| place.block_hash),
            block_number: place.map(|place| place.block_number),
            block_timestamp: place.map(|place| place.timestamp),
            from: tx.signer(),
            transaction_index: place.map(|place| place.index),
            gas_price: place.map_or(tx.max_fee_per_gas(), |place| tx.effective_gas_price(place.base_fee)),
            body: Body::of(tx.inner()),
        }
    }
}

/// A signed transaction without sender or place, as `eth_signTransaction` shows it under `tx`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SignedTransaction<'a> {
    /// Null unless the type has a single price.
    #[serde(with = "quantity::opt")]
    gas_price: Option<u128>,
    #[serde(flatten)]
    body: Body<'a>,
}

impl<'a> SignedTransaction<'a> {
    pub fn of(tx: &'a Tx) -> Self {
        Self { gas_price: tx.gas_price(), body: Body::of(tx) }
    }
}

/// What the signer signed, and the signature.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    #[serde(with = "quantity")]
    gas: u64,
    #[serde(with = "quantity::opt", skip_serializing_if = "Option::is_none")]
    max_fee_per_gas: Option<u128>,
    #[serde(with = "quantity::opt", skip_serializing_if = "Option::is_none")]
    max_priority_fee_per_gas: Option<u128>,
    hash: B256,
    input: &'a Bytes,
    #[serde(with = "quantity")]
    nonce: u64,
    to: Option<Address>,
    value: U256,
    #[serde(rename = "type", with = "quantity")]
    tx_type: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_list: Option<&'a AccessList>,
    #[serde(with = "quantity::opt", skip_serializing_if = "Option::is_none")]
    chain_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorization_list: Option<&'a [SignedAuthorization]>,
    #[serde(with = "quantity")]
    v: u128,
    r: U256,
    s: U256,
    /// Absent in a legacy transaction, whose `v` says more.
    #[serde(with = "quantity::opt", skip_serializing_if = "Option::is_none")]
    y_parity: Option<bool>,
}

impl<'a> Body<'a> {
    fn of(tx: &'a Tx) -> Self {
        let signature = tx.signature();
        Self {
            gas: tx.gas_limit(),
            max_fee_per_gas: tx.is_dynamic_fee().then(|| tx.max_fee_per_gas()),
            max_priority_fee_per_gas: tx.max_priority_fee_per_gas(),
            hash: *tx.tx_hash(),
            input: tx.input(),
            nonce: tx.nonce(),
            to: tx.to(),
            value: tx.value(),
            tx_type: tx.ty(),
            access_list: tx.access_list(),
            chain_id: tx.chain_id(),
            authorization_list: tx.authorization_list(),
            v: v_of(tx),
            r: signature.r(),
            s: signature.s(),
            y_parity: (!tx.is_legacy()).then(|| signature.v()),
        }
    }
}

/// EIP-155 for a legacy transaction (27 and 28 without a chain id), the parity for every later type.
fn v_of(tx: &Tx) -> u128 {
    let parity = u128::from(tx.signature().v());
    match (tx.is_legacy(), tx.chain_id()) {
        (false, _) => parity,
        (true, None) => 27 + parity,
        (true, Some(chain_id)) => 35 + 2 * u128::from(chain_id) + parity,
    }
}

/// A position or length as JSON carries it.
pub(super) fn count(position: usize) -> u64 {
    u64::try_from(position).unwrap_or(u64::MAX)
}
