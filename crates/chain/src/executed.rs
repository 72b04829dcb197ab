//! A block with what its execution gave, as it is served to clients.

use std::sync::Arc;

use alloy_primitives::map::B256HashMap;
use primitives::{B256, Block, FinalityProof, Receipt};

/// A final block, its receipts and its certificate.
#[derive(Clone, Debug)]
pub struct Executed {
    /// The block.
    pub block: Arc<Block>,
    /// One receipt for each transaction.
    pub receipts: Arc<Vec<Receipt>>,
    /// Who made it final; genesis needs nobody.
    pub finality: Option<FinalityProof>,
    positions: Arc<B256HashMap<usize>>,
}

impl Executed {
    /// Puts the parts together and indexes the transactions by hash.
    pub fn new(block: Arc<Block>, receipts: Arc<Vec<Receipt>>, finality: Option<FinalityProof>) -> Self {
        let hashes = block.transactions().iter().enumerate().map(|(index, tx)| (*tx.inner().tx_hash(), index));
        let positions = Arc::new(hashes.collect());
        Self { block, receipts, finality, positions }
    }

    /// Height.
    pub fn number(&self) -> u64 {
        self.block.number()
    }

    /// Block hash.
    pub fn hash(&self) -> B256 {
        self.block.hash()
    }

    /// Place of a transaction in this block.
    pub fn index_of(&self, tx: B256) -> Option<usize> {
        self.positions.get(&tx).copied()
    }

    /// Number of logs in this block before those of the transaction at `tx_index`.
    pub fn first_log_index(&self, tx_index: usize) -> usize {
        self.receipts.iter().take(tx_index).map(|receipt| receipt.logs.len()).sum()
    }

    /// Gas that the transaction at `tx_index` used; 0 if there is none.
    pub fn gas_used(&self, tx_index: usize) -> u64 {
        let up_to = |index: usize| self.receipts.get(index).map_or(0, |receipt| receipt.cumulative_gas_used);
        let before = tx_index.checked_sub(1).map_or(0, up_to);
        up_to(tx_index).saturating_sub(before)
    }
}
