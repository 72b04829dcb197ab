//! Payments, the requests that made and changed them, and their answers.
//!
//! ```text
//! Declined                      Voiding -> Voided       a reversal came before its authorization
//! Answered                      (an inquiry, no money)
//! Holding -> Held -> Adjusting -> Held                a purchase goes from Holding to Capturing
//!    |         |---> Capturing -> Captured -> Refunding -> Captured
//!    |         |---> Releasing -> Reversed | Expired
//!    |-> Cancelling -> Releasing -> Reversed            too late, or reversed while under way
//!    `-> Failed                                         the ledger refused the hold
//! ```
//! `Holding`, `Cancelling` and every state in "-ing" is unfinished: there is an open row in the outbox, or one must be made.

use alloy_primitives::{Address, B256};
use serde::{Deserialize, Serialize};

use super::{CardReference, CurrencyNumber, MerchantKey, Mismatch};
use crate::number::Token;

/// Given by the vault, rising from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PaymentId(pub u64);

/// What tells one request from another: a terminal never uses a trace number (STAN) twice at the same time of transmission.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RequestKey {
    /// DE 32, as the acquirer's certificate names it.
    pub acquirer: String,
    /// DE 41 without trailing spaces.
    pub terminal: String,
    /// DE 11: six digits.
    pub stan: String,
    /// DE 7: MMDDhhmmss.
    pub transmitted: String,
    /// Whether it is a reversal (04xx): one may carry the trace number of what it reverses.
    pub reversal: bool,
}

/// A request that was taken on, so that its repeats are answered alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExchangeRecord {
    /// Its key; unique.
    pub key: RequestKey,
    /// SHA-256 of the body without what a repeat changes.
    pub fingerprint: B256,
    /// The payment that it made or changes.
    pub payment: Option<PaymentId>,
    /// The answer, or the two that it can be.
    pub answer: Answer,
    /// What did not fit in a follow-up; those of an authorization are with its payment.
    pub mismatches: Vec<Mismatch>,
    /// When it came first.
    pub received_ms: u64,
}

/// The exact bytes of a response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// May be sent, again and again.
    Ready(Vec<u8>),
    /// Not before the ledger is final about it.
    Waiting {
        /// What it will be when the payment's step is done.
        if_done: Vec<u8>,
        /// What it will be when it is not.
        if_failed: Vec<u8>,
    },
}

/// A purchase, an authorization, an inquiry; or what was left of one that came after its reversal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentRecord {
    /// Given by the vault when it is written first.
    pub id: PaymentId,
    /// What was asked.
    pub kind: PaymentKind,
    /// Where it stands.
    pub state: PaymentState,
    /// The request that made it. Follow-ups name it by DE 90. Unique, tombstones and late completions apart.
    pub request: RequestKey,
    /// DE 37; follow-ups name it together with the acquirer. Not unique.
    pub rrn: String,
    /// Where.
    pub merchant: MerchantKey,
    /// DE 2.
    pub token: Token,
    /// DE 49.
    pub currency: CurrencyNumber,
    /// DE 4 of the request.
    pub requested_minor: u64,
    /// What is held in all, as last adjusted; zero if nothing ever was to be.
    pub amount_minor: u64,
    /// What of it went to the merchant.
    pub captured_minor: u64,
    /// What of that came back.
    pub refunded_minor: u64,
    /// The card, if its cryptogram was right: a payment that was declined for what anybody can send names no card.
    pub card: Option<CardReference>,
    /// The card's counter (9F36).
    pub atc: Option<u16>,
    /// How often this cryptogram was accepted before. (card, ATC, use) is unique where there is a card.
    pub use_number: u32,
    /// 9F26.
    pub cryptogram: Option<[u8; 8]>,
    /// The hold on the ledger, if there is to be one.
    pub hold: Option<HoldTerms>,
    /// What did not fit.
    pub mismatches: Vec<Mismatch>,
    /// DE 39 of the request's answer, as decided.
    pub response: String,
    /// DE 38.
    pub approval: Option<String>,
    /// The day whose limit it counts for.
    pub day: u32,
    /// When it was decided.
    pub decided_ms: u64,
    /// Until when its answer is worth waiting for.
    pub deadline_ms: u64,
    /// While it is `Held`: when something is to be done about it without being asked, which is the release of what nobody captured, and another
    /// try at the capture of a purchase.
    pub due_ms: u64,
    /// When its state changed last.
    pub changed_ms: u64,
    /// Steps that were named on the ledger: adjustments and captures are numbered by it.
    pub steps: u32,
}

/// Everything that the call of `cash.hold` says, and the salt of its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldTerms {
    /// Keccak of the preimage (`issuer::hold`); unique.
    pub id: B256,
    /// Makes the id unguessable.
    pub salt: B256,
    /// The issuer's pool.
    pub from: Address,
    /// The merchant's account.
    pub to: Address,
    /// What was held first: a part of the id.
    pub first_minor: u64,
    /// Seconds since 1970: nothing is captured from then on.
    pub expiry_s: u64,
}

/// What was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentKind {
    /// 0100: to be captured later.
    Authorization,
    /// 0200: captured by the issuer as soon as it is held.
    Purchase,
    /// What is on the account.
    Inquiry,
    /// A completion that came after the hold's end: a new hold for an old payment.
    Late {
        /// The old payment.
        original: PaymentId,
    },
    /// Only a reversal has come of it.
    Tombstone,
}

/// Where a payment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentState {
    /// Refused; no money moved.
    Declined,
    /// An inquiry that was answered.
    Answered,
    /// The hold is signed and not known to be final.
    Holding,
    /// The money is held.
    Held,
    /// More or less is to be held.
    Adjusting,
    /// A capture is signed.
    Capturing,
    /// The merchant has it.
    Captured,
    /// Money is to come back from the merchant.
    Refunding,
    /// The hold is not known to be final, and is to be released when it is.
    Cancelling,
    /// A release is signed.
    Releasing,
    /// Given back before a capture.
    Reversed,
    /// Given back at the end of its time.
    Expired,
    /// A void is signed.
    Voiding,
    /// Reversed before it was seen.
    Voided,
    /// The ledger refused the hold.
    Failed,
}

impl PaymentState {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::Declined,
        Self::Answered,
        Self::Holding,
        Self::Held,
        Self::Adjusting,
        Self::Capturing,
        Self::Captured,
        Self::Refunding,
        Self::Cancelling,
        Self::Releasing,
        Self::Reversed,
        Self::Expired,
        Self::Voiding,
        Self::Voided,
        Self::Failed,
    ];

    /// Whether the ledger is still to speak.
    pub const fn unfinished(self) -> bool {
        matches!(
            self,
            Self::Holding
                | Self::Adjusting
                | Self::Capturing
                | Self::Refunding
                | Self::Cancelling
                | Self::Releasing
                | Self::Voiding
        )
    }
}

/// A payment of a cryptogram, as far as its reuse asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// The payment.
    pub payment: PaymentId,
    /// Its number.
    pub use_number: u32,
    /// 9F26.
    pub cryptogram: [u8; 8],
    /// When it was decided.
    pub decided_ms: u64,
}
