//! A hold in storage, and what an operator may hold. Written by [`super::holds`] only.

use alloy_primitives::{Address, B256, U256};

use crate::{
    env::Env,
    host::Res,
    layout,
    storage::{Cell, Word},
};

use super::abi::ICash::{self, HoldState};

layout! {
    /// Storage of a hold: seven slots, of which five are written when it is placed.
    pub struct Record {
        /// Who placed it, when it ends, where it stands.
        standing: Cell<Standing>,
        /// Whose money it is.
        from: Cell<Address>,
        /// To whom captures go.
        to: Cell<Address>,
        /// As placed; what a retry must name.
        first_amount: Cell<U256>,
        /// As last adjusted; zero if it never was.
        adjusted: Cell<U256>,
        /// What went to `to`.
        captured: Cell<U256>,
        /// As given to `hold`.
        reference: Cell<B256>,
    }
}

layout! {
    /// Storage of an operator's cap.
    pub struct Operator {
        /// What it may have captured and hold in all.
        cap: Cell<U256>,
        /// What it has captured and holds.
        used: Cell<U256>,
    }
}

/// One slot, as Solidity packs `address operator; uint64 expiry; HoldState state;`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Who placed the hold or the tombstone.
    pub operator: Address,
    /// Seconds since 1970; zero for a tombstone.
    pub expiry: u64,
    /// Where it stands.
    pub state: HoldState,
}

impl Word for Standing {
    fn to_word(self) -> U256 {
        let operator: U256 = self.operator.to_word();
        operator | (U256::from(self.expiry) << 160) | (U256::from(u8::from(self.state)) << 224)
    }

    fn from_word(word: U256) -> Self {
        // Only what `to_word` made is ever there; anything else reads as never seen.
        let state = HoldState::try_from(word.byte(28)).unwrap_or(HoldState::Unknown);
        Self { operator: Word::from_word(word), expiry: (word >> 160_usize).wrapping_to(), state }
    }
}

impl Record {
    /// Everything, read at once.
    pub(super) fn read(self, env: &mut Env<'_>) -> Res<ICash::Hold> {
        let Standing { operator, expiry, state } = self.standing.get(env)?;
        let first_amount = self.first_amount.get(env)?;
        let adjusted = self.adjusted.get(env)?;
        let amount = if adjusted.is_zero() { first_amount } else { adjusted };
        let captured = self.captured.get(env)?;
        let closed = matches!(state, HoldState::Captured | HoldState::Released);
        Ok(ICash::Hold {
            state,
            operator,
            from: self.from.get(env)?,
            to: self.to.get(env)?,
            firstAmount: first_amount,
            amount,
            captured,
            released: if closed { amount.saturating_sub(captured) } else { U256::ZERO },
            expiry,
            referenceId: self.reference.get(env)?,
        })
    }
}
