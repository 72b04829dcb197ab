//! What the issuer's keys do. No key leaves: each is an operation, so that a hardware module can do it as well as [`SoftKeys`].
//!
//! Called by `recover`, `decide` and `enrol`. Requirements T-19 (no way back from a token without these), T-20 (a key for each card; one for all
//! only where a profile says so), T-26 (the card's cryptogram key comes from the real number, so the number is found first).
//!
//! | key | of | does |
//! |---|---|---|
//! | tokenization, tweak | each card, or a key set | [`Tokenizer`] |
//! | index | each key set | card reference <-> card index |
//! | issuer master | each key set | cryptograms: ARQC, ARPC (option C, CSK) |
//! | wrapping | the issuer | a card's own keys, while they lie in the vault |
//! | number index | the issuer | keyed hash of a number |
//! | salt | the issuer | hold ids that nobody guesses |

use alloy_primitives::B256;
use primitives::Masked;
use thiserror::Error;

use super::{
    chip::Chip,
    records::{CardReference, MerchantKey, NumberHash, RangeRecord, WrappedKeys},
};
use crate::{
    number::{Pan, Token},
    profile::Input,
};

mod soft;

pub use soft::{Personalized, SoftKeys};

/// The issuer's keys as operations.
pub trait Keys {
    /// Makes keys for a new card, and gives them wrapped.
    fn wrap_fpe_key(&self, card: &Personalization<'_>) -> Result<WrappedKeys, KeyError>;
    /// Opens a card's own keys, to make and unmake its tokens.
    fn unwrap_fpe_key(&self, card: &CardReference, wrapped: &WrappedKeys) -> Result<Box<dyn Tokenizer>, KeyError>;
    /// The keys that all cards of a key set share, where a profile is issuer-wide.
    fn shared_fpe_key(&self, key_set: u8) -> Result<Box<dyn Tokenizer>, KeyError>;
    /// The card that a card index names. Any index names one: whether there is such a card is for the vault to say.
    fn card_of_index(&self, key_set: u8, index: &[u8; 6], tweak: &[u8]) -> Result<CardReference, KeyError>;
    /// Whether the cryptogram in DE 55 is that of this number's card over what stands there and this token.
    fn verify_arqc(&self, holder: &Holder<'_>, token: &Token, chip: &Chip<'_>) -> Result<bool, KeyError>;
    /// The issuer's answer to the cryptogram in DE 55: the first four bytes of tag 91.
    fn arpc(&self, holder: &Holder<'_>, chip: &Chip<'_>, status_update: [u8; 4]) -> Result<[u8; 4], KeyError>;
    /// Keyed hash of a number.
    fn index_hmac(&self, number: &Pan) -> Result<NumberHash, KeyError>;
    /// Keyed hash of a card, by itself or at a merchant: what its account reference is made of.
    fn account_reference(&self, card: &CardReference, merchant: Option<&MerchantKey>) -> Result<B256, KeyError>;
    /// Salt of a payment: no two of them share one.
    fn payment_salt(&self, card: &CardReference, atc: u16, use_number: u32) -> Result<B256, KeyError>;
}

/// A card to be made.
pub struct Personalization<'a> {
    /// Its range.
    pub range: &'a RangeRecord,
    /// Its reference.
    pub reference: CardReference,
    /// Its number.
    pub number: &'a Pan,
    /// Its sequence number, BCD.
    pub sequence: u8,
    /// The values of its profile's credentials and seed.
    pub credentials: &'a [(Input, &'a [u8])],
    /// Random bytes, never used before.
    pub random: &'a Masked<[u8; PERSONALIZATION_BYTES]>,
}

/// Random bytes of one personalization: two keys and a nonce.
pub const PERSONALIZATION_BYTES: usize = 2 * 16 + 12;

/// Whose cryptogram key.
#[derive(Clone, Copy, Debug)]
pub struct Holder<'a> {
    /// Which issuer master key.
    pub key_set: u8,
    /// The real number.
    pub number: &'a Pan,
    /// Its sequence number, BCD.
    pub sequence: u8,
}

/// A tokenization key and what belongs to it, opened: what it makes can be seen, it cannot.
pub trait Tokenizer {
    /// The token that the card makes of its number and what it saw.
    fn tokenize(&self, range: &RangeRecord, chip: &Chip<'_>, number: &Pan) -> Result<Token, KeyError>;
    /// The number that this token was made of.
    fn detokenize(&self, range: &RangeRecord, chip: &Chip<'_>, token: &Token) -> Result<Pan, KeyError>;
}

/// A key did not do what was asked. Never says what it was asked about.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum KeyError {
    /// Wrapped by another issuer, for another card, or damaged.
    #[error("a card's keys cannot be opened: they are damaged, or another issuer's")]
    Wrapped,
    /// There is no such key set.
    #[error("there are no keys of set {0}")]
    KeySet(u8),
    /// The number, the token, or what the card saw is none of the range's: its cards would not have made it.
    #[error("the number or what the card saw does not fit its range")]
    Range,
    /// The module that holds the keys.
    #[error("the keys cannot be used: {0}")]
    Module(String),
}
