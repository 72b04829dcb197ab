//! The rest of an epoch by one member and without an engine: what a recovery is made of (docs/adr/0014-recovery.md). The ledger
//! names that member as the epoch's whole committee; the blocks are proposed, signed and made durable one after the other, and
//! are what solo would make. Beginning again after a crash goes on where the log ends.

use primitives::B256;

use crate::{BlockRef, Content, Fatal, Ledger, NodeKey, certificate, solo::slot_of};

/// Makes all blocks from `first` on up to and including the last one of its epoch; those that the log holds already are left as they
/// are.
pub fn finish_epoch(
    ledger: &dyn Ledger,
    key: &NodeKey,
    genesis_hash: B256,
    epoch_blocks: u64,
    first: u64,
) -> Result<BlockRef, Fatal> {
    let epoch = first / epoch_blocks;
    check_alone(ledger, key, epoch)?;
    let tip = ledger.tip().number;
    if tip.saturating_add(1) < first {
        return Err(Fatal(format!("the log ends with block {tip}, and block {first} is the first to be made")));
    }
    loop {
        let tip = ledger.tip();
        let next = tip.number.saturating_add(1);
        if next / epoch_blocks > epoch {
            return Ok(tip);
        }
        let slot = slot_of(next, epoch_blocks);
        let block = ledger.propose(slot, Content::MayBeEmpty, &[])?;
        let block = block.ok_or_else(|| Fatal(format!("the ledger makes no block {next}")))?;
        let proof = certificate::finalize_alone(key, genesis_hash, slot, block.hash());
        ledger.finalize(block, Some(proof))?;
    }
}

fn check_alone(ledger: &dyn Ledger, key: &NodeKey, epoch: u64) -> Result<(), Fatal> {
    match ledger.committee(epoch)? {
        Some(committee) if committee.members() == [key.id()] => Ok(()),
        _ => Err(Fatal(format!("epoch {epoch} is not for {} to sign alone", key.id()))),
    }
}
