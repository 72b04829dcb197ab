//! Enums of the contract's ABI, in words.

use contracts::token::abi::IToken::{Kind, Lock, RedemptionState};

use super::super::words::Moment;

pub(super) const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::ConsumerProduct => "consumer product",
        Kind::UniqueDigitalInstance => "unique digital instance",
        Kind::GiftCard => "gift card",
        Kind::PhysicalGood => "physical good",
        Kind::DigitalGood => "digital good",
        Kind::Service => "service",
        Kind::__Invalid => "of another kind",
    }
}

pub(super) const fn lock(lock: Lock) -> &'static str {
    match lock {
        Lock::Free => "free",
        Lock::Listed => "for sale",
        Lock::GiftPending => "a gift that waits",
        Lock::LeaseOffered => "offered for lease",
        Lock::Leased => "leased",
        Lock::RedemptionRequested => "redemption requested",
        Lock::Redeemed => "redeemed",
        Lock::__Invalid => "locked otherwise",
    }
}

/// A word, and the class of `console.css` that it is written in.
pub(super) const fn state(state: RedemptionState) -> (&'static str, &'static str) {
    match state {
        RedemptionState::Requested => ("requested", "waiting"),
        RedemptionState::Fulfilled => ("fulfilled", "done"),
        RedemptionState::Failed => ("failed", "failed"),
        RedemptionState::None | RedemptionState::__Invalid => ("unknown", "waiting"),
    }
}

/// When something is open: from a moment until before another, where zero is no bound.
pub(super) struct Window {
    pub(super) from: Option<Moment>,
    pub(super) until: Option<Moment>,
}

impl Window {
    pub(super) fn of(from: u64, until: u64) -> Self {
        Self { from: Moment::of_seconds(from), until: Moment::of_seconds(until) }
    }
}
