//! Names of blocks: numbers, tags, hashes and the objects of EIP-1898.

use alloy_eips::{BlockId, BlockNumberOrTag};
use chain::BlockAt;

/// The block that a client means; the latest if it names none. What is on this chain is final, so `safe` and `finalized` are
/// the latest block, there is no pending block beyond it, and every hash it knows is canonical (`requireCanonical`).
pub fn block_at(id: Option<BlockId>) -> BlockAt {
    match id {
        None => BlockAt::Latest,
        Some(BlockId::Hash(hash)) => BlockAt::Hash(hash.block_hash),
        Some(BlockId::Number(BlockNumberOrTag::Number(number))) => BlockAt::Number(number),
        Some(BlockId::Number(BlockNumberOrTag::Earliest)) => BlockAt::Number(0),
        Some(BlockId::Number(_)) => BlockAt::Latest,
    }
}

#[cfg(test)]
mod tests;
