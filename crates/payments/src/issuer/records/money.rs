//! Rows of money: accounts, pools, merchants, totals.
//!
//! The issuer's pool account on the ledger is one for each currency. Whose money in it is, only the vault knows: for each currency the balances of
//! all accounts and the pool's unallocated rest add up to `balanceOf(pool)`, and what the accounts hold adds up to `held(pool)`.

use alloy_primitives::Address;
use serde::{Deserialize, Serialize};

use super::CardReference;

/// ISO 4217 as a number: DE 49, 5F2A.
pub type CurrencyNumber = u16;

/// Whose money, in which currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AccountKey {
    /// The card.
    pub card: CardReference,
    /// The currency.
    pub currency: CurrencyNumber,
}

/// A cardholder's part of a pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountRecord {
    /// Its key.
    pub key: AccountKey,
    /// All of it, what is held included.
    pub balance_minor: u64,
    /// What of it is held; never more than the balance.
    pub held_minor: u64,
    /// What may be spent.
    pub limits: Limits,
    /// What was spent on the newest day on which something was.
    pub spent: DaySpent,
}

impl AccountRecord {
    /// What can be spent.
    pub const fn available_minor(&self) -> u64 {
        self.balance_minor.saturating_sub(self.held_minor)
    }
}

/// Bounds on spending; `None` is without bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// The most that one payment may be.
    pub payment_minor: Option<u64>,
    /// The most that one day (UTC) may be.
    pub day_minor: Option<u64>,
}

/// What was spent on one day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DaySpent {
    /// Days since 1970, UTC.
    pub day: u32,
    /// Held or captured of payments that began on that day.
    pub minor: u64,
}

/// What of a pool belongs to no account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolRecord {
    /// Its key.
    pub currency: CurrencyNumber,
    /// The rest.
    pub unallocated_minor: u64,
}

/// One currency of the vault, to be compared with the ledger. Sums of many accounts can exceed a `u64`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    /// Which.
    pub currency: CurrencyNumber,
    /// All balances.
    pub balance_minor: u128,
    /// All that is held.
    pub held_minor: u128,
    /// What no account has.
    pub unallocated_minor: u64,
}

/// A merchant is known by who brings it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MerchantKey {
    /// DE 32, as the acquirer's certificate names it.
    pub acquirer: String,
    /// DE 42 without trailing spaces.
    pub merchant: String,
}

/// Where a merchant's money goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MerchantRecord {
    /// Its key.
    pub key: MerchantKey,
    /// The only currency in which it is paid.
    pub currency: CurrencyNumber,
    /// Its account on the ledger.
    pub address: Address,
    /// Its category, if DE 18 is to be compared with one.
    pub category: Option<u16>,
}

/// One merchant, one day.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TotalKey {
    /// Whose.
    pub merchant: MerchantKey,
    /// In which currency.
    pub currency: CurrencyNumber,
    /// Days since 1970, UTC, by the issuer's clock.
    pub day: u32,
}

/// What happened at one merchant on one day, each counted when it was final.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TotalRecord {
    /// Its key.
    pub key: TotalKey,
    /// Requests that were declined.
    pub declined_count: u64,
    /// Payments held.
    pub held_count: u64,
    /// What they held first.
    pub held_minor: u64,
    /// Payments captured.
    pub captured_count: u64,
    /// What the merchant got.
    pub captured_minor: u64,
    /// Payments reversed, in part or in whole.
    pub reversed_count: u64,
    /// What was given back before a capture.
    pub reversed_minor: u64,
    /// Refunds.
    pub refunded_count: u64,
    /// What the merchant gave back.
    pub refunded_minor: u64,
}

impl TotalRecord {
    /// Nothing happened yet.
    pub const fn new(key: TotalKey) -> Self {
        Self {
            key,
            declined_count: 0,
            held_count: 0,
            held_minor: 0,
            captured_count: 0,
            captured_minor: 0,
            reversed_count: 0,
            reversed_minor: 0,
            refunded_count: 0,
            refunded_minor: 0,
        }
    }
}
