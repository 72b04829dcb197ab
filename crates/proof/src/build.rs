//! Facts from a node's parts: the Merkle proofs of a block's receipts and transactions, and the node's own proofs of its state.
//!
//! Called by `chain`, which adds headers, certificates and committees. Pure: the same block gives the same bytes.

use alloy_consensus::TxReceipt;
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, Bytes, U256};
use alloy_trie::{HashBuilder, Nibbles, proof::ProofRetainer};
use primitives::{Block, Receipt};

use crate::file::{AccountFact, Fact, LogFact, ReceiptFact, Slot, StorageFact};

/// The transaction at `index`, its receipt and the ways to both.
pub fn receipt_fact(block: &Block, receipts: &[Receipt], index: u64) -> Fact {
    let transactions: Vec<_> = block.transactions().iter().map(|tx| tx.inner().encoded_2718()).collect();
    Fact::Receipt(ReceiptFact {
        index,
        proof: prove(&encoded_receipts(receipts), index),
        transaction_proof: prove(&transactions, index),
    })
}

/// The log at place `log` of the transaction at `receipt`.
pub fn log_fact(receipts: &[Receipt], receipt: u64, log: u64) -> Fact {
    Fact::Log(LogFact { receipt, log, proof: prove(&encoded_receipts(receipts), receipt) })
}

/// An account from its EIP-1186 proof.
pub const fn account_fact(address: Address, proof: Vec<Bytes>) -> Fact {
    Fact::Account(AccountFact { address, proof })
}

/// Slots from the EIP-1186 proof of their account; a slot asked for twice is proved once.
pub fn storage_fact(address: Address, proof: Vec<Bytes>, slots: impl IntoIterator<Item = (U256, Vec<Bytes>)>) -> Fact {
    let mut slots: Vec<_> = slots.into_iter().map(|(slot, proof)| Slot { slot, proof }).collect();
    slots.sort_by_key(|slot| slot.slot);
    slots.dedup_by_key(|slot| slot.slot);
    Fact::Storage(StorageFact { address, proof, slots })
}

fn encoded_receipts(receipts: &[Receipt]) -> Vec<Vec<u8>> {
    receipts.iter().map(|receipt| receipt.with_bloom_ref().encoded_2718()).collect()
}

/// The way to `index` in the trie that a block makes of a list: item under the RLP of its place.
fn prove(items: &[Vec<u8>], index: u64) -> Vec<Bytes> {
    let key = |index: u64| Nibbles::unpack(alloy_rlp::encode(index));
    let mut leaves: Vec<_> = (0..).map(key).zip(items).collect();
    leaves.sort_unstable_by_key(|(key, _)| *key);
    let mut builder = HashBuilder::default().with_proof_retainer(ProofRetainer::new(vec![key(index)]));
    for (key, item) in leaves {
        builder.add_leaf(key, item);
    }
    builder.root();
    builder.take_proof_nodes().into_nodes_sorted().into_iter().map(|(_, node)| node).collect()
}
