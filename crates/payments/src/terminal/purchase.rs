//! What is to be paid, and under which numbers the messages about it go. All of it is an argument of
//! [`Session::start`](super::Session::start): numbers of messages count on durably where they are kept.
//!
//! Rules: ISO 8583:1987, elements 3, 4, 11, 37 and 49; amounts count the smallest unit of ISO 4217.

use contracts::cash::iso4217::Currency;
use serde::{Deserialize, Serialize};

/// What the holder is asked to agree to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purchase {
    pub(super) kind: Kind,
    pub(super) amount_minor: u64,
    pub(super) currency: Currency,
    pub(super) trace: Trace,
}

/// What a card is tapped for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// Goods or services: money is held, to be captured later (0100).
    Purchase,
    /// Goods or services, paid at once (0200).
    Sale,
    /// What the holder may spend; nothing is held.
    Balance,
}

/// The numbers of one transaction. Each is used once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    /// Number of the request, 1 to 999999 (STAN).
    pub stan: u32,
    /// Number of the reversal, should there be one.
    pub reversal_stan: u32,
    /// Retrieval reference number: 12 letters or digits.
    pub rrn: String,
}

/// Why this cannot be asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PurchaseError {
    /// Messages and cards have room for 12 digits.
    #[error("an amount has at most 12 digits")]
    Amount,
    /// Not a number of ISO 8583.
    #[error("a message's number is 1 to 999999")]
    Stan,
    /// A reversal is a message of its own.
    #[error("request and reversal need different numbers")]
    SameStan,
    /// Not a reference of ISO 8583.
    #[error("a reference has 12 letters or digits")]
    Reference,
}

impl Purchase {
    /// Of goods or services. An amount of zero is for the card to judge: one whose token depends on the amount refuses it.
    pub fn new(amount_minor: u64, currency: Currency, trace: Trace) -> Result<Self, PurchaseError> {
        if amount_minor > AMOUNT_MOST_MINOR {
            return Err(PurchaseError::Amount);
        }
        trace.check()?;
        Ok(Self { kind: Kind::Purchase, amount_minor, currency, trace })
    }

    /// The same, paid at once: no capture follows.
    pub fn sale(amount_minor: u64, currency: Currency, trace: Trace) -> Result<Self, PurchaseError> {
        Ok(Self { kind: Kind::Sale, ..Self::new(amount_minor, currency, trace)? })
    }

    /// A question for the balance. It names the smallest amount, since a card makes no token over an empty one (T-28); nothing is debited.
    pub fn balance(currency: Currency, trace: Trace) -> Result<Self, PurchaseError> {
        trace.check()?;
        Ok(Self { kind: Kind::Balance, amount_minor: 1, currency, trace })
    }
}

impl Kind {
    /// 9C, which is also how element 3 begins.
    pub(super) const fn code(self) -> u8 {
        match self {
            Self::Purchase | Self::Sale => 0x00,
            Self::Balance => 0x31,
        }
    }
}

impl Trace {
    pub(super) fn check(&self) -> Result<(), PurchaseError> {
        let reference = self.rrn.len() == 12 && self.rrn.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let numbered = |stan: u32| (1..=STAN_MOST).contains(&stan);
        match () {
            () if !numbered(self.stan) || !numbered(self.reversal_stan) => Err(PurchaseError::Stan),
            () if self.stan == self.reversal_stan => Err(PurchaseError::SameStan),
            () if !reference => Err(PurchaseError::Reference),
            () => Ok(()),
        }
    }
}

pub(super) const AMOUNT_MOST_MINOR: u64 = 999_999_999_999;
pub(super) const STAN_MOST: u32 = 999_999;
