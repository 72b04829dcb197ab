//! New ranges, merchants and cards.
//!
//! ```text
//! range: token BIN <-> (PAN BIN, key set), profile, strategy -> checked, then written once and for ever
//! number, expiry, credentials, random bytes -> reference, keys -> the card's file | the vault
//! ```
//! Called by `counterfoil issuer init`, `issuer merchant add` and `card personalize`. Requirements T-06 (the number comes to the card here and never by radio),
//! T-20 (each card its keys), T-21 (a strategy that the profile does not allow is refused here), T-24 and T-25 (BINs and room).

use contracts::cash::iso4217::Currency;
use primitives::Masked;
use zeroize::Zeroize as _;

use super::{
    atc::AtcWindow,
    error::IssuerError,
    keys::{Keys, PERSONALIZATION_BYTES, Personalization, Personalized, SoftKeys},
    records::{CardRecord, CardReference, CardStatus, MerchantRecord, RangeRecord, WrappedKeys},
    settings::Settings,
    vault::Vault,
};
use crate::{
    cryptogram::CardKeys,
    number::{Expiry, Pan, luhn_digit},
    profile::{Input, opens_first, supports},
};

/// Where random bytes come from: fills all that it is given.
pub type Random<'a> = &'a mut dyn FnMut(&mut [u8]);

/// A card to be given out.
#[derive(Debug)]
pub struct Enrolment<'a> {
    /// Its range.
    pub range: &'a RangeRecord,
    /// Its number, of the range's PAN BIN.
    pub number: &'a Pan,
    /// Its sequence number, BCD.
    pub sequence: u8,
    /// Its last month.
    pub expiry: Expiry,
    /// The last month that its tokens tell.
    pub token_expiry: Expiry,
    /// The credentials and the seed that its profile names, but the expiry.
    pub credentials: &'a [(Input, &'a [u8])],
    /// When.
    pub now_ms: u64,
}

/// A card that was given out.
#[derive(Debug)]
pub struct Enrolled {
    /// What the vault has of it.
    pub record: CardRecord,
    /// What goes on it.
    pub keys: CardKeys,
}

/// Whether a range may stand beside others.
pub fn check_range(range: &RangeRecord, others: &[RangeRecord]) -> Result<(), IssuerError> {
    let refuse = |why: String| Err(IssuerError::Configuration(format!("range {}: {why}", range.token_bin)));
    let is_digits = |bin: &str| bin.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(&range.token_bin) || !is_digits(&range.pan_bin) || range.token_bin.len() != range.pan_bin.len() {
        return refuse("token BIN and PAN BIN are not equally many digits".into());
    }
    if let Err(error) = range.profile.check(range.token_bin.len(), LONGEST) {
        return refuse(error.to_string());
    }
    if let Err(error) = supports(&range.profile, range.strategy) {
        return refuse(error.to_string());
    }
    if opens_first(range.profile.scope, range.strategy)
        && range.profile.inputs.iter().any(|input| !input.is_from_terminal())
    {
        return refuse("a number is opened before its card is known, so no credential can be an input".into());
    }
    let overlap = |one: &str, other: &str| one.starts_with(other) || other.starts_with(one);
    let live = others.iter().chain([range]).find(|other| overlap(&range.token_bin, &other.pan_bin));
    if let Some(other) = live {
        return refuse(format!("its tokens could be numbers of PAN BIN {}", other.pan_bin));
    }
    let taken = others.iter().find(|other| {
        overlap(&range.token_bin, &other.token_bin)
            || overlap(&range.pan_bin, &other.token_bin)
            || (&range.pan_bin, range.key_set) == (&other.pan_bin, other.key_set)
    });
    taken.map_or(Ok(()), |other| refuse(format!("token BIN {} has the same numbers", other.token_bin)))
}

/// Adds a range.
pub fn add_range(vault: &mut dyn Vault, range: &RangeRecord) -> Result<(), IssuerError> {
    check_range(range, &vault.ranges()?)?;
    Ok(vault.add_range(range)?)
}

/// Registers a merchant, or changes where its money goes from now on.
pub fn put_merchant(vault: &mut dyn Vault, settings: &Settings, merchant: &MerchantRecord) -> Result<(), IssuerError> {
    let MerchantRecord { key, currency, address, .. } = merchant;
    let refuse = |why: &str| Err(IssuerError::Configuration(format!("merchant {}: {why}", key.merchant)));
    match Currency::by_number(*currency) {
        None => refuse("its currency is not one of ISO 4217 that the ledger has"),
        Some(_) if address.is_zero() || *address == settings.pool => refuse("its address cannot be paid"),
        Some(_) if key.merchant.is_empty() || key.acquirer.is_empty() => refuse("it has no name"),
        Some(_) => Ok(vault.put_merchant(merchant)?),
    }
}

/// Gives out a card: the vault has it, and what goes on it is returned.
pub fn enrol(
    vault: &mut dyn Vault,
    keys: &SoftKeys,
    card: &Enrolment<'_>,
    random: Random<'_>,
) -> Result<Enrolled, IssuerError> {
    check_card(card)?;
    let (reference, random) = (new_reference(random), new_random(random));
    let expiry = card.expiry.to_date();
    let credentials = [card.credentials, &[(Input::Expiry, &expiry)]].concat();
    let personalization = Personalization {
        range: card.range,
        reference,
        number: card.number,
        sequence: card.sequence,
        credentials: &credentials,
        random: &random,
    };
    let Personalized { card: card_keys, wrapped } = keys.personalize(&personalization)?;
    let record = record(vault, keys, &personalization, wrapped)?;
    let Enrolment { expiry, token_expiry, now_ms: created_ms, .. } = *card;
    let record = CardRecord { expiry, token_expiry, created_ms, ..record };
    vault.add_card(&record)?;
    Ok(Enrolled { record, keys: card_keys })
}

/// A card of a range that nobody has and the vault does not know. It stands in for cards that are not found, and costs as much as one that is.
pub(super) fn decoy(
    vault: &mut dyn Vault,
    keys: &dyn Keys,
    range: &RangeRecord,
    random: Random<'_>,
) -> Result<CardRecord, IssuerError> {
    let number = decoy_number(range)?;
    let (reference, random) = (new_reference(random), new_random(random));
    let values: Vec<(Input, &[u8])> = DECOY_CREDENTIALS.iter().map(|(input, value)| (*input, *value)).collect();
    let personalization =
        Personalization { range, reference, number: &number, sequence: 1, credentials: &values, random: &random };
    let wrapped = keys.wrap_fpe_key(&personalization)?;
    record(vault, keys, &personalization, wrapped)
}

/// The row of a card, as far as its personalization says.
fn record(
    vault: &mut dyn Vault,
    keys: &dyn Keys,
    card: &Personalization<'_>,
    wrapped: WrappedKeys,
) -> Result<CardRecord, IssuerError> {
    let far = Expiry::parse("4912").map_err(|error| IssuerError::Configuration(error.to_string()))?;
    Ok(CardRecord {
        reference: card.reference,
        number: vault.seal(&card.reference, card.number)?,
        number_hash: keys.index_hmac(card.number)?,
        truncated: card.number.truncated(),
        sequence: card.sequence,
        expiry: far,
        token_expiry: far,
        token_bin: card.range.token_bin.clone(),
        keys: wrapped,
        status: CardStatus::Active,
        atc: AtcWindow::default(),
        created_ms: 0,
    })
}

fn check_card(card: &Enrolment<'_>) -> Result<(), IssuerError> {
    let refuse = |why: String| Err(IssuerError::Configuration(why));
    if !card.number.digits().starts_with(card.range.pan_bin.as_bytes()) {
        return refuse(format!("the number is none of PAN BIN {}", card.range.pan_bin));
    }
    if let Err(error) = card.range.profile.check(card.range.token_bin.len(), card.number.len()) {
        return refuse(error.to_string());
    }
    let held = |wanted: Input| wanted == Input::Expiry || card.credentials.iter().any(|(input, _)| *input == wanted);
    let missing = card.range.profile.inputs.iter().find(|input| !input.is_from_terminal() && !held(**input));
    missing.map_or(Ok(()), |input| refuse(format!("the profile needs {}", input.name())))
}

fn new_reference(random: Random<'_>) -> CardReference {
    let mut bytes = [0; 16];
    random(&mut bytes);
    CardReference::from_random(bytes)
}

fn new_random(random: Random<'_>) -> Masked<[u8; PERSONALIZATION_BYTES]> {
    let mut bytes = [0; PERSONALIZATION_BYTES];
    random(&mut bytes);
    let masked = Masked::new(bytes);
    bytes.zeroize();
    masked
}

/// The PAN BIN, zeros, and their check digit.
pub(super) fn decoy_number(range: &RangeRecord) -> Result<Pan, IssuerError> {
    let begun = format!("{:0<width$}", range.pan_bin, width = USUAL - 1);
    let check = luhn_digit(begun.as_bytes());
    let number = format!("{begun}{}", char::from(check));
    Pan::parse(&number).map_err(|error| IssuerError::Configuration(format!("range {}: {error}", range.pan_bin)))
}

/// Digits of the longest number, which has room for every profile that has room for any.
const LONGEST: usize = 19;
/// Digits of most numbers.
const USUAL: usize = 16;
/// Values that are valid, whatever a profile names.
const DECOY_CREDENTIALS: [(Input, &[u8]); 6] = [
    (Input::Expiry, &[0x49, 0x12, 0x31]),
    (Input::SecurityCode, b"123"),
    (Input::Name, b"NOBODY/AT ALL"),
    (Input::PostalCode, b"1010"),
    (Input::AddressLine, b"NOWHERE 1"),
    (Input::Seed, &[1; 16]),
];

#[cfg(test)]
mod tests;
