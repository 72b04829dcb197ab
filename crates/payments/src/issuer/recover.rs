//! From a token back to its card: the three strategies of T-21. Where a profile allows several, they find the same card.
//!
//! ```text
//! re-derive:  card index -> card -> its number -> token again -> equal?
//! reverse:    card index -> card -> FF1 backwards -> equal to its number?        (a key for each card)
//!             FF1 backwards -> keyed hash of the number -> card                  (one key for all)
//! vault:      (token, card index) registered -> card; the first time as re-derive, and registered when the cryptogram was right
//! ```
//! Called by `decide` and, for reversals that come first, by `followup`. **Alike for all** (T-19): whether there is such a card is not seen in what is
//! done. Where none is found, the range's decoy takes its place: one card read, one number opened, one tokenization, whatever came. Where a token
//! cannot be opened, the decoy's number is looked for instead.

use subtle::ConstantTimeEq as _;

use super::{
    Range, chip::Chip, desk::Desk, enrol::decoy_number, error::IssuerError, keys::KeyError, mismatch::Mismatch,
    records::CardRecord,
};
use crate::{
    number::{Pan, Token},
    profile::{IndexKind, Scope, Strategy},
    tlv::tag,
};

/// A card and its number; a decoy's if there is a mismatch.
#[derive(Debug)]
pub(super) struct Recovered {
    /// The card, or the range's decoy.
    pub(super) card: CardRecord,
    /// Its number, or the decoy's.
    pub(super) number: Pan,
    /// Why it is a decoy.
    pub(super) mismatch: Option<Mismatch>,
    /// Whether the token is to be registered once the cryptogram is found right.
    pub(super) unregistered: bool,
}

/// Finds the card of a token.
pub(super) fn recover(
    desk: &mut Desk<'_>,
    range: &Range,
    token: &Token,
    chip: &Chip<'_>,
) -> Result<Recovered, IssuerError> {
    match (range.record.strategy, range.record.profile.scope) {
        (Strategy::Reverse, Scope::IssuerWide) => by_number(desk, range, token, chip),
        (strategy, _) => by_index(desk, range, strategy, token, chip),
    }
}

/// The index finds the card, and the token must be its own.
fn by_index(
    desk: &mut Desk<'_>,
    range: &Range,
    strategy: Strategy,
    token: &Token,
    chip: &Chip<'_>,
) -> Result<Recovered, IssuerError> {
    let registered = match strategy {
        Strategy::Vault => desk.vault.registration(token, &chip.iad.card_index)?,
        Strategy::Reverse | Strategy::Rederive => None,
    };
    let named = desk.keys.card_of_index(range.record.key_set, &chip.iad.card_index, index_tweak(range, chip))?;
    let found = desk.vault.card(&registered.unwrap_or(named))?;
    let found = found.filter(|card| card.token_bin == range.record.token_bin);
    let mismatch = found.is_none().then_some(Mismatch::CardIndex);
    let card = found.unwrap_or_else(|| range.decoy.clone());
    let number = desk.vault.reveal(&card.reference, &card.number)?;
    let tokenizer = desk.keys.unwrap_fpe_key(&card.reference, &card.keys)?;
    let own = match strategy {
        Strategy::Reverse => {
            known(tokenizer.detokenize(&range.record, chip, token))?.is_some_and(|made| made == number)
        }
        Strategy::Rederive | Strategy::Vault => {
            known(tokenizer.tokenize(&range.record, chip, &number))?.is_some_and(|made| is_token(&made, token))
        }
    };
    let mismatch = mismatch.or((!own).then_some(Mismatch::Token));
    Ok(Recovered { card, number, mismatch, unregistered: registered.is_none() && strategy == Strategy::Vault })
}

/// One key for all: the token is opened, and the number finds the card. FF1 has no integrity, so another token opens as well, to another number: only
/// the cryptogram tells (abuse case 12).
fn by_number(desk: &mut Desk<'_>, range: &Range, token: &Token, chip: &Chip<'_>) -> Result<Recovered, IssuerError> {
    let tokenizer = desk.keys.shared_fpe_key(range.record.key_set)?;
    let made_of = known(tokenizer.detokenize(&range.record, chip, token))?;
    let is_open = made_of.is_some();
    let asked = made_of.map_or_else(|| decoy_number(&range.record), Ok)?;
    let hash = desk.keys.index_hmac(&asked)?;
    let found = desk.vault.card_by_number(&hash)?;
    let found = found.filter(|card| is_open && card.token_bin == range.record.token_bin);
    let mismatch = found.is_none().then_some(Mismatch::Token);
    let card = found.unwrap_or_else(|| range.decoy.clone());
    let number = desk.vault.reveal(&card.reference, &card.number)?;
    Ok(Recovered { card, number, mismatch, unregistered: false })
}

/// What was made; `None` if what came is none of the range's, so that its cards would not have made it.
fn known<T>(made: Result<T, KeyError>) -> Result<Option<T>, IssuerError> {
    match made {
        Ok(made) => Ok(Some(made)),
        Err(KeyError::Range) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// In a time that does not depend on where they differ.
fn is_token(made: &Token, token: &Token) -> bool {
    made.digits().as_bytes().ct_eq(token.digits().as_bytes()).into()
}

/// What the card index of this card was made with.
fn index_tweak<'a>(range: &Range, chip: &Chip<'a>) -> &'a [u8] {
    match range.record.profile.index {
        IndexKind::PerMerchant => chip.value(tag::MERCHANT_ID),
        IndexKind::Static | IndexKind::None => &[],
    }
}
