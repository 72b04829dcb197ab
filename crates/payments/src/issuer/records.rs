//! What the issuer must remember: the rows that the vault keeps, one struct for each kind of row.
//!
//! Written and read by the rest of this folder through [`Vault`](super::vault::Vault), which the crate `vault` implements. Nothing here holds a
//! number in the clear: a card's is sealed by the vault, its keys are wrapped by [`Keys`](super::keys::Keys). Amounts count the currency's
//! smallest unit; times are milliseconds since 1970.
//!
//! ```text
//! Range 1 - n Card 1 - n Account (one for each currency)      Pool (one for each currency): what no account has
//!                    1
//!                    n
//! Merchant 1 - n Payment 1 - n Exchange (a request and its answer)
//!                    1
//!                    n
//!                  Outbox (a signed transaction)
//! ```

use serde::{Deserialize, Serialize};

use super::{atc::AtcWindow, mismatch::Mismatch};
use crate::{
    number::{Expiry, Token},
    profile::{Profile, Strategy},
};

pub use crate::cryptogram::CardReference;
pub use money::{
    AccountKey, AccountRecord, CurrencyNumber, DaySpent, Limits, MerchantKey, MerchantRecord, PoolRecord, Sums,
    TotalKey, TotalRecord,
};
pub use outbox::{OutboxKind, OutboxRow, OutboxState};
pub use payment::{
    Answer, ExchangeRecord, HoldTerms, PaymentId, PaymentKind, PaymentRecord, PaymentState, RequestKey, Use,
};

mod money;
mod outbox;
mod payment;

/// Keyed hash of a number (`Keys::index_hmac`): the only way to look a number up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NumberHash(pub [u8; 32]);

/// A number encrypted by the vault (`Vault::seal`), readable by the vault only, and only for the card that it was sealed for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedNumber(pub Vec<u8>);

/// The keys of one card encrypted by [`Keys`](super::keys::Keys), readable by it only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrappedKeys(pub Vec<u8>);

/// Numbers that begin alike and are tokenized alike. `token_bin` belongs to one pair of `pan_bin` and key set, and to no other; both are equally
/// long, and no range's `token_bin` begins another's (T-24). Never changed once written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RangeRecord {
    /// First digits of its tokens; its key.
    pub token_bin: String,
    /// First digits of its numbers.
    pub pan_bin: String,
    /// The issuer's keys for it: the fourth part of 9F10.
    pub key_set: u8,
    /// What goes into its tokens.
    pub profile: Profile,
    /// How the issuer gets the number back.
    pub strategy: Strategy,
}

/// A card that the issuer gave out.
#[derive(Clone, Debug, PartialEq)]
pub struct CardRecord {
    /// Its key; unique.
    pub reference: CardReference,
    /// The number, encrypted.
    pub number: SealedNumber,
    /// The number, hashed; unique.
    pub number_hash: NumberHash,
    /// First six and last four digits with stars between: what people may see.
    pub truncated: String,
    /// The sequence number, one byte BCD (5F34).
    pub sequence: u8,
    /// Last month in which it is good.
    pub expiry: Expiry,
    /// Last month as its tokens tell it (5F24, DE 14).
    pub token_expiry: Expiry,
    /// Its range, by `token_bin`.
    pub token_bin: String,
    /// Its own tokenization and tweak keys.
    pub keys: WrappedKeys,
    /// Whether it may pay.
    pub status: CardStatus,
    /// The counters that were accepted.
    pub atc: AtcWindow,
    /// When it was made.
    pub created_ms: u64,
}

/// Whether a card may pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CardStatus {
    /// It may.
    Active,
    /// The issuer stopped it for now (DE 39 = 62).
    Blocked,
    /// Its holder lost it (DE 39 = 41).
    Lost,
    /// It was stolen (DE 39 = 43).
    Stolen,
}

/// A multi-use token that was seen and found right: the strategy "vault" (T-21). The card index belongs to the key, since two cards can make one
/// token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrationRecord {
    /// The token; with `card_index` the key.
    pub token: Token,
    /// The card index of 9F10 as it came.
    pub card_index: [u8; 6],
    /// Whose it is.
    pub card: CardReference,
}
