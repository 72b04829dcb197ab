//! The order of simulated blocks: numbers and times rise, gaps are filled with empty blocks, at most 256 in all.
//! Gives each block the header fields that are known before it is executed.

use alloy_rpc_types_eth::{
    BlockOverrides, TransactionRequest,
    simulate::{MAX_SIMULATE_BLOCKS, SimBlock},
    state::StateOverride,
};
use primitives::{B256, Header, Rules, U256, genesis::next_mix_hash};

use crate::call::{Base, CallError};

/// A block about to be simulated.
#[derive(Debug)]
pub(super) struct Planned<'p> {
    /// Everything but the parent's hash, gas used and the roots.
    pub(super) header: Header,
    pub(super) overrides: BlockOverrides,
    pub(super) state: Option<&'p StateOverride>,
    pub(super) calls: &'p [TransactionRequest],
}

/// Time between blocks that do not say when they are, in seconds.
const INTERVAL_S: u64 = 1;

/// Puts the blocks in line behind the base.
pub(super) fn plan<'p, DB>(base: &Base<'_, DB>, blocks: &'p [SimBlock]) -> Result<Vec<Planned<'p>>, CallError> {
    if blocks.is_empty() {
        return Err(CallError::Params("empty input".into()));
    }
    let mut line = Line { rules: base.rules, base: base.header.number, planned: Vec::new(), last: base.header.clone() };
    for block in blocks {
        line.push(block)?;
    }
    Ok(line.planned)
}

struct Line<'r, 'p> {
    rules: &'r Rules,
    /// Number of the block they all stand on.
    base: u64,
    planned: Vec<Planned<'p>>,
    last: Header,
}

impl<'p> Line<'_, 'p> {
    fn push(&mut self, block: &'p SimBlock) -> Result<(), CallError> {
        let overrides = block.block_overrides.clone().unwrap_or_default();
        let number = self.number(overrides.number)?;
        while self.last.number.saturating_add(1) < number {
            self.follow(BlockOverrides::default(), None, &[])?;
        }
        self.follow(overrides, block.state_overrides.as_ref(), &block.calls)
    }

    /// The number asked for, or the next.
    fn number(&self, wanted: Option<U256>) -> Result<u64, CallError> {
        let previous = self.last.number;
        let number = wanted.unwrap_or_else(|| U256::from(previous).saturating_add(U256::ONE));
        if number <= U256::from(previous) {
            return Err(CallError::BlockNumber { number, previous });
        }
        let highest = self.base.saturating_add(MAX_SIMULATE_BLOCKS);
        u64::try_from(number).ok().filter(|number| *number <= highest).ok_or(CallError::ClientLimit("too many blocks"))
    }

    fn follow(
        &mut self,
        overrides: BlockOverrides,
        state: Option<&'p StateOverride>,
        calls: &'p [TransactionRequest],
    ) -> Result<(), CallError> {
        let header = self.header(&overrides)?;
        self.last = header.clone();
        self.planned.push(Planned { header, overrides, state, calls });
        Ok(())
    }

    /// Beneficiary and gas limit are inherited, overridden or not.
    fn header(&self, overrides: &BlockOverrides) -> Result<Header, CallError> {
        let number = self.last.number.saturating_add(1);
        Ok(Header {
            number,
            timestamp: self.time(overrides.time)?,
            beneficiary: overrides.coinbase.unwrap_or(self.last.beneficiary),
            gas_limit: overrides.gas_limit.unwrap_or(self.last.gas_limit),
            mix_hash: overrides.random.unwrap_or_else(|| next_mix_hash(self.last.mix_hash, number)),
            base_fee_per_gas: Some(overrides.base_fee.map_or(0, |fee| u64::try_from(fee).unwrap_or(u64::MAX))),
            parent_beacon_block_root: Some(overrides.beacon_root.unwrap_or_default()),
            extra_data: self.last.extra_data.clone(),
            ..self.rules.header_frame(B256::ZERO)
        })
    }

    fn time(&self, wanted: Option<u64>) -> Result<u64, CallError> {
        let previous = self.last.timestamp;
        let time = wanted.unwrap_or(previous.saturating_add(INTERVAL_S));
        if time <= previous {
            return Err(CallError::BlockTime { time, previous });
        }
        Ok(time)
    }
}
