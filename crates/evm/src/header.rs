//! Headers: sealing one over an outcome, and checking one that somebody else made.
//! Before execution `verify_header` compares everything that parent and rules determine; after it `check_outcome` compares the rest.
//! Rules: DESIGN section 5 (which fields are constant, what `extraData`, `nonce` and `mixHash` hold).

use alloy_consensus::{
    TxReceipt,
    proofs::{calculate_receipt_root, calculate_transaction_root},
};
use alloy_rlp::{Encodable, length_of_length};
use primitives::{B256, Block, Bloom, Header, Receipt, Rules, TimeMs};

use crate::execute::Outcome;

/// What a header commits to of its transactions and receipts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Roots {
    /// Root of the trie of transactions.
    pub transactions: B256,
    /// Root of the trie of receipts.
    pub receipts: B256,
    /// Bloom of all logs.
    pub bloom: Bloom,
}

/// Why a header does not follow its parent, or does not describe its block.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// Not the next height.
    #[error("block number {have}, expected {want}")]
    Number {
        /// In the header.
        have: u64,
        /// Parent's + 1.
        want: u64,
    },
    /// Another parent.
    #[error("parent hash {have}, expected {want}")]
    Parent {
        /// In the header.
        have: B256,
        /// The parent's.
        want: B256,
    },
    /// Time is not a number of milliseconds, or does not rise.
    #[error("block time {have:?} ms is not after its parent's {parent} ms")]
    Time {
        /// In the header; `None` if its nonce is no number of milliseconds.
        have: Option<u64>,
        /// The parent's.
        parent: u64,
    },
    /// More gas used than there is.
    #[error("gas used {used} is more than the gas limit {limit}")]
    GasUsed {
        /// In the header.
        used: u64,
        /// The limit.
        limit: u64,
    },
    /// The block is too large.
    #[error("block has {bytes} bytes, the limit is {limit}")]
    Bytes {
        /// Bytes of the encoded block.
        bytes: usize,
        /// Most bytes.
        limit: usize,
    },
    /// A field is not what rules, parent or execution make it.
    #[error("header field {field} is {have}, expected {want}")]
    Field {
        /// Name as in JSON-RPC.
        field: &'static str,
        /// In the header.
        have: String,
        /// As it has to be.
        want: String,
    },
}

impl Outcome {
    /// The roots over this outcome. Costs about as much as the execution, and needs no state: it can run beside the trie's commit.
    pub fn roots(&self) -> Roots {
        let receipts: Vec<_> = self.receipts.iter().map(Receipt::with_bloom_ref).collect();
        let transactions: Vec<_> = self.transactions.iter().map(|tx| tx.inner()).collect();
        Roots {
            transactions: calculate_transaction_root(&transactions),
            receipts: calculate_receipt_root(&receipts),
            bloom: receipts.iter().fold(Bloom::ZERO, |all, receipt| all | receipt.bloom_ref()),
        }
    }
}

/// The header over an outcome.
pub fn seal_header(frame: &Header, outcome: &Outcome, roots: &Roots, state_root: B256) -> Header {
    Header {
        state_root,
        transactions_root: roots.transactions,
        receipts_root: roots.receipts,
        logs_bloom: roots.bloom,
        gas_used: outcome.gas_used,
        requests_hash: outcome.requests_hash,
        extra_data: outcome.extra_data.clone(),
        ..frame.clone()
    }
}

/// The block over an outcome, in one step.
pub fn seal(frame: &Header, outcome: &Outcome, state_root: B256) -> Block {
    Block::seal(seal_header(frame, outcome, &outcome.roots(), state_root), outcome.transactions.clone())
}

/// Checks the header of a received block before anything is executed: everything but the roots, bloom, gas and requests, and at
/// the end of an epoch the next committee in `extraData`. `parent_hash` is the hash of `parent`.
pub fn verify_header(rules: &Rules, parent_hash: B256, parent: &Header, block: &Block) -> Result<(), HeaderError> {
    let header = block.header();
    check_place(parent_hash, parent, header)?;
    check_recovery(rules, header)?;
    check_time(parent, header)?;
    if header.gas_used > header.gas_limit {
        return Err(HeaderError::GasUsed { used: header.gas_used, limit: header.gas_limit });
    }
    let time = TimeMs::of_header(header).unwrap_or(TimeMs(0));
    let frame = rules.next_header(parent_hash, parent, time);
    compare(header, &with_results_of(rules, frame, header))?;
    check_bytes(rules, block)
}

/// Checks the rest of a received header against what execution made of the block.
pub fn check_outcome(header: &Header, outcome: &Outcome, roots: &Roots, state_root: B256) -> Result<(), HeaderError> {
    compare(header, &seal_header(header, outcome, roots, state_root))
}

/// Bytes of a block's RLP, from those of its header and those of its transactions as items of their list.
pub(crate) fn encoded_block_bytes(header_bytes: usize, list_bytes: usize) -> usize {
    let payload = header_bytes
        .saturating_add(list_bytes)
        .saturating_add(length_of_length(list_bytes))
        .saturating_add(EMPTY_OMMERS_AND_WITHDRAWALS_BYTES);
    payload.saturating_add(length_of_length(payload))
}

/// Two empty lists.
const EMPTY_OMMERS_AND_WITHDRAWALS_BYTES: usize = 2;

fn check_place(parent_hash: B256, parent: &Header, header: &Header) -> Result<(), HeaderError> {
    let want = parent.number.saturating_add(1);
    if header.number != want {
        return Err(HeaderError::Number { have: header.number, want });
    }
    if header.parent_hash != parent_hash {
        return Err(HeaderError::Parent { have: header.parent_hash, want: parent_hash });
    }
    Ok(())
}

/// A recovery names the block that it begins after.
fn check_recovery(rules: &Rules, header: &Header) -> Result<(), HeaderError> {
    let begun = rules.recovery_of(header.number).filter(|recovery| recovery.first() == header.number);
    match begun {
        Some(recovery) if recovery.after.hash != header.parent_hash => {
            Err(HeaderError::Parent { have: header.parent_hash, want: recovery.after.hash })
        }
        _ => Ok(()),
    }
}

fn check_time(parent: &Header, header: &Header) -> Result<(), HeaderError> {
    let before = TimeMs::of_header(parent).unwrap_or(TimeMs(0));
    match TimeMs::of_header(header) {
        Some(time) if time > before => Ok(()),
        have => Err(HeaderError::Time { have: have.map(|time| time.0), parent: before.0 }),
    }
}

fn check_bytes(rules: &Rules, block: &Block) -> Result<(), HeaderError> {
    let list_bytes = block.transactions().iter().map(|tx| tx.inner().length()).sum();
    let (bytes, limit) = (encoded_block_bytes(block.header().length(), list_bytes), rules.max_block_bytes);
    if bytes > limit { Err(HeaderError::Bytes { bytes, limit }) } else { Ok(()) }
}

/// A frame with the fields that only execution can check taken over from `header`.
fn with_results_of(rules: &Rules, frame: Header, header: &Header) -> Header {
    let ends_epoch = rules.begins_epoch(header.number.saturating_add(1));
    Header {
        extra_data: if ends_epoch { &header.extra_data } else { &frame.extra_data }.clone(),
        state_root: header.state_root,
        transactions_root: header.transactions_root,
        receipts_root: header.receipts_root,
        logs_bloom: header.logs_bloom,
        gas_used: header.gas_used,
        requests_hash: frame.requests_hash.map(|none| header.requests_hash.unwrap_or(none)),
        ..frame
    }
}

/// Field by field, so that the error names the one that differs.
fn compare(have: &Header, want: &Header) -> Result<(), HeaderError> {
    macro_rules! compare_fields {
        ($($field:ident $name:literal),* $(,)?) => {
            // Naming every field here makes a field that a later version of `Header` adds a compile error.
            let Header { $($field: _),* } = want;
            $(if have.$field != want.$field {
                return Err(HeaderError::Field {
                    field: $name,
                    have: format!("{:?}", have.$field),
                    want: format!("{:?}", want.$field),
                });
            })*
        };
    }
    compare_fields! {
        parent_hash "parentHash", ommers_hash "sha3Uncles", beneficiary "miner", state_root "stateRoot",
        transactions_root "transactionsRoot", receipts_root "receiptsRoot", logs_bloom "logsBloom",
        difficulty "difficulty", number "number", gas_limit "gasLimit", gas_used "gasUsed", timestamp "timestamp",
        extra_data "extraData", mix_hash "mixHash", nonce "nonce", base_fee_per_gas "baseFeePerGas",
        withdrawals_root "withdrawalsRoot", blob_gas_used "blobGasUsed", excess_blob_gas "excessBlobGas",
        parent_beacon_block_root "parentBeaconBlockRoot", requests_hash "requestsHash",
        block_access_list_hash "blockAccessListHash", slot_number "slotNumber",
    }
    Ok(())
}

#[cfg(test)]
mod tests;
