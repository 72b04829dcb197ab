//! What an issuer chooses: where its money is, how long it waits, what it tolerates. Read from its configuration by the program, passed to
//! [`Issuer::open`](super::Issuer::open).

use alloy_primitives::Address;
use serde::{Deserialize, Serialize};

use super::reference::AccountReference;

/// The issuer's choices. All but the first two have defaults.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Settings {
    /// Of the ledger: a part of every hold id.
    pub chain_id: u64,
    /// The issuer's account on the ledger, whose money is held: one address, a balance in each currency.
    pub pool: Address,
    /// How long money is held.
    #[serde(default = "defaults::hold_s")]
    pub hold_s: u64,
    /// Before the end of a hold, nothing is begun any more that needs it.
    #[serde(default = "defaults::expiry_margin_s")]
    pub expiry_margin_s: u64,
    /// How long the ledger may take before an authorization is answered 91.
    #[serde(default = "defaults::answer_ms")]
    pub answer_ms: u64,
    /// How long after the end of a hold a completion is still taken, with a new hold.
    #[serde(default = "defaults::late_s")]
    pub late_s: u64,
    /// By how much a completion may exceed what was authorized, percent.
    #[serde(default = "defaults::over_percent")]
    pub over_percent: u8,
    /// By how much DE 4 may exceed what the card saw (9F02), percent: a tip.
    #[serde(default)]
    pub tip_percent: u8,
    /// By how much two clocks may differ.
    #[serde(default = "defaults::clock_skew_s")]
    pub clock_skew_s: u32,
    /// A counter that is so far above the high mark is told.
    #[serde(default = "defaults::atc_leap")]
    pub atc_leap: u16,
    /// What an approval says that stays the same while tokens change (element 56).
    #[serde(default)]
    pub account_reference: AccountReference,
    /// How long after a payment its terminal may ask for the balance without the card.
    #[serde(default = "defaults::inquiry_ms")]
    pub inquiry_ms: u64,
}

impl Settings {
    /// The defaults, on one chain, with one pool.
    pub const fn new(chain_id: u64, pool: Address) -> Self {
        Self {
            chain_id,
            pool,
            hold_s: defaults::hold_s(),
            expiry_margin_s: defaults::expiry_margin_s(),
            answer_ms: defaults::answer_ms(),
            late_s: defaults::late_s(),
            over_percent: defaults::over_percent(),
            tip_percent: 0,
            clock_skew_s: defaults::clock_skew_s(),
            atc_leap: defaults::atc_leap(),
            account_reference: AccountReference::None,
            inquiry_ms: defaults::inquiry_ms(),
        }
    }
}

/// The most that an amount may be where it may exceed another by some percent.
pub(super) fn with_percent(amount_minor: u64, percent: u8) -> u64 {
    let more = u128::from(amount_minor).saturating_mul(percent.into()) / 100;
    u64::try_from(u128::from(amount_minor).saturating_add(more)).unwrap_or(u64::MAX)
}

mod defaults {
    pub(super) const fn hold_s() -> u64 {
        7 * DAY_S
    }

    pub(super) const fn expiry_margin_s() -> u64 {
        60
    }

    pub(super) const fn answer_ms() -> u64 {
        10_000
    }

    pub(super) const fn late_s() -> u64 {
        30 * DAY_S
    }

    pub(super) const fn over_percent() -> u8 {
        15
    }

    pub(super) const fn clock_skew_s() -> u32 {
        600
    }

    pub(super) const fn atc_leap() -> u16 {
        256
    }

    pub(super) const fn inquiry_ms() -> u64 {
        15 * 60 * 1000
    }

    const DAY_S: u64 = 86_400;
}
