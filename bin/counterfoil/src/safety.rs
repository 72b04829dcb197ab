//! What a node refuses to start with unless it is told to: a policy under which too few members decide (DC-29), and epochs of a
//! network that end before a vote can take effect without haste (DESIGN section 5). Called by `node`.

use eyre::bail;
use primitives::{Genesis, genesis::Founding};

/// Least time that an epoch of a network lasts, by its blocks and the least interval between them.
const EPOCH_MS_LEAST: u64 = 5_000;

/// Refuses what is unsafe about a genesis, or logs it where `allowed`.
pub(crate) fn check(genesis: &Genesis, is_network: bool, allowed: bool) -> eyre::Result<()> {
    let found = dangers(genesis, is_network);
    if !found.is_empty() && !allowed {
        bail!("genesis is unsafe: {}; start with --allow-unsafe if that is meant", found.join("; "));
    }
    found.iter().for_each(|danger| tracing::warn!("unsafe, and allowed: {danger}"));
    Ok(())
}

/// The interval between blocks with which an epoch of so many blocks lasts long enough.
pub(crate) const fn interval_ms_least(epoch_blocks: u64) -> u64 {
    EPOCH_MS_LEAST.div_ceil(epoch_blocks)
}

fn dangers(genesis: &Genesis, is_network: bool) -> Vec<String> {
    let founding: &Founding = &genesis.rules().founding;
    let weights: Vec<u32> = founding.members.iter().map(|founder| founder.weight).collect();
    // One that cannot work is refused as a genesis.
    let policy = founding.policy.check(&weights).unwrap_or_default();
    let epoch_ms = genesis.counterfoil.epoch_blocks.saturating_mul(genesis.counterfoil.min_block_interval_ms);
    let short = (is_network && epoch_ms < EPOCH_MS_LEAST)
        .then(|| format!("an epoch may end after {epoch_ms} ms, a network's should last {EPOCH_MS_LEAST} ms or more"));
    policy.iter().map(ToString::to_string).chain(short).collect()
}

#[cfg(test)]
mod tests;
